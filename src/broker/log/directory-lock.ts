import type { Disk } from "../../disk.ts";
import type { DiskLock } from "../../disk-lock.ts";
import { MillraceError } from "../../errors.ts";

/** Kafka's own name for it, so that Kafka and this broker keep out of each other's way. */
const lockName = ".lock";

/**
 * Takes a data directory for one broker alone, until the lock is released or the process ends; makes
 * the directory where it is missing. Throws a {@link MillraceError} INVALID_STATE where another broker
 * has it, and a `BrokerError` KAFKA_STORAGE_ERROR where it cannot be had (`LogManager.lockLogDirs`).
 */
export function lockDirectory(path: string, disk: Disk): DiskLock {
  disk.makeDirectory(path);
  const lock = disk.lock(`${path}/${lockName}`);
  if (lock !== undefined) return lock;
  const message = `the data directory ${path} is in use by another broker, Millrace or Apache Kafka, in this process or another one: stop that one, or give this one a directory of its own`;
  throw new MillraceError("INVALID_STATE", message);
}
