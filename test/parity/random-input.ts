import type { CaseInput, CaseValue } from "./case.ts";
import type { Dice } from "./dice.ts";
import type { Type } from "./functions.ts";

/** A topic that a case reads. */
export interface InputTopic {
  readonly topic: string;
  readonly key: Type;
  readonly value: Type;
}

const texts = ["a", "b", "x", "ab", "xy", "a b", "a/1", "", "éß", "k1", "Aa,b"];

/** Writes an input script: mostly in order, with late, repeated and null records, and steps of the wall clock. */
export function randomInput(dice: Dice, topics: readonly InputTopic[]): CaseInput[] {
  const script: CaseInput[] = [];
  const count = 10 + dice.below(30);
  let now = dice.below(5);
  while (script.length < count) {
    if (dice.percent(5)) {
      script.push({ wallClock: dice.pick([1, 100, 999, 1000, 1500]) });
      continue;
    }
    const last = script.at(-1);
    if (last !== undefined && dice.percent(6)) {
      script.push(last);
      continue;
    }
    now += dice.percent(6) ? 20 + dice.below(60) : dice.below(5);
    const isLate = dice.percent(18);
    const ts = isLate ? Math.max(0, now - 1 - dice.below(dice.percent(25) ? 80 : 15)) : now;
    const { topic, key, value } = dice.pick(topics);
    const record = {
      topic,
      key: dice.percent(6) ? null : anyKey(dice, key),
      value: dice.percent(12) ? null : anyValue(dice, value),
      ts,
    };
    if (!dice.percent(12)) script.push(record);
    else script.push({ ...record, headers: [["h", dice.pick(["v", "w", ""])]] });
  }
  return script;
}

function anyKey(dice: Dice, type: Type): CaseValue {
  return type === "long" ? dice.pick([1, 2, 3, 4]) : dice.pick(["a", "b", "c", "k1"]);
}

function anyValue(dice: Dice, type: Type): CaseValue {
  return type === "long" ? dice.pick([0, 1, 2, -7, 10, 2 ** 40]) : dice.pick(texts);
}
