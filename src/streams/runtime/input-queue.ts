import { MillraceError } from "../../errors.ts";
import { failOnInvalidTimestamp } from "../timestamp-extractor.ts";
import { matchesWhole } from "../topology-builder.ts";
import type { SourceNode } from "../topology-node.ts";
import { type ReadFailure, RecordQueue } from "./record-queue.ts";
import type { TaskOptions } from "./task-options.ts";
import type { Subtopology, TopologyPlan } from "./topology-plan.ts";

/** Makes the queue of one input of a task; `onDropped` hears of each record that could not be read and was dropped. */
export function inputQueue(
  { topic, partition }: TaskOptions["inputs"][number],
  { plan, subtopology, timestampExtractor, onReadFailure }: TaskOptions,
  onDropped: (source: SourceNode, failure: Parameters<ReadFailure>[0]) => void,
): RecordQueue {
  const source = sourceOf(topic, subtopology, plan);
  if (!source) {
    const message = `sub-topology ${subtopology.id} has no source for ${topic}`;
    throw new MillraceError("INVALID_ARGUMENT", message);
  }
  return new RecordQueue({
    topic,
    partition,
    source,
    timestampExtractor: timestampExtractor ?? failOnInvalidTimestamp,
    onFailure: (failure) => {
      const isDropped = failure.why === "negative-timestamp" || onReadFailure?.(failure) === "drop";
      if (!isDropped) return "fail";
      onDropped(source, failure);
      return "drop";
    },
  });
}

/** The source of a sub-topology that reads a topic, given by its full name; undefined where none does. */
export function sourceOf(
  topic: string,
  { nodes }: Subtopology,
  plan: TopologyPlan,
): SourceNode | undefined {
  const sources = nodes.filter((node): node is SourceNode => node.kind === "source");
  const byName = sources.find(({ topics }) => topics.some((one) => plan.topicName(one) === topic));
  return byName ?? sources.find(({ pattern }) => pattern && matchesWhole(pattern, topic));
}
