import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readExposition } from "../../../test/exposition-reader.ts";
import { Exposition } from "./exposition.ts";

test("metrics stand one after the other, each with its help and type", () => {
  const text = new Exposition();
  text.metric("groups", { type: "gauge", help: "Groups." }, (sample) => {
    sample({}, 2);
    sample({ type: "classic", state: "Stable" }, 1.5);
  });
  text.metric("seconds", { type: "histogram", help: "Durations." }, (sample) => {
    sample({ le: "+Inf" }, 3, "_bucket");
  });
  assert.equal(
    text.toString(),
    [
      "# HELP groups Groups.",
      "# TYPE groups gauge",
      "groups 2",
      'groups{type="classic",state="Stable"} 1.5',
      "# HELP seconds Durations.",
      "# TYPE seconds histogram",
      'seconds_bucket{le="+Inf"} 3',
      "",
    ].join("\n"),
  );
});

test("a metric without samples is left out", () => {
  const text = new Exposition();
  text.metric("empty", { type: "gauge", help: "Nothing." }, () => {});
  assert.equal(text.toString(), "");
});

test("whatever a group is called, the text can be read", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary" }), { minLength: 1 }), (names) => {
      const groups = [...new Set(names)];
      const text = new Exposition();
      text.metric("lag", { type: "gauge", help: "Lag." }, (sample) => {
        for (const [index, group] of groups.entries()) sample({ group }, index);
      });
      const values = [...readExposition(text.toString()).values()];
      assert.deepEqual(
        values,
        groups.map((_, index) => index),
      );
    }),
  );
});
