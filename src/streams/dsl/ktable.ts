import { callback } from "../callback.ts";
import { operatorNode } from "../graph/graph-node.ts";
import type { Pair, Predicate, ValueMapper } from "../operators/stateless.ts";
import type { TableJoiner } from "../operators/table-join.ts";
import { mapTableValues, mapView } from "../operators/table-map-values.ts";
import { regroupTable } from "../operators/table-repartition-map.ts";
import { tableToStream } from "../operators/table-to-stream.ts";
import {
  transformTableValues,
  transformView,
  type ValueTransformerSupplier,
} from "../operators/table-transform-values.ts";
import type { Windowed } from "../stores/state-store.ts";
import { deriveTable } from "./derived-table.ts";
import { type ForeignKeyJoinOptions, joinOnForeignKey } from "./foreign-key-join.ts";
import type { GroupedOptions } from "./grouped-stream.ts";
import { KGroupedTable } from "./grouped-table.ts";
import { KStream } from "./kstream.ts";
import type { TableMaterializedOptions } from "./materialized.ts";
import { type Named, type Place, withDefaults } from "./place.ts";
import { type SuppressOptions, suppressChanges } from "./suppress.ts";
import { joinTables, type TableJoinOptions } from "./table-join.ts";
import type { TableRows } from "./table-rows.ts";

/** Options of operators whose result is a table: it has a store of its own if that is given a name. */
export type DerivedTableOptions<K, V> = Named & TableMaterializedOptions<K, V>;

/**
 * A table: for each key a row, which changes. Every operator gives a new table, whose rows follow those of
 * this one; a row's deletion is a change to null. Callbacks get the value first, then the key.
 */
export class KTable<K, V> {
  /** Where it stands in the graph; for the operators of this library. */
  readonly place: Place<K, V>;
  /** Where its rows are; for the operators of this library. */
  readonly rows: TableRows<K, V>;
  /** The name of the store that it can be queried by, as `app.store(table)` does; undefined where it has none. */
  readonly queryableStoreName: string | undefined;

  /** Made by a `StreamsBuilder` and by operators. */
  constructor(place: Place<K, V>, rows: TableRows<K, V>, storeName: string | undefined) {
    this.place = withDefaults(place);
    this.rows = rows;
    this.queryableStoreName = storeName;
  }

  /** Keeps the rows that the predicate is true for; a row that it becomes false for is deleted. */
  filter(keep: Predicate<K, V>, options: DerivedTableOptions<K, V> = {}): KTable<K, V> {
    callback(keep, "filter");
    const kept = (value: V, key: K) => (keep(value, key) ? value : null);
    const { table, rows } = deriveTable<K, V, V>(
      this,
      {
        prefix: "KTABLE-FILTER-",
        open: (terms) => mapTableValues(kept, terms, true),
        derive: (view) => mapView(view, kept),
        value: this.place.value,
        followsVersions: true,
        countsStore: true,
      },
      options,
    );
    // Where old values are to be had for nothing, deletions of rows that never were are not sent on.
    rows.sendsOldValues = this.rows.sendOldValues(false);
    return table;
  }

  /** Keeps the rows that the predicate is false for. */
  filterNot(drop: Predicate<K, V>, options: DerivedTableOptions<K, V> = {}): KTable<K, V> {
    callback(drop, "filterNot");
    return this.filter((value, key) => !drop(value, key), options);
  }

  /** Gives each row another value; null leaves the row out. */
  mapValues<W>(
    mapper: ValueMapper<K, V, W | null>,
    options: DerivedTableOptions<K, W> = {},
  ): KTable<K, W> {
    callback(mapper, "mapValues");
    return deriveTable<K, V, W>(
      this,
      {
        prefix: "KTABLE-MAPVALUES-",
        open: (terms) => mapTableValues(mapper, terms),
        derive: (view) => mapView(view, mapper),
        countsStore: true,
      },
      options,
    ).table;
  }

  /**
   * Gives each row another value by a transformer, which can use the stores that are named and sees
   * deletions too, as null.
   */
  transformValues<W>(
    supply: ValueTransformerSupplier<K, V, W>,
    options: DerivedTableOptions<K, W> & { readonly stores?: readonly string[] | undefined } = {},
  ): KTable<K, W> {
    const { stores, ...rest } = options;
    return deriveTable<K, V, W>(
      this,
      {
        prefix: "KTABLE-TRANSFORMVALUES-",
        open: (terms) => transformTableValues(supply, terms),
        derive: (view, context) => transformView(context, view, supply),
        stores,
        countsStore: false,
      },
      rest,
    ).table;
  }

  /** The changes of the table as a stream: each row's new value, null where it is deleted. */
  toStream({ name: given }: Named = {}): KStream<K, V | null> {
    const { graph, node: parent, key, sources } = this.place;
    const name = graph.nodeName("KTABLE-TOSTREAM-", given);
    const node = graph.add(operatorNode(name, tableToStream()), parent);
    const { value } = this.place;
    return new KStream<K, V | null>({
      graph,
      node,
      name,
      key,
      value,
      sources,
      needsRepartition: false,
    });
  }

  /**
   * Holds changes back, so that fewer go on: until their window closes, or for a length of stream time.
   * Nothing goes on while no records come in, since stream time stands still then.
   */
  suppress(options: SuppressOptions<K>): KTable<K, V> {
    return suppressChanges(this, options);
  }

  /**
   * Gives each row to a group, by the key and the value that `select` gives for it. It must always give the
   * same for the same row, since it is asked again for the row's old value. What is grouped goes through a
   * repartition topic, which `name` names.
   */
  groupBy<L, W>(
    select: ValueMapper<K, V, Pair<L | null, W | null>>,
    options: GroupedOptions<L, W> = {},
  ): KGroupedTable<L, W> {
    const { graph, node: parent, sources } = this.place;
    const { key, value } = options;
    const given = options.name;
    const name = graph.nodeName("KTABLE-SELECT-", given);
    const terms = { followsVersions: false };
    const node = operatorNode(name, regroupTable(select, key, terms), {
      onVersionedParent() {
        terms.followsVersions = true;
      },
    });
    graph.add(node, parent);
    this.rows.sendOldValues(true);
    const place = { graph, node, name, key, value, sources, needsRepartition: false };
    return new KGroupedTable(place, options);
  }

  /**
   * Joins the rows of both tables: those of equal keys, or, with `foreignKey`, each row of this table with the
   * row of the other one whose key it gives (KIP-213).
   */
  join<W, Out>(
    other: KTable<K, W>,
    joiner: TableJoiner<K, V, W, Out | null>,
    options?: TableJoinOptions<K, Out>,
  ): KTable<K, Out>;
  join<L, W, Out>(
    other: KTable<L, W>,
    joiner: TableJoiner<K, V, W, Out | null>,
    options: ForeignKeyJoinOptions<K, V, L, Out>,
  ): KTable<K, Out>;
  join<L, W, Out>(
    other: KTable<L, W>,
    joiner: TableJoiner<K, V, W, Out | null>,
    options: JoinOptions<K, V, L, Out> = {},
  ): KTable<K, Out> {
    return joinEither("inner", this, other, joiner as never, options);
  }

  /** Joins like {@link KTable.join}, but keeps all rows of this table: the right value is null where there is none. */
  leftJoin<W, Out>(
    other: KTable<K, W>,
    joiner: TableJoiner<K, V, W | null, Out | null>,
    options?: TableJoinOptions<K, Out>,
  ): KTable<K, Out>;
  leftJoin<L, W, Out>(
    other: KTable<L, W>,
    joiner: TableJoiner<K, V, W | null, Out | null>,
    options: ForeignKeyJoinOptions<K, V, L, Out>,
  ): KTable<K, Out>;
  leftJoin<L, W, Out>(
    other: KTable<L, W>,
    joiner: TableJoiner<K, V, W | null, Out | null>,
    options: JoinOptions<K, V, L, Out> = {},
  ): KTable<K, Out> {
    return joinEither("left", this, other, joiner as never, options);
  }

  /** Joins the rows of equal keys and keeps all rows of both tables: either value is null where there is none. */
  outerJoin<W, Out>(
    other: KTable<K, W>,
    joiner: TableJoiner<K, V | null, W | null, Out | null>,
    options: TableJoinOptions<K, Out> = {},
  ): KTable<K, Out> {
    return joinTables("outer", this, other, joiner, options);
  }
}

/**
 * A table with a row for each key and time window. Its store is a window store; tables derived from it
 * are plain ones, whose stores have windowed keys.
 */
export class TimeWindowedKTable<K, V> extends KTable<Windowed<K>, V> {
  /** What kind of windows the keys have: what tells the type of the store. */
  readonly windows = "time";
}

/**
 * A table with a row for each key and session. Its store is a session store; tables derived from it are
 * plain ones, whose stores have windowed keys.
 */
export class SessionWindowedKTable<K, V> extends KTable<Windowed<K>, V> {
  /** What kind of windows the keys have: what tells the type of the store. */
  readonly windows = "session";
}

/** The options of either kind of join, which the one for foreign keys tells apart. */
type JoinOptions<K, V, L, Out> =
  | (TableJoinOptions<K, Out> & { readonly foreignKey?: undefined })
  | ForeignKeyJoinOptions<K, V, L, Out>;

function joinEither<K, V, L, W, Out>(
  kind: "inner" | "left",
  left: KTable<K, V>,
  right: KTable<L, W>,
  joiner: TableJoiner<K, V | null, W | null, Out | null>,
  options: JoinOptions<K, V, L, Out>,
): KTable<K, Out> {
  if (options.foreignKey) return joinOnForeignKey(kind, left, right, joiner, options);
  // Without a foreign key, the tables have the same keys.
  return joinTables(kind, left, right as unknown as KTable<K, W>, joiner, options);
}
