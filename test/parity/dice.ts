import type { CaseFunction } from "./case.ts";
import type { Type } from "./functions.ts";

/** Chance that a seed repeats: small, fast and good enough to vary cases. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 up to but not including `limit` (the mixing steps are those of mulberry32). */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  }

  /** True in so many of a hundred throws. */
  percent(share: number): boolean {
    return this.below(100) < share;
  }

  /** One of several. */
  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }

  /** A predicate that fits the type of the values. */
  predicate(key: Type, value: Type, isWindowed = false): CaseFunction {
    const choices: CaseFunction[] = [["contains", this.pick(["a", "x", "1", "/"])]];
    choices.push(["longer", this.below(3)]);
    if (value === "long") choices.push(["even"]);
    if (key === "string" && !isWindowed) choices.push(["keyIs", this.pick(["a", "b"])]);
    return this.pick(choices);
  }

  /** A value function that fits the type of the values. */
  valueFunction(value: Type): CaseFunction {
    if (value === "long") return this.pick<CaseFunction>([["text"], ["append", "!"]]);
    return this.pick<CaseFunction>([
      ["upper"],
      ["append", "!"],
      ["length"],
      ["nullIf", "a"],
      ["nullIf", "x"],
    ]);
  }

  /** A key function that gives text. */
  textKey(): CaseFunction {
    return this.pick<CaseFunction>([["value"], ["first"], ["first"], ["constant", "k"]]);
  }
}
