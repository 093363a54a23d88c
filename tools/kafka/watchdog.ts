import { spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { Socket } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { isRunning, type JavaProcess, kill } from "./java-process.ts";

/**
 * Sees to it that a cluster's processes never outlive the one that started them. It runs in a
 * process of its own (this same file), which reads the pids from a pipe; when the pipe closes,
 * however its writer ended, it kills what is left and removes the cluster's directory if that was
 * temporary.
 */
export class Watchdog {
  readonly #pipe: NodeJS.WritableStream;

  /** Starts watching; `temporary` is a directory to remove in the end. */
  constructor(temporary?: string) {
    const child = spawn(
      process.execPath,
      [import.meta.filename, ...(temporary ? [temporary] : [])],
      {
        detached: true, // out of reach of the terminal's Ctrl-C, and of whoever ends our process group
        stdio: ["pipe", "ignore", "ignore"],
      },
    );
    this.#pipe = child.stdin;
    child.stdin.on("error", () => {}); // it dies only by someone's hand; then there is no one to tell
    child.unref();
    if (child.stdin instanceof Socket) child.stdin.unref();
  }

  /** Adds a process to those that must not be left behind. */
  watch(target: JavaProcess): void {
    this.#pipe.write(`${JSON.stringify(target)}\n`);
  }

  /** Lets the processes live on after all: for a cluster that stays when the command is done. */
  release(): void {
    this.#pipe.end("release\n");
  }

  /** Stops watching: what still runs is killed, a temporary directory removed. */
  close(): void {
    this.#pipe.end();
  }
}

async function main(temporary: string | undefined): Promise<void> {
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => {});
  const watched: JavaProcess[] = [];
  for await (const line of createInterface({ input: process.stdin })) {
    if (line === "release") return;
    watched.push(JSON.parse(line) as JavaProcess);
  }
  await delay(100); // one that was only just started has no command line yet, by which it is known
  await Promise.allSettled(watched.filter(isRunning).map(kill));
  if (temporary !== undefined) await rm(temporary, { recursive: true, force: true });
}

if (import.meta.main) await main(process.argv[2]);
