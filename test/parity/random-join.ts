import type { CaseFunction } from "./case.ts";
import { keyType } from "./functions.ts";
import type { RandomTopology, Thing } from "./random-topology.ts";

/** Joins two of a topology's streams and tables in one of the ways there are. */
export function randomJoin(topology: RandomTopology): void {
  const kinds = [streams, streams, streamTable, streamTable, streamGlobal, tables, tables, foreign];
  topology.dice.pick(kinds)(topology);
}

function streams(topology: RandomTopology): void {
  const { dice } = topology;
  const left = topology.find(({ is, window }) => is === "stream" && !window);
  if (!left) return;
  const isSelf = dice.percent(25);
  const right = isSelf
    ? left
    : topology.find(({ is, key, window }) => is === "stream" && key === left.key && !window);
  if (!right) return;
  const before = dice.pick([0, 3, 10, 10]);
  // One of the sides may be negative, as long as the window is not.
  const after = dice.percent(10) && before > 0 ? -1 - dice.below(before) : dice.pick([0, 5, 10]);
  const id = topology.add({
    op: dice.pick(["join", "leftJoin", "outerJoin"]),
    of: left.id,
    with: right.id,
    before,
    after,
    grace: dice.pick([0, 2, 10, 50]),
    joiner: joiner(topology),
  });
  topology.keep({ id, is: "stream", key: left.key, value: "string" });
}

function streamTable(topology: RandomTopology): void {
  const { dice } = topology;
  const left = topology.find(({ is, window }) => is === "stream" && !window);
  if (!left) return;
  const isFit = ({ is, key, window, value, isUnserded }: Thing) =>
    is === "table" && key === left.key && !window && !(isUnserded && value === "long");
  const right = topology.find(isFit) ?? topology.source("table");
  if (right.key !== left.key) return;
  const hasGrace = right.history !== undefined && dice.percent(60);
  const grace = hasGrace ? { grace: Math.min(right.history ?? 0, dice.pick([0, 3, 10])) } : {};
  const op = dice.pick(["join", "leftJoin"]);
  const id = topology.add({ op, of: left.id, with: right.id, ...grace, joiner: joiner(topology) });
  topology.keep({ id, is: "stream", key: left.key, value: "string" });
}

function streamGlobal(topology: RandomTopology): void {
  const { dice } = topology;
  const left = topology.find(({ is, window }) => is === "stream" && !window);
  if (!left) return;
  const right = topology.find(({ is }) => is === "global") ?? topology.source("global");
  const fn = keyFor(topology, left, right);
  if (!fn) return;
  const op = dice.pick(["join", "leftJoin"]);
  const id = topology.add({ op, of: left.id, with: right.id, fn, joiner: joiner(topology) });
  topology.keep({ id, is: "stream", key: left.key, value: "string" });
}

function tables(topology: RandomTopology): void {
  const { dice } = topology;
  const left = topology.find(isPlainTable);
  if (!left) return;
  const right = topology.find((one) => isPlainTable(one) && one.key === left.key);
  if (!right) return;
  const op = dice.pick(["join", "leftJoin", "outerJoin"]);
  const store = topology.store();
  const parts = { op, of: left.id, with: right.id, joiner: ["pair"] as const, ...store };
  topology.keep({ id: topology.add(parts), is: "table", key: left.key, value: "string" });
}

function foreign(topology: RandomTopology): void {
  const { dice } = topology;
  const left = topology.find(isPlainTable);
  if (!left) return;
  const right = topology.find((one) => isPlainTable(one) && one.id !== left.id);
  if (!right) return;
  const foreignKey = keyFor(topology, left, right);
  if (!foreignKey) return;
  const op = dice.pick(["join", "leftJoin"]);
  const store = topology.store();
  const parts = { op, of: left.id, with: right.id, foreignKey, joiner: ["pair"] as const };
  const id = topology.add({ ...parts, ...store });
  topology.keep({ id, is: "table", key: left.key, value: "string" });
}

function isPlainTable({ is, window, value, isUnserded }: Thing): boolean {
  return is === "table" && !window && !(isUnserded && value === "long");
}

/** A key function of the left side that gives the type of the right side's keys. */
function keyFor(topology: RandomTopology, left: Thing, right: Thing): CaseFunction | undefined {
  const choices: CaseFunction[] = [["value"], ["first"], ["key"], ["constant", "a"]];
  const fit = choices.filter((fn) => keyType(fn, left.key) === right.key);
  return fit.length === 0 ? undefined : topology.dice.pick(fit);
}

function joiner({ dice }: RandomTopology): CaseFunction {
  return dice.percent(30) ? ["pairKey"] : ["pair"];
}
