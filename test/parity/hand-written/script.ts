import type { Case, CaseInput, CaseOperator } from "../case.ts";

/** A case that has no answer yet. */
export type Question = Omit<Case, "answer">;

/** An operator as it is written here: it reads the one before it unless it says otherwise. */
export type Step = Partial<CaseOperator> & { readonly op: string };

/**
 * Makes a case of operators and input lines. A line is `key value time`, with `topic:` before it where the
 * topic is not `in`; `null` is null, `''` the empty text, a number alone a step of the wall clock.
 */
export function question(
  name: string,
  steps: readonly Step[],
  lines: readonly (string | number)[],
  config: { readonly [name: string]: string } = {},
): Question {
  let last: string | undefined;
  const topology = steps.map((step, index): CaseOperator => {
    const id = step.id ?? `n${index + 1}`;
    const isSource = /^(stream|table|globalTable|cogroup|add.*|connect)$/.test(step.op);
    const of = step.of ?? last;
    last = id;
    return { ...step, id, ...(isSource || of === undefined ? {} : { of }) };
  });
  return { name, config, topology, input: lines.map((line) => inputOf(line, topology)) };
}

function inputOf(line: string | number, topology: readonly CaseOperator[]): CaseInput {
  if (typeof line === "number") return { wallClock: line };
  const parts = /^(?:(\w+): )?(\S+) (.+) (-?\d+)$/.exec(line);
  if (!parts) throw new Error(`not a line of input: ${line}`);
  const [, topic = "in", key = "", value = "", ts = ""] = parts;
  const source = topology.find((one) => one.topic === topic || one.topics?.includes(topic));
  return {
    topic,
    key: valueOfText(key, source?.key),
    value: valueOfText(value, source?.value),
    ts: Number(ts),
  };
}

function valueOfText(text: string, type: string | undefined) {
  if (text === "null") return null;
  if (text === "''") return "";
  return type === "long" ? Number(text) : text;
}

/** A stream of text from the topic `in`, or another. */
export function stream(topic = "in", more: Partial<CaseOperator> = {}): Step {
  return { op: "stream", topics: [topic], key: "string", value: "string", ...more };
}

/** A table of text from the topic `in`, or another. */
export function table(topic = "in", more: Partial<CaseOperator> = {}): Step {
  return { op: "table", topic, key: "string", value: "string", ...more };
}

/** Sends a stream to the topic `out`. */
export const out: Step = { op: "to", topic: "out" };

/** Sends a table's changes to the topic `out`. */
export const changesOut: readonly Step[] = [{ op: "toStream" }, out];
