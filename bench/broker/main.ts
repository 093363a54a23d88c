import { execFileSync } from "node:child_process";
import { resolveArtifacts } from "../../tools/kafka/artifacts.ts";
import { readOptions } from "../options.ts";
import { machine, median } from "../report.ts";
import { kafkaTools, ownClient } from "./load.ts";
import type { SubjectName } from "./subject.ts";
import { type Cost, type Costs, hold, type Outcome, type Trial } from "./trial.ts";

const usage = `npm run bench:broker -- [options]
  --broker LIST      kafka, millrace (both)
  --load LIST        tools: kafka-producer-perf-test and kafka-consumer-perf-test; client: this
                     project's (both)
  --partitions LIST  1,6
  --acks LIST        1,all; what was written with all is read, too
  --size N           bytes of a value (100)
  --records N        of a job for a warm broker (5,000,000); a cold one gets a million at most
  --rounds N         how many jobs a warm broker does; their median is shown (3)
  --quick            one round of a million records, one partition, acks all
  --json             an object a line in place of tables`;

const options = readOptions(usage, {
  broker: { type: "string", default: "kafka,millrace" },
  load: { type: "string", default: "tools,client" },
  partitions: { type: "string" },
  acks: { type: "string" },
  size: { type: "string", default: "100" },
});
const { quick } = options;
const subjects = options.broker.split(",") as SubjectName[];
const records = Number(options.records ?? (quick ? 1_000_000 : 5_000_000));
const rounds = Number(options.rounds ?? (quick ? 1 : 3));
const loads = { tools: kafkaTools(await resolveArtifacts()), client: ownClient };
/** After this many records a warm JVM has compiled what it will. */
const warmUpRecords = 5_000_000;

execFileSync("npm", ["run", "--silent", "build"], { stdio: "inherit" });
/** All outcomes of each broker, for what does not depend on the job. */
const outcomes = new Map<SubjectName, Outcome[]>(subjects.map((name) => [name, []]));
let turn = 0;
for (const load of options.load.split(",") as (keyof typeof loads)[]) {
  for (const partitions of (options.partitions ?? (quick ? "1" : "1,6")).split(",").map(Number)) {
    for (const acks of (options.acks ?? (quick ? "all" : "1,all")).split(",") as Trial["acks"][]) {
      turn += 1;
      const trial: Trial = {
        load: loads[load],
        partitions,
        acks,
        recordBytes: Number(options.size),
        coldRecords: Math.min(records, 1_000_000),
        warmUpRecords: quick ? records * 2 : warmUpRecords,
        warmRecords: records,
        rounds,
        consumes: acks === "all",
      };
      // In alternating order, so that a drift of the machine meets both.
      const order = turn % 2 === 0 ? subjects.toReversed() : subjects;
      const found = new Map<SubjectName, Outcome>();
      for (const name of order) {
        const outcome = await hold(name, trial);
        found.set(name, outcome);
        outcomes.get(name)?.push(outcome);
      }
      report(`${load}, ${partitions} partition${partitions > 1 ? "s" : ""}, acks ${acks}`, found);
    }
  }
}
reportUpkeep();

function report(trial: string, found: ReadonlyMap<SubjectName, Outcome>): void {
  const rows = subjects.flatMap((name) => {
    const outcome = found.get(name) as Outcome;
    const peer = found.get("kafka");
    return [
      ...rowsOf("produce", name, outcome.produce, peer?.produce),
      ...rowsOf("consume", name, outcome.consume, peer?.consume),
    ];
  });
  if (options.json) {
    for (const row of rows) console.log(JSON.stringify({ trial, size: options.size, ...row }));
    return;
  }
  console.log(`\n${trial}, ${options.size} B, ${rounds} rounds, ${machine()}`);
  console.table(
    rows.map((row) => ({
      job: row.job,
      broker: row.broker,
      phase: row.phase,
      "k records/s": Math.round(row.recordsPerSecond / 1e3),
      min: Math.round(row.slowest / 1e3),
      max: Math.round(row.fastest / 1e3),
      "broker's CPU µs/record": row.cpuMicrosPerRecord.toFixed(3),
      "CPU: Kafka ÷": row.cpuRatio?.toFixed(2) ?? "",
    })),
  );
}

function rowsOf(
  job: "produce" | "consume",
  broker: SubjectName,
  costs: Costs | undefined,
  peer: Costs | undefined,
) {
  if (costs === undefined) return [];
  const row = (phase: "cold" | "warm", jobs: readonly Cost[], peers: readonly Cost[]) => {
    const rates = jobs.map(({ recordsPerSecond }) => recordsPerSecond).sort((a, b) => a - b);
    const cpu = median(jobs.map(({ cpuMicrosPerRecord }) => cpuMicrosPerRecord));
    const theirs = median(peers.map(({ cpuMicrosPerRecord }) => cpuMicrosPerRecord));
    return {
      job,
      broker,
      phase,
      recordsPerSecond: median(rates),
      slowest: rates[0] ?? 0,
      fastest: rates.at(-1) ?? 0,
      cpuMicrosPerRecord: cpu,
      cpuRatio: peers.length > 0 ? theirs / cpu : undefined,
    };
  };
  return [
    row("cold", [costs.cold], peer ? [peer.cold] : []),
    row("warm", costs.warm, peer?.warm ?? []),
  ];
}

/** Start, memory and what a broker does while nobody asks: medians over all trials, the peak the greatest. */
function reportUpkeep(): void {
  const rows = subjects.map((broker) => {
    const all = outcomes.get(broker) ?? [];
    return {
      broker,
      startMs: Math.round(median(all.map(({ startMs }) => startMs))),
      idleBytes: median(all.map(({ idleBytes }) => idleBytes)),
      peakBytes: Math.max(...all.map(({ peakBytes }) => peakBytes)),
      idleCpuMsPerSecond: median(all.map(({ idleCpuMs }) => idleCpuMs)),
    };
  });
  if (options.json) {
    for (const row of rows) console.log(JSON.stringify({ trial: "upkeep", ...row }));
    return;
  }
  console.log("\nstart to the first answer, memory, and CPU without requests");
  console.table(
    rows.map(({ broker, startMs, idleBytes, peakBytes, idleCpuMsPerSecond }) => ({
      broker,
      "start ms": startMs,
      "idle MB": Math.round(idleBytes / 2 ** 20),
      "peak MB": Math.round(peakBytes / 2 ** 20),
      "idle CPU ms/s": idleCpuMsPerSecond.toFixed(1),
    })),
  );
}
