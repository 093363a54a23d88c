import type { HeartbeatStatus } from "./heartbeat-status.ts";

/** An internal topic with all its numbers decided (`ConfiguredInternalTopic`). */
export interface InternalTopic {
  readonly name: string;
  /** At least 1. */
  readonly partitions: number;
  /** 0 for the broker's default. */
  readonly replicationFactor: number;
  readonly configs: ReadonlyMap<string, string>;
}

/** A subtopology in the light of the topics that there are (`ConfiguredSubtopology`). */
export interface ConfiguredSubtopology {
  /** At least 1: the most partitions that one of the sources has. */
  readonly taskCount: number;
  readonly sourceTopics: ReadonlySet<string>;
  readonly repartitionSourceTopics: readonly InternalTopic[];
  readonly repartitionSinkTopics: ReadonlySet<string>;
  /** A subtopology with changelogs has state, and so may have standby tasks. */
  readonly changelogTopics: readonly InternalTopic[];
}

/** Subtopologies by their ids, in the order of these. */
export type ConfiguredSubtopologies = ReadonlyMap<string, ConfiguredSubtopology>;

/**
 * What a topology amounts to with the topics that there are (`ConfiguredTopology`):
 * - ready: its tasks can be assigned;
 * - waiting: all is well but for internal topics that are to be made first;
 * - unfit: source topics are missing, or topics have the wrong number of partitions.
 */
export type ConfiguredTopology =
  | { readonly name: "ready"; readonly subtopologies: ConfiguredSubtopologies }
  | {
      readonly name: "waiting";
      readonly subtopologies: ConfiguredSubtopologies;
      readonly missing: readonly InternalTopic[];
      readonly status: HeartbeatStatus;
    }
  | { readonly name: "unfit"; readonly status: HeartbeatStatus };

/** The subtopologies of a topology whose numbers could be decided. */
export function subtopologiesOf(
  topology: ConfiguredTopology | undefined,
): ConfiguredSubtopologies | undefined {
  return topology === undefined || topology.name === "unfit" ? undefined : topology.subtopologies;
}
