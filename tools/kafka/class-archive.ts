import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Artifacts } from "./artifacts.ts";
import type { ClusterSettings } from "./cluster-plan.ts";
import type { KafkaCluster } from "./kafka-cluster.ts";

/**
 * Makes the JVM's archive of loaded classes (CDS) if there is none for these jars yet, by running
 * one node once and letting it write the archive as it ends. That takes ten seconds, and every later
 * start is nearly twice as fast. Without an archive, should this fail, everything works all the same.
 */
export async function prepareClassArchive(
  { classArchive }: Artifacts,
  start: (settings: ClusterSettings) => Promise<KafkaCluster>,
): Promise<void> {
  if (existsSync(classArchive)) return;
  // Under a name of its own until complete: two test files may come here at once.
  const draft = `${classArchive}.${randomUUID()}`;
  try {
    const jvmFlags = [`-XX:ArchiveClassesAtExit=${draft}`];
    await using cluster = await start({ classArchive: false, jvmFlags });
    await cluster.stop();
    await rename(draft, classArchive);
    await removeOlder(classArchive);
  } catch {
    await rm(draft, { force: true });
  }
}

async function removeOlder(archive: string): Promise<void> {
  const directory = dirname(archive);
  for (const name of await readdir(directory)) {
    const isOlder = /^classes-\w+\.jsa$/.test(name) && name !== basename(archive);
    if (isOlder) await rm(join(directory, name), { force: true });
  }
}
