import { bootId, type Disk } from "../../disk.ts";

/** There while the state is open, with the boot that it was opened in. */
const markerName = "open-in-boot";
const rowsName = "rows.mdb";
/** The number that all files of lmdb have in their heads, 0xBEEFC0DE; where in it depends on lmdb's build. */
const headBytes = 64;
const magic = Buffer.from("dec0efbe", "hex");

/** The directory of one lmdb environment, and whether what is in it can be trusted. */
export class LmdbDirectory {
  /** Of the file that lmdb keeps rows in. */
  readonly rowsPath: string;
  readonly #path: string;
  readonly #isSynced: boolean;
  readonly #disk: Disk;

  /** `isSynced` says that each commit is on disk when it returns. */
  constructor(path: string, isSynced: boolean, disk: Disk) {
    this.rowsPath = `${path}/${rowsName}`;
    this.#path = path;
    this.#isSynced = isSynced;
    this.#disk = disk;
  }

  /** Makes the directory where it is missing. What a loss of power may have spoilt is removed before. */
  open(): void {
    const disk = this.#disk;
    if (this.#wasOpenInAnotherBoot() || this.#isForeign()) this.wipe();
    disk.makeDirectory(this.#path);
    if (this.#isSynced) return;
    const file = disk.open(`${this.#path}/${markerName}`);
    // Where the machine does not name its boots, an empty marker equals none of them.
    file.truncate(0);
    file.write([Buffer.from(bootId() ?? "")], 0);
    file.sync();
    file.close();
    disk.syncDirectory(this.#path);
  }

  /** Removes everything: a changelog has it all. */
  wipe(): void {
    this.#disk.remove(this.#path);
  }

  /** Makes sure of what was written. Somebody may have removed the directory meanwhile: then nothing is left to do. */
  close(): void {
    const disk = this.#disk;
    if (this.#isSynced || !disk.exists(this.rowsPath)) return;
    const file = disk.open(this.rowsPath);
    file.sync();
    file.close();
    disk.remove(`${this.#path}/${markerName}`);
  }

  /** Without syncs, a crash of the machine can leave the file corrupt: that is if it was open under another boot. */
  #wasOpenInAnotherBoot(): boolean {
    if (this.#isSynced) return false;
    const marker = this.#read(`${this.#path}/${markerName}`);
    return marker !== undefined && marker.toString() !== bootId();
  }

  /** Whether the file is none of lmdb's, which would end the process on opening it. */
  #isForeign(): boolean {
    const head = this.#read(this.rowsPath, headBytes);
    return head !== undefined && head.length > 0 && !head.includes(magic);
  }

  #read(path: string, maxBytes = headBytes): Buffer | undefined {
    const size = this.#disk.sizeOf(path);
    if (size === undefined) return undefined;
    const bytes = Buffer.alloc(Math.min(size, maxBytes));
    const file = this.#disk.open(path);
    file.read(bytes, 0);
    file.close();
    return bytes;
  }
}
