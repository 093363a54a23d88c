import { MillraceError, reasonOf, TopologyError } from "../../errors.ts";
import type { Message, Step } from "../message.ts";
import type { NodeContext, OpenNode, Operator, TaskContext } from "../node.ts";
import type { StateStore } from "../stores/state-store.ts";
import type { ProcessorNode, SinkNode, TopologyNode } from "../topology-node.ts";
import type { AsyncWork } from "./async-work.ts";
import type { RecordScope } from "./record-scope.ts";

/** What the nodes of a task are opened with. */
export interface GraphTerms {
  /** Parents before children. */
  readonly nodes: readonly TopologyNode[];
  readonly task: TaskContext;
  /** Undefined where nodes cannot wait for anything: above global stores. */
  readonly asyncWork?: AsyncWork | undefined;
  readonly scope: RecordScope;
  /** A store by its name, for a node that is connected to it; undefined where it is not. */
  storeFor(node: string, store: string): StateStore | undefined;
  openSink(sink: SinkNode): Step<unknown, unknown>;
  /** Hears of what a node threw, and throws unless the other nodes are to go on; undefined where all is to stop. */
  readonly onFailure?: NodeFailure | undefined;
}

/** Decides on what a node threw at a message, by returning or throwing. */
export type NodeFailure = (
  error: unknown,
  node: string,
  message: Message<unknown, unknown> | undefined,
) => void;

interface Junction {
  readonly name: string;
  readonly children: Junction[];
  /** What the node does with a message. */
  step: Step<unknown, unknown>;
  /** What it does with what it hands on; set once its children are known. */
  out: Step<unknown, unknown>;
}

/** The nodes of one task at work, each connected to its children by plain calls. */
export class ProcessorGraph {
  readonly #junctions = new Map<string, Junction>();
  readonly #open: { readonly name: string; readonly node: OpenNode<never, never> }[] = [];

  constructor(terms: GraphTerms) {
    for (const { name } of terms.nodes) {
      this.#junctions.set(name, { name, children: [], step: unopened, out: nowhere });
    }
    for (const node of terms.nodes) {
      if (node.kind === "source") continue;
      const child = this.#junctions.get(node.name) as Junction;
      for (const parent of node.parents) this.#junctions.get(parent)?.children.push(child);
    }
    for (const junction of this.#junctions.values()) {
      junction.out = handOn(junction, terms.scope);
      if (terms.nodes.find(({ name }) => name === junction.name)?.kind === "source") {
        junction.step = junction.out;
      }
    }
    // Parents are opened before their children, as in Kafka: what they do then is seen in this order.
    for (const node of terms.nodes) this.#openNode(node, terms);
  }

  /** What a source does with a record. */
  source(name: string): Step<unknown, unknown> {
    return (this.#junctions.get(name) as Junction).step;
  }

  /** Ends all nodes. Throws the first error, once all have been ended. */
  close(): void {
    let failure: { readonly error: unknown } | undefined;
    for (const { name, node } of this.#open) {
      try {
        node.close?.();
      } catch (error) {
        failure ??= { error: failed(`the end of ${name}`, error) };
      }
    }
    if (failure) throw failure.error;
  }

  #openNode(node: TopologyNode, terms: GraphTerms): void {
    const junction = this.#junctions.get(node.name) as Junction;
    if (node.kind === "source") return;
    if (node.kind === "sink") {
      junction.step = terms.openSink(node);
      return;
    }
    terms.scope.node = node.name;
    const open = node.open as Operator<unknown, unknown, unknown, unknown>;
    const opened = begun(node.name, () => open(this.#contextOf(node, junction, terms)));
    this.#open.push({ name: node.name, node: opened as OpenNode<never, never> });
    const { onFailure } = terms;
    junction.step = onFailure ? guarded(opened.process, node.name, onFailure) : opened.process;
  }

  #contextOf(
    { name }: ProcessorNode,
    junction: Junction,
    { task, asyncWork, scope, storeFor }: GraphTerms,
  ): NodeContext<unknown, unknown> {
    return {
      name,
      task,
      asyncWork,
      forward: junction.out,
      forwardTo: (childName) => {
        const child = junction.children.find((one) => one.name === childName);
        if (!child) {
          const message = `${name} forwards to ${childName}, which is none of its children`;
          throw new TopologyError("UNKNOWN_NODE", message);
        }
        return through(scope, child);
      },
      store<S extends StateStore>(storeName: string): S {
        const store = storeFor(name, storeName);
        if (store) return store as S;
        const message = `${name} asks for the store ${storeName}, which it is not connected to`;
        throw new TopologyError("STORE_NOT_CONNECTED", message);
      },
      withRecord: (record, metadata, step) => scope.within(record, metadata, step),
    };
  }
}

/** Hands messages to all children of a node. */
function handOn(junction: Junction, scope: RecordScope): Step<unknown, unknown> {
  const { children } = junction;
  const [first] = children;
  if (!first) return nowhere;
  if (children.length === 1) return through(scope, first);
  const ways = children.map((child) => through(scope, child));
  return (message) => {
    for (const way of ways) way(message);
  };
}

/** Makes the message's timestamp and headers those of the scope while the child works, and notes who works. */
function through(scope: RecordScope, child: Junction): Step<unknown, unknown> {
  const { name } = child;
  return (message) => {
    const { node, timestamp, headers } = scope;
    scope.node = name;
    scope.timestamp = message.timestamp;
    scope.headers = message.headers;
    child.step(message);
    scope.node = node;
    scope.timestamp = timestamp;
    scope.headers = headers;
  };
}

function guarded(
  step: Step<unknown, unknown>,
  node: string,
  onFailure: NodeFailure,
): Step<unknown, unknown> {
  return (message) => {
    try {
      step(message);
    } catch (error) {
      onFailure(error, node, message);
    }
  };
}

function begun<T>(node: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    throw error instanceof MillraceError ? error : failed(`the beginning of ${node}`, error);
  }
}

function failed(what: string, cause: unknown): MillraceError {
  const message = `${what} failed: ${reasonOf(cause)}`;
  return new MillraceError("PROCESSING_FAILED", message, { cause });
}

function nowhere(): void {}

function unopened(): void {
  throw new TopologyError("INVALID_TOPOLOGY", "a node forwards before its children are open");
}
