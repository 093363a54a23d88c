import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { withoutTools } from "../cluster.ts";
import { EmbeddedCluster } from "../embedded-cluster.ts";
import { fill } from "./graduation-fill.ts";
import { Laptop } from "./laptop.ts";
import { ToolShell } from "./tool-shell.ts";

const topicTool = "org.apache.kafka.tools.TopicCommand";
const dumpTool = "org.apache.kafka.tools.DumpLogSegments";
const shareGroupTool = "org.apache.kafka.tools.consumer.group.ShareGroupCommand";
const producerPerformance = "org.apache.kafka.tools.ProducerPerformance";

describe("Kafka's tools where our broker has an answer of its own", { skip: withoutTools }, () => {
  let shell: ToolShell;
  let cluster: EmbeddedCluster;
  before(async () => {
    shell = await ToolShell.start();
    cluster = await EmbeddedCluster.start({});
  });
  after(async () => {
    await shell?.close();
    await cluster?.close();
  });

  async function run(className: string, ...args: string[]): Promise<string> {
    const address = ["--bootstrap-server", cluster.bootstrapServers];
    const { status, out, err } = await shell.run(className, [...address, ...args]);
    assert.equal(status, 0, err);
    return out;
  }

  test("all that kafka-broker-api-versions finds is usable, and what is not served is not told of", async () => {
    const printed = await run("org.apache.kafka.tools.BrokerApiVersionsCommand");
    const lines = printed.split("\n").filter((line) => /\(\d+\):/.test(line));
    const unserved = lines.filter((line) => line.includes("UNSUPPORTED"));
    const usable = lines.filter((line) => / \[usable: \d+\]/.test(line));
    assert.equal(usable.length + unserved.length, lines.length, printed);
    assert.ok(usable.length > 50, printed);
    const notYet = /DelegationToken|AlterClientQuotas|Telemetry|Share|RaftVoter/;
    assert.deepEqual(
      unserved.filter((line) => !notYet.test(line)),
      [],
    );
    assert.match(printed, /Produce\(0\): 0 to 13 \[usable: 13\]/);
  });

  test("kafka-share-groups hears that there are none, and that they are not supported", async () => {
    assert.equal(await run(shareGroupTool, "--list"), "");
    const described = await run(shareGroupTool, "--describe", "--group", "sharers");
    assert.match(described, /UnsupportedVersionException/);
  });

  test("kafka-log-dirs tells of each partition how large it is", async () => {
    await run(topicTool, "--create", "--topic", "sized", "--partitions", "2");
    const load = ["--num-records", "500", "--record-size", "200", "--throughput", "-1"];
    await run(producerPerformance, "--topic", "sized", ...load);
    const printed = await run(
      "org.apache.kafka.tools.LogDirsCommand",
      ...["--describe", "--topic-list", "sized"],
    );
    const { brokers } = JSON.parse(printed.split("\n").find((line) => line[0] === "{") ?? "");
    const [{ partitions, error, logDir }] = brokers[0].logDirs;
    assert.equal(error, null);
    assert.equal(partitions.length, 2);
    let total = 0;
    for (const { partition, size } of partitions) {
      // A partition that the producer left out has no segment yet.
      const files = readdirSync(join(logDir, partition)).filter((it) => it.endsWith(".log"));
      const bytes = files.map((file) => statSync(join(logDir, partition, file)).size);
      assert.equal(
        size,
        bytes.reduce((sum, each) => sum + each, 0),
      );
      total += size;
    }
    assert.ok(total > 500 * 200, printed);
  });

  test("what the verifiable producer was acknowledged is what the verifiable consumer gets", async () => {
    await run(topicTool, "--create", "--topic", "verified", "--partitions", "3");
    const address = ["--bootstrap-server", cluster.bootstrapServers, "--topic", "verified"];
    const all = ["--max-messages", "1000"];
    const produced = await cluster.tool(
      "org.apache.kafka.tools.VerifiableProducer",
      ...[...address, ...all, "--acks", "-1"],
    );
    assert.equal(produced.match(/"producer_send_success"/g)?.length, 1000);
    for (const protocol of ["classic", "consumer"]) {
      const consumed = await cluster.tool(
        "org.apache.kafka.tools.VerifiableConsumer",
        ...[...address, ...all, "--group-id", protocol, "--group-protocol", protocol],
        ...["--reset-policy", "earliest"],
      );
      const counts = Array.from(consumed.matchAll(/"records_consumed".*?"count":(\d+)/g));
      assert.equal(
        counts.reduce((sum, [, count]) => sum + Number(count), 0),
        1000,
      );
      assert.match(consumed, /"offsets_committed".*"success":true/);
    }
  });

  test("kafka-dump-log finds nothing wrong in the files of a broker that was stopped", async () => {
    using laptop = new Laptop();
    const broker = await laptop.broker();
    await fill(broker.bootstrapServers);
    const address = ["--bootstrap-server", broker.bootstrapServers];
    const small = ["--config", "segment.bytes=1048576"];
    await shell.run(topicTool, [...address, "--create", "--topic", "large", ...small]);
    const load = ["--num-records", "5000", "--record-size", "600", "--throughput", "-1"];
    await shell.run(producerPerformance, [...address, "--topic", "large", ...load]);
    await broker.stop();
    const logs = await dump(laptop.data, /\.log$/, "--deep-iteration");
    assert.equal(logs.match(/ producerId: /g)?.length, logs.match(/isvalid: true/g)?.length);
    const indexes = await dump(laptop.data, /\.index$/);
    assert.ok((indexes.match(/^offset: /gm)?.length ?? 0) > 100, indexes);
    await dump(laptop.data, /\.(time)?index$/, "--index-sanity-check");
    await dump(laptop.data, /\.timeindex$/);
    assert.match(await dump(laptop.data, /\.snapshot$/), /producerId: \d+.*lastSequence: \d+/);
    assert.match(await dump(laptop.data, /\.txnindex$/), /version: 0 producerId: \d+/);
    const metadata = await dump(laptop.data, /metadata-0\/.*\.log$/, "--cluster-metadata-decoder");
    assert.match(metadata, /"type":"TOPIC_RECORD","version":0,"data":{"name":"large"/);
    assert.doesNotMatch(metadata, /Could not decode|skipping/);
  });

  async function dump(data: string, pattern: RegExp, ...flags: string[]): Promise<string> {
    const files = readdirSync(data, { recursive: true, encoding: "utf8" })
      .filter((file) => pattern.test(file) && !file.includes("-delete/"))
      .map((file) => join(data, file));
    assert.notEqual(files.length, 0);
    const { status, out, err } = await shell.run(dumpTool, [...flags, "--files", files.join()]);
    assert.equal(status, 0, err);
    // The tool takes each segment but the first of a partition for one that follows nothing.
    const complaints = err
      .split("\n")
      .filter((line) => !/^Non-consecutive offsets in|^ {2}-1 is followed by|^$/.test(line))
      .filter((line) => !/^ {2}\d+ is followed by \d+$/.test(line));
    assert.deepEqual(complaints, []);
    assert.doesNotMatch(out, /isvalid: false|out of order|CORRUPT/i);
    return out;
  }
});
