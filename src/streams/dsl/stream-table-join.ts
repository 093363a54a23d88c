import { TopologyError } from "../../errors.ts";
import { type Duration, durationMs } from "../duration.ts";
import { GraphNode, operatorNode } from "../graph/graph-node.ts";
import type { ValueMapper } from "../operators/stateless.ts";
import { type Joiner, joinTable } from "../operators/stream-table-join.ts";
import { joinTableInTime } from "../operators/stream-table-join-grace.ts";
import type { Serde } from "../serde.ts";
import { timeOrderedBuffer } from "../stores/time-ordered-buffer.ts";
import type { TopologyBuilder } from "../topology-builder.ts";
import type { GlobalKTable } from "./global-table.ts";
import { copartitioned } from "./join-repartition.ts";
import type { KTable } from "./ktable.ts";
import type { Named, Place } from "./place.ts";
import { needed } from "./repartition.ts";

/** Options of joins of a stream with a table. */
export interface StreamTableJoinOptions<K, V> extends Named {
  /** Serdes of the stream, for the repartition topic and the buffer; its own by default. */
  readonly key?: Serde<K> | undefined;
  readonly left?: Serde<V> | undefined;
  /**
   * How long records wait, by stream time, for the table to get as far as they are (KIP-923); the table must keep
   * versions for at least as long. None by default.
   */
  readonly grace?: Duration | undefined;
}

/** Joins a stream with a table of the same keys; gives the place of the result. */
export function joinStreamWithTable<K, V, W, Out>(
  isLeft: boolean,
  stream: Place<K, V>,
  table: KTable<K, W>,
  joiner: Joiner<K, V, W | null, Out>,
  options: StreamTableJoinOptions<K, V>,
): Place<K, Out> {
  const given = options.name;
  const serdes = { key: options.key, value: options.left };
  const left = copartitioned(stream, serdes, given);
  const { graph, node: parent, key } = left;
  const sources = new Set([...left.sources, ...table.place.sources]);
  graph.copartition(sources);
  const name = graph.nodeName(isLeft ? "KSTREAM-LEFTJOIN-" : "KSTREAM-JOIN-", given);
  const grace = options.grace && durationMs(options.grace, `the grace of ${name}`);
  const buffer = `${name}-Buffer`;
  if (grace !== undefined && table.place.node.options.isVersioned === false) {
    throw new TopologyError("INVALID_TOPOLOGY", graceNeedsVersions(name));
  }
  if (grace !== undefined && given === undefined) {
    graph.noteUnnamed(buffer);
    graph.noteUnnamed(`${buffer}-changelog`);
  }
  const { rows } = table;
  const keyOf: ValueMapper<K, V, K> = (_value, own) => own;
  const terms = { rows, keyOf, joiner, isLeft };
  const open = grace === undefined ? joinTable(terms) : joinTableInTime(terms, buffer);
  const stores = rows.storeNames();
  const node = new GraphNode(name, {
    takesNullKeys: isLeft,
    write(topology, parents) {
      topology.addProcessor(name, open, parents);
      if (grace !== undefined) {
        const key = needed(left.key, "keys", name);
        const value = needed(left.value, "values", name);
        const store = timeOrderedBuffer(buffer, { key, value, graceMs: grace });
        topology.addStore(store, name);
      }
      topology.connect(name, ...stores);
      if (grace !== undefined) checkVersions(topology, stores, grace, name);
    },
  });
  graph.add(node, parent);
  return { graph, node, name, key, value: undefined, sources, needsRepartition: false };
}

/** Joins a stream with a global table, by any key; gives the place of the result. */
export function joinStreamWithGlobalTable<K, V, L, W, Out>(
  isLeft: boolean,
  stream: Place<K, V>,
  { rows }: GlobalKTable<L, W>,
  keyOf: ValueMapper<K, V, L | null>,
  joiner: Joiner<K, V, W | null, Out>,
  { name: given }: Named,
): Place<K, Out> {
  const { graph, node: parent, key, sources, needsRepartition } = stream;
  // The inner join too is called a left join here, as in Kafka Streams.
  const name = graph.nodeName("KSTREAM-LEFTJOIN-", given);
  const open = joinTable({ rows, keyOf, joiner, isLeft });
  const node = operatorNode(name, open, { takesNullKeys: isLeft });
  graph.add(node, parent);
  return { graph, node, name, key, value: undefined, sources, needsRepartition };
}

function checkVersions(
  topology: TopologyBuilder,
  stores: readonly string[],
  graceMs: number,
  name: string,
): void {
  for (const store of stores) {
    const history = topology.stores.get(store)?.builder.historyRetentionMs;
    if (history === undefined) {
      throw new TopologyError("INVALID_TOPOLOGY", graceNeedsVersions(name));
    }
    if (graceMs > history) {
      const message = `${name} has ${graceMs} ms of grace, and the table keeps versions for ${history} ms only: give its store a longer \`history\``;
      throw new TopologyError("RETENTION_TOO_SHORT", message);
    }
  }
}

function graceNeedsVersions(name: string): string {
  return `${name} has grace, for which the table must keep versions: give its store \`versioned\``;
}
