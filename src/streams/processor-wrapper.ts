import { MillraceError } from "../errors.ts";
import type { AnyOperator, NodeContext, OpenNode, Operator } from "./node.ts";
import {
  checkSupplier,
  type Processor,
  type ProcessorSupplier,
  processorContext,
} from "./processor.ts";
import type { StoreBuilder } from "./stores/store-builder.ts";

/** A processor of any keys and values. */
export type AnyProcessorSupplier = ProcessorSupplier<unknown, unknown, unknown, unknown>;

/** What a processor is replaced by, where that uses stores of its own. */
export interface WrappedProcessor {
  readonly supply: AnyProcessorSupplier;
  readonly stores?: readonly StoreBuilder[] | undefined;
}

/**
 * Puts something around every processor of a topology, those of the DSL's operators too, or in its place: to
 * trace, to measure, to test (KIP-1112). Called once for each, when the topology is built; what it gives is called
 * once for each task. The processors that `supply` makes must be made and get `init` within the `init` of those
 * around them; they hand records on, and find stores, through the context that they are given there. Sources, sinks
 * and the processors of global stores are not wrapped.
 */
export type ProcessorWrapper = (
  supply: AnyProcessorSupplier,
  name: string,
) => AnyProcessorSupplier | WrappedProcessor;

/** An operator with what the wrapper puts around it, and the stores that this brings along. */
export function wrapOperator(
  wrap: ProcessorWrapper,
  name: string,
  open: AnyOperator,
): { readonly open: AnyOperator; readonly stores: readonly StoreBuilder[] } {
  /** The context of the node that is being opened: the ones inside are opened with it. */
  let opening: NodeContext<unknown, unknown> | undefined;
  const inside = () => new InsideProcessor(open, name, () => opening);
  const wrapped = wrap(inside, name);
  const { supply, stores = [] } = typeof wrapped === "function" ? { supply: wrapped } : wrapped;
  checkSupplier(supply);
  const openWrapped: Operator<unknown, unknown, unknown, unknown> = (context) => {
    opening = context;
    try {
      const processor = supply();
      // What caches give up goes on outside of any turn.
      processor.init?.(processorContext(context));
      return {
        process: (message) => processor.process(message),
        close: () => processor.close?.(),
      };
    } finally {
      opening = undefined;
    }
  };
  return { open: openWrapped as AnyOperator, stores };
}

/** An operator in the form of a processor. */
class InsideProcessor implements Processor<unknown, unknown, unknown, unknown> {
  readonly #open: AnyOperator;
  readonly #name: string;
  readonly #opening: () => NodeContext<unknown, unknown> | undefined;
  #node: OpenNode<unknown, unknown> | undefined;

  constructor(
    open: AnyOperator,
    name: string,
    opening: () => NodeContext<unknown, unknown> | undefined,
  ) {
    this.#open = open;
    this.#name = name;
    this.#opening = opening;
  }

  init(...[given]: Parameters<NonNullable<Processor<unknown, unknown, unknown, unknown>["init"]>>) {
    const context = this.#opening();
    if (!context) {
      const message = `the processor ${this.#name} was not initialized within init of the one around it`;
      throw new MillraceError("INVALID_STATE", message);
    }
    const open = this.#open as Operator<unknown, unknown, unknown, unknown>;
    this.#node = open({
      ...context,
      forward: (message) => given.forward(message),
      forwardTo: (child) => (message) => given.forward(message, child),
      store: (store) => given.store(store),
    });
  }

  process(record: Parameters<OpenNode<unknown, unknown>["process"]>[0]): void {
    if (this.#node) {
      this.#node.process(record);
      return;
    }
    const message = `the processor ${this.#name} was given a record before init: call it from init of the one around it`;
    throw new MillraceError("INVALID_STATE", message);
  }

  close(): void {
    this.#node?.close?.();
  }
}
