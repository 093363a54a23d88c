import type { Rows, TaskState } from "./engine.ts";

/** No store's name has it, so that no store's rows are taken for a segment of another. */
const separator = "#";

/**
 * Rows in segments of time, so that what has expired is dropped a segment at a time: `AbstractSegments`.
 * A segment lives as long as stream time less the retention falls into it or lies before it.
 */
export class Segments {
  readonly intervalMs: number;
  readonly #state: TaskState;
  readonly #name: string;
  readonly #retentionMs: number;
  readonly #open: (name: string) => Rows;
  readonly #segments = new Map<number, Rows>();
  /** Ids of segments, rising. */
  #ids: number[] = [];

  constructor({
    state,
    name,
    retentionMs,
    intervalMs,
    open,
  }: {
    readonly state: TaskState;
    readonly name: string;
    readonly retentionMs: number;
    readonly intervalMs: number;
    readonly open: (name: string) => Rows;
  }) {
    this.#state = state;
    this.#name = name;
    this.#retentionMs = retentionMs;
    this.intervalMs = intervalMs;
    this.#open = open;
    const prefix = `${name}${separator}`;
    for (const rows of state.names()) {
      const start = rows.startsWith(prefix) ? rows.slice(prefix.length) : "";
      if (/^\d+$/.test(start)) this.#getOrCreate(this.idOf(Number(start)));
    }
  }

  idOf(time: number): number {
    // Adding zero makes −0, which a negative time gives, the zero that it is in Java.
    return Math.trunc(time / this.intervalMs) + 0;
  }

  /** The rows at a time, if there are any. */
  at(time: number): Rows | undefined {
    return this.#segments.get(this.idOf(time));
  }

  /** The rows for a time, made if need be; undefined where the time has expired. Drops what has. */
  live(time: number, streamTime: number): Rows | undefined {
    const id = this.idOf(time);
    if (id < this.idOf(streamTime - this.#retentionMs)) return undefined;
    const rows = this.#segments.get(id) ?? this.#getOrCreate(id);
    this.dropExpired(streamTime);
    return rows;
  }

  dropExpired(streamTime: number): void {
    const firstLive = this.idOf(streamTime - this.#retentionMs);
    while (this.#ids.length > 0 && (this.#ids[0] as number) < firstLive) {
      const id = this.#ids.shift() as number;
      this.#segments.delete(id);
      this.#state.drop(this.#nameOf(id));
    }
  }

  /** The segments that have times from one to another, in their order or backwards. */
  between(from: number, to: number, backwards: boolean): Rows[] {
    const first = this.idOf(from);
    const last = this.idOf(to);
    const found: Rows[] = [];
    for (const id of this.#ids) {
      if (id >= first && id <= last) found.push(this.#segments.get(id) as Rows);
    }
    return backwards ? found.reverse() : found;
  }

  #getOrCreate(id: number): Rows {
    const rows = this.#open(this.#nameOf(id));
    this.#segments.set(id, rows);
    this.#ids.push(id);
    this.#ids.sort((one, other) => one - other);
    return rows;
  }

  #nameOf(id: number): string {
    return `${this.#name}${separator}${id * this.intervalMs}`;
  }
}
