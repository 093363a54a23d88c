import { cpus } from "node:os";
import type { Figures } from "../measure.ts";
import type { EngineName } from "./engine.ts";
import type { Outcome } from "./trial.ts";

/** What is told of one engine in one phase of a job. */
export interface Row {
  readonly job: string;
  readonly engine: EngineName;
  readonly broker: string;
  /** The first million records, or the last half. */
  readonly phase: "cold" | "warm";
  /** Medians of the rounds. */
  readonly recordsPerSecond: number;
  readonly slowest: number;
  readonly fastest: number;
  readonly cpuMicrosPerRecord: number;
  readonly peakMemoryBytes: number;
  /** From the last record to everything's being written and closed. */
  readonly drainMs: number | null;
  /** By rate, to the JVM's same phase on the same broker. */
  readonly ratio: number | null;
  /** The JVM's CPU a record over this engine's. */
  readonly cpuRatio: number | null;
}

/** Makes the rows of a job on one broker out of all rounds of all engines. */
export function rowsOf(
  job: string,
  broker: string,
  outcomes: ReadonlyMap<EngineName, readonly Outcome[]>,
): Row[] {
  return [...outcomes].flatMap(([engine, list]) =>
    (["cold", "warm"] as const).map((phase) => {
      const rates = list.map((run) => run[phase].recordsPerSecond).sort((a, b) => a - b);
      const own = middle(list, phase);
      const peer = middle(outcomes.get("jvm") ?? [], phase);
      const drains = list.flatMap(({ drainMs }) => drainMs ?? []);
      return {
        job,
        engine,
        broker,
        phase,
        ...own,
        slowest: rates[0] ?? 0,
        fastest: rates.at(-1) ?? 0,
        peakMemoryBytes: Math.max(...list.map(({ peakMemoryBytes }) => peakMemoryBytes)),
        drainMs: drains.length > 0 ? median(drains) : null,
        ratio: Number.isNaN(peer.recordsPerSecond)
          ? null
          : round(own.recordsPerSecond / peer.recordsPerSecond),
        cpuRatio: Number.isNaN(peer.cpuMicrosPerRecord)
          ? null
          : round(peer.cpuMicrosPerRecord / own.cpuMicrosPerRecord),
      };
    }),
  );
}

/** Prints the rows of a job. */
export function printTable(rows: readonly Row[], rounds: number): void {
  const [first] = rows;
  if (!first) return;
  const machine = `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}`;
  console.log(`\n${first.job}, broker ${first.broker}, ${rounds} rounds, ${machine}`);
  console.table(
    rows.map((row) => ({
      engine: row.engine,
      phase: row.phase,
      "k records/s (median)": Math.round(row.recordsPerSecond / 1e3),
      min: Math.round(row.slowest / 1e3),
      max: Math.round(row.fastest / 1e3),
      "CPU µs/record": row.cpuMicrosPerRecord.toFixed(2),
      "peak MB": Math.round(row.peakMemoryBytes / 2 ** 20),
      "drain s": row.drainMs === null ? "" : (row.drainMs / 1e3).toFixed(1),
      "× JVM": row.ratio?.toFixed(2) ?? "",
      "CPU: JVM ÷": row.cpuRatio?.toFixed(2) ?? "",
    })),
  );
}

function middle(list: readonly Outcome[], phase: "cold" | "warm"): Figures {
  return {
    recordsPerSecond: median(list.map((run) => run[phase].recordsPerSecond)),
    cpuMicrosPerRecord: round(median(list.map((run) => run[phase].cpuMicrosPerRecord))),
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function round(value: number): number {
  return Math.round(value * 1e3) / 1e3;
}
