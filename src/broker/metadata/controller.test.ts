import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Crash, FaultyDisk } from "../../../test/faulty-disk.ts";
import { openController, plainTopic, stateOf } from "../../../test/metadata-fixture.ts";
import { BrokerError } from "../../errors.ts";
import { MemoryDisk } from "../../memory-disk.ts";
import { type Random, systemRandom } from "../../random.ts";
import type { Controller } from "./controller.ts";

const endpoint = {
  name: "PLAINTEXT",
  host: "localhost",
  port: 9092,
  protocol: "PLAINTEXT",
} as const;

/** Changes that may or may not be possible at the moment they come. */
const changes: readonly ((controller: Controller, pick: number) => void)[] = [
  (controller, pick) =>
    void controller.createTopic(plainTopic(`topic-${pick % 7}`, 1 + (pick % 5))),
  (controller, pick) => controller.deleteTopic(`topic-${pick % 7}`),
  (controller, pick) => {
    const request = { topic: `topic-${pick % 7}`, count: 2 + (pick % 9), assignments: null };
    controller.createPartitions(request, false);
  },
  (controller, pick) => {
    const change = { name: "retention.ms", operation: "set", value: String(pick) } as const;
    controller.changeConfigs({ type: 2, name: `topic-${pick % 7}` }, [change], false);
  },
  (controller, pick) => {
    const change = { name: "log.retention.ms", operation: pick % 2 ? "set" : "delete", value: "5" };
    controller.changeConfigs({ type: 4, name: "" }, [change as never], false);
  },
  (controller) => void controller.allocateProducerIds(),
  (controller, pick) => {
    const [salt, storedKey, serverKey] = [1, 2, 3].map((fill) => Buffer.alloc(16, fill));
    const credential = { salt, storedKey, serverKey, iterations: 4096 } as never;
    const value = pick % 3 === 0 ? undefined : credential;
    const user = `user-${pick % 3}`;
    controller.setScramCredentials([{ user, mechanism: "SCRAM-SHA-256", credential: value }]);
  },
  (controller, pick) => {
    const access = { patternType: 3, host: "*", operation: 3, permissionType: 3 };
    const whom = { principal: "User:a", resourceType: 2, resourceName: `topic-${pick % 7}` };
    controller.createAcls([{ ...access, ...whom }]);
  },
  (controller) => controller.deleteAcls(controller.image.acls.slice(0, 1).map(({ id }) => id)),
  (controller, pick) => {
    const update = { feature: "transaction.version", level: pick % 3, upgradeType: 1 + (pick % 2) };
    controller.updateFeatures([update], false);
  },
];
const steps = fc.array(fc.tuple(fc.nat(changes.length - 1), fc.nat(1000)), { maxLength: 60 });

function apply(controller: Controller, step: readonly [number, number]): void {
  try {
    changes[step[0]]?.(controller, step[1]);
  } catch (error) {
    if (!(error instanceof BrokerError)) throw error;
  }
}

test("what the log and its snapshots say is what the controller knew when it was closed", () => {
  fc.assert(
    fc.property(steps, fc.constantFrom("2000", "20971520"), (all, snapshotBytes) => {
      const disk = new MemoryDisk();
      const configs = [["metadata.log.max.record.bytes.between.snapshots", snapshotBytes]] as const;
      const controller = openController({ disk, configs });
      controller.register([endpoint]);
      for (const step of all) apply(controller, step);
      const before = stateOf(controller);
      controller.close();
      const again = openController({ disk, configs });
      assert.deepEqual(new Set(stateOf(again).map(text)), new Set(before.map(text)));
      assert.ok(again.epoch > controller.epoch);
    }),
    { numRuns: 60 },
  );
});

test("after a crash there are all changes that were answered, and the one under way or not", () => {
  const chances = fc.infiniteStream(fc.double({ min: 0, max: 0.999, noNaN: true }));
  const kind = fc.constantFrom("kill" as const, "power loss" as const);
  const configs = [["metadata.log.max.record.bytes.between.snapshots", "1500"]] as const;
  fc.assert(
    fc.property(
      steps,
      fc.integer({ min: 1, max: 80 }),
      kind,
      chances,
      (all, crashIn, how, chance) => {
        const disk = new FaultyDisk(() => chance.next().value as number);
        const random = countingRandom();
        const controller = openController({ disk, configs, random });
        // The same changes on a disk that holds, to compare with.
        const twin = openController({ configs, random: countingRandom() });
        let [answered, underWay] = [textOf(twin), textOf(twin)];
        disk.crashIn(crashIn);
        try {
          for (const step of all) {
            apply(twin, step);
            underWay = textOf(twin);
            apply(controller, step);
            answered = underWay;
          }
        } catch (error) {
          assert.ok(error instanceof Crash);
        }
        const left = disk.restart(how);
        const found = textOf(openController({ disk: left, configs, random }));
        assert.ok(
          [answered, underWay].includes(found),
          `${found}\nis neither ${answered}\nnor ${underWay}`,
        );
      },
    ),
    { numRuns: 150 },
  );
});

test("a change that the disk refuses changes nothing, and the next one works", () => {
  const disk = new FaultyDisk(() => 0);
  const controller = openController({ disk });
  disk.freeBytes = 10;
  assert.throws(() => controller.createTopic(plainTopic("orders")), {
    code: "KAFKA_STORAGE_ERROR",
  });
  assert.equal(controller.image.topics.has("orders"), false);
  disk.freeBytes = Number.POSITIVE_INFINITY;
  controller.createTopic(plainTopic("payments"));
  controller.close();
  assert.deepEqual([...openController({ disk }).image.topics.keys()], ["payments"]);
});

test("leader epochs stay after a clean stop and go up after any other", () => {
  const disk = new MemoryDisk();
  const epoch = (controller: Controller) =>
    controller.image.topics.get("orders")?.partitions[0]?.leaderEpoch;
  const first = openController({ disk });
  first.createTopic(plainTopic("orders"));
  assert.equal(epoch(first), 0);
  assert.equal(epoch(openController({ disk })), 0);
  assert.equal(epoch(openController({ disk, wasClosedCleanly: false })), 1);
  assert.equal(epoch(openController({ disk, wasClosedCleanly: false })), 2);
  assert.equal(epoch(openController({ disk })), 2);
});

test("a large number of records is written down as a snapshot, and the log before it goes", () => {
  const disk = new MemoryDisk();
  const configs = [["metadata.log.max.record.bytes.between.snapshots", "3000"]] as const;
  const controller = openController({ disk, configs });
  for (let index = 0; index < 100; index += 1) {
    controller.createTopic(plainTopic("orders", 3));
    controller.deleteTopic("orders");
  }
  const names = disk.list("/data/__cluster_metadata-0");
  assert.equal(names.filter((name) => name.endsWith(".checkpoint")).length, 1);
  assert.equal(names.filter((name) => name.endsWith(".log")).length, 1);
  const again = openController({ disk, configs });
  assert.equal(again.image.topics.size, 0);
  assert.equal(again.lastAppliedOffset, controller.lastAppliedOffset + 1);
});

test("listeners hear of what a change brought, after it is in the image", () => {
  const controller = openController();
  const heard: unknown[] = [];
  controller.addListener({
    changed: (delta) =>
      heard.push([delta.createdTopics, delta.grownTopics, controller.image.topics.size]),
  });
  controller.createTopic(plainTopic("orders"));
  controller.createPartitions({ topic: "orders", count: 3, assignments: null }, false);
  controller.deleteTopic("orders");
  assert.deepEqual(heard, [
    [["orders"], [], 1],
    [[], ["orders"], 1],
    [[], [], 0],
  ]);
});

test("a directory is refused to another node", () => {
  const disk = new MemoryDisk();
  openController({ disk });
  const settings = { nodeId: 2, listeners: [], dataDir: undefined, configs: new Map() };
  assert.throws(() => openController({ disk, settings }), /belongs to node 1/);
});

test("a setting that cannot be is told of when the broker starts", () => {
  assert.throws(() => openController({ configs: [["log.retention.ms", "soon"]] }), {
    code: "INVALID_ARGUMENT",
  });
});

/** Ids that are the same in every run. */
function countingRandom(): Random {
  let count = 0;
  const uuid = () => {
    count += 1;
    return `10000000-0000-4000-8000-${String(count).padStart(12, "0")}`;
  };
  return { ...systemRandom, uuid };
}

function textOf(controller: Controller): string {
  return stateOf(controller).map(text).join("\n");
}

function text(record: unknown): string {
  return JSON.stringify(record);
}
