import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ScriptedLog } from "../../../test/scripted-log.ts";
import { MillraceError } from "../../errors.ts";
import { AssignedPartition } from "./assigned-partition.ts";
import { FetchedRecords } from "./fetched-records.ts";

function at(offset: number, leaderEpoch = -1): AssignedPartition {
  const partition = new AssignedPartition({ topic: "orders", partition: 3 });
  partition.seek({ offset, leaderEpoch });
  return partition;
}

/** What a fetch at the partition's position brings. */
function fetched(log: ScriptedLog, partition: AssignedPartition, maxBytes?: number) {
  const startOffset = partition.fetchPosition?.offset ?? 0;
  const part = {
    bytes: log.read(startOffset, log.endOffset, maxBytes),
    startOffset,
    aborted: log.abortedFrom(startOffset),
    highWatermark: log.endOffset,
    lastStableOffset: log.lastStableOffset,
  };
  return new FetchedRecords(part, partition.fetchPosition?.leaderEpoch ?? -1);
}

test("the next fetch starts behind what is buffered, the position stays before it", () => {
  const log = new ScriptedLog();
  log.append(["a", "b"]);
  const partition = at(0);
  partition.receive(fetched(log, partition));
  assert.equal(partition.fetchPosition?.offset, 2);
  assert.equal(partition.position?.offset, 0);
  assert.equal(partition.take()?.end.offset, 2);
  assert.equal(partition.position?.offset, 2);
  assert.equal(partition.bufferedBytes, 0);
});

test("a seek drops what is buffered, and an answer to an earlier fetch is not expected any more", () => {
  const log = new ScriptedLog();
  log.append(["a", "b"]);
  const partition = at(0);
  partition.receive(fetched(log, partition));
  partition.seek({ offset: 7, leaderEpoch: -1 });
  assert.equal(partition.hasBuffered, false);
  assert.equal(partition.expects(2), false);
  assert.equal(partition.expects(7), true);
});

test("a paused partition keeps what is buffered and hands nothing out", () => {
  const log = new ScriptedLog();
  log.append(["a"]);
  const partition = at(0);
  partition.receive(fetched(log, partition));
  partition.isPaused = true;
  assert.deepEqual([partition.isDeliverable, partition.isFetchable], [false, false]);
  partition.isPaused = false;
  assert.equal(partition.isDeliverable, true);
});

test("markers that nobody sees are passed over, also by what was marked before them", () => {
  const log = new ScriptedLog();
  log.append(["a"], { producerId: 1 });
  const partition = at(0);
  partition.receive(fetched(log, partition));
  const batch = partition.take();
  assert.ok(batch);
  log.end(1, "commit");
  partition.receive(fetched(log, partition));
  assert.equal(partition.position?.offset, 2);
  partition.mark(batch.end);
  assert.equal(partition.marked?.offset, 2);
  log.append(["b"], { producerId: 1 });
  log.end(1, "abort");
  partition.receive(fetched(log, partition));
  assert.equal(partition.position?.offset, 4);
  assert.equal(partition.marked?.offset, 4);
});

test("a mark never goes back, but by a seek", () => {
  const partition = at(0);
  partition.mark({ offset: 5, leaderEpoch: 0 });
  partition.mark({ offset: 3, leaderEpoch: 0 });
  assert.equal(partition.marked?.offset, 5);
  partition.seek({ offset: 1, leaderEpoch: -1 });
  assert.equal(partition.marked, undefined);
});

test("a new leader has the position validated, but only if its epoch is known", () => {
  const known = at(5, 2);
  assert.equal(known.state.name, "validating");
  known.compare({ leaderEpoch: 2, endOffset: 9 });
  known.followLeader(2);
  known.followLeader(3);
  assert.equal(known.state.name, "validating");
  const unknown = at(5);
  unknown.followLeader(2);
  unknown.followLeader(3);
  assert.equal(unknown.state.name, "fetching");
});

test("a log that was truncated behind the position has only what was buffered fetched again", () => {
  const log = new ScriptedLog();
  log.append(["a"]);
  log.append(["b"]);
  const partition = at(0);
  partition.receive(fetched(log, partition, 1));
  partition.receive(fetched(log, partition));
  partition.take();
  assert.equal(partition.compare({ leaderEpoch: 0, endOffset: 1 }), "valid");
  assert.equal(partition.fetchPosition?.offset, 1);
  assert.equal(partition.hasBuffered, false);
});

test("a log that was truncated below the position, or whose epochs are unknown, is told of", () => {
  assert.equal(at(5, 2).compare({ leaderEpoch: 1, endOffset: 4 }), "truncated");
  assert.equal(at(5, 2).compare({ leaderEpoch: -1, endOffset: -1 }), "truncated");
});

test("a failed partition goes on as before once the error was told", () => {
  const partition = at(5);
  partition.fail(new MillraceError("NO_OFFSET", "gone"));
  assert.equal(partition.isFetchable, false);
  partition.retry();
  assert.equal(partition.isFetchable, true);
});

test("a reset that the user has overtaken by a seek changes nothing", () => {
  const partition = new AssignedPartition({ topic: "orders", partition: 3 });
  partition.reset("end");
  partition.seek({ offset: 4, leaderEpoch: -1 });
  partition.resetTo("end", 100);
  assert.equal(partition.position?.offset, 4);
});

test("however fetches, takes and pauses follow one another, every record is handed out once and in order", () => {
  const step = fc.constantFrom("append", "append large", "fetch", "fetch", "take", "take", "drop");
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const log = new ScriptedLog();
      const partition = at(0);
      const ends: number[] = [0];
      for (const one of steps) {
        if (one === "append") log.append(["a"]);
        else if (one === "append large") log.append(["a", "b".repeat(500)]);
        else if (one === "drop") partition.dropBuffered();
        else if (one === "fetch") {
          const records = fetched(log, partition, 400);
          if (records.sizeInBytes > 0) partition.receive(records);
        } else {
          const taken = partition.take();
          if (!taken) continue;
          assert.equal(taken.startOffset, ends.at(-1));
          ends.push(taken.end.offset);
        }
        assert.equal(partition.position?.offset, ends.at(-1));
        assert.ok((partition.fetchPosition?.offset ?? 0) >= (partition.position?.offset ?? 0));
      }
    }),
  );
});
