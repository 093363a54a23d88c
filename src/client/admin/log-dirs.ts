import type { MillraceError } from "../../errors.ts";
import { DescribeLogDirs, type ResponseOf } from "../../protocol/index.ts";
import type { Cluster } from "../cluster.ts";
import { refusal } from "../refusal.ts";
import type { TopicPartition } from "../topic-partition.ts";
import { dispatch } from "./dispatch.ts";
import type { AdminOptions } from "./operation.ts";
import { type Outcomes, outcomeOf } from "./outcome.ts";
import { toBroker } from "./route.ts";

/** A directory in which a broker keeps partitions. */
export interface LogDir {
  readonly path: string;
  /** What is wrong with the directory; undefined if nothing. */
  readonly error: MillraceError | undefined;
  /** The size of its file system; undefined where the broker does not tell (KIP-827). */
  readonly totalBytes: number | undefined;
  readonly usableBytes: number | undefined;
  /** Whether no new partitions are put there. */
  readonly isCordoned: boolean;
  readonly replicas: readonly LogDirReplica[];
}

/** A partition's replica in a directory. */
export interface LogDirReplica extends TopicPartition {
  readonly sizeBytes: number;
  /** How many records it is behind: the partition's, or for a future one the current replica's. */
  readonly offsetLag: number;
  /** Whether it is being moved here and will replace the one in another directory. */
  readonly isFuture: boolean;
}

/** Asks brokers for their directories; outcomes are found under the brokers' ids. */
export function describeLogDirs(
  cluster: Cluster,
  brokers: readonly number[],
  options: AdminOptions,
): Promise<Outcomes<LogDir[]>> {
  const attempt = (broker: number) => `describing the log directories of broker ${broker}`;
  return dispatch(
    cluster,
    brokers,
    {
      key: String,
      attempt,
      route: toBroker(cluster, (broker) => broker, attempt),
      send: async (target, [broker], request) => {
        const id = broker as number;
        const answer = await cluster.request(target, DescribeLogDirs, { topics: null }, request);
        const value = () => answer.results.map((dir) => logDir(dir, id));
        return new Map([[String(id), outcomeOf(answer.errorCode, attempt(id), undefined, value)]]);
      },
    },
    options,
  );
}

function logDir(
  dir: ResponseOf<typeof DescribeLogDirs>["results"][number],
  broker: number,
): LogDir {
  const { errorCode, logDir: path, totalBytes, usableBytes } = dir;
  const attempt = `reading ${path} of broker ${broker}`;
  const known = (bytes: number) => (bytes < 0 ? undefined : bytes);
  return {
    path,
    error: errorCode === 0 ? undefined : refusal(errorCode, attempt),
    totalBytes: known(totalBytes),
    usableBytes: known(usableBytes),
    isCordoned: dir.isCordoned,
    replicas: dir.topics.flatMap(({ name: topic, partitions }) =>
      partitions.map(({ partitionIndex: partition, partitionSize, offsetLag, isFutureKey }) => ({
        topic,
        partition,
        sizeBytes: partitionSize,
        offsetLag,
        isFuture: isFutureKey,
      })),
    ),
  };
}
