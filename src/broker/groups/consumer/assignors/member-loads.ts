/**
 * The loads of a topic's subscribers, while partitions are given to those with the fewest or moved to
 * them from those with the most. Keeps two ranges of the subscribers, sorted by load: those that are
 * filled up from below and those that are taken from above. Each starts where all have the same load,
 * and grows when its level reaches the next one, so that the next subscriber is found in constant time.
 */
export class MemberLoads {
  readonly #sizes: readonly number[];
  readonly #sorted: number[];
  /** `[0, #leastEnd)` are being filled up to one more than `#leastLevel`. */
  #leastEnd = 0;
  #leastLevel: number;
  #nextLeast = 0;
  /** `[#mostStart, #mostEnd)` are being taken down to one less than `#mostLevel`; beyond have nothing to give. */
  #mostStart: number;
  #mostEnd: number;
  #mostLevel: number;
  #nextMost: number;

  /** `sizes` are the loads by member, as they are at any time; `members` is not empty. */
  constructor(sizes: readonly number[], members: readonly number[]) {
    this.#sizes = sizes;
    this.#sorted = [...members].sort(
      (left, right) => this.#size(left) - this.#size(right) || left - right,
    );
    this.#leastLevel = this.#sizeAt(0) - 1;
    this.#mostStart = this.#sorted.length;
    this.#mostEnd = this.#sorted.length;
    this.#mostLevel = this.#sizeAt(this.#sorted.length - 1) + 1;
    this.#nextMost = this.#sorted.length - 1;
  }

  /** How many more the fullest subscriber has than the emptiest, at the start. */
  get imbalance(): number {
    return this.#mostLevel - this.#leastLevel - 2;
  }

  /** Whether moving another partition could no longer make things better. */
  get isBalanced(): boolean {
    return this.#mostLevel - this.#leastLevel <= 1;
  }

  /** The member to get the next partition, which it is taken to get. */
  takeLeast(): number {
    if (this.#nextLeast >= this.#leastEnd) {
      this.#leastLevel += 1;
      while (
        this.#leastEnd < this.#sorted.length &&
        this.#sizeAt(this.#leastEnd) === this.#leastLevel
      ) {
        this.#leastEnd += 1;
      }
      this.#nextLeast = 0;
    }
    const member = this.#sorted[this.#nextLeast] ?? 0;
    this.#nextLeast += 1;
    return member;
  }

  /** The member to give up the next partition, which it is taken to do; undefined if none can. */
  takeMost(): number | undefined {
    if (this.#nextMost < this.#mostStart) {
      const isEmpty = this.#mostEnd <= this.#mostStart && this.#mostStart > 0;
      this.#mostLevel = isEmpty ? this.#sizeAt(this.#mostStart - 1) : this.#mostLevel - 1;
      while (this.#mostStart > 0 && this.#sizeAt(this.#mostStart - 1) === this.#mostLevel) {
        this.#mostStart -= 1;
      }
      this.#nextMost = this.#mostEnd - 1;
    }
    if (this.#nextMost < 0) return undefined;
    const member = this.#sorted[this.#nextMost];
    this.#nextMost -= 1;
    return member;
  }

  /** The member last taken from the fullest has nothing to give up: it is left out from now on. */
  excludeMost(): void {
    const at = this.#nextMost + 1;
    const last = this.#mostEnd - 1;
    const member = this.#sorted[at] ?? 0;
    this.#sorted[at] = this.#sorted[last] ?? 0;
    this.#sorted[last] = member;
    this.#mostEnd -= 1;
  }

  #size(member: number): number {
    return this.#sizes[member] ?? 0;
  }

  #sizeAt(index: number): number {
    return this.#size(this.#sorted[index] ?? 0);
  }
}
