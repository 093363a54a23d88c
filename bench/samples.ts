import { readFileSync } from "node:fs";

/** What a run prints as it goes: how far it is, and what it has cost so far. */
export interface Sample {
  readonly records: number;
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** What a run prints last. */
export interface End {
  /** How many records it handled. */
  readonly end: number;
  /** A sum over what it saw, the same for every engine on the same input; failures when producing. */
  readonly checksum: number;
  readonly peakMemoryBytes: number;
}

/** What a run prints that has results to write after its last record. */
export interface Drain {
  /** From the last record's having been handled to everything's being written and closed. */
  readonly drainMs: number;
}

/** Prints a line of JSON every so many records, as the JVM's `Samples` does. */
export class Samples {
  readonly #every: number;
  #next: number;

  constructor(every: number) {
    this.#every = every;
    this.#next = every;
    print(0);
  }

  at(records: number): void {
    if (records < this.#next) return;
    this.#next = (Math.floor(records / this.#every) + 1) * this.#every;
    print(records);
  }

  /** Tells how long it took until all that was still on its way had been written. */
  drained(milliseconds: number): void {
    const line: Drain = { drainMs: Math.round(milliseconds) };
    console.log(JSON.stringify(line));
  }

  end(records: number, checksum: number): void {
    const status = readFileSync("/proc/self/status", "utf8");
    const peakKb = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0);
    const line: End = { end: records, checksum, peakMemoryBytes: peakKb * 1024 };
    console.log(JSON.stringify(line));
  }
}

function print(records: number): void {
  const { user, system } = process.cpuUsage();
  const line: Sample = { records, wallMs: performance.now(), cpuMs: (user + system) / 1e3 };
  console.log(JSON.stringify(line));
}
