import { parseArgs } from "node:util";
import type { Case } from "./case.ts";
import { writeCases } from "./case-file.ts";
import { Dice } from "./dice.ts";
import { randomInput } from "./random-input.ts";
import { RandomTopology } from "./random-topology.ts";

const usage = `node test/parity/generate.ts --seed N --count N --out FILE
  --seed N    where chance starts; the same seed gives the same cases
  --count N   how many cases
  --out FILE  where they go, as JSON lines, compressed if the name ends in .gz; without answers`;

const optimizations = [
  "all",
  "reuse.ktable.source.topics",
  "merge.repartition.topics",
  "single.store.self.join",
  "reuse.ktable.source.topics,merge.repartition.topics",
];

const { values: options } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    count: { type: "string", default: "100" },
    out: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
if (options.help || options.out === undefined) {
  console.log(usage);
  process.exit(options.help ? 0 : 2);
}

const count = Number(options.count);
writeCases(
  options.out,
  Array.from({ length: count }, (_none, index) => randomCase(Number(options.seed), index)),
);
console.log(`${count} cases`);

function randomCase(seed: number, index: number): Omit<Case, "answer"> {
  const dice = new Dice(Math.imul(seed, 1_000_003) + index);
  const config = dice.percent(35) ? { "topology.optimization": dice.pick(optimizations) } : {};
  const topology = new RandomTopology(dice);
  topology.make(3 + dice.below(10));
  const { operators, topics } = topology;
  const input = randomInput(dice, topics);
  return { name: `random ${seed}/${index}`, config, topology: operators, input };
}
