import { BrokerError } from "../../errors.ts";

const maxNameLength = 249;

/** The log of the cluster's metadata, which has the form of a partition but is no topic. */
export const metadataTopic = "__cluster_metadata";

/** The topics that Kafka keeps its own state in (`Topic.INTERNAL_TOPICS`). */
const internalTopics = ["__consumer_offsets", "__transaction_state", "__share_group_state"];

/** Whether a topic is one of those that brokers keep their own state in. */
export function isInternalTopic(name: string): boolean {
  return internalTopics.includes(name);
}

/** Whether a topic can have the name. */
export function isTopicName(name: string): boolean {
  return faultOf(name) === undefined;
}

/** Throws INVALID_TOPIC_EXCEPTION for a name that no topic can have (`Topic.validate`). */
export function checkTopicName(name: string): void {
  const fault = faultOf(name);
  if (fault === undefined) return;
  throw new BrokerError("INVALID_TOPIC_EXCEPTION", `Topic name is invalid: ${fault}`);
}

function faultOf(name: string): string | undefined {
  if (name === "") return "the empty string is not allowed";
  if (name === "." || name === "..") return `'${name}' is not allowed`;
  if (name.length > maxNameLength) {
    return `the length of '${name}' is longer than the max allowed length ${maxNameLength}`;
  }
  if (!/^[a-zA-Z0-9._-]+$/.test(name)) {
    return `'${name}' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'`;
  }
  return undefined;
}
