import { setTimeout as delay } from "node:timers/promises";
import type { Admin } from "millrace/client";

/** Whose input is waited for. */
export interface Application {
  readonly applicationId: string;
  readonly topics: readonly string[];
}

/**
 * Waits until an application has worked off all that is in the topics it reads, its own repartition topics
 * included. A record is committed after what follows from it was written: none can be on its way from one to the other.
 */
export async function untilThrough(admin: Admin, application: Application): Promise<void> {
  while (!(await isThrough(admin, application))) await delay(100);
}

async function isThrough(admin: Admin, { applicationId, topics }: Application): Promise<boolean> {
  const committed = await admin.groupOffsets.list(applicationId);
  const isRead = (name: string) => topics.includes(name) || name.endsWith("-repartition");
  const read = (await admin.topics.list()).filter(({ name }) => isRead(name));
  const behind = read.flatMap(({ name: topic, numPartitions }) =>
    Array.from({ length: numPartitions }, async (_, partition) => {
      const end = await admin.records.listOffsets({ topic, partition, at: "latest" });
      const done = committed.find((one) => one.topic === topic && one.partition === partition);
      return (end.offset ?? 0) - (done?.offset ?? 0);
    }),
  );
  return (await Promise.all(behind)).every((records) => records <= 0);
}
