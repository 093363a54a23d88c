import assert from "node:assert/strict";
import { test } from "node:test";
import { TableScene } from "../../../test/table-scene.ts";
import { int64, string } from "../serdes.ts";
import { keyValueStore } from "../stores/key-value-builders.ts";
import type { KeyValueStore } from "../stores/state-store.ts";
import type { ValueTransformer, ValueTransformerContext } from "./table-transform-values.ts";

/** Counts the changes of each key in a store. */
class Numbering implements ValueTransformer<string, string, string> {
  #counts!: KeyValueStore<string, number>;

  init(context: ValueTransformerContext): void {
    this.#counts = context.store("counts");
  }

  transform(value: string | null, key: string): string | null {
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.put(key, count);
    return value === null ? null : `${value}#${count}`;
  }
}

test("a transformer has its stores, and sees deletions", () => {
  using scene = new TableScene((tables) => {
    tables.builder.addStateStore(keyValueStore("counts", { key: string, value: int64 }));
    const terms = { stores: ["counts"], store: "numbered", value: string };
    return tables.table("t").transformValues(() => new Numbering(), terms);
  });
  scene.pipe("t k=a@1", "t k=@2", "t k=b@3");
  assert.deepEqual(scene.take(), ["k=a#1@1", "k=null@2", "k=b#3@3"]);
  assert.deepEqual(scene.rows("numbered"), ["k=b#3@3"]);
});

test("without a store, a look-up asks a transformer of its own, also for rows that are not there", () => {
  let made = 0;
  let closed = 0;
  const supply = () => {
    made += 1;
    return {
      transform: (value: string | null) => value ?? "nothing",
      close() {
        closed += 1;
      },
    };
  };
  const scene = new TableScene((tables) => {
    const transformed = tables.table("t").transformValues(supply);
    return tables.stream("s").join(transformed, (left, right) => `${left}/${right}`);
  });
  const madeToCheck = 2;
  assert.equal(made, madeToCheck + 2);
  scene.pipe("s k=x@1", "t k=a@2", "s k=y@3");
  assert.deepEqual(scene.take(), ["k=x/nothing@1", "k=y/a@3"]);
  scene.driver.close();
  assert.equal(closed, 2);
});

test("a transformer that two tasks would share is refused", () => {
  const one = { transform: (value: string | null) => value };
  assert.throws(() => new TableScene((tables) => tables.table("t").transformValues(() => one)), {
    code: "INVALID_TOPOLOGY",
  });
});
