import { brokerErrorNumber } from "../../broker-error-code.ts";
import { BrokerError } from "../../errors.ts";
import { DescribeLogDirs } from "../../protocol/index.ts";
import type { Partition } from "../partition.ts";
import type { Partitions } from "../partitions.ts";
import { handler } from "./handler.ts";

/** DescribeLogDirs 1 to 5 (KIP-113, KIP-827). There is one directory, and no replica moves to or from it. */
export const describeLogDirs = handler(DescribeLogDirs, (request, context, services) => {
  if (!context.isAllowed("DESCRIBE", "CLUSTER", "kafka-cluster")) {
    const errorCode = brokerErrorNumber("CLUSTER_AUTHORIZATION_FAILED");
    return { throttleTimeMs: 0, errorCode, results: [] };
  }
  const { partitions, logger } = services;
  const logDir = partitions.logDir;
  try {
    const { totalBytes, freeBytes } = partitions.space();
    const topics = topicsOf(partitions, request.topics);
    const result = { errorCode: 0, logDir, topics, totalBytes, usableBytes: freeBytes };
    return { throttleTimeMs: 0, results: [result] };
  } catch (error) {
    logger.warn({ logDir, error }, "the log directory could not be described");
    const code = error instanceof BrokerError ? error.code : "UNKNOWN_SERVER_ERROR";
    return {
      throttleTimeMs: 0,
      results: [{ errorCode: brokerErrorNumber(code), logDir, topics: [] }],
    };
  }
});

/** The partitions that were asked for, all where nothing is said, by topic; those that are not there are left out. */
function topicsOf(
  partitions: Partitions,
  asked: readonly { readonly topic: string; readonly partitions: readonly number[] }[] | null,
) {
  const found = new Map<string, Set<Partition>>();
  const add = (partition: Partition) => {
    const known = found.get(partition.topic);
    if (known) known.add(partition);
    else found.set(partition.topic, new Set([partition]));
  };
  if (asked === null) {
    for (const partition of partitions.all()) add(partition);
  } else {
    for (const { topic, partitions: indexes } of asked) {
      for (const index of indexes) {
        const partition = partitions.get(topic, index);
        if (partition) add(partition);
      }
    }
  }
  return [...found].map(([name, logs]) => ({
    name,
    partitions: [...logs].map(({ index, log }) => ({
      partitionIndex: index,
      partitionSize: log.sizeInBytes,
      offsetLag: 0,
      isFutureKey: false,
    })),
  }));
}
