import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { Client } from "millrace/client";
import { startKafka } from "../../tools/kafka/kafka.ts";
import { jvmCommand } from "../jvm.ts";
import { measure, type Run } from "../measure.ts";
import { readOptions } from "../options.ts";
import { type Peer, printTable, rowsOf } from "../report.ts";

const usage = `npm run bench:client -- [options]
  --job LIST       consume, produce (both); large: reads a topic of 5 GB, for the memory it takes
  --size LIST      bytes of a value: 100, 1024 (both)
  --engine LIST    millrace, java, platformatic, kafkajs (all); millrace in other ways: millrace:send
                   (a promise per record), millrace:slices (bytes), millrace:cursor (no object per
                   record), millrace:cursor-fresh (the same, memory of frames not used again)
  --records N      in place of 6,000,000 of 100 bytes and 1,000,000 of 1,024 bytes
  --rounds N       how often each engine runs, in turn (3)
  --set K=V        a setting for millrace's and Java's producer, such as linger.ms=50; may be repeated
  --quick          one round of a third of the records, millrace and Java only
  --json           an object a line in place of the table`;

const options = readOptions(usage, {
  job: { type: "string", default: "consume,produce" },
  size: { type: "string", default: "100,1024" },
  engine: { type: "string" },
  set: { type: "string", multiple: true, default: [] },
});
const engines = (
  options.engine ?? (options.quick ? "millrace,java" : "millrace,java,platformatic,kafkajs")
).split(",");
const rounds = Number(options.rounds ?? (options.quick ? 1 : 3));
const defaultRecords: { readonly [size: string]: number } = { "100": 6_000_000, "1024": 1_000_000 };

/** Kafka's Java client. */
const peer: Peer = { engine: "java", title: "Java" };

execFileSync("npm", ["run", "--silent", "build"], { stdio: "inherit" });
await using kafka = await startKafka();
const { bootstrapServers } = kafka;
await using client = new Client({ bootstrapServers });
const admin = client.admin();
const largeBytes = 5 * 2 ** 30;
for (const job of options.job.split(",")) {
  if (job === "large") {
    const records = Math.ceil(largeBytes / 1024);
    report("read 5 GB, values of 1024 B", await consume("1024", records));
    continue;
  }
  for (const size of options.size.split(",")) {
    const full = Number(options.records ?? defaultRecords[size] ?? 1_000_000);
    const records = options.quick ? Math.ceil(full / 3) : full;
    const runs = await (job === "consume" ? consume(size, records) : produce(size, records));
    report(`${job} ${size} B`, runs);
  }
}

async function consume(size: string, records: number): Promise<Map<string, Run[]>> {
  const topic = `consume-${size}`;
  await createTopic(topic);
  await measure(
    [...jvmCommand("Produce"), bootstrapServers, topic, `${records}`, size],
    limits(records),
  );
  const runs = await alternate(
    (engine) => [...command(engine, "consume", topic, records), ...variant(engine)],
    records,
  );
  const sums = new Set([...runs.values()].flat().map(({ checksum }) => checksum));
  if (sums.size > 1) throw new Error(`the engines read different records: ${[...sums]}`);
  await admin.topics.delete(topic);
  return runs;
}

async function produce(size: string, records: number): Promise<Map<string, Run[]>> {
  let run = 0;
  const runs = await alternate(async (engine) => {
    run += 1;
    const topic = `produce-${size}-${run}`;
    if (run > 1) await admin.topics.delete(`produce-${size}-${run - 1}`);
    await createTopic(topic);
    const settings = engine.startsWith("millrace") || engine === "java" ? options.set : [];
    return [...command(engine, "produce", topic, records), size, ...settings, ...variant(engine)];
  }, records);
  await admin.topics.delete(`produce-${size}-${run}`);
  const failures = [...runs.values()].flat().filter(({ checksum }) => checksum > 0);
  if (failures.length > 0) throw new Error("some records were not delivered");
  return runs;
}

/** Runs the engines in turn, round after round, so that a drift of the machine meets all of them. */
async function alternate(
  commandFor: (engine: string) => readonly string[] | Promise<readonly string[]>,
  records: number,
): Promise<Map<string, Run[]>> {
  const runs = new Map<string, Run[]>(engines.map((engine) => [engine, []]));
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? engines : engines.toReversed();
    for (const engine of order) {
      runs.get(engine)?.push(await measure(await commandFor(engine), limits(records)));
    }
  }
  return runs;
}

function command(engine: string, job: string, topic: string, records: number): string[] {
  const input = [bootstrapServers, topic, `${records}`];
  if (engine === "java")
    return [...jvmCommand(job === "consume" ? "Consume" : "Produce"), ...input];
  const [name] = engine.split(":");
  const script = join(import.meta.dirname, "engines", `${job}-${name}.ts`);
  // Without the source condition: what runs is what is published.
  return [process.execPath, script, ...input];
}

/** The part of an engine's name that tells how it is used. */
function variant(engine: string): string[] {
  return engine.split(":").slice(1);
}

function limits(records: number) {
  return { records, timeoutMs: 120_000 + records / 10 };
}

async function createTopic(name: string): Promise<void> {
  const configs = { "retention.ms": "-1" };
  await admin.topics.create({ name, numPartitions: 2, configs });
}

function report(job: string, runs: ReadonlyMap<string, readonly Run[]>): void {
  const rows = rowsOf(job, runs, peer);
  if (options.json) for (const row of rows) console.log(JSON.stringify(row));
  else printTable(`${job}, ${rounds} rounds`, rows, peer);
}
