import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ToolOutcome, ToolShell } from "./tool-shell.ts";

const directory = join(import.meta.dirname, "../golden/kafka-tools");

/** What a transcript's commands and steps work on. */
export interface TranscriptScene {
  readonly shell: ToolShell;
  readonly bootstrapServers: string;
  /** What stands for `{name}` in commands; paths are shown by their names in outcomes too. */
  readonly names: { readonly [name: string]: string };
  /** What happens beside the tools, by the sentence in the transcript. */
  readonly steps?: { readonly [sentence: string]: () => unknown } | undefined;
}

/** A command with the lines it reads, or a step, with what stands below it; or a remark. */
interface Entry {
  readonly head: string;
  readonly input: string[];
  readonly outcome: string[];
}

/**
 * Carries out a transcript of Kafka's tools, `test/golden/kafka-tools/<name>.txt`, and asserts that each
 * gives what stands there; with `isRecording` writes down what they give instead. A line with `$` is a
 * command, `<` what it reads, `@` a step, `#` a remark, and the rest is the outcome. Outcomes are shown
 * without what differs from run to run: ids, times, addresses, and the width of columns.
 */
export async function playTranscript(
  name: string,
  scene: TranscriptScene,
  { isRecording = false }: { readonly isRecording?: boolean } = {},
): Promise<void> {
  const file = join(directory, `${name}.txt`);
  const entries = parse(readFileSync(file, "utf8"));
  const played: Entry[] = [];
  for (const entry of entries) played.push({ ...entry, outcome: await play(entry, scene) });
  if (isRecording) return writeFileSync(file, format(played));
  const differs = (_: Entry, index: number) =>
    format(played.slice(index, index + 1)) !== format(entries.slice(index, index + 1));
  assert.equal(format(played.filter(differs)), format(entries.filter(differs)));
}

async function play({ head, input }: Entry, scene: TranscriptScene): Promise<string[]> {
  if (head.startsWith("#")) return [];
  if (head.startsWith("@")) {
    const step = scene.steps?.[head.slice(2)];
    if (step === undefined) throw new Error(`nobody knows the step: ${head}`);
    await step();
    return [];
  }
  const [command = "", ...filters] = head.slice(2).split(" | ");
  const [tool = "", ...words] = wordsOf(
    command.replaceAll(/\{(\w+)\}/g, (_, name) => scene.names[name] ?? name),
  );
  const { className, server } = tools[tool] ?? {};
  if (className === undefined) throw new Error(`${tool} is no tool that is known here`);
  const address = ["--bootstrap-server", scene.bootstrapServers];
  const args = { first: [...address, ...words], last: [...words, ...address], none: words };
  const text = input.map((line) => `${line}\n`).join("");
  const outcome = await scene.shell.run(className, args[server ?? "first"], text);
  const lines = shown(outcome, scene);
  return filters.reduce(filter, lines);
}

/** Kafka's tools by the names of their scripts, without `kafka-`, and where they take the broker's address. */
const tools: {
  readonly [name: string]: {
    readonly className: string;
    readonly server?: "first" | "last" | "none";
  };
} = {
  topics: { className: "org.apache.kafka.tools.TopicCommand" },
  configs: { className: "kafka.admin.ConfigCommand" },
  groups: { className: "org.apache.kafka.tools.GroupsCommand" },
  "consumer-groups": { className: "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand" },
  "streams-groups": { className: "org.apache.kafka.tools.streams.StreamsGroupCommand" },
  "share-groups": { className: "org.apache.kafka.tools.consumer.group.ShareGroupCommand" },
  transactions: { className: "org.apache.kafka.tools.TransactionsCommand" },
  "get-offsets": { className: "org.apache.kafka.tools.GetOffsetShell" },
  "console-producer": { className: "org.apache.kafka.tools.ConsoleProducer" },
  "console-consumer": { className: "org.apache.kafka.tools.consumer.ConsoleConsumer" },
  "delete-records": { className: "org.apache.kafka.tools.DeleteRecordsCommand" },
  acls: { className: "org.apache.kafka.tools.AclCommand" },
  "log-dirs": { className: "org.apache.kafka.tools.LogDirsCommand" },
  "metadata-quorum": { className: "org.apache.kafka.tools.MetadataQuorumCommand" },
  features: { className: "org.apache.kafka.tools.FeatureCommand" },
  "broker-api-versions": { className: "org.apache.kafka.tools.BrokerApiVersionsCommand" },
  "leader-election": { className: "org.apache.kafka.tools.LeaderElectionCommand" },
  "reassign-partitions": {
    className: "org.apache.kafka.tools.reassign.ReassignPartitionsCommand",
  },
  "dump-log": { className: "org.apache.kafka.tools.DumpLogSegments", server: "none" },
  "producer-perf-test": { className: "org.apache.kafka.tools.ProducerPerformance" },
  "consumer-perf-test": { className: "org.apache.kafka.tools.ConsumerPerformance" },
  "client-metrics": { className: "org.apache.kafka.tools.ClientMetricsCommand" },
  cluster: { className: "org.apache.kafka.tools.ClusterTool", server: "last" },
};

/** Arguments as a shell would take them apart, with double quotes. */
function wordsOf(command: string): string[] {
  return [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? "");
}

function shown({ status, out, err }: ToolOutcome, scene: TranscriptScene): string[] {
  const text = [out, err].filter((part) => part !== "").join("\n");
  let plain = text.replaceAll(/[ \t]+/g, " ");
  for (const [name, value] of Object.entries(scene.names)) {
    if (value.startsWith("/")) plain = plain.replaceAll(value, `{${name}}`);
  }
  for (const [pattern, placeholder] of varying) plain = plain.replaceAll(pattern, placeholder);
  const lines = plain
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "" && !chatter.test(line));
  return status === 0 ? lines : [...lines, `[ended with ${status}]`];
}

/** Stack traces below their first line, and warnings, which come and go with the speed of the machine. */
const chatter =
  /^( at | \.\.\. \d+ more|Caused by:|\[\{time\}\] WARN |The consumer rebalance protocol)/;

/** What differs from run to run, and sentences of errors, which are the broker's own; earlier patterns win. */
const varying: readonly (readonly [RegExp, string])[] = [
  [/127\.0\.0\.1[: ]\d+/g, "{broker}"],
  [/(?:[\w.]+-)?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "{member}"],
  [/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.,:]\d{3}Z?/g, "{time}"],
  [/\b1[789]\d{11}\b/g, "{time}"],
  [/(?<=crc: )\d+/g, "{crc}"],
  [/(?<=records sent, ).*/g, "{figures}"],
  [/(?<=\{time\}, \{time\}, [\d.]+, )[\d.]+, (\d+), .*/g, "{figure}, $1, {figures}"],
  [/(?<=Exception: |topic command : |had an error: ).*/g, "{reason}"],
  [/(?<= Epoch: )\d+/g, "{epoch}"],
  [/(?<= 60000 \{time\} )\d+/g, "{duration}"],
  // Kafka's coordinators number the records of a batch though no producer wrote it; we do not.
  [/sequence: -?\d+(?= headerKeys: \[\] key: \{"type":)/g, "sequence: {none}"],
  [/(?<=(?:TopicId|topicId|ClusterId|directoryId|Cluster ID)"?: *"?)[\w-]{22}/g, "{id}"],
];

function filter(lines: string[], name: string): string[] {
  if (name === "sort") return lines.toSorted();
  const [, pattern] = /^grep (.+)$/.exec(name) ?? [];
  if (pattern === undefined) throw new Error(`${name} is no filter that is known here`);
  const wanted = new RegExp(pattern);
  return lines.filter((line) => wanted.test(line));
}

function parse(text: string): Entry[] {
  const entries: Entry[] = [];
  for (const line of text.split("\n")) {
    if (/^[$@#] /.test(line)) entries.push({ head: line, input: [], outcome: [] });
    else if (line.startsWith("< ")) entries.at(-1)?.input.push(line.slice(2));
    else if (line !== "") entries.at(-1)?.outcome.push(line);
  }
  return entries;
}

function format(entries: readonly Entry[]): string {
  const blocks = entries.map(({ head, input, outcome }) =>
    [head, ...input.map((line) => `< ${line}`), ...outcome].join("\n"),
  );
  return `${blocks.join("\n\n")}\n`;
}
