import type { EffectiveConfig } from "./effective-configs.ts";

/** A topic to be made. */
export interface TopicToCreate {
  readonly name: string;
  /** −1 for the broker's default. */
  readonly numPartitions: number;
  /** −1 for the broker's default. */
  readonly replicationFactor: number;
  readonly assignments?: readonly {
    readonly partition: number;
    readonly brokerIds: readonly number[];
  }[];
  readonly configs: ReadonlyMap<string, string | null>;
  /** Made by the broker itself, such as `__consumer_offsets`: gets one replica whatever the settings say. */
  readonly isInternal?: boolean;
}

/** A topic that was made, or would have been. */
export interface CreatedTopic {
  readonly id: string;
  readonly numPartitions: number;
  /** All its configs. */
  readonly configs: readonly EffectiveConfig[];
}

/** More partitions for a topic. */
export interface PartitionsToCreate {
  readonly topic: string;
  /** How many there are to be in the end. */
  readonly count: number;
  /** The brokers of each new partition; null leaves the choice to the controller. */
  readonly assignments: readonly (readonly number[])[] | null;
}
