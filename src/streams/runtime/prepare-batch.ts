import type { Deserializer } from "../../client/index.ts";
import type { Serde } from "../serde.ts";
import type { SourceNode } from "../topology-node.ts";
import type { RawRecords } from "./record-queue.ts";

/**
 * Lets the serdes of a source look at a fetched batch before its records are processed: undefined where none has
 * `prepare`, which costs nothing, and a promise to be awaited once otherwise. `open` gives a cursor over the batch
 * that is read here to its end; the one that the task gets must be another. Rejects where a serde does.
 */
export function prepareBatch(
  { key, value }: Pick<SourceNode, "key" | "value">,
  topic: string,
  open: () => RawRecords,
): Promise<void> | undefined {
  const toKeys = preparerOf(key);
  const toValues = preparerOf(value);
  if (!toKeys && !toValues) return undefined;
  const keys: Buffer[] = [];
  const values: Buffer[] = [];
  const records = open();
  while (records.next()) {
    const { buffer, keyStart, keyEnd, valueStart, valueEnd } = records.record;
    if (toKeys && keyStart >= 0) keys.push(buffer.subarray(keyStart, keyEnd));
    if (toValues && valueStart >= 0) values.push(buffer.subarray(valueStart, valueEnd));
  }
  return prepareBoth(keys.length > 0 && toKeys?.(keys, topic), () =>
    values.length > 0 ? toValues?.(values, topic) : undefined,
  );
}

/** Keys first: a serde of both may find then that it knows all it needs. */
async function prepareBoth(
  keys: Promise<void> | false | undefined,
  values: () => Promise<void> | undefined,
): Promise<void> {
  await keys;
  await values();
}

function preparerOf(
  deserializer: Deserializer<unknown>,
): ((batch: readonly Buffer[], topic: string) => Promise<void>) | undefined {
  const { prepare } = deserializer as Serde<unknown>;
  return prepare && ((batch, topic) => prepare.call(deserializer, batch, topic));
}
