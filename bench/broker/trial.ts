import { setTimeout as delay } from "node:timers/promises";
import { Client } from "millrace/client";
import type { Job, Load } from "./load.ts";
import { usageOf } from "./process-usage.ts";
import { type Subject, type SubjectName, startSubject } from "./subject.ts";

/** What a broker is put through. */
export interface Trial {
  readonly load: Load;
  readonly partitions: number;
  readonly acks: "1" | "all";
  readonly recordBytes: number;
  /** Of the first job, for which the broker is cold. */
  readonly coldRecords: number;
  /** Of what lies between cold and warm, and is not measured. */
  readonly warmUpRecords: number;
  /** Of each of the jobs for which the broker is warm. */
  readonly warmRecords: number;
  /** How many jobs it does when it is warm. */
  readonly rounds: number;
  /** Whether what was produced is read, too. */
  readonly consumes: boolean;
}

/** What one job took. */
export interface Cost {
  readonly recordsPerSecond: number;
  /** Of the broker's CPU, which is the same as seconds per million. */
  readonly cpuMicrosPerRecord: number;
}

/** What one kind of job took, by how long the broker had been running. */
export interface Costs {
  readonly cold: Cost;
  readonly warm: readonly Cost[];
}

/** What a broker took in one trial. */
export interface Outcome {
  readonly produce: Costs;
  readonly consume: Costs | undefined;
  readonly startMs: number;
  /** Resident before the first job, five seconds after the start. */
  readonly idleBytes: number;
  readonly peakBytes: number;
  /** Of a second without a request. */
  readonly idleCpuMs: number;
}

const settleMs = 5_000;

/** Starts a broker, puts it to work until it is warm and beyond, and stops it. */
export async function hold(name: SubjectName, trial: Trial): Promise<Outcome> {
  const subject = await startSubject(name);
  try {
    await delay(settleMs / 2);
    const before = usageOf(subject.pid);
    await delay(settleMs / 2);
    const { residentBytes, cpuSeconds } = usageOf(subject.pid);
    const costs = await work(subject, trial);
    return {
      ...costs,
      startMs: subject.startMs,
      idleBytes: residentBytes,
      peakBytes: usageOf(subject.pid).peakBytes,
      idleCpuMs: ((cpuSeconds - before.cpuSeconds) * 1e6) / (settleMs / 2),
    };
  } finally {
    await subject.close();
  }
}

async function work(
  subject: Subject,
  { load, partitions, acks, recordBytes, consumes, ...trial }: Trial,
): Promise<{ readonly produce: Costs; readonly consume: Costs | undefined }> {
  const { bootstrapServers, pid } = subject;
  await using client = new Client({ bootstrapServers });
  const { topics } = client.admin();
  let made = 0;
  const round = async (records: number): Promise<[Cost, Cost | undefined]> => {
    made += 1;
    const topic = `bench-${made}`;
    const configs = { "retention.ms": "-1" };
    await topics.create({ name: topic, numPartitions: partitions, configs });
    const job: Job = { bootstrapServers, topic, records, recordBytes };
    const produced = await costOf(pid, records, () => load.produce(job, acks));
    const read = consumes ? await costOf(pid, records, () => load.consume(job)) : undefined;
    await topics.delete(topic);
    return [produced, read];
  };
  const [coldProduce, coldConsume] = await round(trial.coldRecords);
  for (let done = 0; done < trial.warmUpRecords; done += trial.warmRecords) {
    await round(trial.warmRecords);
  }
  const produce: Cost[] = [];
  const consume: Cost[] = [];
  for (let index = 0; index < trial.rounds; index += 1) {
    const [produced, read] = await round(trial.warmRecords);
    produce.push(produced);
    if (read) consume.push(read);
  }
  return {
    produce: { cold: coldProduce, warm: produce },
    consume: coldConsume && { cold: coldConsume, warm: consume },
  };
}

/** Runs a job, and works out what it cost the broker's process, all its threads included. */
async function costOf(pid: number, records: number, run: () => Promise<number>): Promise<Cost> {
  const before = usageOf(pid).cpuSeconds;
  const recordsPerSecond = await run();
  const spent = usageOf(pid).cpuSeconds - before;
  return { recordsPerSecond, cpuMicrosPerRecord: (spent / records) * 1e6 };
}
