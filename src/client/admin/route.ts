import { brokerErrorNumber } from "../../broker-error-code.ts";
import type { MillraceError } from "../../errors.ts";
import { FindCoordinator, Metadata } from "../../protocol/index.ts";
import type { Cluster, Target } from "../cluster.ts";
import { refusal } from "../refusal.ts";
import { partitionName, type TopicPartition } from "../topic-partition.ts";
import type { AdminRequest } from "./operation.ts";

/** Items that go to one broker. */
export interface Parcel<Item> {
  readonly target: Target;
  readonly items: readonly Item[];
}

/** Where items go, and which could not be placed. */
export interface Routed<Item> {
  readonly parcels: readonly Parcel<Item>[];
  readonly failures: readonly { readonly item: Item; readonly error: MillraceError }[];
}

/** Finds the brokers that items belong to; `round` counts the tries, from 0. */
export type Route<Item> = (
  items: readonly Item[],
  request: AdminRequest,
  round: number,
) => Promise<Routed<Item>>;

/** Everything goes to the controller, which is looked up again after a failed try. */
export function toController<Item>(cluster: Cluster): Route<Item> {
  return async (items, _request, round) => {
    if (round > 0) await cluster.refresh([]);
    return { parcels: [{ target: "controller", items }], failures: [] };
  };
}

/** Everything goes to whichever broker answers. */
export function toAny<Item>(): Route<Item> {
  return async (items) => ({ parcels: [{ target: "any", items }], failures: [] });
}

/**
 * Each item goes to the broker that it names, or else wherever one answers. A broker that is not
 * part of the cluster is not waited for.
 */
export function toBroker<Item>(
  cluster: Cluster,
  brokerOf: (item: Item) => number | "any",
  attempt: (item: Item) => string,
): Route<Item> {
  return async (items, _request, round) => {
    const isKnown = (id: number | "any") => id === "any" || cluster.metadata.broker(id);
    if (round > 0 || !items.map(brokerOf).every(isKnown)) await cluster.refresh([]);
    return placing(items, (item) => {
      const id = brokerOf(item);
      if (isKnown(id)) return id;
      return refusal(brokerErrorNumber("BROKER_NOT_AVAILABLE"), attempt(item));
    });
  };
}

/** Each item goes to the leader of its partition. Asking for a topic never creates it. */
export function toLeader<Item extends TopicPartition>(cluster: Cluster): Route<Item> {
  return async (items, request) => {
    const names = [...new Set(items.map(({ topic }) => topic))];
    const body = { topics: names.map((name) => ({ name })), allowAutoTopicCreation: false };
    const { topics } = await cluster.request("any", Metadata, body, request);
    const answers = new Map(topics.map((topic) => [topic.name, topic]));
    return placing(items, ({ topic, partition }) => {
      const attempt = `looking up the leader of ${partitionName(topic, partition)}`;
      const answer = answers.get(topic);
      if (!answer) return missing(attempt);
      if (answer.errorCode !== 0) return refusal(answer.errorCode, attempt);
      const found = answer.partitions.find((one) => one.partitionIndex === partition);
      if (!found) return missing(attempt, `the topic has ${answer.partitions.length} partitions`);
      if (found.leaderId >= 0) return found.leaderId;
      return refusal(brokerErrorNumber("LEADER_NOT_AVAILABLE"), attempt);
    });
  };
}

/** Each item goes to the broker that coordinates its group or transactional id. */
export function toCoordinator<Item>(
  cluster: Cluster,
  type: "group" | "transaction",
  nameOf: (item: Item) => string,
): Route<Item> {
  return async (items, request) => {
    const names = [...new Set(items.map(nameOf))];
    const found = await findCoordinators(cluster, type, names, request);
    return placing(items, (item) => {
      const name = nameOf(item);
      const attempt = `finding the coordinator of ${type} ${name}`;
      const answer = found.get(name);
      if (!answer) return refusal(brokerErrorNumber("COORDINATOR_NOT_AVAILABLE"), attempt);
      const { errorCode, errorMessage, nodeId: id, host, port } = answer;
      if (errorCode !== 0) return refusal(errorCode, attempt, errorMessage);
      if (!cluster.metadata.broker(id)) cluster.metadata.addBroker({ id, host, port, rack: null });
      return id;
    });
  };
}

interface FoundCoordinator {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
}

/** One request from version 4 on (KIP-699), else one for each name. */
async function findCoordinators(
  cluster: Cluster,
  type: "group" | "transaction",
  names: readonly string[],
  request: AdminRequest,
): Promise<ReadonlyMap<string, FoundCoordinator>> {
  const keyType = type === "group" ? 0 : 1;
  const ask = (wanted: readonly string[]) =>
    cluster.request(
      "any",
      FindCoordinator,
      (version) =>
        version >= 4 ? { keyType, coordinatorKeys: wanted } : { keyType, key: wanted[0] },
      request,
    );
  const answer = await ask(names);
  if (answer.coordinators.length > 0) {
    return new Map(answer.coordinators.map((one) => [one.key, one]));
  }
  const [first, ...others] = names;
  const found = new Map<string, FoundCoordinator>([[first as string, answer]]);
  const answers = await Promise.all(others.map((name) => ask([name])));
  for (const [index, name] of others.entries()) {
    found.set(name, answers[index] as FoundCoordinator);
  }
  return found;
}

function placing<Item>(
  items: readonly Item[],
  place: (item: Item) => Target | MillraceError,
): Routed<Item> {
  const placed = new Map<Item, Target>();
  const failures: { item: Item; error: MillraceError }[] = [];
  for (const item of items) {
    const target = place(item);
    if (typeof target === "object") failures.push({ item, error: target });
    else placed.set(item, target);
  }
  return { parcels: parcels([...placed.keys()], (item) => placed.get(item) as Target), failures };
}

function parcels<Item>(items: readonly Item[], targetOf: (item: Item) => Target): Parcel<Item>[] {
  const groups = Map.groupBy(items, targetOf);
  return [...groups].map(([target, group]) => ({ target, items: group }));
}

function missing(attempt: string, detail?: string): MillraceError {
  return refusal(brokerErrorNumber("UNKNOWN_TOPIC_OR_PARTITION"), attempt, detail);
}
