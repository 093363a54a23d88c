import { DecodeError } from "../../errors.ts";
import { ConsumerProtocolSubscription, Reader } from "../../protocol/index.ts";

/** The protocol type of groups whose members are consumers. */
export const consumerProtocolType = "consumer";

/**
 * The topics of consumers' subscriptions, all together; undefined where one of them is not what
 * consumers write. Read in version 0, with which all versions begin.
 */
export function subscribedTopics(
  subscriptions: readonly Buffer[],
): ReadonlySet<string> | undefined {
  const topics = new Set<string>();
  try {
    for (const subscription of subscriptions) {
      const reader = new Reader(subscription);
      reader.int16();
      for (const topic of ConsumerProtocolSubscription.decode(reader, 0).topics) topics.add(topic);
    }
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
  return topics;
}
