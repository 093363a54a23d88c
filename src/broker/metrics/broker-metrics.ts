import { brokerErrorCode } from "../../broker-error-code.ts";
import { BrokerError } from "../../errors.ts";
import type { GroupCoordinator } from "../groups/group-coordinator.ts";
import type { LogUpkeep } from "../log-upkeep.ts";
import type { Partition } from "../partition.ts";
import type { Partitions } from "../partitions.ts";
import type { Dispatch } from "../server/dispatch.ts";
import type { HeldMemory } from "../server/held-memory.ts";
import type { Connections } from "../server/listener.ts";
import { durationBounds } from "./duration-histogram.ts";
import { Exposition } from "./exposition.ts";
import type { RequestTally } from "./request-tally.ts";
import type { Traffic } from "./traffic.ts";

/** The parts of a broker that its metrics are read from. */
export interface MetricSources {
  readonly partitions: Partitions;
  readonly groups: GroupCoordinator;
  readonly upkeep: LogUpkeep;
  readonly dispatch: Dispatch;
  readonly connections: Connections;
  /** The names of the listeners. */
  readonly listeners: readonly string[];
  /** What requests hold that are still arriving. */
  readonly arriving: HeldMemory;
  /** What answers hold that are still leaving. */
  readonly leaving: HeldMemory;
  /** Whether the logs lie on a disk, so that its room is worth a metric. */
  readonly isOnDisk: boolean;
}

const prefix = "millrace_broker_";
const groupTypes = ["classic", "consumer", "streams"] as const;

/**
 * All metrics of a broker as Prometheus reads them. Everything is read when it is asked for, at a cost
 * that grows with partitions and groups; what is counted between is plain numbers. Topics that are
 * deleted take their metrics along.
 */
export function brokerMetrics(sources: MetricSources): string {
  const text = new Exposition();
  const topics = byTopic(sources.partitions);
  writeTraffic(text, topics);
  writeLogs(text, topics, sources);
  // APIs that nobody has called would make up most of the text.
  writeRequests(
    text,
    sources.dispatch.tallies.filter(({ count }) => count > 0),
  );
  writeConnections(text, sources);
  writeGroups(text, sources);
  writeUpkeep(text, sources.upkeep);
  return text.toString();
}

type Topics = ReadonlyMap<string, readonly Partition[]>;

function byTopic(partitions: Partitions): Topics {
  const topics = new Map<string, Partition[]>();
  for (const partition of partitions.all()) {
    const known = topics.get(partition.topic);
    if (known) known.push(partition);
    else topics.set(partition.topic, [partition]);
  }
  return topics;
}

function writeTraffic(text: Exposition, topics: Topics): void {
  const count = (name: string, help: string, read: (traffic: Traffic) => number) =>
    text.metric(`${prefix}topic_${name}_total`, { type: "counter", help }, (sample) => {
      for (const [topic, partitions] of topics) {
        sample(
          { topic },
          sum(partitions, ({ traffic }) => read(traffic)),
        );
      }
    });
  count("records_in", "Records appended to a topic.", ({ recordsIn }) => recordsIn);
  count("bytes_in", "Bytes of batches appended to a topic.", ({ bytesIn }) => bytesIn);
  count("records_out", "Records given to fetching clients.", ({ recordsOut }) => recordsOut);
  count("bytes_out", "Bytes of batches given to fetching clients.", ({ bytesOut }) => bytesOut);
}

function writeLogs(text: Exposition, topics: Topics, { partitions, isOnDisk }: MetricSources) {
  const gauge = (name: string, help: string, read: (all: readonly Partition[]) => number) =>
    text.metric(prefix + name, { type: "gauge", help }, (sample) => {
      for (const [topic, all] of topics) sample({ topic }, read(all));
    });
  gauge("topic_partitions", "Partitions of a topic.", ({ length }) => length);
  gauge("topic_log_bytes", "Bytes of all segments of a topic's logs.", (all) =>
    sum(all, ({ log }) => log.sizeInBytes),
  );
  if (!isOnDisk) return;
  const help = "Bytes free on the volume that the logs lie on.";
  text.metric(`${prefix}disk_free_bytes`, { type: "gauge", help }, (sample) => {
    const freeBytes = unlessItFails(() => partitions.space().freeBytes);
    if (freeBytes !== undefined) sample({}, freeBytes);
  });
}

function writeRequests(text: Exposition, all: readonly RequestTally[]): void {
  const counts = { type: "counter", help: "Requests that were read." } as const;
  text.metric(`${prefix}requests_total`, counts, (sample) => {
    for (const { api, count } of all) sample({ api }, count);
  });
  const errors = { type: "counter", help: "Errors in answers; one may have several." } as const;
  text.metric(`${prefix}request_errors_total`, errors, (sample) => {
    for (const { api, errors: found } of all) {
      for (const [code, count] of found) sample({ api, error: brokerErrorCode(code) }, count);
    }
  });
  const help = "From a request to its answer, with what it waits for (Fetch, JoinGroup).";
  const histogram = { type: "histogram", help } as const;
  text.metric(`${prefix}request_duration_seconds`, histogram, (sample) => {
    for (const { api, durations } of all) {
      const counts = durations.cumulative();
      for (const [index, count] of counts.entries()) {
        sample({ api, le: durationBounds[index] ?? "+Inf" }, count, "_bucket");
      }
      sample({ api }, durations.sum, "_sum");
      sample({ api }, counts.at(-1) as number, "_count");
    }
  });
}

function writeConnections(
  text: Exposition,
  { listeners, connections, arriving, leaving }: MetricSources,
): void {
  const standing = { type: "gauge", help: "Connections that stand." } as const;
  text.metric(`${prefix}connections`, standing, (sample) => {
    const counts = countBy([...connections], ({ listenerName }) => listenerName);
    for (const listener of listeners) sample({ listener }, counts.get(listener) ?? 0);
  });
  const accepted = { type: "counter", help: "Connections that were accepted." } as const;
  text.metric(`${prefix}connections_accepted_total`, accepted, (sample) =>
    sample({}, connections.accepted),
  );
  const refused = { type: "counter", help: "Connections that were refused." } as const;
  text.metric(`${prefix}connections_refused_total`, refused, (sample) =>
    sample({}, connections.refused),
  );
  const held = { type: "gauge", help: "Bytes of messages that are still on their way." } as const;
  text.metric(`${prefix}held_bytes`, held, (sample) => {
    sample({ messages: "requests" }, arriving.bytes);
    sample({ messages: "answers" }, leaving.bytes);
  });
}

function writeGroups(text: Exposition, { groups, partitions }: MetricSources): void {
  // While the groups are being loaded, nothing is better than half of them.
  const all = unlessItFails(() => [...groups.groups()]) ?? [];
  text.metric(`${prefix}groups`, { type: "gauge", help: "Groups by state." }, (sample) => {
    for (const type of groupTypes) {
      const ofType = all.filter((group) => group.type === type);
      const states = countBy(ofType, (group) => group.state);
      for (const [state, count] of states) sample({ type, state }, count);
    }
  });
  const help = "Records behind the offsets that a group has committed, over a topic's partitions.";
  text.metric(`${prefix}group_lag_records`, { type: "gauge", help }, (sample) => {
    for (const { id: group } of all) {
      for (const [topic, offsets] of groups.offsets.of(group)) {
        let lag = 0;
        for (const [index, { offset }] of offsets) {
          const end = partitions.get(topic, index)?.log.highWatermark ?? 0;
          lag += Math.max(0, end - offset);
        }
        sample({ group, topic }, lag);
      }
    }
  });
}

function writeUpkeep(text: Exposition, { totals }: LogUpkeep): void {
  const count = (name: string, help: string, value: number) =>
    text.metric(`${prefix}${name}_total`, { type: "counter", help }, (sample) => sample({}, value));
  count("retention_deleted_bytes", "Bytes of deleted segments.", totals.deletedBytes);
  count("compactions", "Compactions of a log that came to their end.", totals.compactions);
  count("compaction_read_bytes", "Bytes that were compacted.", totals.compactedBytesBefore);
  count("compaction_written_bytes", "Bytes that compaction left.", totals.compactedBytesAfter);
}

function sum(partitions: readonly Partition[], read: (partition: Partition) => number): number {
  let total = 0;
  for (const partition of partitions) total += read(partition);
  return total;
}

function countBy<One>(all: readonly One[], nameOf: (one: One) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const one of all) counts.set(nameOf(one), (counts.get(nameOf(one)) ?? 0) + 1);
  return counts;
}

/** A metric that cannot be read at present is left out: the others are needed all the more. */
function unlessItFails<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof BrokerError) return undefined;
    throw error;
  }
}
