import type { TableView } from "../dsl/table-rows.ts";
import type { Change } from "../message.ts";
import { noHeaders } from "../message.ts";
import type { NodeContext, Operator } from "../node.ts";
import { checkSupplier, type ProcessorContext, processorContext } from "../processor.ts";
import type { ValueAndTimestamp } from "../stores/state-store.ts";
import { openTableResult, type TableTerms } from "./table-result.ts";

/** What a {@link ValueTransformer} can do in its task: everything but hand on records. */
export type ValueTransformerContext = Omit<ProcessorContext<never, never>, "forward">;

/** Gives rows of a table other values, with stores and the record's context at hand. */
export interface ValueTransformer<K, V, W> {
  /** Called once, before the first row. */
  init?(context: ValueTransformerContext): void;
  /** The row's new value. Null stands for a row that is deleted, on both sides. */
  transform(value: V | null, key: K): W | null;
  /** Called once, when the task ends. */
  close?(): void;
}

/** Makes a transformer: a new one at each call. */
export type ValueTransformerSupplier<K, V, W> = () => ValueTransformer<K, V, W>;

/**
 * Gives the rows of a table other values by a transformer. Where the result has no store, it is asked again
 * for old values and for each look-up from elsewhere: then it should not depend on state
 * (`KTableTransformValues`).
 */
export function transformTableValues<K, V, W>(
  supply: ValueTransformerSupplier<K, V, W>,
  terms: TableTerms,
): Operator<K, Change<V>, K, Change<W>> {
  checkSupplier(supply, "transform");
  return (context) => {
    const { sendsOldValues } = terms;
    const transformer = supply();
    transformer.init?.(contextFor(context));
    const result = openTableResult<K, W>(context, terms);
    const { stored } = result;
    return {
      process({ key, value: change, timestamp, headers }) {
        const fresh = transformer.transform(change.newValue, key) ?? null;
        let old: W | null = null;
        if (sendsOldValues) {
          old = stored ? stored(key) : (transformer.transform(change.oldValue, key) ?? null);
        }
        result.put(key, fresh, old, timestamp, headers, change.isLatest);
      },
      close: () => transformer.close?.(),
    };
  };
}

/** The rows of a table with the values that a transformer gives, which is also asked for rows that are not there. */
export function transformView<K, V, W>(
  context: NodeContext<never, never>,
  { get, asOf, close }: TableView<K, V>,
  supply: ValueTransformerSupplier<K, V, W>,
): TableView<K, W> {
  const transformer = supply();
  transformer.init?.(contextFor(context));
  const transformed = <R extends ValueAndTimestamp<V>>(row: R | null, key: K) => {
    const timestamp = row === null ? unknownTime : row.timestamp;
    let value: W | null = null;
    context.withRecord({ key, value: null, timestamp, headers: noHeaders }, undefined, () => {
      value = transformer.transform(row === null ? null : row.value, key) ?? null;
    });
    return value as W | null;
  };
  return {
    get(key) {
      const row = get(key);
      const value = transformed(row, key);
      return value === null ? null : { value, timestamp: row?.timestamp ?? unknownTime };
    },
    asOf:
      asOf &&
      ((key, at) => {
        const row = asOf(key, at);
        const value = transformed(row, key);
        const { timestamp = unknownTime, validTo } = row ?? {};
        return value === null ? null : { value, timestamp, validTo };
      }),
    close() {
      close?.();
      transformer.close?.();
    },
  };
}

/** The time of a row that is not there (`ConsumerRecord.NO_TIMESTAMP`). */
const unknownTime = -1;

function contextFor<K, V>(context: NodeContext<K, V>): ValueTransformerContext {
  const { forward: _none, ...rest } = processorContext(context);
  return rest;
}
