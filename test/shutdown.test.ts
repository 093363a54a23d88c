import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test } from "node:test";

/** A program that closes on signals, and says when it is ready and what it does. */
function program(close: string): string {
  return `
    import { closeOnSignal } from "millrace/client";
    const closeable = (name) => ({ async close() { console.log("closing " + name); ${close} } });
    closeOnSignal([closeable("first"), closeable("second")], { timeoutMs: 200 });
    process.stdin.resume();
    console.log("ready");
  `;
}

async function run(close: string, ...signals: NodeJS.Signals[]) {
  const flags = ["--conditions=millrace-source", "--input-type=module", "-e", program(close)];
  const child = spawn(process.execPath, flags, {
    cwd: import.meta.dirname,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const gone = once(child, "exit");
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    const next = signals.shift();
    if (next) child.kill(next);
  }
  const [status] = await gone;
  return { lines, status };
}

for (const [signal, status] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
  ["SIGQUIT", 131],
] as const) {
  test(`${signal} closes everything in order and ends with ${status}`, async () => {
    const result = await run("", signal);
    assert.deepEqual(result, { lines: ["ready", "closing first", "closing second"], status });
  });
}

test("what fails to close does not keep the others from it", async () => {
  const { lines } = await run("throw new Error('no')", "SIGTERM");
  assert.deepEqual(lines, ["ready", "closing first", "closing second"]);
});

test("a close that takes too long, or a second signal, ends the program at once", async () => {
  const slow = await run("await new Promise(() => {})", "SIGTERM");
  assert.deepEqual(slow, { lines: ["ready", "closing first"], status: 143 });
  const impatient = await run("await new Promise(() => {})", "SIGTERM", "SIGINT");
  assert.deepEqual(impatient, { lines: ["ready", "closing first"], status: 130 });
});
