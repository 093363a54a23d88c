import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamsBuilder } from "../dsl/streams-builder.ts";
import { string } from "../serdes.ts";

test("a stream that parts and merges many times over is built at once, however many ways there are", () => {
  const serdes = { key: string, value: string };
  const builder = new StreamsBuilder();
  let stream = builder.stream("in", serdes);
  for (let index = 0; index < 40; index += 1) {
    stream = stream
      .filter(() => true)
      .merge(
        stream.filterNot(() => true),
        serdes,
      );
  }
  stream.groupBy((value) => value, serdes).count();
  stream.groupByKey().count();
  const { nodes } = builder.build({ optimization: "all" }).builder;
  const merges = [...nodes.keys()].filter((name) => name.startsWith("KSTREAM-MERGE-"));
  assert.equal(merges.length, 40);
});
