import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Drain, End, Sample } from "./samples.ts";

/** What a part of a run gave. */
export interface Figures {
  readonly recordsPerSecond: number;
  readonly cpuMicrosPerRecord: number;
}

/** A finished run: its beginning, its second half, and what it took. */
export interface Run {
  /** The first million records, or the first sixth of a shorter run. */
  readonly cold: Figures;
  /** The last half. */
  readonly warm: Figures;
  /** From the first sample to the last. */
  readonly whole: Figures;
  readonly peakMemoryBytes: number;
  readonly records: number;
  readonly checksum: number;
  /** From the last record to everything's being written, where the run told. */
  readonly drainMs: number | undefined;
}

/** Runs a command that prints samples, and works out its figures; rejects when it fails or is silent. */
export async function measure(
  command: readonly string[],
  { records, timeoutMs }: { readonly records: number; readonly timeoutMs: number },
): Promise<Run> {
  const [program = "", ...rest] = command;
  const child = spawn(program, rest, { stdio: ["ignore", "pipe", "pipe"] });
  const watchdog = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
  const samples: Sample[] = [];
  let end: End | undefined;
  let drainMs: number | undefined;
  let complaints = "";
  child.stderr.on("data", (chunk: Buffer) => {
    complaints = (complaints + chunk.toString()).slice(-4_000);
  });
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.startsWith("{")) continue;
    const parsed: Sample | Drain | End = JSON.parse(line);
    if ("end" in parsed) end = parsed;
    else if ("drainMs" in parsed) drainMs = parsed.drainMs;
    else samples.push(parsed);
  }
  clearTimeout(watchdog);
  if (end === undefined || end.end < records) {
    throw new Error(`${command.join(" ")} did not finish: ${complaints}`);
  }
  return {
    cold: between(samples, 0, Math.min(1_000_000, records / 6)),
    warm: between(samples, records / 2, records),
    whole: between(samples, 0, records),
    peakMemoryBytes: end.peakMemoryBytes,
    records: end.end,
    checksum: end.checksum,
    drainMs,
  };
}

/** The rates between the samples nearest to two points of the run. */
function between(samples: readonly Sample[], start: number, end: number): Figures {
  const nearest = (records: number) =>
    samples.reduce((best, one) =>
      Math.abs(one.records - records) < Math.abs(best.records - records) ? one : best,
    );
  const first = nearest(start);
  const last = nearest(end);
  const count = last.records - first.records;
  return {
    recordsPerSecond: Math.round((count / (last.wallMs - first.wallMs)) * 1e3),
    cpuMicrosPerRecord: ((last.cpuMs - first.cpuMs) / count) * 1e3,
  };
}
