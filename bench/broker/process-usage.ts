import { readFileSync } from "node:fs";

/** What a process has used so far. */
export interface Usage {
  /** In user and system mode, over all its threads. */
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  /** The most that was resident since the start. */
  readonly peakBytes: number;
}

/** Linux counts in this unit in /proc, whatever the kernel's own is. */
const ticksPerSecond = 100;

/** Looks up in /proc what a process has used: Linux only. CPU time comes in steps of 10 ms. */
export function usageOf(pid: number): Usage {
  // The process's name, in parentheses, may have blanks in it.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  const [user = 0, system = 0] = fields.slice(11, 13).map(Number);
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const bytes = (name: string) =>
    Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) * 1024;
  return {
    cpuSeconds: (user + system) / ticksPerSecond,
    residentBytes: bytes("VmRSS"),
    peakBytes: bytes("VmHWM"),
  };
}
