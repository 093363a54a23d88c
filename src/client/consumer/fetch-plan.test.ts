import assert from "node:assert/strict";
import { test } from "node:test";
import { ScriptedLog } from "../../../test/scripted-log.ts";
import { AssignedPartition } from "./assigned-partition.ts";
import { type FetchSituation, planFetches } from "./fetch-plan.ts";
import { FetchedRecords } from "./fetched-records.ts";

const limits = {
  fetchMaxBytes: 50_000,
  maxPartitionFetchBytes: 1_000,
  fetchMaxWaitMs: 500,
  maxBufferedBytes: 100_000,
};

function partition(index: number, bufferedBytes = 0): AssignedPartition {
  const made = new AssignedPartition({ topic: "orders", partition: index });
  made.seek({ offset: 0, leaderEpoch: -1 });
  if (bufferedBytes === 0) return made;
  const log = new ScriptedLog();
  log.append(["x".repeat(bufferedBytes)]);
  const bytes = log.read(0);
  const part = { bytes, startOffset: 0, aborted: undefined, highWatermark: 1, lastStableOffset: 1 };
  made.receive(new FetchedRecords(part, -1));
  return made;
}

function situation(
  byLeader: Iterable<readonly [number, readonly AssignedPartition[]]>,
  other: Partial<FetchSituation> = {},
): FetchSituation {
  return {
    byLeader: new Map(byLeader),
    isIdle: () => true,
    isAwaited: () => false,
    freeBytes: limits.maxBufferedBytes,
    ...other,
  };
}

test("each broker is asked for the partitions it leads, while what is buffered stays below the mark", () => {
  const first = [partition(0), partition(1, 500)];
  const second = [partition(2)];
  const { fetches } = planFetches(
    situation([
      [1, first],
      [2, second],
    ]),
    limits,
  );
  assert.deepEqual(fetches, [
    { broker: 1, partitions: first, maxBytes: 2_000, maxWaitMs: 500 },
    { broker: 2, partitions: second, maxBytes: 1_000, maxWaitMs: 500 },
  ]);
});

test("a broker that is busy is not asked", () => {
  const { fetches } = planFetches(
    situation([[1, [partition(0)]]], { isIdle: () => false }),
    limits,
  );
  assert.deepEqual(fetches, []);
});

test("while a partition has enough buffered, the others of its broker wait for it", () => {
  const { fetches } = planFetches(situation([[1, [partition(0, 2_000), partition(1)]]]), limits);
  assert.deepEqual(fetches, []);
});

test("somebody who waits for a partition of its own gets it, by a request that does not lie long", () => {
  const awaited = partition(1);
  const isAwaited = (one: AssignedPartition) => one === awaited;
  const { fetches } = planFetches(
    situation([[1, [partition(0, 2_000), awaited]]], { isAwaited }),
    limits,
  );
  assert.deepEqual(fetches, [{ broker: 1, partitions: [awaited], maxBytes: 1_000, maxWaitMs: 50 }]);
});

test("no more is asked for than there is room, and what is missing is told", () => {
  const led = [partition(0), partition(1)];
  const byLeader = [[1, led]] as const;
  assert.deepEqual(planFetches(situation(byLeader, { freeBytes: 1_500 }), limits), {
    fetches: [],
    missingBytes: 500,
  });
  const { fetches } = planFetches(situation(byLeader, { freeBytes: 2_000 }), limits);
  assert.equal(fetches[0]?.maxBytes, 2_000);
});

test("several answers of every broker fit into the budget, two of a whole partition at least", () => {
  const many = Array.from({ length: 90 }, (_, index) => partition(index));
  const { fetches } = planFetches(
    situation([
      [1, many],
      [2, [partition(90)]],
    ]),
    limits,
  );
  assert.deepEqual(
    fetches.map(({ maxBytes }) => maxBytes),
    [6_250, 1_000],
  );
  const small = { ...limits, maxBufferedBytes: 4_000 };
  const [only] = planFetches(situation([[1, many]], { freeBytes: 4_000 }), small).fetches;
  assert.equal(only?.maxBytes, 1_000);
});
