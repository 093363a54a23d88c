/** Nodes that belong together: a union-find over their names (`QuickUnion`). */
export class NodeGroups {
  readonly #parents = new Map<string, string>();

  add(name: string): void {
    this.#parents.set(name, name);
  }

  /** Puts a node's group and those of others together. */
  unite(name: string, ...others: readonly string[]): void {
    for (const other of others) {
      const root = this.root(name);
      const otherRoot = this.root(other);
      if (root !== otherRoot) this.#parents.set(root, otherRoot);
    }
  }

  /** The name that stands for the node's group. */
  root(name: string): string {
    let current = name;
    for (;;) {
      const parent = this.#parents.get(current) as string;
      if (parent === current) return current;
      const grandparent = this.#parents.get(parent) as string;
      this.#parents.set(current, grandparent);
      current = parent;
    }
  }
}
