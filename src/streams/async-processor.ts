import type { AsyncCall } from "./async-options.ts";
import type { Message } from "./message.ts";
import type { Operator } from "./node.ts";
import { type AsyncTerms, asyncOperator } from "./operators/async/async-operator.ts";
import { checkSupplier, type ProcessorContext, processorContext, Turn } from "./processor.ts";

/**
 * A step of the user's own that waits for something outside, in two parts; one is made for each task. What
 * `request` gives reaches `process` between two records, in the order that the options promise.
 */
export interface AsyncProcessor<KIn, VIn, R, KOut = never, VOut = never> {
  /** Called once, before the first record. */
  init?(context: ProcessorContext<KOut, VOut>): void;
  /**
   * Makes the call. May read stores before it waits for the first time; writing to them and handing records on is
   * for `process`. An answer that is no promise goes on at once.
   */
  request(record: Message<KIn, VIn>, call: AsyncCall): R | PromiseLike<R>;
  /** Goes on with what came of the call, as a processor's `process` does, under the record's own context. */
  process(record: Message<KIn, VIn>, result: R): void;
  /** Called once, when the task ends. */
  close?(): void;
}

/** Makes an async processor: a new one at each call. */
export type AsyncProcessorSupplier<KIn, VIn, R, KOut = never, VOut = never> = () => AsyncProcessor<
  KIn,
  VIn,
  R,
  KOut,
  VOut
>;

/** Makes an operator of a user's async processors. Throws where the supplier gives the same object twice. */
export function asyncProcessorOperator<KIn, VIn, R, KOut, VOut>(
  supply: AsyncProcessorSupplier<KIn, VIn, R, KOut, VOut>,
  terms: AsyncTerms<KIn, VIn, R>,
): Operator<KIn, VIn, KOut, VOut> {
  checkSupplier(supply, "request");
  return asyncOperator(terms, (context) => {
    const turn = new Turn();
    const processor = supply();
    turn.take(() => processor.init?.(processorContext(context, turn)));
    return {
      request: (record, call) => processor.request(record, call),
      process: (record, result) => turn.take(() => processor.process(record, result)),
      close: () => turn.take(() => processor.close?.()),
    };
  });
}
