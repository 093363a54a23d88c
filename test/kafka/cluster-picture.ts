import type { Admin } from "../../src/client/admin/admin.ts";
import { valuesOrThrow } from "../../src/client/admin/outcome.ts";
import { Client } from "../../src/client/client.ts";
import type { Isolation } from "../../src/client/consumer/offset-reset.ts";
import { partitionName, type TopicPartition } from "../../src/client/topic-partition.ts";
import {
  DescribeAcls,
  DescribeClientQuotas,
  DescribeUserScramCredentials,
} from "../../src/protocol/index.ts";
import { readPartitions } from "../topic-reader.ts";
import { clusterAt } from "./raw-cluster.ts";

/** All that clients can see of a cluster of one node, by name, and that outlives the program which serves it. */
export type ClusterPicture = Readonly<Record<string, unknown>>;

/** Looks at everything in a cluster of one node: topics with their records, groups, transactions, users, settings. */
export async function pictureOf(bootstrapServers: string): Promise<ClusterPicture> {
  await using client = new Client({ bootstrapServers });
  const admin = client.admin();
  const topics = await admin.topics.list({ includeInternal: true });
  const plain = topics.filter(({ isInternal }) => !isInternal);
  const partitions = plain.flatMap(({ name: topic, numPartitions }) =>
    Array.from({ length: numPartitions }, (_, partition) => ({ topic, partition })),
  );
  return {
    clusterId: (await admin.cluster.describe()).clusterId,
    topics,
    offsets: await offsetsOf(admin, partitions),
    records: await recordsOf(client, partitions, "read-uncommitted"),
    committed: await recordsOf(client, partitions, "read-committed"),
    producers: sorted(valuesOrThrow(await admin.producers.describe(partitions))),
    groups: await groupsOf(admin),
    transactions: await transactionsOf(admin),
    configs: await configsOf(admin),
    // Apache Kafka switches share groups on where nobody said otherwise.
    features: (await featuresOf(admin)).filter((level) => !level.startsWith("share.version")),
    ...(await accessOf(bootstrapServers)),
  };
}

async function offsetsOf(admin: Admin, partitions: readonly TopicPartition[]) {
  const places = ["earliest", "latest"] as const;
  const found = await Promise.all(
    places.map(async (at) => {
      const queries = partitions.map((partition) => ({ ...partition, at }));
      const values = valuesOrThrow(await admin.records.listOffsets(queries));
      return [at, Array.from(values, ([name, { offset }]) => `${name}: ${offset}`)];
    }),
  );
  return Object.fromEntries(found);
}

async function recordsOf(
  client: Client,
  assignment: readonly TopicPartition[],
  isolationLevel: Isolation,
): Promise<Record<string, string[]>> {
  const found = new Map(
    assignment.map(({ topic, partition }) => [partitionName(topic, partition), [] as string[]]),
  );
  for (const record of await readPartitions(client, assignment, { isolationLevel })) {
    const { topic, partition, offset, timestamp, timestampType, key, value, headers } = record;
    const content = [key, value, ...headers.flatMap((it) => [it.key, it.value])].map(shown);
    const line = `${offset} ${timestampType} ${timestamp} ${content.join(" ")}`;
    found.get(partitionName(topic, partition))?.push(line);
  }
  return Object.fromEntries(found);
}

function shown(content: Uint8Array | string | null): string {
  return content === null ? "null" : JSON.stringify(content.toString());
}

async function groupsOf(admin: Admin) {
  const groups = await admin.groups.list();
  const described = groups.map(async ({ groupId, coordinator: _, ...listed }) => {
    const offsets = await admin.groupOffsets.list(groupId);
    const lines = offsets.map(
      ({ topic, partition, offset, leaderEpoch, metadata }) =>
        `${partitionName(topic, partition)}: ${offset} ${leaderEpoch ?? -1} ${metadata ?? ""}`,
    );
    return { listed, description: await admin.groups.describe(groupId), offsets: lines.toSorted() };
  });
  return Promise.all(described);
}

async function transactionsOf(admin: Admin) {
  const listed = await admin.transactions.list();
  const ids = listed.map(({ transactionalId }) => transactionalId);
  const described = valuesOrThrow(await admin.transactions.describe(ids));
  const lined = Array.from(described, ([id, { partitions, ...rest }]) => {
    const names = partitions.map(({ topic, partition }) => partitionName(topic, partition));
    return [id, { ...rest, partitions: names.toSorted() }] as const;
  });
  return sorted(new Map(lined));
}

async function featuresOf(admin: Admin): Promise<string[]> {
  const features = await admin.cluster.features();
  const levels = features.flatMap(({ name, finalized }) =>
    finalized === undefined ? [] : [`${name} ${finalized.max}`],
  );
  return levels.toSorted();
}

/** What was set while the cluster ran. */
async function configsOf(admin: Admin) {
  const listed = await admin.configs.list(["topic", "broker", "group", "client-metrics"]);
  const resources = [...listed, { type: "broker", name: "" } as const];
  const configs = valuesOrThrow(await admin.configs.describe(resources));
  const set = new Map(
    Array.from(configs, ([name, entries]) => {
      const lines = [...entries.values()]
        .filter(({ source }) => source !== "default" && source !== "static-broker")
        .map(({ name, value, source }) => `${name}=${value} (${source})`);
      return [name, lines.toSorted()];
    }),
  );
  return sorted(set);
}

async function accessOf(bootstrapServers: string) {
  const cluster = clusterAt(bootstrapServers);
  try {
    const any = 1;
    const { resources } = await cluster.request("any", DescribeAcls, {
      resourceTypeFilter: any,
      resourceNameFilter: null,
      patternTypeFilter: any,
      principalFilter: null,
      hostFilter: null,
      operation: any,
      permissionType: any,
    });
    const acls = resources.flatMap(({ acls, ...resource }) =>
      acls.map((acl) => JSON.stringify({ ...resource, ...acl })),
    );
    const { results } = await cluster.request("any", DescribeUserScramCredentials, { users: null });
    const users = results.flatMap(({ user, credentialInfos }) =>
      credentialInfos.map(
        ({ mechanism, iterations }) => `${user} ${mechanism} ${iterations} iterations`,
      ),
    );
    const all = { components: [], strict: false };
    const { entries } = await cluster.request("any", DescribeClientQuotas, all);
    const quotas = entries?.map((entry) => JSON.stringify(entry)) ?? [];
    return { acls: acls.toSorted(), users: users.toSorted(), quotas: quotas.toSorted() };
  } finally {
    cluster.close();
  }
}

function sorted<T>(values: ReadonlyMap<string, T>): Record<string, T> {
  return Object.fromEntries([...values].toSorted(([left], [right]) => (left < right ? -1 : 1)));
}
