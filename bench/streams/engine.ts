import { join } from "node:path";
import { jvmCommand } from "../jvm.ts";

/** Who does a job: this project, the JVM's Kafka Streams, and two loops without a streams library. */
export type EngineName = "millrace" | "jvm" | "client" | "platformatic";

/** What an engine is told, in the order of its arguments. */
export interface Order {
  readonly bootstrapServers: string;
  readonly job: string;
  readonly input: string;
  readonly output: string;
  /** The application's, and for loops that of their group. */
  readonly applicationId: string;
  readonly records: number;
  /** An empty directory for state. */
  readonly stateDir: string;
}

/** Whether the engine is a loop around a client, which can do some jobs only. */
export function isLoop(engine: EngineName): boolean {
  return engine === "client" || engine === "platformatic";
}

/** The command that has an engine do a job in a process of its own. */
export function commandOf(engine: EngineName, order: Order): string[] {
  const { bootstrapServers, job, input, output, applicationId, records, stateDir } = order;
  const words = [bootstrapServers, job, input, output, applicationId, `${records}`, stateDir];
  if (engine === "jvm") return [...jvmCommand("RunJob"), ...words];
  // Without the source condition: what runs is what is published.
  return [process.execPath, join(import.meta.dirname, "engines", `${engine}.ts`), ...words];
}
