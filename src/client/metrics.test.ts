import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Histogram, Metrics } from "./metrics.ts";

test("quantiles are within 6 % of the exact ones, whatever the magnitude", () => {
  const value = fc.double({ min: 0.001, max: 2 ** 53, noNaN: true });
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 200 }), (values) => {
      const histogram = new Histogram();
      for (const one of values) histogram.record(one);
      const { count, min, max, p50, p95, p99 } = histogram.snapshot();
      const sorted = values.toSorted((left, right) => left - right);
      assert.deepEqual([count, min, max], [values.length, sorted[0], sorted.at(-1)]);
      for (const [part, found] of [
        [0.5, p50],
        [0.95, p95],
        [0.99, p99],
      ] as const) {
        const exact = sorted[Math.ceil(values.length * part) - 1] as number;
        assert.ok(Math.abs(found - exact) <= 0.0625 * exact, `${found} for ${exact}`);
      }
    }),
  );
});

test("sum and mean are exact", () => {
  const histogram = new Histogram();
  for (const value of [1, 2, 6]) histogram.record(value);
  const { sum, mean } = histogram.snapshot();
  assert.deepEqual([sum, mean], [9, 3]);
});

test("nothing recorded reads as zeros", () => {
  const zeros = { count: 0, sum: 0, mean: 0, min: 0, max: 0, p50: 0, p95: 0, p99: 0 };
  assert.deepEqual(new Histogram().snapshot(), zeros);
});

test("zero, negative, endless and undefined values do no harm", () => {
  const histogram = new Histogram();
  for (const value of [0, -5, Number.NaN, Number.POSITIVE_INFINITY]) histogram.record(value);
  const { count, sum, max, p99 } = histogram.snapshot();
  assert.deepEqual([count, sum, max, p99], [4, 0, 0, 0]);
});

test("a snapshot has plain numbers under the metrics' names, and does not change later", () => {
  const metrics = new Metrics();
  let inUse = 7;
  metrics.gauge("buffer-bytes", () => inUse);
  metrics.counter("records").add();
  metrics.counter("records").add(4);
  metrics.histogram("latency-ms").record(3);
  const before = metrics.snapshot();
  inUse = 0;
  metrics.counter("records").add();
  assert.deepEqual(before.counters, { records: 5 });
  assert.deepEqual(before.gauges, { "buffer-bytes": 7 });
  assert.equal(before.histograms["latency-ms"]?.max, 3);
  assert.deepEqual(JSON.parse(JSON.stringify(before)), before);
  assert.equal(metrics.snapshot().counters.records, 6);
});
