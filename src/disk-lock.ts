import { BrokerError } from "./errors.ts";

/** A file that was locked; whoever else asks for it meanwhile does not get it. */
export interface DiskLock {
  /** Gives the file back; may be called twice. */
  release(): void;
}

/** SQLite's code for "somebody else has locked the file". */
const sqliteBusy = 5;
/** Takes the lock of a writer, and leaves nothing beside the file, which stays empty. */
const takeLock = "PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE";

/**
 * Locks a file, which is made where it is missing; undefined where it is locked already. The lock is
 * the operating system's own, upon the file itself, and ends with the process at the latest, however
 * that ends. Node has no call for it, but SQLite, which is part of Node, takes it to write to its file:
 * an empty file is a database, and one that is never written to stays empty.
 *
 * It keeps apart all who ask this way, in one process or in several, in containers that share a volume
 * too, and Java's `FileChannel.tryLock` (so Apache Kafka, which locks `.lock` in its data directory):
 * both lock a range of bytes, the one a part of the other's. It does not keep apart machines that share
 * a file system which does not pass locks on, nor does it outlast the removal of the file. As POSIX has
 * it, a process also loses its lock when it opens and closes the file in any other way.
 */
export function lockFile(path: string): DiskLock | undefined {
  const sqlite = process.getBuiltinModule("node:sqlite");
  if (sqlite === undefined) {
    const message = `could not lock ${path}: this Node was built or started without node:sqlite, which locks files`;
    throw new BrokerError("KAFKA_STORAGE_ERROR", message);
  }
  let database: InstanceType<typeof sqlite.DatabaseSync> | undefined;
  try {
    database = new sqlite.DatabaseSync(path);
    database.exec(takeLock);
  } catch (cause) {
    database?.close();
    if ((cause as { readonly errcode?: number }).errcode === sqliteBusy) return undefined;
    const message = `could not lock ${path}: ${(cause as Error).message}`;
    throw new BrokerError("KAFKA_STORAGE_ERROR", message, { cause });
  }
  const held = database;
  return { release: () => held.isOpen && held.close() };
}
