import type { BrokerError } from "../../errors.ts";
import type { GroupMetadata } from "../group-metadata.ts";
import type { TopicPartition } from "../topic-partition.ts";
import type { PartitionSet } from "./partition-set.ts";

/** What a member is told; `Answer` is what its protocol's requests lead to. */
export type MemberEvent<Answer> =
  /** The first of these starts the member. */
  | ({ readonly type: "subscribed" } & Subscription)
  /** It is `wakeAt`, or later. */
  | { readonly type: "tick" }
  /** What the last "revoke", "lose" or "assign" asked for is done. */
  | { readonly type: "handed-over" }
  | { readonly type: "rejoin"; readonly reason: string }
  /** The cluster has told about its topics. */
  | ({ readonly type: "metadata" } & KnownTopics)
  /** The coordinator refused to commit offsets on the word of `group`. */
  | {
      readonly type: "commit-refused";
      readonly error: BrokerError;
      readonly group: GroupMetadata;
    }
  | { readonly type: "close"; readonly leave: boolean }
  /** The member has to end: with an error for good, without one at once and in silence. */
  | { readonly type: "abandon"; readonly error: Error | undefined }
  | Answer;

/** What a member wants. */
export interface Subscription {
  /** The topics that are there and those asked for by name. */
  readonly topics: readonly string[];
  /** Whether it wants a topic, also one it does not know of yet. */
  readonly accepts: (topic: string) => boolean;
}

/** What the client knows of topics at the moment. */
export interface KnownTopics {
  /** How many partitions a topic has, 0 if it is not known. */
  readonly partitionCount: (topic: string) => number;
  /** The name of a topic by its id. */
  readonly topicName: (id: string) => string | undefined;
}

/** What a member wants done. After "revoke", "lose" or "assign" it waits for "handed-over". */
export type MemberEffect<Request> =
  | { readonly do: "revoke"; readonly partitions: PartitionSet }
  | { readonly do: "lose"; readonly partitions: PartitionSet }
  | { readonly do: "assign"; readonly partitions: PartitionSet; readonly group: GroupMetadata }
  | { readonly do: "ask"; readonly request: Request }
  /** It is over; with an error unless the member was closed. */
  | { readonly do: "end"; readonly error: Error | undefined };

/**
 * A member of a group as a state machine: takes what happened and the time, and returns what is to
 * be done. One for each group protocol, classic and consumer (KIP-848).
 */
export interface Member<Request, Answer> {
  /** What commits and transactions may refer to; undefined while this is no member. */
  readonly group: GroupMetadata | undefined;
  /** Whether the group is between two generations, so that a refused commit may pass later. */
  readonly isRebalancing: boolean;
  /** When it wants a "tick", by the same clock; infinity for never. */
  readonly wakeAt: number;
  /** The topics besides its own whose metadata should be kept up to date. */
  readonly watchedTopics: readonly string[];
  /** Whether it waits for metadata that is missing. */
  readonly lacksMetadata: boolean;
  /** Whether a partition is this member's, also while it is being given up. */
  owns(partition: TopicPartition): boolean;
  /** `now` in milliseconds of the clock's `elapsed`. */
  handle(event: MemberEvent<Answer>, now: number): readonly MemberEffect<Request>[];
}
