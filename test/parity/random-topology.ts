import type { CaseFunction, CaseOperator } from "./case.ts";
import type { Dice } from "./dice.ts";
import { keyType, pairValueType, type Type, valueType } from "./functions.ts";
import { randomAggregate, randomCogroup, randomTableAggregate } from "./random-aggregate.ts";
import type { InputTopic } from "./random-input.ts";
import { randomJoin } from "./random-join.ts";

/** A stream or table of a topology that is being made up. */
export interface Thing {
  readonly id: string;
  readonly is: "stream" | "table" | "global";
  readonly key: Type;
  readonly value: Type;
  /** The id of the window operator that its keys come from. */
  readonly window?: string | undefined;
  /** A table of a versioned store, and how far back that goes. */
  readonly history?: number | undefined;
  /** A table whose value serde is not known to the engine, which then takes the default one, for text. */
  readonly isUnserded?: boolean | undefined;
}

/** Makes up one topology at a time; the same dice give the same one. */
export class RandomTopology {
  readonly dice: Dice;
  readonly operators: CaseOperator[] = [];
  readonly topics: InputTopic[] = [];
  readonly things: Thing[] = [];
  readonly #read = new Set<string>();
  #count = 0;

  constructor(dice: Dice) {
    this.dice = dice;
  }

  /** Makes sources, up to `limit` operators, and a sink for all that nobody reads. */
  make(limit: number): void {
    const sources = 1 + this.dice.below(3);
    for (let index = 0; index < sources; index += 1) this.source();
    for (let tries = 0; tries < 60 && this.operators.length < limit; tries += 1) this.#step();
    for (const thing of [...this.things]) {
      if (!this.#read.has(thing.id) || this.dice.percent(15)) this.#sink(thing);
    }
  }

  /** Adds an operator under a new id, and now and then with a name. */
  add(one: CaseOperator): string {
    const id = this.#nextId();
    for (const read of [one.of, one.with]) if (read !== undefined) this.#read.add(read);
    const isNamed = one.name === undefined && this.dice.percent(14) && one.op !== "emit";
    const hasName = isNamed && !one.op.startsWith("window") && one.op !== "cogroup";
    this.operators.push({ ...one, id, ...(hasName ? { name: `my-${id}` } : {}) });
    return id;
  }

  #nextId(): string {
    this.#count += 1;
    return `n${this.#count}`;
  }

  /** Adds what an operator made to what others may read. */
  keep(thing: Thing): Thing {
    this.things.push(thing);
    return thing;
  }

  /** One of the streams or tables for which something is true; undefined where there is none. */
  find(test: (thing: Thing) => boolean): Thing | undefined {
    const found = this.things.filter(test);
    // What was made last is read more often, so that topologies grow long and not only wide.
    return this.dice.percent(55) ? found.at(-1) : this.dice.pick(found);
  }

  /** Options of a store: some of them, or none. */
  store(kinds: readonly ("memory" | "persistent" | "versioned")[] = ["memory", "persistent"]) {
    const { dice } = this;
    const isNamed = dice.percent(55);
    const kind = dice.percent(25) ? dice.pick(kinds) : undefined;
    const isVersioned = kind === "versioned" && isNamed;
    return {
      ...(isNamed ? { store: `st${this.#count + 1}` } : {}),
      ...(kind !== undefined && kind !== "versioned" ? { kind } : {}),
      ...(isVersioned ? { kind, history: dice.pick([5, 20, 100]) } : {}),
      ...(dice.percent(14) && !isVersioned ? { cache: dice.percent(50) } : {}),
      ...(dice.percent(10) ? { log: dice.percent(50) } : {}),
    };
  }

  /** Adds a source; of a kind that is asked for, or any. */
  source(is?: Thing["is"]): Thing {
    const { dice } = this;
    const kind = is ?? dice.pick<Thing["is"]>(["stream", "stream", "stream", "table", "table"]);
    const key = dice.percent(12) ? "long" : "string";
    const value = dice.percent(15) ? "long" : "string";
    const topic = `in${this.topics.length}`;
    this.topics.push({ topic, key, value });
    if (kind !== "stream") {
      const kinds = kind === "table" && key === "string" ? allKinds : undefined;
      const asked = this.store(kinds);
      const store = kind === "table" ? asked : globalStore(asked);
      const op = kind === "table" ? "table" : "globalTable";
      const id = this.add({ op, topic, key, value, ...store });
      const history = "history" in store ? store.history : undefined;
      return this.keep({ id, is: kind, key, value, history });
    }
    const topics = [topic];
    if (dice.percent(10)) {
      topics.push(`in${this.topics.length}`);
      this.topics.push({ topic: `in${this.topics.length}`, key, value });
    }
    return this.keep({
      id: this.add({ op: "stream", topics, key, value }),
      is: "stream",
      key,
      value,
    });
  }

  #step(): void {
    const { dice } = this;
    const steps: readonly (readonly [weight: number, step: () => void])[] = [
      [18, () => this.#stateless()],
      [4, () => this.#split()],
      [4, () => this.#merge()],
      [4, () => this.#repartition()],
      [5, () => this.#toTable()],
      [20, () => randomAggregate(this)],
      [7, () => randomCogroup(this)],
      [8, () => this.#tableStateless()],
      [5, () => this.#toStream()],
      [6, () => randomTableAggregate(this)],
      [9, () => this.#suppress()],
      [22, () => randomJoin(this)],
    ];
    let at = dice.below(steps.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, step] of steps) {
      if (at < weight) {
        step();
        return;
      }
      at -= weight;
    }
  }

  #stateless(): void {
    const { dice } = this;
    const from = this.find(({ is }) => is === "stream");
    if (!from) return;
    const { id: of, key, value, window } = from;
    const isText = value === "string";
    const ops = ["filter", "filterNot", "mapValues", "peek", "selectKey"];
    if (isText) ops.push("flatMap", "flatMapValues");
    // A null value keeps its key, which must then be text.
    if (key === "string" && window === undefined) ops.push("map");
    const op = dice.pick(ops);
    if (op === "peek") this.keep({ ...from, id: this.add({ op, of }) });
    else if (op === "filter" || op === "filterNot") {
      const fn = dice.predicate(key, value, window !== undefined);
      this.keep({ ...from, id: this.add({ op, of, fn }) });
    } else if (op === "mapValues") {
      const fn = dice.valueFunction(value);
      this.keep({ ...from, id: this.add({ op, of, fn }), value: valueType(fn, value) });
    } else if (op === "selectKey") {
      const fn: CaseFunction = window === undefined && dice.percent(20) ? ["key"] : dice.textKey();
      const id = this.add({ op, of, fn });
      this.keep({ id, is: "stream", key: keyType(fn, key), value });
    } else if (op === "map") {
      const fn = dice.pick<CaseFunction>([["swap"], ["firstAndValue"]]);
      const id = this.add({ op, of, fn });
      this.keep({ id, is: "stream", key: "string", value: pairValueType(fn, value) });
    } else {
      const separator = dice.pick([" ", "/", "b"]);
      const isPairs = op === "flatMap";
      const id = this.add({ op, of, fn: [isPairs ? "splitPairs" : "split", separator] });
      const kept = isPairs ? { key: "string" as const, window: undefined } : { key, window };
      this.keep({ id, is: "stream", value: "string", ...kept });
    }
  }

  #split(): void {
    const { dice } = this;
    const from = this.find(({ is }) => is === "stream");
    if (!from) return;
    const { id: of, key, value, window } = from;
    const branches = Array.from({ length: 1 + dice.below(3) }, () => {
      const id = this.#nextId();
      return { id, fn: dice.predicate(key, value, window !== undefined) };
    });
    const rest = dice.percent(65) ? this.#nextId() : undefined;
    this.add({ op: "split", of, branches, ...(rest === undefined ? {} : { default: rest }) });
    for (const { id } of branches) this.keep({ ...from, id });
    if (rest !== undefined) this.keep({ ...from, id: rest });
  }

  #merge(): void {
    const from = this.find(({ is, window }) => is === "stream" && window === undefined);
    if (!from) return;
    const other = this.find(
      (one) =>
        one.is === "stream" && one.key === from.key && one.value === from.value && !one.window,
    );
    if (other) this.keep({ ...from, id: this.add({ op: "merge", of: from.id, with: other.id }) });
  }

  #repartition(): void {
    const from = this.find(({ is }) => is === "stream");
    if (!from) return;
    const partitions = this.dice.percent(40) ? { partitions: 1 + this.dice.below(4) } : {};
    this.keep({ ...from, id: this.add({ op: "repartition", of: from.id, ...partitions }) });
  }

  #toTable(): void {
    const from = this.find(({ is }) => is === "stream");
    if (!from) return;
    const isPlain = from.window === undefined && from.key === "string";
    const store = this.store(isPlain ? allKinds : undefined);
    const id = this.add({ op: "toTable", of: from.id, ...store });
    const history = "history" in store ? store.history : undefined;
    this.keep({ ...from, id, is: "table", history });
  }

  #tableStateless(): void {
    const { dice } = this;
    const from = this.find(({ is }) => is === "table");
    if (!from) return;
    const { id: of, key, value, window } = from;
    const store = dice.percent(40) ? this.store() : {};
    const isStored = Object.keys(store).length > 0;
    const op = dice.pick(["filter", "filterNot", "mapValues"]);
    if (op === "mapValues") {
      const fn = dice.valueFunction(value);
      const id = this.add({ op, of, fn, ...store });
      const made = valueType(fn, value);
      this.keep({ id, is: "table", key, value: made, window, isUnserded: !isStored });
    } else {
      const fn = dice.predicate(key, value, window !== undefined);
      const id = this.add({ op, of, fn, ...store });
      const isUnserded = !isStored && from.isUnserded;
      this.keep({ id, is: "table", key, value, window, isUnserded });
    }
  }

  #toStream(): void {
    const from = this.find(({ is }) => is === "table");
    if (from) this.#streamOf(from);
  }

  #streamOf(from: Thing): Thing {
    const { key, value, window } = from;
    const id = this.add({ op: "toStream", of: from.id });
    return this.keep({ id, is: "stream", key, value, window });
  }

  #suppress(): void {
    const { dice } = this;
    const isFit = ({ is, value, isUnserded, history }: Thing) =>
      is === "table" && !(isUnserded && value === "long") && history === undefined;
    const from = this.find(isFit);
    if (!from) return;
    const isFinal = from.window !== undefined && dice.percent(60);
    const until = isFinal ? ("windowClose" as const) : dice.pick([0, 1, 5, 10, 30]);
    const bound = !isFinal && dice.percent(35) ? { maxRecords: 1 + dice.below(3) } : {};
    this.keep({ ...from, id: this.add({ op: "suppress", of: from.id, until, ...bound }) });
  }

  #sink(thing: Thing): void {
    if (thing.is === "global") return;
    const { id } = thing.is === "table" ? this.#streamOf(thing) : thing;
    this.#read.add(id);
    const topic = `out${this.operators.length}`;
    const name = this.dice.percent(10) ? { name: `my-${topic}` } : {};
    this.operators.push({ op: "to", of: id, topic, ...name });
  }
}

const allKinds = ["memory", "persistent", "versioned", "versioned"] as const;

/** A global table's options have no effect without a name; and it has no changelog to switch on. */
function globalStore({ store, kind }: { readonly store?: string; readonly kind?: string }) {
  if (store === undefined) return {};
  return kind === "memory" || kind === "persistent" ? ({ store, kind } as const) : { store };
}
