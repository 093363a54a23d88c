import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { readOptions } from "../options.ts";
import { median } from "../report.ts";
import { cases, type EngineName } from "./case.ts";

const usage = `npm run bench:operators -- [options]
  --case LIST      ${cases.map(({ name }) => name).join("; ")} (all); separated by ;
  --engine LIST    none, memory, lmdb, "lmdb, cached", rocksdb (all); separated by ;
  --records N      of a round (1,000,000)
  --rounds N       the first is left out (6)
  --quick          fewer rounds of 200,000 records, and a tenth of the keys
  --json           an object a line in place of tables`;

const options = readOptions(usage, {
  case: { type: "string" },
  engine: { type: "string" },
});
const { quick } = options;
const records = Number(options.records ?? (quick ? 200_000 : 1_000_000));
const rounds = Number(options.rounds ?? (quick ? 4 : 6));
const asked = options.case?.split(";").map((name) => name.trim());
const sizes: readonly EngineName[] = ["memory", "lmdb", "rocksdb"];
const engines = options.engine?.split(";").map((name) => name.trim()) as EngineName[] | undefined;

const costs = cases
  .filter(({ name }) => asked?.includes(name) ?? true)
  .flatMap((one) =>
    one.engines
      .filter((engine) => engine === "none" || (engines?.includes(engine) ?? true))
      .map((engine) => ({ case: one.name, engine, ...cost(one.name, engine) })),
  );
if (options.json) for (const row of costs) console.log(JSON.stringify(row));
else {
  console.log(
    `\nCPU a record, in nanoseconds; rounds of ${records} records, Node ${process.version}`,
  );
  console.table(
    costs.map(({ nanosecondsPerRecord, leastNanoseconds, ...row }) => ({
      ...row,
      "ns (median)": nanosecondsPerRecord,
      "ns (least)": leastNanoseconds,
    })),
  );
}
if (!asked) {
  const keys = quick ? 100_000 : 1_000_000;
  const kept = engines?.filter((engine) => sizes.includes(engine)) ?? sizes;
  const rows = kept.map((engine) => ({ engine, keys, ...space(engine, keys) }));
  if (options.json) for (const row of rows) console.log(JSON.stringify(row));
  else printSpace(rows);
}

/** Nanoseconds of CPU a record; on a busy machine the round that took least is nearest to the truth. */
function cost(name: string, engine: EngineName) {
  const found = runNode("case-run.ts", [], [name, engine, `${records}`, `${rounds}`]).map(
    ({ nanoseconds }) => nanoseconds as number,
  );
  const warm = found.slice(1);
  return {
    nanosecondsPerRecord: Math.round(median(warm)),
    leastNanoseconds: Math.round(Math.min(...warm)),
  };
}

function space(engine: EngineName, keys: number) {
  const [figures] = runNode("state-run.ts", ["--expose-gc"], [engine, `${keys}`]);
  return figures as { readonly [figure: string]: number };
}

function printSpace(
  rows: readonly { readonly engine: string; readonly [figure: string]: number | string }[],
): void {
  const megabytes = (bytes: unknown) => Math.round(Number(bytes) / 2 ** 20);
  console.log(`\n${rows[0]?.keys} rows, keys of 20 and values of 100 bytes`);
  console.table(
    rows.map((row) => ({
      engine: row.engine,
      "write ns": Math.round(Number(row.writeNanoseconds)),
      "read ns": Math.round(Number(row.readNanoseconds)),
      "resident MB": megabytes(row.residentBytes),
      "heap and buffers MB": megabytes(row.heapBytes),
      "disk MB": megabytes(row.diskBytes),
    })),
  );
}

function runNode(
  script: string,
  flags: readonly string[],
  words: readonly string[],
): { readonly [figure: string]: number }[] {
  const path = join(import.meta.dirname, script);
  // From the sources: what is measured here has no face of its own.
  const all = ["--conditions=millrace-source", ...flags, path, ...words];
  const text = execFileSync(process.execPath, all, { encoding: "utf8" });
  return text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}
