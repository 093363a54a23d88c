import { execFileSync } from "node:child_process";
import { loadavg } from "node:os";
import { Client } from "millrace/client";
import { startKafka } from "../../tools/kafka/kafka.ts";
import { startSubject } from "../broker/subject.ts";
import { readOptions } from "../options.ts";
import { type Peer, printTable, rowsOf } from "../report.ts";
import type { Digest } from "./digest.ts";
import { type EngineName, isLoop } from "./engine.ts";
import { loadInput } from "./input.ts";
import { type Job, jobNamed } from "./job.ts";
import { hold, type Outcome } from "./trial.ts";

const usage = `npm run bench -- [options]
  --job LIST       stateless, count-memory, count-persistent (all): a file in bench/streams/jobs each
  --engine LIST    millrace, jvm, client (the client alone, as the limit), platformatic (a loop by hand
                   around @platformatic/kafka); all by default, the loops where they can do the job
  --broker LIST    kafka, embedded (kafka)
  --records N      of the input (6,000,000)
  --rounds N       how often each engine runs, in turn (3)
  --quick          one round of half as many records, millrace and jvm only
  --json           an object a line in place of tables`;

const options = readOptions(usage, {
  job: { type: "string", default: "stateless,count-memory,count-persistent" },
  engine: { type: "string" },
  broker: { type: "string", default: "kafka" },
});
/** Kafka Streams on the JVM. */
const peer: Peer = { engine: "jvm", title: "JVM" };
const { quick } = options;
const engines = (
  options.engine ?? (quick ? "millrace,jvm" : "millrace,jvm,client,platformatic")
).split(",") as EngineName[];
const records = Number(options.records ?? (quick ? 3_000_000 : 6_000_000));
const rounds = Number(options.rounds ?? (quick ? 1 : 3));

const [load = 0] = loadavg();
if (load > 0.5) note(`the machine is not idle (load ${load.toFixed(1)}): figures will be off`);
execFileSync("npm", ["run", "--silent", "build"], { stdio: "inherit" });
let trials = 0;
for (const broker of options.broker.split(",")) {
  await using cluster = await startBroker(broker);
  const { bootstrapServers } = cluster;
  await using client = new Client({ bootstrapServers });
  await loadInput(bootstrapServers, records);
  // Not counted: the broker's own compiler has its say first, or whoever comes first would pay for it.
  await hold(client, bootstrapServers, {
    engine: "millrace",
    job: "stateless",
    records,
    number: 0,
  });
  for (const name of options.job.split(",")) {
    const job = await jobNamed(name);
    const outcomes = await alternate(client, bootstrapServers, name, job);
    checkEqual(name, job, outcomes);
    const rows = rowsOf(name, outcomes, peer);
    if (options.json) for (const row of rows) console.log(JSON.stringify({ broker, ...row }));
    else printTable(`${name}, broker ${broker}, ${rounds} rounds`, rows, peer);
  }
}

/** A broker in a process of its own, with its defaults. */
async function startBroker(
  name: string,
): Promise<AsyncDisposable & { readonly bootstrapServers: string }> {
  if (name === "kafka") return startKafka();
  if (name !== "embedded") throw new Error(`there is no broker ${name}: kafka, embedded`);
  const { bootstrapServers, close } = await startSubject("millrace");
  return { bootstrapServers, [Symbol.asyncDispose]: close };
}

/** Runs the engines in turn, round after round, so that a drift of the machine meets all of them. */
async function alternate(
  client: Client,
  bootstrapServers: string,
  name: string,
  job: Job,
): Promise<Map<EngineName, Outcome[]>> {
  const able = engines.filter((engine) => job.byHand !== undefined || !isLoop(engine));
  const outcomes = new Map<EngineName, Outcome[]>(able.map((engine) => [engine, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const engine of round % 2 === 0 ? able : able.toReversed()) {
      trials += 1;
      const trial = { engine, job: name, records, number: trials };
      const outcome = await hold(client, bootstrapServers, trial);
      outcomes.get(engine)?.push(outcome);
      const rate = Math.round(outcome.whole.recordsPerSecond / 1e3);
      note(`${name}, ${engine}, round ${round + 1}: ${rate} k records/s`);
    }
  }
  return outcomes;
}

/** Throws unless all engines wrote the same, as far as the job demands it. */
function checkEqual(
  name: string,
  job: Job,
  outcomes: ReadonlyMap<EngineName, readonly Outcome[]>,
): void {
  const essence = ({ records: count, keys, ofRecords, ofLast }: Digest) =>
    job.compares === "records"
      ? `${count} records, digest ${ofRecords}`
      : `${keys} keys, digest ${ofLast}`;
  const found = new Map<string, EngineName[]>();
  for (const [engine, list] of outcomes) {
    for (const { digest } of list) {
      const text = essence(digest);
      found.set(text, [...(found.get(text) ?? []), engine]);
    }
  }
  if (found.size <= 1) return;
  const differing = [...found].map(([text, list]) => `${text} from ${list.join(", ")}`);
  throw new Error(`the outputs of ${name} differ: ${differing.join("; ")}`);
}

/** Tells of the progress beside the results, which go to the standard output. */
function note(text: string): void {
  console.error(text);
}
