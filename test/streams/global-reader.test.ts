import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import {
  int64,
  type KeyValueStore,
  keyValueStore,
  lmdb,
  memoryEngine,
  type ProcessorSupplier,
  StreamsBuilder,
  string,
} from "millrace";
import { systemHost } from "millrace/client";
import { silentLogger } from "../../src/log.ts";
import { GlobalReader } from "../../src/streams/runtime/global-reader.ts";
import { StateDirectory } from "../../src/streams/runtime/state-directory.ts";
import { TopologyPlan } from "../../src/streams/runtime/topology-plan.ts";
import type { StoreEngine } from "../../src/streams/stores/engine.ts";
import type { ReadOnlyKeyValueStore } from "../../src/streams/stores/state-store.ts";
import type { Topology } from "../../src/streams/topology.ts";
import { RestoreScene } from "../restore-scene.ts";
import { until } from "../until.ts";

const serdes = { key: string, value: string };

/** A global table of the topic `cities`, and a store of a processor's own that has the lengths of their names. */
class GlobalScene {
  readonly scene: RestoreScene;
  readonly failures: unknown[] = [];
  readonly seen: string[] = [];
  handler: "continue" | "fail" = "fail";
  engine: StoreEngine = memoryEngine;
  readonly #directory: StateDirectory;

  private constructor(scene: RestoreScene) {
    this.scene = scene;
    this.#directory = StateDirectory.open({ path: join(scene.directory, "app"), ...systemHost });
  }

  static async start(): Promise<GlobalScene> {
    const scene = await RestoreScene.start();
    for (const name of ["cities", "raw"]) {
      await scene.client.admin().topics.create({ name, numPartitions: 3 });
    }
    return new GlobalScene(scene);
  }

  get topology(): Topology {
    const builder = new StreamsBuilder();
    builder.globalTable("cities", { ...serdes, store: "cities" });
    const { seen } = this;
    const lengths = keyValueStore("lengths", { key: string, value: int64 });
    const supply: ProcessorSupplier<string, string, never, never> = () => {
      let store: KeyValueStore<string, number>;
      return {
        init: (context) => {
          store = context.store("lengths") as typeof store;
        },
        process: ({ key, value }) => {
          seen.push(key);
          store.put(key, value.length);
        },
      };
    };
    builder.addGlobalStore(lengths, "raw", supply, serdes);
    return builder.build();
  }

  open(signal?: AbortSignal): Promise<GlobalReader> {
    const options = {
      client: this.scene.client,
      plan: new TopologyPlan(this.topology.builder, "app"),
      settings: {
        globalConsumer: {},
        storeEngine: this.engine,
        configs: new Map(),
        deserializationExceptionHandler: () => this.handler,
        onDropped: undefined,
        host: systemHost,
        logger: silentLogger,
      },
      directory: this.#directory,
      onFailure: (error: unknown) => this.failures.push(error),
    };
    return GlobalReader.start(options, { signal });
  }

  async write(topic: string, rows: Record<string, string | null>): Promise<void> {
    await using producer = this.scene.client.producer();
    for (const [key, value] of Object.entries(rows)) void producer.send({ topic, key, value });
    await producer.flush();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#directory.close();
    await this.scene[Symbol.asyncDispose]();
  }
}

test("global stores have what was in their topics before the reader is there, of all partitions", async () => {
  await using scene = await GlobalScene.start();
  const cities = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`c${index}`, "x"]));
  await scene.write("cities", cities);
  await scene.write("raw", { rome: "Roma", pisa: "Pisa" });
  await using reader = await scene.open();
  assert.equal([...stored(reader, "cities")].length, 50);
  assert.deepEqual(stored(reader, "lengths"), ["pisa=4", "rome=4"]);
});

test("global stores follow their topics, deletions too", async () => {
  await using scene = await GlobalScene.start();
  await using reader = await scene.open();
  await scene.write("cities", { FRA: "Frankfurt", CDG: "Paris" });
  await until("both cities are there", () => stored(reader, "cities").length === 2);
  await scene.write("cities", { FRA: null, CDG: "Roissy" });
  await until("one is left", () => stored(reader, "cities").join() === "CDG=Roissy");
});

test("what a persistent global store has is not read again after a restart", async () => {
  await using scene = await GlobalScene.start();
  scene.engine = lmdb();
  await scene.write("raw", { rome: "Roma", pisa: "Pisa" });
  const first = await scene.open();
  await scene.write("raw", { bari: "Bari" });
  await until("the third is there", () => stored(first, "lengths").length === 3);
  await first.close();
  await scene.write("raw", { como: "Como" });
  await using second = await scene.open();
  assert.deepEqual(stored(second, "lengths"), ["bari=4", "como=4", "pisa=4", "rome=4"]);
  assert.deepEqual(scene.seen.toSorted(), ["bari", "como", "pisa", "rome"]);
});

test("persistent global stores of a topic that was made anew start over", async () => {
  await using scene = await GlobalScene.start();
  scene.engine = lmdb();
  await scene.write("cities", { FRA: "Frankfurt", CDG: "Paris", LIN: "Milano" });
  await (await scene.open()).close();
  const { topics } = scene.scene.client.admin();
  await topics.delete("cities");
  await topics.create({ name: "cities", numPartitions: 3 });
  await scene.write("cities", { TXL: "Berlin" });
  await using reader = await scene.open();
  assert.deepEqual(stored(reader, "cities"), ["TXL=Berlin"]);
});

test("a row that cannot be read fails the reader, or is left out if the handler says so", async () => {
  await using scene = await GlobalScene.start();
  const builder = new StreamsBuilder();
  builder.globalTable("cities", { key: string, value: int64, store: "cities" });
  Object.defineProperty(scene, "topology", { value: builder.build() });
  scene.handler = "continue";
  const reader = await scene.open();
  await scene.write("cities", { bad: "no number", good: "\0\0\0\0\0\0\0\x07" });
  await until("the good row is there", () => stored(reader, "cities").join() === "good=7");
  assert.deepEqual(scene.failures, []);
  scene.handler = "fail";
  await scene.write("cities", { bad: "no number" });
  await until("the reader fails", () => scene.failures.length === 1);
  assert.match(String(scene.failures[0]), /cities-\d at offset \d/);
  await reader.close();
});

test("opening global stores can be called off", async () => {
  await using scene = await GlobalScene.start();
  await scene.write("cities", { FRA: "Frankfurt" });
  const controller = new AbortController();
  controller.abort(new Error("enough"));
  await assert.rejects(scene.open(controller.signal), { code: "ABORTED" });
});

function stored(reader: GlobalReader, name: string): string[] {
  const store = reader.stores.get(name) as unknown as ReadOnlyKeyValueStore<string, unknown>;
  return [...store.all()].map(([key, row]) => {
    const value = typeof row === "object" && row !== null && "value" in row ? row.value : row;
    return `${key}=${value}`;
  });
}
