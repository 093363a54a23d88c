import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { ClusterSettings } from "../../tools/kafka/cluster-plan.ts";
import { startKafka } from "../../tools/kafka/kafka.ts";
import { type TestCluster, withoutTools } from "../cluster.ts";
import { EmbeddedCluster } from "../embedded-cluster.ts";
import { withoutKafka } from "./laptop.ts";
import { groupSteps, type ToolSteps, transactionSteps } from "./tool-scenes.ts";
import { ToolShell } from "./tool-shell.ts";
import { playTranscript } from "./tool-transcript.ts";

/** Members of groups hear of changes by their heartbeats: often, so that nobody need wait. */
const settings: ClusterSettings = {
  authorizer: true,
  properties: {
    "group.consumer.heartbeat.interval.ms": 200,
    "group.consumer.min.heartbeat.interval.ms": 200,
    "group.streams.initial.rebalance.delay.ms": 0,
  },
};
/** With `UPDATE_GOLDEN=1` the transcripts are written down anew, from what Kafka's broker gives. */
const isRecording = process.env.UPDATE_GOLDEN === "1";

interface Side {
  readonly name: string;
  readonly start: () => Promise<TestCluster>;
  readonly dataDirectory: (cluster: TestCluster) => string;
  readonly isKafka: boolean;
}

const kafka: Side = {
  name: "Apache Kafka",
  start: () => startKafka(settings),
  dataDirectory: ({ directory }) => join(directory, "node-1", "log"),
  isKafka: true,
};
const embedded: Side = {
  name: "our broker",
  start: () => EmbeddedCluster.start(settings),
  dataDirectory: ({ directory }) => join(directory, "log"),
  isKafka: false,
};

// Kafka comes first, since a recording is what ours is compared with.
for (const { name, start, dataDirectory, isKafka } of [kafka, embedded]) {
  const skip = withoutTools || (isKafka && withoutKafka);
  describe(`Kafka's tools on ${name}`, { skip }, () => {
    let shell: ToolShell;
    before(async () => {
      shell = await ToolShell.start();
    });
    after(() => shell?.close());

    async function play(
      transcript: string,
      aside?: (cluster: TestCluster) => Promise<ToolSteps>,
    ): Promise<void> {
      const cluster = await start();
      try {
        using around = await aside?.(cluster);
        const { bootstrapServers, directory } = cluster;
        const { steps = {}, names = {} } = around ?? {};
        await playTranscript(
          transcript,
          {
            shell,
            bootstrapServers,
            steps,
            names: { ...names, data: dataDirectory(cluster), directory },
          },
          { isRecording: isKafka && isRecording },
        );
      } finally {
        await cluster.close();
      }
    }

    for (const [transcript, sentence] of Object.entries({
      topics: "topics are made, described, changed and deleted",
      configs: "settings of topics, brokers, groups and users are changed and described",
      records: "records go in and out",
      acls: "ACLs are added, listed and removed",
      cluster: "the cluster and its features are described",
    })) {
      test(sentence, () => play(transcript));
    }
    test("groups of all kinds are listed, described, reset and deleted", () =>
      play("groups", groupSteps));
    test("transactions are listed, described and aborted, and dumped from the log", () =>
      play("transactions", transactionSteps));
  });
}
