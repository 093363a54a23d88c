import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { startKafka } from "../../tools/kafka/kafka.ts";
import { reservePorts } from "../../tools/kafka/ports.ts";
import { listBrokers } from "../../tools/kafka/probe.ts";

/** A broker that is measured: alone in its process, on a data directory of its own. */
export interface Subject {
  readonly pid: number;
  readonly bootstrapServers: string;
  /** From the start of the process to its first answer; its data directory had been made before. */
  readonly startMs: number;
  close(): Promise<void>;
}

export type SubjectName = "millrace" | "kafka";

/** Starts a broker that has seen no request yet. */
export function startSubject(name: SubjectName): Promise<Subject> {
  return name === "kafka" ? startApacheKafka() : startMillrace();
}

const program = join(import.meta.dirname, "broker-program.mjs");
const startTimeoutMs = 30_000;

async function startMillrace(): Promise<Subject> {
  const directory = await mkdtemp(join(tmpdir(), "millrace-bench-"));
  const ports = await reservePorts();
  const start = () =>
    spawn(process.execPath, [program, `${ports.base}`, directory], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
  const first = start();
  await untilAnswered(first, ports.base);
  await stop(first);
  const begun = performance.now();
  const child = start();
  await untilAnswered(child, ports.base);
  return {
    pid: child.pid as number,
    bootstrapServers: `127.0.0.1:${ports.base}`,
    startMs: performance.now() - begun,
    async close() {
      await stop(child);
      await ports.release();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function startApacheKafka(): Promise<Subject> {
  const kafka = await startKafka();
  await kafka.stop();
  const [node] = kafka.nodes;
  const port = Number(kafka.bootstrapServers.split(":")[1]);
  const begun = performance.now();
  const restarted = kafka.restart();
  await untilListed(port, begun + startTimeoutMs);
  const startMs = performance.now() - begun;
  await restarted;
  return {
    pid: node?.pid as number,
    bootstrapServers: kafka.bootstrapServers,
    startMs,
    close: () => kafka.close(),
  };
}

async function untilAnswered(child: ChildProcess, port: number): Promise<void> {
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`the broker ended with code ${code}`);
  });
  ended.catch(() => {});
  await Promise.race([untilListed(port, performance.now() + startTimeoutMs), ended]);
}

/** Waits until a broker at a port answers and says that it is there itself. */
async function untilListed(port: number, deadline: number): Promise<void> {
  for (;;) {
    const listed = await listBrokers(port, 2_000).catch(() => []);
    if (listed.length > 0) return;
    if (performance.now() > deadline) throw new Error(`nobody answers at port ${port}`);
    await delay(2);
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  child.kill("SIGTERM");
  await once(child, "exit");
}
