import assert from "node:assert/strict";
import { test } from "node:test";
import { fixtureIdentity, LogFixture } from "../../../test/log-fixture.ts";
import { BrokerError } from "../../errors.ts";
import { readWholeFile, writeWholeFile } from "./checkpoint-file.ts";

const kilobyte = "x".repeat(1000);
const other = { topic: "a.b-c", partition: 12, topicId: "01234567-89ab-cdef-0123-456789abcdef" };

function textOf({ disk }: LogFixture, name: string): string | undefined {
  return readWholeFile(disk, `/data/${name}`)?.toString();
}

test("a directory that was closed says so, until it is opened again", () => {
  const fixture = new LogFixture();
  fixture.append(["a"]);
  fixture.directory.close();
  fixture.directory.close();
  assert.equal(textOf(fixture, ".kafka_cleanshutdown"), '{"version":0,"brokerEpoch":-1}');
  fixture.restart({ isKilled: true });
  assert.equal(fixture.directory.wasClosedCleanly, true);
  assert.equal(textOf(fixture, ".kafka_cleanshutdown"), undefined);
  fixture.restart({ isKilled: true });
  assert.equal(fixture.directory.wasClosedCleanly, false);
});

test("a close does not count as clean before all logs were recovered", () => {
  const fixture = new LogFixture();
  fixture.directory.open(other, fixture.config);
  fixture.append(["a"]);
  fixture.restart({ isKilled: true });
  fixture.directory.close();
  assert.equal(fixture.openDirectory().wasClosedCleanly, false);
});

test("the partitions are found by their directories, with the ids of their topics", () => {
  const fixture = new LogFixture();
  fixture.directory.open(other, fixture.config);
  fixture.disk.makeDirectory("/data/lost+found");
  fixture.directory.close();
  const directory = fixture.openDirectory();
  assert.deepEqual(directory.found(), [other, fixtureIdentity]);
  directory.open(other, fixture.config);
  assert.deepEqual(directory.found(), [fixtureIdentity]);
  assert.equal(
    textOf(fixture, "a.b-c-12/partition.metadata"),
    "version: 0\ntopic_id: ASNFZ4mrze8BI0VniavN7w",
  );
});

test("a directory of another topic with the same name is not taken", () => {
  const fixture = new LogFixture();
  const impostor = { ...fixtureIdentity, topicId: other.topicId };
  assert.throws(
    () => fixture.directory.open(impostor, fixture.config),
    (error) => error instanceof BrokerError && error.code === "INCONSISTENT_TOPIC_ID",
  );
});

test("the checkpoints are laid out as Kafka's", () => {
  const fixture = new LogFixture();
  const log = fixture.directory.open(other, fixture.config);
  log.beginEpoch(0);
  fixture.append(["a", "b", "c"]);
  fixture.log.deleteRecords(2);
  fixture.log.cleanedUpTo = 1;
  fixture.directory.close();
  assert.equal(textOf(fixture, "recovery-point-offset-checkpoint"), "0\n1\ntopic 0 3\n");
  assert.equal(textOf(fixture, "replication-offset-checkpoint"), "0\n1\ntopic 0 3\n");
  assert.equal(textOf(fixture, "log-start-offset-checkpoint"), "0\n1\ntopic 0 2\n");
  assert.equal(textOf(fixture, "cleaner-offset-checkpoint"), "0\n1\ntopic 0 1\n");
  fixture.restart();
  const { logStartOffset, cleanedUpTo, recoveryPoint } = fixture.log;
  assert.deepEqual([logStartOffset, cleanedUpTo, recoveryPoint], [2, 1, 3]);
});

test("a segment that was rolled is made safe behind the scenes, and the recovery point moves", async () => {
  const fixture = new LogFixture({ segmentBytes: 1500 });
  for (let count = 0; count < 3; count += 1) fixture.append([kilobyte]);
  await fixture.clock.sleep(1);
  assert.equal(fixture.log.recoveryPoint, 2);
});

test("a deleted partition is gone at once, its files after file.delete.delay.ms", async () => {
  const fixture = new LogFixture();
  fixture.append(["a"]);
  fixture.directory.delete(fixture.log);
  const names = () => fixture.disk.list("/data");
  assert.deepEqual(names(), ["topic-0.00000000000000000000000000000001-delete"]);
  assert.throws(() => fixture.append(["b"]), BrokerError);
  const again = fixture.directory.open(
    { ...fixtureIdentity, topicId: other.topicId },
    fixture.config,
  );
  assert.equal(again.logEndOffset, 0);
  await fixture.clock.sleep(70_000);
  assert.deepEqual(names(), ["topic-0"]);
});

test("what a killed program had deleted is removed by the next", () => {
  const fixture = new LogFixture();
  fixture.append(["a"]);
  fixture.directory.delete(fixture.log);
  const { directory } = { directory: fixture.openDirectory() };
  assert.deepEqual([directory.found(), fixture.disk.list("/data")], [[], []]);
});

test("damaged checkpoints cost time, not records", () => {
  const fixture = new LogFixture();
  fixture.append(["a", "b"]);
  fixture.directory.close();
  for (const name of ["recovery-point-offset-checkpoint", "log-start-offset-checkpoint"]) {
    writeWholeFile(fixture.disk, `/data/${name}`, "0\n7\nnoise", { isSafe: false });
  }
  fixture.restart({ isKilled: true });
  assert.deepEqual([fixture.log.logStartOffset, fixture.readAll().length], [0, 2]);
});

test("a missing index is built again, whoever has taken it", () => {
  const fixture = new LogFixture({ segmentBytes: 3000, indexIntervalBytes: 500 });
  for (let count = 0; count < 6; count += 1) fixture.append([kilobyte]);
  fixture.directory.close();
  for (const name of fixture.files().filter((file) => file.endsWith(".index"))) {
    fixture.disk.remove(`/data/topic-0/${name}`);
  }
  fixture.restart({ isKilled: true });
  assert.deepEqual([fixture.directory.wasClosedCleanly, fixture.readAll(3).length], [true, 3]);
  assert.ok(
    fixture.log.segments.slice(0, -1).every(({ offsetIndexBytes }) => offsetIndexBytes > 0),
  );
});
