import {
  checkSerdes,
  opened,
  openRows,
  type Restorable,
  type StoreOptions,
  stateOf,
  storeBuilder,
} from "./builder-options.ts";
import { KeyCodec, plainFormat, type RowFormat, timestampedFormat } from "./codec.ts";
import { timestampHeadersFormat } from "./headers-format.ts";
import { RowsKeyValueStore } from "./key-value-store.ts";
import type {
  FlushListener,
  KeyValueStore,
  TimestampedKeyValueStore,
  ValueAndTimestamp,
  ValueTimestampHeaders,
} from "./state-store.ts";
import type { StoreBuilder, StoreEnvironment } from "./store-builder.ts";

/** A store of values by key, as `Stores.keyValueStoreBuilder` makes it. */
export function keyValueStore<K, V>(
  name: string,
  options: StoreOptions<K, V>,
): StoreBuilder<KeyValueStore<K, V>> {
  return keyValueBuilder(name, options, "key-value", (environment) => {
    const { topic, task } = environment;
    const format = plainFormat(options.value, topic, task, options.logsHeaders);
    return new RowsKeyValueStore(partsOf(name, options, format, environment));
  });
}

/** A store of values by key with the time each was written at, as tables of the DSL have it (KIP-258). */
export function timestampedKeyValueStore<K, V>(
  name: string,
  options: StoreOptions<K, V>,
): StoreBuilder<TimestampedKeyValueStore<K, V>> {
  return keyValueBuilder(name, options, "timestamped-key-value", (environment) => {
    const { topic, task } = environment;
    const format = timestampedFormat(options.value, topic, task, options.logsHeaders);
    return new TimestampedRows(partsOf(name, options, format, environment));
  });
}

/** A store of values by key with the time and the headers that each was written with (KIP-1271). */
export function timestampedKeyValueStoreWithHeaders<K, V>(
  name: string,
  options: Omit<StoreOptions<K, V>, "logsHeaders">,
): StoreBuilder<KeyValueStore<K, ValueTimestampHeaders<V>>> {
  return keyValueBuilder(name, options, "timestamped-key-value", (environment) => {
    const format = timestampHeadersFormat(options.value, environment.topic);
    return new RowsKeyValueStore(partsOf(name, options, format, environment));
  });
}

function keyValueBuilder<K, V, S extends Restorable>(
  name: string,
  options: StoreOptions<K, V>,
  kind: "key-value" | "timestamped-key-value",
  make: (environment: StoreEnvironment) => S,
): StoreBuilder<S> {
  checkSerdes(name, options);
  return storeBuilder(options, {
    kind,
    name,
    open: (environment) => opened(make(environment)),
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
  const { key, storeType = "persistent", cache = false } = options;
  const state = stateOf(environment, storeType);
  return {
    name,
    isPersistent: storeType === "persistent",
    keys: new KeyCodec(key, environment.topic, environment.task, name),
    format,
    rows: openRows(state, name, options),
    environment,
    isCached: cache,
  };
}
