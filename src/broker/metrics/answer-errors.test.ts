import assert from "node:assert/strict";
import { test } from "node:test";
import { DescribeConfigs, Metadata, Produce } from "../../protocol/index.ts";
import { errorFinder } from "./answer-errors.ts";

function errorsIn(api: { response: Parameters<typeof errorFinder>[0] }, answer: unknown): number[] {
  const codes: number[] = [];
  errorFinder(api.response)(answer, (code) => void codes.push(code));
  return codes;
}

test("error codes are found wherever the answer is declared to have them", () => {
  const partitionResponses = [{ errorCode: 0 }, { errorCode: 3 }, { errorCode: 3 }];
  assert.deepEqual(errorsIn(Produce, { responses: [{ partitionResponses }] }), [3, 3]);
  const topics = [
    { errorCode: 29, partitions: [] },
    { errorCode: 0, partitions: [{ errorCode: 5 }] },
  ];
  assert.deepEqual(errorsIn(Metadata, { brokers: [], topics }), [29, 5]);
});

test("what an answer leaves out, or has besides, does no harm", () => {
  assert.deepEqual(errorsIn(DescribeConfigs, { results: [null, {}] }), []);
  assert.deepEqual(errorsIn(DescribeConfigs, null), []);
  const round: { self?: unknown; results: unknown[] } = { results: [] };
  round.self = round;
  assert.deepEqual(errorsIn(DescribeConfigs, round), []);
});
