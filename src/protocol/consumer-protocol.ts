import { message } from "./api.ts";
import { defaulted, since, struct } from "./schema.ts";
import { array, int32, nullableBytes, nullableString, string } from "./wire-type.ts";

const topicPartitions = struct({ topic: string, partitions: array(int32) });

/**
 * What a consumer tells the leader of its classic group when it joins: the topics it wants, and
 * from version 1 on the partitions it has (KIP-429). Travels as the metadata of `JoinGroup`, after
 * an int16 with its version. Later versions only append fields, so one of an unknown version is
 * decoded in the newest known one, and what is left over is ignored.
 */
export const ConsumerProtocolSubscription = message(
  { name: "ConsumerProtocolSubscription", versions: [0, 3], isFlexible: () => false },
  struct({
    topics: array(string),
    userData: defaulted(nullableBytes, null),
    ownedPartitions: since(1, array(topicPartitions), [], "ignorable"),
    generationId: since(2, int32, -1, "ignorable"),
    rackId: since(3, nullableString, null, "ignorable"),
  }),
);

/**
 * What the leader of a classic group assigns to one consumer. Travels as the assignment of
 * `SyncGroup`, after an int16 with its version, with the same rule for unknown versions as
 * {@link ConsumerProtocolSubscription}.
 */
export const ConsumerProtocolAssignment = message(
  { name: "ConsumerProtocolAssignment", versions: [0, 3], isFlexible: () => false },
  struct({ assignedPartitions: array(topicPartitions), userData: defaulted(nullableBytes, null) }),
);

/**
 * What Kafka's sticky assignor puts into the subscription's user data: the partitions the member had
 * last. Version 0 had no generation, and nothing says which version it is: what fits is taken.
 */
export const StickyUserData = message(
  { name: "StickyAssignor user data", versions: [0, 1], isFlexible: () => false },
  struct({ previousAssignment: array(topicPartitions), generation: since(1, int32, -1) }),
);
