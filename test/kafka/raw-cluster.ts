import assert from "node:assert/strict";
import { brokerErrorNumber } from "../../src/broker-error-code.ts";
import { Cluster } from "../../src/client/cluster.ts";
import { systemHost } from "../../src/host.ts";
import { silentLogger } from "../../src/log.ts";
import { CreateAcls } from "../../src/protocol/apis/create-acls.ts";
import { Produce } from "../../src/protocol/apis/produce.ts";
import {
  noProducer,
  type ProducerStamp,
  RecordBatchBuilder,
} from "../../src/protocol/record-batch-builder.ts";
import { until } from "../until.ts";

/** The client's view of a cluster, for suites that send requests of their own beside the API. */
export function clusterAt(bootstrapServers: string, requestTimeoutMs = 30_000): Cluster {
  const bootstrap = bootstrapServers.split(",").map((address) => {
    const [host = "", port] = address.split(":");
    return { host, port: Number(port) };
  });
  const settings = {
    bootstrap,
    clientId: "suite",
    tls: undefined,
    sasl: undefined,
    connectTimeoutMs: 10_000,
    requestTimeoutMs,
    reconnectBackoffMs: 50,
    reconnectBackoffMaxMs: 1_000,
    retryBackoffMs: 50,
    retryBackoffMaxMs: 500,
    maxFrameBytes: 1 << 26,
    metadataMaxAgeMs: 300_000,
    allowAutoTopicCreation: false,
  };
  return new Cluster(settings, systemHost, silentLogger);
}

/** One batch that is to be appended, and who writes it. */
export interface RawBatch {
  readonly topic: string;
  readonly partition: number;
  readonly timestamps: readonly number[];
  readonly transactionalId?: string | undefined;
  readonly stamp?: ProducerStamp | undefined;
}

/** Appends one batch as it is, and gives its base offset. */
export async function appendBatch(cluster: Cluster, batch: RawBatch): Promise<number> {
  const { topic, partition, timestamps, transactionalId, stamp = noProducer } = batch;
  const builder = new RecordBatchBuilder({ isTransactional: transactionalId !== undefined });
  for (const timestamp of timestamps) builder.append(timestamp, "key", "value");
  const records = builder.finish(stamp);
  const topicData = [{ name: topic, partitionData: [{ index: partition, records }] }];
  const body = { transactionalId: transactionalId ?? null, acks: -1, timeoutMs: 10_000, topicData };
  let baseOffset = -1;
  await until(`an answer to the batch for ${topic}-${partition}`, async () => {
    const target = (await leaderOf(cluster, topic, partition)) ?? "any";
    const { responses } = await cluster.request(target, Produce, body, { newest: 12 });
    const written = responses[0]?.partitionResponses[0];
    // A broker may lead a new partition a moment later than the metadata says.
    if (written?.errorCode === brokerErrorNumber("NOT_LEADER_OR_FOLLOWER")) return false;
    assert.equal(written?.errorCode, 0, written?.errorMessage ?? "the batch was refused");
    baseOffset = written?.baseOffset ?? -1;
    return true;
  });
  return baseOffset;
}

/** Allows a user everything on a topic and a group, and so closes both to everyone without an ACL. */
export async function allowAll(
  cluster: Cluster,
  principal: string,
  { topic, group }: { readonly topic: string; readonly group: string },
): Promise<void> {
  const [topicType, groupType, all, allow] = [2, 3, 2, 3];
  const rule = { principal, host: "*", operation: all, permissionType: allow };
  const creations = [
    { ...rule, resourceType: topicType, resourceName: topic },
    { ...rule, resourceType: groupType, resourceName: group },
  ];
  const { results } = await cluster.request("any", CreateAcls, { creations });
  for (const { errorCode, errorMessage } of results) assert.equal(errorCode, 0, `${errorMessage}`);
}

async function leaderOf(cluster: Cluster, topic: string, partition: number) {
  const bound = { attempt: `looking up ${topic}`, timeoutMs: 10_000 };
  return (await cluster.topic(topic, bound)).partitions[partition]?.leader;
}
