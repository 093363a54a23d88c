import {
  checkSerdes,
  openRows,
  type StoreOptions,
  stateOf,
  storeBuilder,
} from "./builder-options.ts";
import { KeyCodec, plainFormat, type RowFormat, timestampedFormat } from "./codec.ts";
import { RowsKeyValueStore } from "./key-value-store.ts";
import type {
  FlushListener,
  KeyValueStore,
  TimestampedKeyValueStore,
  ValueAndTimestamp,
} from "./state-store.ts";
import type { StoreBuilder, StoreEnvironment } from "./store-builder.ts";

/** A store of values by key, as `Stores.keyValueStoreBuilder` makes it. */
export function keyValueStore<K, V>(
  name: string,
  options: StoreOptions<K, V>,
): StoreBuilder<KeyValueStore<K, V>> {
  checkSerdes(name, options);
  return storeBuilder(options, {
    kind: "key-value",
    name,
    open(environment) {
      const format = plainFormat(options.value, environment.topic, environment.task);
      const store = new RowsKeyValueStore(partsOf(name, options, format, environment));
      return { store, restore: (key, value, timestamp) => store.restore(key, value, timestamp) };
    },
  });
}

/** A store of values by key with the time each was written at, as tables of the DSL have it (KIP-258). */
export function timestampedKeyValueStore<K, V>(
  name: string,
  options: StoreOptions<K, V>,
): StoreBuilder<TimestampedKeyValueStore<K, V>> {
  checkSerdes(name, options);
  return storeBuilder(options, {
    kind: "timestamped-key-value",
    name,
    open(environment) {
      const format = timestampedFormat(options.value, environment.topic, environment.task);
      const store = new TimestampedRows(partsOf(name, options, format, environment));
      return { store, restore: (key, value, timestamp) => store.restore(key, value, timestamp) };
    },
  });
}

/** Tells listeners of plain values, under the time of the new one. */
class TimestampedRows<K, V>
  extends RowsKeyValueStore<K, ValueAndTimestamp<V>>
  implements TimestampedKeyValueStore<K, V>
{
  onFlush(listener: FlushListener<K, V>, sendOldValues: boolean): boolean {
    return this.listen(unwrapping(listener), sendOldValues);
  }
}

/** A listener to values with timestamps from one to plain values, as `TimestampedCacheFlushListener`. */
export function unwrapping<K, V>(
  listener: FlushListener<K, V>,
): FlushListener<K, ValueAndTimestamp<V>> {
  return (key, fresh, old, timestamp, headers, metadata) =>
    listener(
      key,
      fresh?.value ?? null,
      old?.value ?? null,
      fresh ? fresh.timestamp : timestamp,
      headers,
      metadata,
    );
}

function partsOf<K, V, S>(
  name: string,
  options: StoreOptions<K, S>,
  format: RowFormat<V>,
  environment: StoreEnvironment,
) {
  const { key, storeType = "persistent", cache = false, logsHeaders = false } = options;
  const state = stateOf(environment, storeType);
  return {
    name,
    isPersistent: storeType === "persistent",
    keys: new KeyCodec(key, environment.topic, environment.task, name),
    format,
    rows: openRows(state, name, options),
    environment,
    isCached: cache,
    logsHeaders,
  };
}
