import assert from "node:assert/strict";
import { test } from "node:test";
import { string } from "../serdes.ts";
import type { StoreEngine, TaskState } from "../stores/engine.ts";
import { keyValueStore } from "../stores/key-value-builders.ts";
import { memoryEngine } from "../stores/memory.ts";
import { TaskStates } from "./task-states.ts";

const serdes = { key: string, value: string };

/** An engine that keeps its states, so that they can be looked at, and told to fail. */
class NotedEngine implements StoreEngine {
  readonly name: string;
  readonly isPersistent = true;
  readonly opened: string[] = [];
  closed = 0;
  failure: Error | undefined;

  constructor(name: string) {
    this.name = name;
  }

  async open(directory: string): Promise<TaskState> {
    if (this.failure) throw this.failure;
    this.opened.push(directory);
    const state = memoryEngine.open();
    const { close } = state;
    state.close = () => {
      this.closed += 1;
      return close.call(state);
    };
    return state;
  }
}

function storesOf(...builders: ReturnType<typeof keyValueStore<string, string>>[]) {
  return builders.map((builder) => ({ builder }));
}

test("only the engines that stores need are opened, each once, in a directory of its own", async () => {
  const [usual, other] = [new NotedEngine("usual"), new NotedEngine("other")];
  const stores = storesOf(
    keyValueStore("a", serdes),
    keyValueStore("b", { ...serdes, engine: other }),
    keyValueStore("c", { ...serdes, engine: other }),
    keyValueStore("d", { ...serdes, storeType: "memory" }),
  );
  const states = await TaskStates.open({ stores, directory: "/0_0", engine: usual });
  assert.deepEqual([usual.opened, other.opened], [["/0_0/usual"], ["/0_0/other"]]);
  assert.equal(states.all.size, 3);
  const [a, b, c, d] = stores.map(({ builder }) => states.of(builder));
  assert.equal(a, states.persistent);
  assert.equal(b, c);
  assert.equal(d, states.memory);
  await states.close();
  assert.deepEqual([usual.closed, other.closed], [1, 1]);
});

test("a task without persistent stores opens nothing on disk", async () => {
  const usual = new NotedEngine("usual");
  const stores = storesOf(keyValueStore("d", { ...serdes, storeType: "memory" }));
  const states = await TaskStates.open({ stores, directory: "/0_0", engine: usual });
  assert.deepEqual(usual.opened, []);
  assert.equal(states.persistent, states.memory);
  await states.close();
});

test("a commit gives each state the offsets of its own stores", async () => {
  const [usual, other] = [new NotedEngine("usual"), new NotedEngine("other")];
  const stores = storesOf(
    keyValueStore("a", serdes),
    keyValueStore("b", { ...serdes, engine: other }),
    keyValueStore("c", serdes),
  );
  const states = await TaskStates.open({ stores, directory: "/0_0", engine: usual });
  const offsets = new Map([
    ["a", 3],
    ["b", 5],
    ["stranger", 7],
  ]);
  states.commit(offsets);
  assert.equal(states.persistent.offset("a"), 3);
  assert.equal(states.persistent.offset("b"), undefined);
  assert.equal(states.engines.get("other")?.offset("b"), 5);
  assert.deepEqual([...states.offsets()], [...offsets].slice(0, 2));
  await states.close();
});

test("where one engine cannot be opened, the others are closed", async () => {
  const [usual, other] = [new NotedEngine("usual"), new NotedEngine("other")];
  other.failure = new Error("no disk");
  const stores = storesOf(
    keyValueStore("a", serdes),
    keyValueStore("b", { ...serdes, engine: other }),
  );
  await assert.rejects(TaskStates.open({ stores, directory: "/0_0", engine: usual }), /no disk/);
  assert.equal(usual.closed, 1);
});

test("a store cannot have an engine and lie in memory", () => {
  const options = { ...serdes, engine: new NotedEngine("other"), storeType: "memory" } as const;
  assert.throws(() => keyValueStore("a", options), { code: "INVALID_TOPOLOGY", message: /a / });
});
