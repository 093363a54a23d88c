import type { CaseFunction, CaseOperator } from "./case.ts";
import { keyType, pairValueType } from "./functions.ts";
import type { RandomTopology, Thing } from "./random-topology.ts";

/** Groups a stream, often cuts it into windows, and aggregates it. */
export function randomAggregate(topology: RandomTopology): void {
  const { dice } = topology;
  const from = topology.find(({ is }) => is === "stream");
  if (!from) return;
  const grouped = group(topology, from);
  const window = dice.percent(60) ? addWindow(topology, grouped.id) : undefined;
  let of = window ?? grouped.id;
  if (window !== undefined && dice.percent(45)) {
    const strategy = dice.pick(["close", "close", "update"] as const);
    of = topology.add({ op: "emit", of, strategy });
  }
  const ops = ["count", "aggregate"];
  if (grouped.value === "string") ops.push("reduce");
  const op = dice.pick(ops);
  addTable(topology, { op, of, ...functionOf(op) }, grouped, window);
}

/** Groups one to three streams of one key type, and aggregates them together. */
export function randomCogroup(topology: RandomTopology): void {
  const { dice } = topology;
  const first = topology.find(({ is }) => is === "stream");
  if (!first) return;
  const head = group(topology, first);
  const inputs: { of: string; fn: CaseFunction }[] = [{ of: head.id, fn: ["add"] }];
  const others = dice.below(3);
  for (let index = 0; index < others; index += 1) {
    const other = topology.find(
      ({ is, key, window }) =>
        is === "stream" && (key === head.key || head.key === "string") && !window,
    );
    if (!other) continue;
    const tail = group(topology, other);
    if (tail.key === head.key) inputs.push({ of: tail.id, fn: ["add"] });
  }
  const id = topology.add({ op: "cogroup", inputs });
  const window = dice.percent(55) ? addWindow(topology, id) : undefined;
  addTable(topology, { op: "aggregate", of: window ?? id }, head, window);
}

/** Groups a table anew, and aggregates it with an adder and a subtractor. */
export function randomTableAggregate(topology: RandomTopology): void {
  const { dice } = topology;
  const from = topology.find(({ is, window }) => is === "table" && !window);
  if (!from) return;
  const fn = dice.pick<CaseFunction>([["swap"], ["firstAndValue"]]);
  const id = topology.add({ op: "groupBy", of: from.id, fn });
  const value = pairValueType(fn, from.value);
  const ops = ["count", "aggregate"];
  if (value === "string") ops.push("reduce");
  const op = dice.pick(ops);
  const parts: CaseOperator =
    op === "aggregate"
      ? { op, of: id, fn: ["add"], sub: ["take"] }
      : op === "reduce"
        ? { op, of: id, fn: ["join"], sub: ["cut"] }
        : { op, of: id };
  addTable(topology, parts, { ...from, id, key: "string", value }, undefined);
}

function group(topology: RandomTopology, from: Thing): Thing {
  const { dice } = topology;
  const { id: of, key, value, window } = from;
  if (window === undefined && dice.percent(60)) {
    return { ...from, id: topology.add({ op: "groupByKey", of }) };
  }
  const fn: CaseFunction = window === undefined && dice.percent(15) ? ["key"] : dice.textKey();
  return {
    id: topology.add({ op: "groupBy", of, fn }),
    is: "stream",
    key: keyType(fn, key),
    value,
  };
}

function addWindow(topology: RandomTopology, of: string): string {
  const { dice } = topology;
  const grace = dice.pick([0, 0, 3, 10, 40]);
  const length = 3 + dice.below(20);
  switch (dice.below(4)) {
    case 0:
      return topology.add({ op: "windowSession", of, gap: 1 + dice.below(12), grace });
    case 1:
      return topology.add({ op: "windowSliding", of, difference: dice.pick([1, 1, 5, 10]), grace });
    case 2:
      return topology.add({ op: "windowTime", of, size: length, grace });
    default: {
      const advance = 1 + Math.floor(length / (1 + dice.below(4))) - (dice.percent(50) ? 1 : 0);
      return topology.add({
        op: "windowTime",
        of,
        size: length,
        advance: Math.min(Math.max(advance, 1), length),
        grace,
      });
    }
  }
}

function addTable(
  topology: RandomTopology,
  one: CaseOperator,
  { key, value }: Thing,
  window: string | undefined,
): void {
  const isPlain = window === undefined && key === "string";
  const store = topology.store(isPlain ? ["memory", "persistent", "versioned"] : undefined);
  const made = one.op === "count" ? "long" : one.op === "reduce" ? value : "string";
  const id = topology.add({ ...one, ...store });
  const history = "history" in store ? store.history : undefined;
  topology.keep({ id, is: "table", key, value: made, window, history });
}

function functionOf(op: string): { readonly fn?: CaseFunction } {
  if (op === "aggregate") return { fn: ["add"] };
  return op === "reduce" ? { fn: ["join"] } : {};
}
