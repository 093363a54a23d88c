import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** A Java process of a cluster, told apart from a stranger with the same pid by its command line. */
export interface JavaProcess {
  readonly pid: number;
  /** What its command line contains and no other's does. */
  readonly mark: string;
}

/** The argument that marks each Java process of the cluster that lives in `directory`. */
export function clusterMark(directory: string): string {
  return `-Dmillrace.cluster=${directory}`;
}

/** Whether the process is there and still the same one. */
export function isRunning({ pid, mark }: JavaProcess): boolean {
  return commandLine(pid).includes(mark);
}

/** Sends a signal, unless the process is gone or its pid is someone else's by now. */
export function signal(target: JavaProcess, name: "SIGTERM" | "SIGKILL"): void {
  if (isRunning(target)) process.kill(target.pid, name);
}

/** Waits until the process has ended, and says whether it did within the time. */
export async function hasEnded(target: JavaProcess, timeoutMs: number): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (isRunning(target)) {
    if (Date.now() > deadline) return false;
    await delay(10);
  }
  return true;
}

/** Ends the process at once, as a crash would, and waits until it is gone. */
export async function kill(target: JavaProcess): Promise<void> {
  signal(target, "SIGKILL");
  if (await hasEnded(target, 10_000)) return;
  throw new Error(`process ${target.pid} is still there 10 s after SIGKILL`);
}

/** A process's arguments, separated by NUL or spaces; empty when there is none, or a zombie. */
function commandLine(pid: number): string {
  if (process.platform !== "linux") {
    return spawnSync("ps", ["-ww", "-o", "command=", "-p", String(pid)]).stdout.toString();
  }
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}
