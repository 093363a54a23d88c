import assert from "node:assert/strict";
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { after, test } from "node:test";
import { Broker } from "../../src/broker/broker.ts";
import { resolveArtifacts } from "../../tools/kafka/artifacts.ts";

const dataDir = mkdtempSync(join(tmpdir(), "millrace-lock-"));
after(() => rmSync(dataDir, { recursive: true, force: true }));

const program = join(import.meta.dirname, "jvm", "TryLock.java");

/** Java's attempt at the lock that Kafka takes upon its data directory. */
class JavaLock {
  readonly outcome: string;
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;

  private constructor(child: ChildProcessByStdio<Writable, Readable, null>, outcome: string) {
    this.#child = child;
    this.outcome = outcome;
  }

  static async try(): Promise<JavaLock> {
    const { java } = await resolveArtifacts();
    const child = spawn(java, [program, join(dataDir, ".lock")], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const [said] = await once(child.stdout, "data");
    return new JavaLock(child, String(said).trim());
  }

  async end(): Promise<void> {
    const gone = once(this.#child, "exit");
    this.#child.stdin.end();
    await gone;
  }
}

test("Apache Kafka and this broker keep out of each other's data directories", async () => {
  const broker = await Broker.start({ port: 0, dataDir });
  const refused = await JavaLock.try();
  assert.equal(refused.outcome, "taken");
  await refused.end();
  await broker.close();
  const held = await JavaLock.try();
  assert.equal(held.outcome, "locked");
  await assert.rejects(Broker.start({ port: 0, dataDir }), { code: "INVALID_STATE" });
  await held.end();
  const next = await Broker.start({ port: 0, dataDir });
  await next.close();
});
