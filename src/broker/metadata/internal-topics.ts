import { isInternalTopic } from "./topic-name.ts";
import type { TopicToCreate } from "./topic-to-create.ts";

/**
 * How a topic is made that brokers keep their own state in, with Kafka's configs for it; undefined for
 * all other topics. `brokerConfig` gives a broker's setting.
 */
export function internalTopic(
  name: string,
  brokerConfig: (name: string) => string,
): TopicToCreate | undefined {
  if (!isInternalTopic(name)) return undefined;
  const prefix = {
    __consumer_offsets: "offsets.topic",
    __transaction_state: "transaction.state.log",
    __share_group_state: "share.coordinator.state.topic",
  }[name];
  const ofPrefix = (setting: string) => brokerConfig(`${prefix}.${setting}`);
  const configs = new Map([
    ["cleanup.policy", name === "__share_group_state" ? "delete" : "compact"],
    ["compression.type", name === "__transaction_state" ? "uncompressed" : "producer"],
    ["segment.bytes", ofPrefix("segment.bytes")],
  ]);
  if (name === "__transaction_state") configs.set("unclean.leader.election.enable", "false");
  if (name === "__share_group_state") configs.set("retention.ms", "-1");
  // One node can hold one replica, and would not take records if it had to wait for a second.
  if (name !== "__consumer_offsets") configs.set("min.insync.replicas", "1");
  return {
    name,
    numPartitions: Number(ofPrefix("num.partitions")),
    replicationFactor: 1,
    configs,
    isInternal: true,
  };
}
