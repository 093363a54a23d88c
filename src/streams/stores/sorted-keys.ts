/** A leaf of the keys. One that an iteration is looking at is not changed any more, but replaced. */
interface Leaf {
  readonly keys: string[];
  isShared: boolean;
}

/** A leaf is split in two when it grows beyond this. */
const maxLeafKeys = 512;

/**
 * Distinct strings in the order of their code units, which for bytes as latin1 is that of the bytes: an
 * array of sorted arrays. An iteration goes over the keys as they were when it began.
 */
export class SortedKeys {
  #leaves: Leaf[] = [];

  /** Takes keys that need not be sorted; each must occur once. */
  constructor(keys: Iterable<string> = []) {
    const sorted = [...keys].sort();
    for (let at = 0; at < sorted.length; at += maxLeafKeys / 2) {
      this.#leaves.push({ keys: sorted.slice(at, at + maxLeafKeys / 2), isShared: false });
    }
  }

  /** Adds a key; one that is there already stays as it is. */
  add(key: string): void {
    const index = this.#leafFor(key);
    const leaf = this.#leaves[index];
    if (!leaf) {
      this.#leaves.push({ keys: [key], isShared: false });
      return;
    }
    const at = lowerBound(leaf.keys, key);
    if (leaf.keys[at] === key) return;
    const { keys } = this.#own(index);
    keys.splice(at, 0, key);
    if (keys.length > maxLeafKeys) {
      const half = keys.splice(keys.length >> 1);
      this.#leaves.splice(index + 1, 0, { keys: half, isShared: false });
    }
  }

  /** Removes a key, if it is there. */
  delete(key: string): void {
    const index = this.#leafFor(key);
    const leaf = this.#leaves[index];
    if (!leaf) return;
    const at = lowerBound(leaf.keys, key);
    if (leaf.keys[at] !== key) return;
    if (leaf.keys.length === 1) this.#leaves.splice(index, 1);
    else this.#own(index).keys.splice(at, 1);
  }

  /** The least key that is not below `from`. */
  atLeast(from: string): string | undefined {
    const leaf = this.#leaves[this.#leafFor(from)];
    return leaf?.keys[lowerBound(leaf.keys, from)];
  }

  /** The greatest key that is below `to`; the greatest of all where that is undefined. */
  below(to: string | undefined): string | undefined {
    if (to === undefined) return this.#leaves.at(-1)?.keys.at(-1);
    const index = this.#leafFor(to);
    const leaf = this.#leaves[index];
    const at = leaf ? lowerBound(leaf.keys, to) : 0;
    return at > 0 ? leaf?.keys[at - 1] : this.#leaves[index - 1]?.keys.at(-1);
  }

  /** Keys from `from` (inclusive) to `to` (exclusive), undefined for open ends. */
  range(
    from: string | undefined,
    to: string | undefined,
    backwards = false,
  ): IterableIterator<string> {
    const first = from === undefined ? 0 : this.#leafFor(from);
    const last = to === undefined ? this.#leaves.length - 1 : this.#leafFor(to);
    const leaves = this.#leaves.slice(first, last + 1);
    for (const leaf of leaves) leaf.isShared = true;
    return backwards ? down(leaves, from, to) : up(leaves, from, to);
  }

  /** The first leaf whose last key is not below the key; behind the last leaf, the last one. */
  #leafFor(key: string): number {
    const leaves = this.#leaves;
    let low = 0;
    let high = leaves.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      const { keys } = leaves[middle] as Leaf;
      if ((keys[keys.length - 1] as string) < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #own(index: number): Leaf {
    const leaf = this.#leaves[index] as Leaf;
    if (!leaf.isShared) return leaf;
    const copy = { keys: leaf.keys.slice(), isShared: false };
    this.#leaves[index] = copy;
    return copy;
  }
}

function* up(leaves: readonly Leaf[], from: string | undefined, to: string | undefined) {
  for (const { keys } of leaves) {
    let at = from === undefined ? 0 : lowerBound(keys, from);
    for (; at < keys.length; at += 1) {
      const key = keys[at] as string;
      if (to !== undefined && key >= to) return;
      yield key;
    }
  }
}

function* down(leaves: readonly Leaf[], from: string | undefined, to: string | undefined) {
  for (let index = leaves.length - 1; index >= 0; index -= 1) {
    const { keys } = leaves[index] as Leaf;
    let at = (to === undefined ? keys.length : lowerBound(keys, to)) - 1;
    for (; at >= 0; at -= 1) {
      const key = keys[at] as string;
      if (from !== undefined && key < from) return;
      yield key;
    }
  }
}

/** The index of the first key that is not below the one given. */
function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
