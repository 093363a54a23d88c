import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { RestoreProgress } from "../../src/streams/runtime/restore-progress.ts";
import { isEmbedded } from "../cluster.ts";
import type { CaseOperator } from "../parity/case.ts";
import { until } from "../until.ts";
import { PeerScene, type PeerSettings, type RawRecord, rowsOf, sorted } from "./peer-scene.ts";
import * as peers from "./peer-topologies.ts";

const partitions = 3;
/** How many records there are while an application runs on one engine. */
const shift = 75;
const relay = ["jvm", "ours", "jvm", "ours"] as const;

describe("an application that moves between the JVM and ours", {
  skip: isEmbedded && "it is about Apache Kafka",
  timeout: 400_000,
}, () => {
  let scene: PeerScene;
  before(async () => {
    scene = await PeerScene.start();
  });
  after(() => scene?.close());

  /**
   * Has the engines run an application by turns, each going on where the other ended, and compares what came out and
   * what is in the changelogs with those of an application that the JVM has run alone.
   */
  async function move(
    name: string,
    { inputs, writingTo, records }: peers.PeerTopology,
    {
      output = rows,
      ...settings
    }: {
      /** What of the output is compared. */
      readonly output?: (all: readonly RawRecord[]) => unknown;
      readonly cacheBytes?: number;
      readonly optimization?: string;
    } = {},
  ): Promise<void> {
    await scene.create(partitions, ...inputs, `out-${name}`, `out-${name}-alone`);
    for (const [index, engine] of relay.entries()) {
      await scene.write(records(index * shift, (index + 1) * shift));
      const options = { applicationId: name, ...settings };
      const app = await scene.run(engine, writingTo(`out-${name}`), options);
      await scene.caughtUp(name, inputs);
      await app.close();
    }
    const alone = `${name}-alone`;
    const options = { applicationId: alone, ...settings };
    const app = await scene.run("jvm", writingTo(`out-${alone}`), options);
    await scene.caughtUp(alone, inputs);
    await app.close();
    // Rows of a joined stream are numbered, anew after each start.
    const isComparable = (topic: string) => /(?<!-JOIN.*-store)-changelog$/.test(topic);
    const changelogs = (await scene.internalTopics(alone)).filter(isComparable);
    for (const theirs of changelogs) {
      const own = theirs.replace(alone, name);
      assert.deepEqual(rows(await scene.read(own)), rows(await scene.read(theirs)), own);
    }
    const expected = await scene.read(`out-${alone}`);
    assert.notEqual(expected.length, 0);
    assert.deepEqual(output(await scene.read(`out-${name}`)), output(expected));
  }

  /** Timestamps aside: those of some changelogs say when they were written. */
  function rows(all: readonly RawRecord[]) {
    return rowsOf(all).map(({ timestamp: _, ...row }) => row);
  }

  test("goes on counting words", () => move("words", peers.wordCount));

  test("goes on counting words where counts are cached", () => {
    const lines = peers.renamed(peers.wordCount, { lines: "cached-lines" });
    return move("cached-words", lines, { cacheBytes: 1_000_000 });
  });

  test("closes the windows, and lets go what was suppressed, that the other engine had open", () => {
    return move("windows", peers.inOrder(peers.finalCounts), { output: sorted });
  });

  test("joins streams with what the other engine has seen of them", () => {
    return move("streams", peers.streamJoin, { output: sorted });
  });

  test("goes on with sessions", () => move("sessions", peers.inOrder(peers.sessions)));

  test("joins tables by a foreign key that the other engine has registered", () => {
    return move("foreign", peers.foreignKeys);
  });

  test("takes back what the other engine has added", () => move("regrouped", peers.regrouped));

  test("looks records up in a versioned table of the other engine's", () => {
    return move("versions", peers.inOrder(peers.versions), { output: sorted });
  });

  test("restores tables from their source topics where these serve as changelogs", () => {
    const renamed = peers.renamed(peers.regrouped, { homes: "reused-homes" });
    return move("reused", renamed, { optimization: "all" });
  });

  test("knows the time of partitions from what the other engine has committed", async () => {
    await scene.create(1, "ticks", "out-ticks");
    const topology: readonly CaseOperator[] = [
      {
        ...{ id: "s", op: "stream", topics: ["ticks"], extractor: "next" },
        ...{ key: "string", value: "string" },
      },
      { op: "to", of: "s", topic: "out-ticks" },
    ];
    for (const engine of relay) {
      await scene.write(
        [1, 2].map(() => ({ topic: "ticks", key: "k", value: engine, timestamp: 5 })),
      );
      const app = await scene.run(engine, topology, { applicationId: "ticks" });
      await scene.caughtUp("ticks", ["ticks"]);
      await app.close();
    }
    const times = (await scene.read("out-ticks")).map(({ timestamp }) => timestamp);
    assert.deepEqual(times, [0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test("reads no record again that the other engine has committed, and restores what it needs", async () => {
    await scene.create(partitions, "steps", "out-steps");
    const { writingTo, records } = peers.renamed(peers.sessions, { visits: "steps" });
    const topology = writingTo("out-steps");
    await scene.write(records(0, shift));
    const theirs = await scene.run("jvm", topology, { applicationId: "steps" });
    await scene.caughtUp("steps", ["steps"]);
    await theirs.close();
    await scene.write(records(shift, shift + 10));
    const restored: RestoreProgress[] = [];
    const onRestore = (progress: RestoreProgress) => {
      if (progress.event === "ended") restored.push(progress);
    };
    const app = await scene.runOurs(topology, { applicationId: "steps" }, { onRestore });
    await scene.caughtUp("steps", ["steps"]);
    assert.equal(app.metrics().thread?.processedRecords, 10);
    const offsets = restored.map(({ startOffset }) => startOffset);
    assert.deepEqual(offsets, Array(partitions).fill(0));
    assert.ok(restored.every(({ offset, endOffset }) => offset === endOffset && endOffset > 0));
    await app.close();
  });

  test("moves from a streams group of the JVM's (KIP-1071), and back", async () => {
    await count("grouped", { protocol: "streams" });
  });

  test("moves from the JVM's exactly once, whose transactions leave marks, and back", async () => {
    await count("exact", { guarantee: "exactly_once_v2" });
  });

  /** Counts words on the JVM, here, and on the JVM, and looks at the sum: each line has three words. */
  async function count(name: string, settings: Omit<PeerSettings, "applicationId">): Promise<void> {
    const input = `${name}-lines`;
    await scene.create(partitions, input, `out-${name}`);
    const { writingTo, records } = peers.renamed(peers.wordCount, { lines: input });
    for (const [index, engine] of relay.slice(0, 3).entries()) {
      await scene.write(records(index * shift, (index + 1) * shift));
      const options = { applicationId: name, ...settings };
      const app = await scene.run(engine, writingTo(`out-${name}`), options);
      let sum = 0;
      await until("all words are counted", async () => {
        const counts = rowsOf(await scene.read(`out-${name}`));
        sum = counts.reduce((all, { value }) => all + Number.parseInt(value ?? "", 16), 0);
        return sum >= 3 * shift * (index + 1);
      });
      assert.equal(sum, 3 * shift * (index + 1));
      await app.close();
    }
  }

  test("is refused while members of the JVM's are in the group", async () => {
    await scene.create(partitions, "shared-lines", "out-shared");
    const { writingTo } = peers.renamed(peers.wordCount, { lines: "shared-lines" });
    const settings = { applicationId: "shared" };
    const theirs = await scene.run("jvm", writingTo("out-shared"), settings);
    const ours = scene.runOurs(writingTo("out-shared"), settings);
    await assert.rejects(ours, { code: "INCONSISTENT_GROUP_PROTOCOL" });
    await theirs.close();
  });
});
