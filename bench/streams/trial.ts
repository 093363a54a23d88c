import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Client } from "millrace/client";
import { measure, type Run } from "../measure.ts";
import { type Digest, digestOf } from "./digest.ts";
import { commandOf, type EngineName } from "./engine.ts";
import { inputTopic } from "./input.ts";

/** One run of one engine. */
export interface Trial {
  readonly engine: EngineName;
  readonly job: string;
  readonly records: number;
  /** Distinguishes runs: topics and applications are new for each. */
  readonly number: number;
}

/** What a run took and what it wrote. */
export interface Outcome extends Run {
  readonly digest: Digest;
}

const outputPartitions = 2;

/** Has an engine do a job on topics of its own, and reads what came out; removes everything afterwards. */
export async function hold(
  client: Client,
  bootstrapServers: string,
  { engine, job, records, number }: Trial,
): Promise<Outcome> {
  const { topics } = client.admin();
  const applicationId = `bench-${number}-${job}-${engine}`;
  const output = `${applicationId}-output`;
  const stateDir = await mkdtemp(join(tmpdir(), "millrace-bench-"));
  const configs = { "retention.ms": "-1" };
  // The changelog of loops, which make none themselves.
  for (const name of [output, ...(engine === "client" ? [`${output}-changelog`] : [])]) {
    await topics.create({ name, numPartitions: outputPartitions, configs });
  }
  try {
    const order = { bootstrapServers, job, input: inputTopic, output, applicationId, stateDir };
    const command = commandOf(engine, { ...order, records });
    const run = await measure(command, { records, timeoutMs: 120_000 + records / 10 });
    return { ...run, digest: await digestOf(bootstrapServers, output) };
  } finally {
    const known = await topics.list();
    const own = known.map(({ name }) => name).filter((name) => name.startsWith(applicationId));
    await topics.delete(own);
    await rm(stateDir, { recursive: true, force: true });
  }
}
