import assert from "node:assert/strict";
import { test } from "node:test";
import { scriptedWith } from "../../../test/scripted-partitions.ts";
import { failOnError } from "./error-handlers.ts";
import { ProducerOutput } from "./producer-output.ts";

test("while a topic's partitions are looked up, no more is processed and a commit can be called off", async () => {
  const { newProducer, clock } = scriptedWith([1]);
  const producer = newProducer();
  const output = new ProducerOutput({ producer, clock, onFailure: failOnError });
  let written = 0;
  output.later("missing", () => {
    written += 1;
  });
  assert.ok(output.pressure, "whoever writes is held back");
  const controller = new AbortController();
  clock.after(50, () => controller.abort());
  await assert.rejects(output.flush(controller.signal), { code: "ABORTED" });
  assert.ok(output.pressure, "it is still looked up");
  assert.ok(clock.elapsed() < 1_000);
  output.close();
  await output.pressure;
  assert.ok(clock.elapsed() < 1_000, "nobody looks the topic up any more");
  assert.equal(written, 0);
  await producer.close();
});
