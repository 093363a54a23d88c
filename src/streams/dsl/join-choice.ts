import { callback } from "../callback.ts";
import type { ValueMapper } from "../operators/stateless.ts";
import type { Joiner } from "../operators/stream-table-join.ts";
import { GlobalKTable } from "./global-table.ts";
import { KStream } from "./kstream.ts";
import { KTable } from "./ktable.ts";
import { checkSameBuilder, type Named } from "./place.ts";
import { type JoinKind, joinStreams, type StreamJoinOptions } from "./stream-join.ts";
import {
  joinStreamWithGlobalTable,
  joinStreamWithTable,
  type StreamTableJoinOptions,
} from "./stream-table-join.ts";

/** Options of joins with a global table. */
export interface GlobalJoinOptions<K, V, L> extends Named {
  /** The key of the table's row that a record is joined with; null for none. */
  readonly by: ValueMapper<K, V, L | null>;
}

/** Joins a stream with whatever is given: a stream, a table or a global table. */
export function joinAny<K, V, W, Out>(
  kind: JoinKind,
  stream: KStream<K, V>,
  other: KStream<K, W> | KTable<K, W> | GlobalKTable<unknown, W>,
  joiner: Joiner<K, V, W | null, Out>,
  options: object,
): KStream<K, Out> {
  callback(joiner, "a join");
  const isLeft = kind === "left";
  if (other instanceof KTable) {
    checkSameBuilder(stream.place, other);
    const given: StreamTableJoinOptions<K, V> = options;
    return new KStream(joinStreamWithTable(isLeft, stream.place, other, joiner, given));
  }
  if (other instanceof GlobalKTable) {
    const { by, name } = options as GlobalJoinOptions<K, V, unknown>;
    callback(by, "the option `by` of a join with a global table");
    return new KStream(
      joinStreamWithGlobalTable(isLeft, stream.place, other, by, joiner, { name }),
    );
  }
  checkSameBuilder(stream.place, other);
  const given: StreamJoinOptions<K, V, W> = options;
  return new KStream(joinStreams(kind, stream.place, other.place, joiner, given));
}
