import type { Deserializer } from "../../client/index.ts";
import type { Clock } from "../../clock.ts";
import { MillraceError } from "../../errors.ts";
import type { Serde } from "../serde.ts";
import type { SourceNode } from "../topology-node.ts";
import { ease } from "./ease.ts";
import type { RawRecords } from "./record-queue.ts";

/** How long serdes may take to prepare a batch: nothing else of its thread goes on meanwhile. */
export const prepareTimeoutMs = 60_000;

/** How a preparation ends that does not by itself. */
export interface PrepareBound {
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Lets the serdes of a source look at a fetched batch before its records are processed: undefined where none has
 * `prepare`, which costs nothing, and a promise to be awaited once otherwise. `open` gives a cursor over the batch
 * that is read here to its end; the one that the task gets must be another. Rejects where a serde does, with
 * `TIMED_OUT` after {@link prepareTimeoutMs}, and with `ABORTED` when the signal aborts.
 */
export function prepareBatch(
  { key, value }: Pick<SourceNode, "key" | "value">,
  topic: string,
  open: () => RawRecords,
  bound: PrepareBound,
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
  const both = prepareBoth(keys.length > 0 && toKeys?.(keys, topic), () =>
    values.length > 0 ? toValues?.(values, topic) : undefined,
  );
  return within(bound, both, topic);
}

async function within(
  { clock, signal }: PrepareBound,
  preparing: Promise<void>,
  topic: string,
): Promise<void> {
  let isDone = false;
  const done = preparing.then(() => {
    isDone = true;
  });
  // Where nobody waits any more, its failure is of no concern.
  done.catch(() => {});
  const late = new AbortController();
  const timer = clock.after(prepareTimeoutMs, () => late.abort());
  try {
    await ease(done, signal ? AbortSignal.any([signal, late.signal]) : late.signal);
  } finally {
    timer.cancel();
  }
  if (isDone) return;
  const attempt = `a serde's prepare() for a batch of topic ${topic}`;
  if (signal?.aborted) throw new MillraceError("ABORTED", `${attempt} was called off`);
  const message = `${attempt} took longer than ${prepareTimeoutMs} ms: have it reject where what it asks does not answer`;
  throw new MillraceError("TIMED_OUT", message);
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
