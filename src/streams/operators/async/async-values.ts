import type { AsyncCall } from "../../async-options.ts";
import type { Operator } from "../../node.ts";
import { type AsyncTerms, asyncOperator } from "./async-operator.ts";

/** Gives something of a record that may take its time. */
export type AsyncMapper<K, V, R> = (value: V, key: K, call: AsyncCall) => R | PromiseLike<R>;

/** Hands on each message with the value that is waited for. */
export function mapValuesAsync<K, V, W>(
  mapper: AsyncMapper<K, V, W>,
  terms: AsyncTerms<K, V, W>,
): Operator<K, V, K, W> {
  return asyncOperator(terms, ({ forward }) => ({
    request: ({ value, key }, call) => mapper(value, key, call),
    process({ key, timestamp, headers }, value) {
      forward({ key, value, timestamp, headers });
    },
  }));
}

/** Hands on any number of values for each message, once they are there. */
export function flatMapValuesAsync<K, V, W>(
  mapper: AsyncMapper<K, V, Iterable<W>>,
  terms: AsyncTerms<K, V, Iterable<W>>,
): Operator<K, V, K, W> {
  return asyncOperator(terms, ({ forward }) => ({
    request: ({ value, key }, call) => mapper(value, key, call),
    process({ key, timestamp, headers }, values) {
      for (const value of values) forward({ key, value, timestamp, headers });
    },
  }));
}

/** Hands on the messages of which the answer is true. */
export function filterAsync<K, V>(
  keep: AsyncMapper<K, V, boolean>,
  terms: AsyncTerms<K, V, boolean>,
): Operator<K, V, K, V> {
  return asyncOperator(terms, ({ forward }) => ({
    request: ({ value, key }, call) => keep(value, key, call),
    process(message, isKept) {
      if (isKept) forward(message);
    },
  }));
}

/** Waits for something to be done with each message, and ends there. */
export function foreachAsync<K, V>(
  act: AsyncMapper<K, V, unknown>,
  terms: AsyncTerms<K, V, unknown>,
): Operator<K, V, never, never> {
  return asyncOperator(terms, () => ({
    request: ({ value, key }, call) => act(value, key, call),
    process() {},
  }));
}
