import { TopologyError } from "../../errors.ts";
import { int64Max } from "../../protocol/index.ts";
import { type Duration, durationMs } from "../duration.ts";
import { GraphNode } from "../graph/graph-node.ts";
import { windowGraceOf } from "../graph/window-grace.ts";
import { checkName } from "../name.ts";
import { type Suppression, suppressTable, suppressView } from "../operators/suppress.ts";
import type { StoreOptions } from "../stores/builder-options.ts";
import type { Windowed } from "../stores/state-store.ts";
import { type SuppressBuffer, suppressBuffer } from "../stores/suppress-buffer.ts";
import { KTable } from "./ktable.ts";
import type { Named } from "./place.ts";
import { needed } from "./repartition.ts";
import type { TableRows } from "./table-rows.ts";

/** Until when changes of a table with these keys are held back: a length of stream time, or the end of their window. */
export type SuppressUntil<K> = Duration | (K extends Windowed<unknown> ? "window-close" : never);

/** How changes of a table are held back (`Suppressed`). */
export interface SuppressOptions<K> extends Named {
  /**
   * A length of time: each change waits for so long, by stream time. "window-close": only the last change of
   * each window goes on, when the window and its grace are over; it is final.
   */
  readonly until: SuppressUntil<K>;
  /** How many keys may wait; any number by default. */
  readonly maxRecords?: number | undefined;
  /** How many bytes the buffer may take, by Kafka's estimate; any number by default. */
  readonly maxBytes?: number | undefined;
  /**
   * Whether a full buffer hands the earliest changes on before their time, the default with a length of time,
   * or stops the task, as it must until windows close.
   */
  readonly whenFull?: "emit-early" | "shut-down" | undefined;
  /** Whether the buffer is logged, true by default; or configs of the changelog topic, by Kafka's names. */
  readonly changelog?: StoreOptions<never, never>["changelog"];
}

/** Adds a table whose changes are held back for a while (`KTableImpl.suppress`). */
export function suppressChanges<K, V>(
  parent: KTable<K, V>,
  options: SuppressOptions<K>,
): KTable<K, V> {
  const { graph, node: parentNode, key, value, sources } = parent.place;
  if (parentNode.options.isVersioned) {
    const message = `${parentNode.name} keeps versions, and such a table cannot be suppressed`;
    throw new TopologyError("INVALID_TOPOLOGY", message);
  }
  const { changelog = true } = options;
  const given = checkName(options.name);
  // Unlike elsewhere, a name that is given takes no number.
  const name = given ?? graph.nodeName("KTABLE-SUPPRESS-");
  const holding = holdingOf<K>(name, parentNode, options);
  const store = given === undefined ? graph.storeName("KTABLE-SUPPRESS-") : `${given}-store`;
  if (given === undefined && changelog !== false) graph.noteUnnamed(`${store}-changelog`);
  parent.rows.sendOldValues(true);
  const open = suppressTable<K, V>({ store, ...holding, ...boundsOf(name, options) });
  const node = new GraphNode(name, {
    role: { is: "suppress" },
    isVersioned: false,
    write(topology, parents) {
      const serdes = { key: needed(key, "keys", name), value: needed(value, "values", name) };
      topology.addProcessor(name, open, parents);
      topology.addStore(suppressBuffer(store, { ...serdes, changelog }), name);
    },
  });
  graph.add(node, parentNode);
  const place = { graph, node, name, key, value, sources, needsRepartition: false };
  return new KTable(place, rowsOf(parent.rows, store), undefined);
}

function holdingOf<K>(
  name: string,
  above: GraphNode,
  { until }: SuppressOptions<K>,
): Pick<Suppression<K>, "holdMs" | "timeOf" | "dropsTombstones"> {
  if (until === "window-close") {
    return {
      holdMs: windowGraceOf(above),
      timeOf: (key) => (key as Windowed<unknown>).window.end,
      dropsTombstones: true,
    };
  }
  return {
    holdMs: durationMs(until as Duration, `the time that ${name} holds changes back for`),
    timeOf: (_key, timestamp) => timestamp,
    dropsTombstones: false,
  };
}

function boundsOf<K>(
  name: string,
  { until, maxRecords, maxBytes, whenFull }: SuppressOptions<K>,
): Pick<Suppression<K>, "maxRecords" | "maxBytes" | "whenFull"> {
  const isFinal = until === "window-close";
  if (isFinal && whenFull === "emit-early") {
    const message = `${name} cannot wait for windows to close and emit early: give its buffer more room`;
    throw new TopologyError("INVALID_TOPOLOGY", message);
  }
  for (const [option, bound] of Object.entries({ maxRecords, maxBytes })) {
    if (bound === undefined || bound >= 0) continue;
    throw new TopologyError(
      "INVALID_TOPOLOGY",
      `${option} of ${name} is ${bound}: it must be 0 or more`,
    );
  }
  return {
    maxRecords: maxRecords ?? int64Max,
    maxBytes: maxBytes ?? int64Max,
    whenFull: whenFull ?? (isFinal ? "shut-down" : "emit-early"),
  };
}

function rowsOf<K, V>(parent: TableRows<K, V>, store: string): TableRows<K, V> {
  return {
    storeNames: () => [store, ...parent.storeNames()],
    open(context) {
      const buffer = context.store<SuppressBuffer<K, V>>(store);
      return suppressView(buffer, parent.open(context));
    },
    sendOldValues: (force) => parent.sendOldValues(force),
  };
}
