import assert from "node:assert/strict";
import { test } from "node:test";
import { OperatorScene } from "../../../test/operator-scene.ts";
import { string } from "../serdes.ts";
import { timestampedKeyValueStore } from "../stores/key-value-builders.ts";
import { reduceStream } from "./stream-reduce.ts";

test("the first value is kept as it is, and later ones are reduced into it", () => {
  using scene = new OperatorScene(
    reduceStream<string, string>({
      store: "reduced",
      retraction: { sendsOldValues: true },
      reducer: (aggregate, value, key) =>
        value === "end" ? null : `${key}(${aggregate},${value})`,
    }),
    timestampedKeyValueStore("reduced", { key: string, value: string, storeType: "memory" }),
  );
  scene.pipe("a=x@10", "a=y@5", "a=end@20", "a=z@3", "v@4", "a=@4");
  assert.deepEqual(scene.take(), [
    "a: x @10",
    "a: a(x,y) (x) @10",
    "a: null (a(x,y)) @20",
    "a: z @3",
  ]);
  assert.deepEqual(
    scene.dropped.map(({ reason }) => reason.why),
    ["null-key", "null-value"],
  );
});
