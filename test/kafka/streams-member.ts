import type { Cluster } from "../../src/client/cluster.ts";
import { StreamsGroupHeartbeat } from "../../src/protocol/index.ts";
import { both, joining, silence, topologyWith } from "../streams-scene.ts";
import { until } from "../until.ts";

/** Which group a member is of, and the topic of two partitions that it reads. */
export interface StreamsMemberOptions {
  readonly groupId: string;
  readonly topic: string;
}

/**
 * A member of a streams group (KIP-1071) with a task for each of a topic's two partitions, as much as
 * the group can tell: it beats when it is told to, and runs nothing.
 */
export class StreamsMember {
  readonly #cluster: Cluster;
  readonly #options: StreamsMemberOptions;
  #memberEpoch = 0;

  constructor(cluster: Cluster, options: StreamsMemberOptions) {
    this.#cluster = cluster;
    this.#options = options;
  }

  /** Joins, and resolves when it has its tasks. */
  async enter(): Promise<void> {
    await until("tasks of the streams group", async () => {
      const isNew = this.#memberEpoch === 0;
      const { activeTasks, memberEpoch, errorMessage } = await this.#beat(this.#memberEpoch, isNew);
      if (errorMessage !== null) throw new Error(errorMessage);
      this.#memberEpoch = memberEpoch;
      return activeTasks !== null && activeTasks.length > 0;
    });
    // It tells once that it has what it was given.
    await this.#beat(this.#memberEpoch, false, both);
  }

  /** Leaves, be it that another object has joined for it. */
  async leave(): Promise<void> {
    await this.#beat(-1, false);
  }

  async #beat(
    memberEpoch: number,
    isNew: boolean,
    activeTasks: typeof both | null = isNew ? [] : null,
  ) {
    const { groupId, topic } = this.#options;
    const coordinator = await this.#cluster.coordinator("group", groupId);
    return this.#cluster.request(coordinator, StreamsGroupHeartbeat, {
      ...silence,
      ...(isNew && joining("streams-member", topologyWith({ "0": { sourceTopics: [topic] } }, 1))),
      groupId,
      memberId: "streams-member",
      memberEpoch,
      processId: isNew ? "process" : null,
      activeTasks,
      standbyTasks: activeTasks && [],
      warmupTasks: activeTasks && [],
    });
  }
}
