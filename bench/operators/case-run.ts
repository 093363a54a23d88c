import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StreamsBuilder } from "millrace";
import type { Output } from "../../src/streams/runtime/output.ts";
import { Task } from "../../src/streams/runtime/task.ts";
import { TopologyPlan } from "../../src/streams/runtime/topology-plan.ts";
import { SharedCacheBudget } from "../../src/streams/stores/cache-budget.ts";
import type { TaskState } from "../../src/streams/stores/engine.ts";
import { lmdb } from "../../src/streams/stores/lmdb.ts";
import { memoryEngine } from "../../src/streams/stores/memory.ts";
import { rocksdb } from "../../src/streams/stores/rocksdb.ts";
import { type Case, cases, type EngineName } from "./case.ts";
import { BatchRecords, type Contents, encode } from "./records.ts";

/** Run as a process of its own, so that what one case has taught the compiler does not burden another. */
const [name = "", engine = "none", recordsText, roundsText] = process.argv.slice(2);
const records = Number(recordsText);
const rounds = Number(roundsText);
/** Caches and overlays are flushed and the engine commits after so many records. */
const recordsPerCommit = 100_000;
const cacheBytes = 10 * 2 ** 20;

/** What a producer does with records is not measured here. */
const nowhere: Output = {
  send() {},
  partitions: () => 1,
  later(_topic, write) {
    write();
  },
  failed({ error }) {
    throw error;
  },
};

const found = cases.find((one) => one.name === name);
if (!found) throw new Error(`there is no case ${name}`);
const directory = mkdtempSync(join(tmpdir(), "millrace-bench-"));
try {
  await run(found, engine as EngineName);
} finally {
  rmSync(directory, { recursive: true, force: true });
}

async function run(chosen: Case, engineName: EngineName): Promise<void> {
  const state = await open(engineName);
  const task = taskOf(chosen, engineName, state);
  for (const [topic, contents] of Object.entries(chosen.loaded ?? {})) {
    for (const batch of encode({ ...contents, records: contents.keys })) {
      task.add(topic, 0, new BatchRecords(batch));
      while (task.process()) {
        // Until all is loaded.
      }
    }
    task.flush();
    state.commit(new Map());
  }
  const perTopic = records / Object.keys(chosen.read).length;
  for (let round = 0; round < rounds; round += 1) {
    const inputs = Object.entries(chosen.read).map(([topic, contents]) => {
      const all: Contents = { ...contents, records: perTopic, start: round * perTopic };
      return { topic, batches: encode(all) };
    });
    const begun = process.cpuUsage();
    await drive(task, state, inputs);
    const { user, system } = process.cpuUsage(begun);
    console.log(JSON.stringify({ nanoseconds: ((user + system) / records) * 1e3 }));
  }
  task.close();
  await state.close();
}

async function drive(
  task: Task,
  state: TaskState,
  inputs: readonly { readonly topic: string; readonly batches: ReturnType<typeof encode> }[],
): Promise<void> {
  let processed = 0;
  const [first] = inputs;
  for (let index = 0; index < (first?.batches.length ?? 0); index += 1) {
    for (const { topic, batches } of inputs) {
      const batch = batches[index];
      if (batch) task.add(topic, 0, new BatchRecords(batch));
    }
    while (task.process()) processed += 1;
    // What the engines have let go of is freed when the event loop has its turn, as it has in an application.
    await new Promise((resolve) => setImmediate(resolve));
    if (processed < recordsPerCommit) continue;
    processed = 0;
    task.flush();
    state.commit(new Map());
    task.committed();
  }
}

function taskOf(chosen: Case, engineName: EngineName, state: TaskState): Task {
  const builder = new StreamsBuilder();
  const cache = engineName === "lmdb, cached";
  chosen.build(builder, { storeType: engineName === "memory" ? "memory" : "persistent", cache });
  const plan = new TopologyPlan(builder.build().builder, "bench");
  const subtopology = plan.whole();
  const task = new Task({
    plan,
    subtopology,
    partition: 0,
    inputs: subtopology.sourceTopics.map((topic) => ({ topic, partition: 0 })),
    output: nowhere,
    wallClock: () => 0,
    memory: state,
    persistent: state,
    cache: cache ? new SharedCacheBudget(cacheBytes) : undefined,
  });
  task.initialize();
  return task;
}

function open(engineName: EngineName): TaskState | Promise<TaskState> {
  switch (engineName) {
    case "none":
    case "memory":
      return memoryEngine.open();
    case "lmdb":
    case "lmdb, cached":
      return lmdb().open(directory);
    case "rocksdb":
      return rocksdb().open(directory);
    default:
      return engineName satisfies never;
  }
}
