import type { Serializer } from "../../client/index.ts";
import { MillraceError } from "../../errors.ts";
import { type Field, partitionForKey } from "../../protocol/index.ts";
import type { Headers, Message, Step } from "../message.ts";
import type { Serde } from "../serde.ts";
import type { SinkNode, StreamPartitioner, TopicExtractor } from "../topology-node.ts";
import type { Output } from "./output.ts";

/** Opens a sink: each message is serialized and handed to the output. */
export function openSink(
  sink: SinkNode,
  output: Output,
  nameOf: (topic: string) => string,
): Step<unknown, unknown> {
  const toKey = writer(sink.key as Serializer<unknown>);
  const toValue = writer(sink.value as Serializer<unknown>);
  const partitioner = partitionerOf(sink);
  const send = (
    topic: string,
    { key, value, timestamp, headers }: Message<unknown, unknown>,
    chosen: number | readonly number[] | undefined,
  ) => {
    let keyField: Field;
    let valueField: Field;
    try {
      keyField = toKey(key, topic, headers);
      valueField = toValue(value, topic, headers);
    } catch (error) {
      const record = { key, value, timestamp, headers };
      const partition = typeof chosen === "number" ? chosen : undefined;
      output.failed({ error, stage: "serialization", topic, partition, records: 1, record });
      return;
    }
    if (chosen === undefined || typeof chosen === "number") {
      output.send(topic, chosen, keyField, valueField, timestamp, headers);
      return;
    }
    for (const partition of chosen) {
      output.send(topic, partition, keyField, valueField, timestamp, headers);
    }
  };
  const write = partitioner ? choosing(partitioner, output, send) : send;
  if (typeof sink.topic === "string") {
    const topic = nameOf(sink.topic);
    return (message) => write(topic, message, undefined);
  }
  const extract = sink.topic as TopicExtractor<unknown, unknown>;
  return (message) => {
    const topic = extract(message);
    if (typeof topic !== "string" || topic === "") refuseTopic(sink.name, topic);
    write(topic, message, undefined);
  };
}

function refuseTopic(sink: string, topic: unknown): never {
  const message = `the function that names the topics of ${sink} gave ${topic === "" ? "an empty text" : typeof topic} where a topic's name is wanted`;
  throw new MillraceError("INVALID_ARGUMENT", message);
}

type Send = (
  topic: string,
  message: Message<unknown, unknown>,
  chosen: number | readonly number[] | undefined,
) => void;

/** Asks the partitioner first, which has to wait where the topic's partitions are not known yet. */
function choosing(
  partitioner: StreamPartitioner<unknown, unknown>,
  output: Output,
  send: Send,
): Send {
  const write = (topic: string, message: Message<unknown, unknown>): void => {
    const partitions = output.partitions(topic);
    if (partitions === undefined) output.later(topic, () => write(topic, message));
    else send(topic, message, partitioner(message.value, message.key, topic, partitions));
  };
  return write;
}

/** The sink's own partitioner, or that of keys that are not hashed as a whole. */
function partitionerOf({
  partitioner,
  key,
}: SinkNode): StreamPartitioner<unknown, unknown> | undefined {
  if (partitioner) return partitioner as StreamPartitioner<unknown, unknown>;
  const { partitionKey } = key as unknown as Serde<unknown>;
  if (!partitionKey) return undefined;
  return (_value, own, topic, numPartitions) => {
    const hashed = own === null ? null : partitionKey.call(key, own, topic);
    return hashed === null
      ? undefined
      : partitionForKey(Buffer.from(hashed as string), numPartitions);
  };
}

/** Serializes all but null, which stays null. */
function writer(
  serializer: Serializer<unknown>,
): (value: unknown, topic: string, headers: Headers) => Field {
  const { serializeFor } = serializer as Serde<unknown>;
  if (serializeFor) {
    return (value, topic, headers) =>
      value === null ? null : serializeFor.call(serializer, value, topic, headers);
  }
  return (value) => (value === null ? null : serializer.serialize(value));
}
