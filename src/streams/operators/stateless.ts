import { callback } from "../callback.ts";
import type { Operator } from "../node.ts";

/** Whether something is true of a record. */
export type Predicate<K, V> = (value: V, key: K) => boolean;

/** Gives a record's new value. */
export type ValueMapper<K, V, W> = (value: V, key: K) => W;

/** A key and a value. */
export type Pair<K, V> = readonly [key: K, value: V];

/** Hands on the messages that the predicate is true for. */
export function filter<K, V>(keep: Predicate<K, V>): Operator<K, V, K, V> {
  callback(keep, "filter");
  return ({ forward }) => ({
    process(message) {
      if (keep(message.value, message.key)) forward(message);
    },
  });
}

/** Hands on the messages that the predicate is false for. */
export function filterNot<K, V>(drop: Predicate<K, V>): Operator<K, V, K, V> {
  callback(drop, "filterNot");
  return ({ forward }) => ({
    process(message) {
      if (!drop(message.value, message.key)) forward(message);
    },
  });
}

/** Hands on each message with another key. */
export function selectKey<K, V, L>(select: ValueMapper<K, V, L>): Operator<K, V, L, V> {
  callback(select, "selectKey");
  return ({ forward }) => ({
    process({ key, value, timestamp, headers }) {
      forward({ key: select(value, key), value, timestamp, headers });
    },
  });
}

/** Hands on each message with another value. */
export function mapValues<K, V, W>(map: ValueMapper<K, V, W>): Operator<K, V, K, W> {
  callback(map, "mapValues");
  return ({ forward }) => ({
    process({ key, value, timestamp, headers }) {
      forward({ key, value: map(value, key), timestamp, headers });
    },
  });
}

/** Hands on each message with another key and value. */
export function map<K, V, L, W>(mapper: ValueMapper<K, V, Pair<L, W>>): Operator<K, V, L, W> {
  callback(mapper, "map");
  return ({ forward }) => ({
    process({ key, value, timestamp, headers }) {
      const [newKey, newValue] = mapper(value, key);
      forward({ key: newKey, value: newValue, timestamp, headers });
    },
  });
}

/** Hands on any number of keys and values for each message. */
export function flatMap<K, V, L, W>(
  mapper: ValueMapper<K, V, Iterable<Pair<L, W>>>,
): Operator<K, V, L, W> {
  callback(mapper, "flatMap");
  return ({ forward }) => ({
    process({ key, value, timestamp, headers }) {
      for (const [newKey, newValue] of mapper(value, key)) {
        forward({ key: newKey, value: newValue, timestamp, headers });
      }
    },
  });
}

/** Hands on any number of values for each message. */
export function flatMapValues<K, V, W>(
  mapper: ValueMapper<K, V, Iterable<W>>,
): Operator<K, V, K, W> {
  callback(mapper, "flatMapValues");
  return ({ forward }) => ({
    process({ key, value, timestamp, headers }) {
      for (const newValue of mapper(value, key)) {
        forward({ key, value: newValue, timestamp, headers });
      }
    },
  });
}

/** Shows each message to somebody, and hands it on as it is. */
export function peek<K, V>(look: (value: V, key: K) => void): Operator<K, V, K, V> {
  callback(look, "peek");
  return ({ forward }) => ({
    process(message) {
      look(message.value, message.key);
      forward(message);
    },
  });
}

/** Shows each message to somebody, and ends there. */
export function foreach<K, V>(act: (value: V, key: K) => void): Operator<K, V, never, never> {
  callback(act, "foreach");
  return () => ({
    process: ({ key, value }) => act(value, key),
  });
}

/** Hands messages on as they are. */
export function passThrough<K, V>(): Operator<K, V, K, V> {
  return ({ forward }) => ({ process: forward });
}
