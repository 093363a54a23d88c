import type { Serializer } from "../../client/index.ts";
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
  const write = (topic: string, { key, value, timestamp, headers }: Message<unknown, unknown>) => {
    const keyField = toKey(key, topic, headers);
    const valueField = toValue(value, topic, headers);
    const chosen = partitioner?.(value, key, topic, output.partitions(topic));
    if (chosen === undefined || typeof chosen === "number") {
      output.send(topic, chosen, keyField, valueField, timestamp, headers);
      return;
    }
    for (const partition of chosen) {
      output.send(topic, partition, keyField, valueField, timestamp, headers);
    }
  };
  if (typeof sink.topic === "string") {
    const topic = nameOf(sink.topic);
    return (message) => write(topic, message);
  }
  const extract = sink.topic as TopicExtractor<unknown, unknown>;
  return (message) => write(extract(message), message);
}

/** The sink's own partitioner, or that of keys that are not hashed as a whole. */
function partitionerOf({
  partitioner,
  key,
}: SinkNode): StreamPartitioner<unknown, unknown> | undefined {
  if (partitioner) return partitioner as StreamPartitioner<unknown, unknown>;
  const { partitionKey } = key as unknown as Serde<unknown>;
  if (!partitionKey) return undefined;
  return (_value, own, _topic, numPartitions) => {
    const hashed = own === null ? null : partitionKey.call(key, own);
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
