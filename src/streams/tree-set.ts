interface TreeNode<T> {
  value: T;
  isRed: boolean;
  parent: TreeNode<T> | undefined;
  left: TreeNode<T> | undefined;
  right: TreeNode<T> | undefined;
}

/**
 * A red-black tree as Java's `TreeSet` is one. Kafka Streams orders a node's neighbours by a size that
 * still grows while they are inserted, so the outcome depends on which values are compared with which:
 * only the same tree gives the same description.
 */
export class TreeSet<T> implements Iterable<T> {
  readonly #compare: (one: T, other: T) => number;
  #root: TreeNode<T> | undefined;

  constructor(compare: (one: T, other: T) => number) {
    this.#compare = compare;
  }

  /** Adds a value, unless one that compares as equal is met on the way to its place. */
  add(value: T): void {
    let parent: TreeNode<T> | undefined;
    let isLess = false;
    for (let at = this.#root; at; at = isLess ? at.left : at.right) {
      const order = this.#compare(value, at.value);
      if (order === 0) return;
      parent = at;
      isLess = order < 0;
    }
    const node: TreeNode<T> = { value, isRed: true, parent, left: undefined, right: undefined };
    if (!parent) this.#root = node;
    else if (isLess) parent.left = node;
    else parent.right = node;
    this.#balance(node);
  }

  *[Symbol.iterator](): IterableIterator<T> {
    yield* inOrder(this.#root);
  }

  #balance(added: TreeNode<T>): void {
    let node = added;
    while (node.parent?.isRed && node.parent.parent) {
      const grandparent: TreeNode<T> = node.parent.parent;
      const isLeft = node.parent === grandparent.left;
      const uncle = isLeft ? grandparent.right : grandparent.left;
      if (uncle?.isRed) {
        node.parent.isRed = false;
        uncle.isRed = false;
        grandparent.isRed = true;
        node = grandparent;
        continue;
      }
      if (node === (isLeft ? node.parent.right : node.parent.left)) {
        node = node.parent;
        this.#rotate(node, isLeft);
      }
      if (node.parent) node.parent.isRed = false;
      grandparent.isRed = true;
      this.#rotate(grandparent, !isLeft);
    }
    if (this.#root) this.#root.isRed = false;
  }

  /** Puts a node below its right child, or with `toLeft` false below its left one. */
  #rotate(node: TreeNode<T>, toLeft: boolean): void {
    const child = toLeft ? node.right : node.left;
    if (!child) return;
    const inner = toLeft ? child.left : child.right;
    if (toLeft) node.right = inner;
    else node.left = inner;
    if (inner) inner.parent = node;
    child.parent = node.parent;
    if (!node.parent) this.#root = child;
    else if (node.parent.left === node) node.parent.left = child;
    else node.parent.right = child;
    if (toLeft) child.left = node;
    else child.right = node;
    node.parent = child;
  }
}

function* inOrder<T>(node: TreeNode<T> | undefined): IterableIterator<T> {
  if (!node) return;
  yield* inOrder(node.left);
  yield node.value;
  yield* inOrder(node.right);
}
