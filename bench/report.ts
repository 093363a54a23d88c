import { cpus } from "node:os";
import type { Figures, Run } from "./measure.ts";

/** What is told of one engine in one phase of a job. */
export interface Row {
  readonly job: string;
  readonly engine: string;
  /** The first million records, or the last half. */
  readonly phase: "cold" | "warm";
  /** Medians of the rounds. */
  readonly recordsPerSecond: number;
  readonly slowest: number;
  readonly fastest: number;
  readonly cpuMicrosPerRecord: number;
  readonly peakMemoryBytes: number;
  /** From the last record to everything's being written and closed; null where the engine does not tell. */
  readonly drainMs: number | null;
  /** By rate, to the peer's same phase. */
  readonly ratio: number | null;
  /** The peer's CPU a record over this engine's. */
  readonly cpuRatio: number | null;
}

/** The engine that others are compared with, and how tables call it. */
export interface Peer {
  readonly engine: string;
  readonly title: string;
}

/** Makes the rows of a job out of all rounds of all engines. */
export function rowsOf(
  job: string,
  runs: ReadonlyMap<string, readonly Run[]>,
  { engine: peerEngine }: Peer,
): Row[] {
  return [...runs].flatMap(([engine, list]) =>
    (["cold", "warm"] as const).map((phase) => {
      const rates = list.map((run) => run[phase].recordsPerSecond).sort((a, b) => a - b);
      const own = middle(list, phase);
      const peer = middle(runs.get(peerEngine) ?? [], phase);
      const drains = list.flatMap(({ drainMs }) => drainMs ?? []);
      return {
        job,
        engine,
        phase,
        ...own,
        slowest: rates[0] ?? 0,
        fastest: rates.at(-1) ?? 0,
        peakMemoryBytes: Math.max(...list.map(({ peakMemoryBytes }) => peakMemoryBytes)),
        drainMs: drains.length > 0 ? median(drains) : null,
        ratio: ratioOf(own.recordsPerSecond, peer.recordsPerSecond),
        cpuRatio: ratioOf(peer.cpuMicrosPerRecord, own.cpuMicrosPerRecord),
      };
    }),
  );
}

/** Prints the rows of a job. */
export function printTable(heading: string, rows: readonly Row[], peer: Peer): void {
  console.log(`\n${heading}, ${machine()}`);
  const hasDrains = rows.some(({ drainMs }) => drainMs !== null);
  console.table(
    rows.map((row) => ({
      engine: row.engine,
      phase: row.phase,
      "k records/s (median)": Math.round(row.recordsPerSecond / 1e3),
      min: Math.round(row.slowest / 1e3),
      max: Math.round(row.fastest / 1e3),
      "CPU µs/record": row.cpuMicrosPerRecord.toFixed(2),
      "peak MB": Math.round(row.peakMemoryBytes / 2 ** 20),
      ...(hasDrains && { "drain s": row.drainMs === null ? "" : (row.drainMs / 1e3).toFixed(1) }),
      [`× ${peer.title}`]: row.ratio?.toFixed(2) ?? "",
      [`CPU: ${peer.title} ÷`]: row.cpuRatio?.toFixed(2) ?? "",
    })),
  );
}

/** What the figures were taken with. */
export function machine(): string {
  return `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}`;
}

/** The one in the middle, the greater of two; NaN of none. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function middle(list: readonly Run[], phase: "cold" | "warm"): Figures {
  return {
    recordsPerSecond: median(list.map((run) => run[phase].recordsPerSecond)),
    cpuMicrosPerRecord: median(list.map((run) => run[phase].cpuMicrosPerRecord)),
  };
}

/** Null where there is nothing to compare with. */
function ratioOf(dividend: number, divisor: number): number | null {
  const ratio = dividend / divisor;
  return Number.isNaN(ratio) ? null : ratio;
}
