import assert from "node:assert/strict";
import { test } from "node:test";
import {
  json,
  lmdb,
  memoryEngine,
  rocksdb,
  StreamsBuilder,
  session,
  sliding,
  string,
  tumbling,
} from "millrace";
import type { StoreEngine } from "../../src/streams/stores/engine.ts";
import type { Topology } from "../../src/streams/topology.ts";
import { type Input, RestoreScene } from "../restore-scene.ts";

const serdes = { key: string, value: string };
const result = { key: json<unknown>(), value: json<unknown>() };
const windows = tumbling({ size: { seconds: 20 }, grace: { seconds: 20 } });
const joined = (left: string | null, right: string | null) => `${left}+${right}`;
/** Rows of such joins are numbered, and nulls have numbers in the changelog alone, as on the JVM. */
const isThere = (value: string | null) => value !== null;

type Builder = StreamsBuilder;
const words = (builder: Builder) => builder.stream("in", serdes);
const grouped = (builder: Builder) => words(builder).groupByKey();

/** Programs whose state is of one kind each. */
const programs: Record<string, (builder: Builder) => { to(topic: string, serdes: object): void }> =
  {
    "a table": (builder) => grouped(builder).count({ store: "counts" }).toStream(),
    "a table without a cache": (builder) =>
      grouped(builder).count({ store: "counts", cache: false }).toStream(),
    "a table in memory": (builder) =>
      grouped(builder).count({ store: "counts", storeType: "memory" }).toStream(),
    "a table on an engine of its own": (builder) =>
      grouped(builder).count({ store: "counts", engine: lmdb() }).toStream(),
    "a compressed table": (builder) =>
      grouped(builder).count({ store: "counts", compression: "lz4" }).toStream(),
    "a table of versions": (builder) =>
      words(builder).join(
        builder.table("other", {
          ...serdes,
          store: "table",
          versioned: { history: { minutes: 2 } },
        }),
        joined,
      ),
    "a table whose rows end": (builder) =>
      words(builder).leftJoin(
        builder.table("other", { ...serdes, store: "table", ttl: { seconds: 30 } }),
        joined,
      ),
    "a windowed table": (builder) => grouped(builder).windowedBy(windows).count().toStream(),
    "a windowed table in memory": (builder) =>
      grouped(builder).windowedBy(windows).count({ storeType: "memory" }).toStream(),
    "a table of sliding windows": (builder) =>
      grouped(builder)
        .windowedBy(sliding({ difference: { seconds: 9 }, grace: { seconds: 30 } }))
        .count()
        .toStream(),
    "a table of windows that is final": (builder) =>
      grouped(builder).windowedBy(windows).emitStrategy("on-window-close").count().toStream(),
    "a table of sessions": (builder) =>
      grouped(builder)
        .windowedBy(session({ gap: { seconds: 9 }, grace: { seconds: 30 } }))
        .count()
        .toStream(),
    "a table of sessions in memory": (builder) =>
      grouped(builder)
        .windowedBy(session({ gap: { seconds: 9 }, grace: { seconds: 30 } }))
        .count({ storeType: "memory" })
        .toStream(),
    "an outer join of streams": (builder) =>
      words(builder)
        .filter(isThere)
        .outerJoin(builder.stream("other", serdes).filter(isThere), joined, {
          within: 9_000,
          grace: 10_000,
        }),
    "a join that waits for its table": (builder) =>
      words(builder).join(
        builder.table("other", {
          ...serdes,
          store: "table",
          versioned: { history: { minutes: 2 } },
        }),
        joined,
        { grace: 20_000 },
      ),
    "a suppressed table": (builder) =>
      grouped(builder).windowedBy(windows).count().suppress({ until: "window-close" }).toStream(),
    "a table held back for a time": (builder) =>
      grouped(builder)
        .count()
        .suppress({ until: { seconds: 15 } })
        .toStream(),
  };

/** Programs whose operators keep times beside the store, which begin anew with a task, as on the JVM. */
const forgetful = new Set(["an outer join of streams"]);

for (const [kind, declare] of Object.entries(programs)) {
  for (const engine of [memoryEngine, lmdb(), rocksdb()]) {
    test(`${kind} on ${engine.name} is restored from its changelog`, () =>
      check(declare, engine, { goesOn: !forgetful.has(kind) }));
  }
}

const inputs: readonly Input[] = Array.from({ length: 90 }, (_, index) => [
  index % 4 === 3 ? "other" : "in",
  `k${(index * 7) % 5}`,
  index % 13 === 12 ? null : `v${index}`,
  index * 2_500 - (index % 3) * 9_000 + 30_000,
]);

async function check(
  declare: (typeof programs)[string],
  engine: StoreEngine,
  { goesOn }: { readonly goesOn: boolean },
): Promise<void> {
  await using scene = await RestoreScene.start();
  const topology = build(declare);
  await scene.changelogs(topology);
  const writer = await scene.open(topology, memoryEngine, "writer");
  writer.task.initialize();
  const [first, second] = [inputs.slice(0, 60), inputs.slice(60)].map((some) =>
    some.filter(([topic]) => writer.task.reads(topic)),
  ) as [Input[], Input[]];
  const before = await scene.run(writer, first);
  const restored = await scene.open(topology, engine);
  restored.resumeFrom(writer);
  assert.equal(await scene.restore(restored), "restored");
  assert.deepEqual(restored.rows(), writer.rows());
  const isResult = ({ topic }: { readonly topic: string }) => topic === "out";
  const after = restored.run(second).filter(isResult);
  if (goesOn) assert.deepEqual(after, writer.run(second).filter(isResult));
  assert.ok(before.some(isResult) && after.length > 0);
  await writer.close();
  await restored.close();
}

function build(declare: (typeof programs)[string]): Topology {
  const builder = new StreamsBuilder();
  declare(builder).to("out", result);
  return builder.build();
}
