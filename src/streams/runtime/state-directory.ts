import type { Clock } from "../../clock.ts";
import { type Disk, type DiskFile, systemDisk } from "../../disk.ts";
import type { DiskLock } from "../../disk-lock.ts";
import { MillraceError } from "../../errors.ts";
import { type Logger, silentLogger } from "../../log.ts";
import { type Random, systemRandom } from "../../random.ts";

/** What a {@link StateDirectory} is opened with. */
export interface StateDirectoryOptions {
  /** The directory of one application: `<stateDir>/<applicationId>`. */
  readonly path: string;
  readonly clock: Clock;
  readonly disk?: Disk | undefined;
  readonly random?: Random | undefined;
  readonly logger?: Logger | undefined;
  /**
   * Whether anything is to be kept at all; true by default. Without, nothing is made or locked, and the
   * process gets a new id each time: for topologies that have no persistent store.
   */
  readonly isPersistent?: boolean | undefined;
}

const lockName = ".lock";
const processIdName = "process-id";
/** Lies in a task's directory while nobody uses it, and has the time since when, in milliseconds since 1970. */
const unusedName = "unused-since";
const taskPattern = /^\d+_\d+$/;
const globalName = "global";
const uuidPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * The place on disk where one instance of an application keeps the state of its tasks, each in a directory
 * of its own. Only one instance at a time can have it (`StateDirectory`).
 */
export class StateDirectory {
  readonly path: string;
  /** Names this instance to the group, over restarts too: its tasks come back to where their state is. */
  readonly processId: string;

  readonly #clock: Clock;
  readonly #disk: Disk;
  readonly #logger: Logger;
  readonly #lock: DiskLock | undefined;
  readonly #isPersistent: boolean;
  readonly #inUse = new Set<string>();
  #isClosed = false;

  private constructor(options: StateDirectoryOptions, lock: DiskLock | undefined, id: string) {
    const { path, clock, disk = systemDisk, logger = silentLogger, isPersistent = true } = options;
    this.path = path;
    this.processId = id;
    this.#clock = clock;
    this.#disk = disk;
    this.#logger = logger;
    this.#lock = lock;
    this.#isPersistent = isPersistent;
  }

  /**
   * Makes the directory where it is missing, and takes it. Throws STATE_DIRECTORY_LOCKED where another
   * instance has it, of this process or of another.
   */
  static open(options: StateDirectoryOptions): StateDirectory {
    const { path, disk = systemDisk, random = systemRandom, isPersistent = true } = options;
    if (!isPersistent) return new StateDirectory(options, undefined, random.uuid());
    disk.makeDirectory(path);
    const lock = disk.lock(`${path}/${lockName}`);
    if (!lock) {
      const message = `the state directory ${path} belongs to another instance that runs: give each its own stateDir`;
      throw new MillraceError("STATE_DIRECTORY_LOCKED", message);
    }
    try {
      return new StateDirectory(options, lock, processIdIn(path, disk, random));
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /**
   * The directory of a task, which counts as in use until it is released. It is made by the engine that opens
   * its state there, and may have the state that an earlier run left.
   */
  taskDirectory(taskId: string): string {
    this.#refuseIfClosed();
    this.#inUse.add(taskId);
    const path = this.pathOf(taskId);
    if (this.#isPersistent) this.#disk.remove(`${path}/${unusedName}`);
    return path;
  }

  /** The same without taking it into use: for a look at what is there. */
  pathOf(taskId: string): string {
    return `${this.path}/${taskId}`;
  }

  /** The directory of the global stores. */
  globalDirectory(): string {
    this.#refuseIfClosed();
    return `${this.path}/${globalName}`;
  }

  /** Removes the state of the global stores, which must have been closed. */
  removeGlobal(): void {
    if (this.#isPersistent) this.#disk.remove(this.globalDirectory());
  }

  /** Notes that a task's directory is used no more, from now on; its state stays for when the task comes back. */
  release(taskId: string): void {
    if (!this.#inUse.delete(taskId)) return;
    if (this.#isPersistent && this.#disk.exists(this.pathOf(taskId))) this.#markUnused(taskId);
  }

  /** The tasks that there is state of, sorted by name; also of those that run elsewhere by now. */
  taskIds(): string[] {
    if (!this.#isPersistent) return [];
    return this.#disk.list(this.path).filter((name) => taskPattern.test(name));
  }

  /** Removes the state of a task, which must have been closed. */
  remove(taskId: string): void {
    this.#refuseIfClosed();
    this.#inUse.delete(taskId);
    if (this.#isPersistent) this.#disk.remove(this.pathOf(taskId));
  }

  /**
   * Removes the state of tasks that nobody has used for so long (`state.cleanup.delay.ms`), and gives their
   * ids. The time of those that a crash left unreleased begins with the first call.
   */
  removeObsolete(olderThanMs: number): string[] {
    this.#refuseIfClosed();
    const now = this.#clock.now();
    const removed: string[] = [];
    for (const taskId of this.taskIds()) {
      if (this.#inUse.has(taskId)) continue;
      const since = this.#unusedSince(taskId);
      if (since === undefined) this.#markUnused(taskId);
      else if (now - since >= olderThanMs) removed.push(taskId);
    }
    for (const taskId of removed) {
      this.#disk.remove(this.pathOf(taskId));
      const fields = { taskId, path: this.pathOf(taskId) };
      this.#logger.info(fields, "removed the state of a task that runs elsewhere");
    }
    return removed;
  }

  /** Removes the state of all tasks and the global stores. Throws INVALID_STATE while a task uses its own. */
  clear(): void {
    this.#refuseIfClosed();
    const [used] = this.#inUse;
    if (used !== undefined) {
      const message = `the state directory ${this.path} cannot be cleared while task ${used} uses it: close the application first`;
      throw new MillraceError("INVALID_STATE", message);
    }
    for (const taskId of this.taskIds()) this.#disk.remove(this.pathOf(taskId));
    this.removeGlobal();
  }

  /** Gives the directory back. May be called twice. */
  close(): void {
    if (this.#isClosed) return;
    for (const taskId of [...this.#inUse]) this.release(taskId);
    this.#isClosed = true;
    this.#lock?.release();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #unusedSince(taskId: string): number | undefined {
    const path = `${this.pathOf(taskId)}/${unusedName}`;
    if (!this.#disk.exists(path)) return undefined;
    const since = Number(readText(this.#disk, path) || Number.NaN);
    return Number.isFinite(since) ? since : undefined;
  }

  #markUnused(taskId: string): void {
    writeText(this.#disk, `${this.pathOf(taskId)}/${unusedName}`, String(this.#clock.now()));
  }

  #refuseIfClosed(): void {
    if (!this.#isClosed) return;
    throw new MillraceError("CLOSED", `the state directory ${this.path} was closed`);
  }
}

/** The id in the directory, or a new one where there is none that is whole. */
function processIdIn(directory: string, disk: Disk, random: Random): string {
  const path = `${directory}/${processIdName}`;
  const known = disk.exists(path) ? readText(disk, path) : "";
  if (uuidPattern.test(known)) return known;
  const id = random.uuid();
  writeText(disk, path, id);
  disk.syncDirectory(directory);
  return id;
}

function readText(disk: Disk, path: string): string {
  return withFile(disk, path, (file) => {
    const bytes = Buffer.alloc(file.size());
    file.read(bytes, 0);
    return bytes.toString("latin1");
  });
}

function writeText(disk: Disk, path: string, text: string): void {
  withFile(disk, path, (file) => {
    file.truncate(0);
    file.write([Buffer.from(text, "latin1")], 0);
    file.sync();
  });
}

function withFile<T>(disk: Disk, path: string, run: (file: DiskFile) => T): T {
  const file = disk.open(path);
  try {
    return run(file);
  } finally {
    file.close();
  }
}
