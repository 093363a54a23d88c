import type { OverlayRows, TakenChanges } from "./overlay-rows.ts";

/** A named set of rows as an engine has it. */
interface OverlaySet {
  readonly rows: OverlayRows;
}

/** The named sets of rows of a task whose changes wait for the commit, and those that are dropped with it. */
export class OverlaySets<S extends OverlaySet> {
  readonly #open: (name: string) => S;
  readonly #sets = new Map<string, S>();
  readonly #dropped = new Map<string, S>();

  constructor(open: (name: string) => S) {
    this.#open = open;
  }

  /** The sets that are in use. */
  get sets(): ReadonlyMap<string, S> {
    return this.#sets;
  }

  /** The sets that are to be dropped with the commit. */
  get dropped(): ReadonlyMap<string, S> {
    return this.#dropped;
  }

  rows(name: string): OverlayRows {
    let set = this.#sets.get(name);
    if (!set) {
      set = this.#dropped.get(name) ?? this.#open(name);
      this.#dropped.delete(name);
      this.#sets.set(name, set);
    }
    return set.rows;
  }

  drop(name: string): void {
    const set = this.forReading(name);
    set.rows.clear();
    this.#sets.delete(name);
    this.#dropped.set(name, set);
  }

  /** The set of a name, whether it is in use or not. */
  forReading(name: string): S {
    return this.#sets.get(name) ?? this.#open(name);
  }

  /** Has at most so many of the changes written that wait; gives whether none is left. */
  write(maxRows: number, write: (set: S, changes: TakenChanges) => void): boolean {
    let left = maxRows;
    for (const set of this.#sets.values()) {
      const { unwritten } = set.rows;
      if (unwritten === 0) continue;
      if (left === 0) return false;
      write(set, set.rows.takeSome(left));
      if (unwritten > left) return false;
      left -= unwritten;
    }
    return true;
  }

  /** Forgets the sets that have been dropped by now. */
  forgetDropped(): void {
    this.#dropped.clear();
  }

  /** How much memory the changes take, in bytes. */
  get pendingBytes(): number {
    let bytes = 0;
    for (const { rows } of this.#sets.values()) bytes += rows.pendingBytes;
    return bytes;
  }
}
