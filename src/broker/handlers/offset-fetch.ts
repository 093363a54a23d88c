import { type BrokerErrorCode, brokerErrorNumber } from "../../broker-error-code.ts";
import { BrokerError } from "../../errors.ts";
import { OffsetFetch, zeroUuid } from "../../protocol/index.ts";
import type { CommittedOffset } from "../groups/committed-offset.ts";
import type { GroupCoordinator } from "../groups/group-coordinator.ts";
import { groupErrorOf } from "../groups/group-error.ts";
import type { ClusterImage } from "../metadata/cluster-image.ts";
import type { RequestContext } from "../server/request-context.ts";
import { handler } from "./handler.ts";

/** From this version on an error of the whole group has a field of its own, and all topics can be asked for. */
const groupErrorFrom = 2;
/** From this version on several groups can be asked for (KIP-709). */
const batchFrom = 8;
/** From this version on topics are told by their ids. */
const topicIdFrom = 10;

type Request = ReturnType<typeof OffsetFetch.request.decode>;
type GroupRequest = Request["groups"][number];
type TopicRequest = NonNullable<GroupRequest["topics"]>[number];

interface PartitionAnswer {
  readonly partitionIndex: number;
  readonly committedOffset: number;
  readonly committedLeaderEpoch: number;
  readonly metadata: string;
  readonly errorCode: number;
}
interface TopicAnswer {
  readonly name: string;
  readonly topicId: string;
  readonly partitions: PartitionAnswer[];
}
interface GroupAnswer {
  readonly groupId: string;
  readonly topics: TopicAnswer[];
  readonly errorCode: number;
}

/** Versions 1 to 10. */
export const offsetFetch = handler(OffsetFetch, (request, context, { groups, controller }) => {
  const { requireStable } = request;
  const answerOf = (group: GroupRequest) =>
    new GroupFetch({ group, requireStable, context, groups, image: controller.image }).answer();
  if (context.apiVersion >= batchFrom) return { groups: request.groups.map(answerOf) };
  const { errorCode, topics } = answerOf(singleGroup(request));
  return { errorCode, topics };
});

/** What one group is asked for, and by whom. */
class GroupFetch {
  readonly #group: GroupRequest;
  readonly #requireStable: boolean;
  readonly #context: RequestContext;
  readonly #groups: GroupCoordinator;
  readonly #image: ClusterImage;

  constructor(given: {
    readonly group: GroupRequest;
    readonly requireStable: boolean;
    readonly context: RequestContext;
    readonly groups: GroupCoordinator;
    readonly image: ClusterImage;
  }) {
    this.#group = given.group;
    this.#requireStable = given.requireStable;
    this.#context = given.context;
    this.#groups = given.groups;
    this.#image = given.image;
  }

  answer(): GroupAnswer {
    const { groupId, topics } = this.#group;
    if (!this.#context.isAllowed("DESCRIBE", "GROUP", groupId)) {
      return this.#failed("GROUP_AUTHORIZATION_FAILED");
    }
    try {
      const isThere = this.#mayFetch();
      const answers = topics === null ? this.#all(isThere) : this.#asked(topics, isThere);
      return { groupId, errorCode: 0, topics: answers };
    } catch (error) {
      return this.#failed(groupErrorOf(error));
    }
  }

  /** Whether there is such a group; throws where the member must not ask. */
  #mayFetch(): boolean {
    const { groupId, memberId, memberEpoch } = this.#group;
    const group = this.#groups.group(groupId);
    try {
      group?.checkFetch(memberId, memberEpoch);
    } catch (error) {
      if (error instanceof BrokerError && error.code === "GROUP_ID_NOT_FOUND") return false;
      throw error;
    }
    return group !== undefined;
  }

  #all(isThere: boolean): TopicAnswer[] {
    const answers: TopicAnswer[] = [];
    if (!isThere) return answers;
    const isById = this.#context.apiVersion >= topicIdFrom;
    for (const [name, offsets] of this.#groups.offsets.of(this.#group.groupId)) {
      if (!this.#context.isAllowed("DESCRIBE", "TOPIC", name)) continue;
      const topicId = this.#image.topics.get(name)?.id ?? zeroUuid;
      // A topic without an id cannot be told by it.
      if (isById && topicId === zeroUuid) continue;
      const partitions = [...offsets].map(([index, committed]) =>
        this.#partition(name, index, committed),
      );
      answers.push({ name, topicId, partitions });
    }
    return answers;
  }

  /** Gives what is known first, then the topics that are refused, as Kafka does. */
  #asked(topics: readonly TopicRequest[], isThere: boolean): TopicAnswer[] {
    const answers: TopicAnswer[] = [];
    const refused: TopicAnswer[] = [];
    const group = this.#group.groupId;
    for (const { name: told, topicId, partitionIndexes } of topics) {
      const name = told === "" ? (this.#image.topicsById.get(topicId)?.name ?? "") : told;
      const error = this.#topicError(name);
      const partitions = partitionIndexes.map((partition) => {
        if (error !== undefined) return unknown(partition, brokerErrorNumber(error));
        const committed = isThere
          ? this.#groups.offsets.get({ group, topic: name, partition })
          : undefined;
        const isOther = committed !== undefined && isOtherTopic(committed.topicId, topicId);
        return this.#partition(name, partition, isOther ? undefined : committed);
      });
      (error === undefined ? answers : refused).push({ name, topicId, partitions });
    }
    return [...answers, ...refused];
  }

  #topicError(name: string): BrokerErrorCode | undefined {
    if (this.#context.apiVersion >= topicIdFrom && name === "") return "UNKNOWN_TOPIC_ID";
    const isAllowed = this.#context.isAllowed("DESCRIBE", "TOPIC", name);
    return isAllowed ? undefined : "TOPIC_AUTHORIZATION_FAILED";
  }

  #partition(
    topic: string,
    partition: number,
    committed: CommittedOffset | undefined,
  ): PartitionAnswer {
    const place = { group: this.#group.groupId, topic, partition };
    if (this.#requireStable && this.#groups.offsets.isPending(place)) {
      return unknown(partition, brokerErrorNumber("UNSTABLE_OFFSET_COMMIT"));
    }
    if (committed === undefined) return unknown(partition, 0);
    return {
      partitionIndex: partition,
      committedOffset: committed.offset,
      committedLeaderEpoch: committed.leaderEpoch,
      metadata: committed.metadata,
      errorCode: 0,
    };
  }

  #failed(error: BrokerErrorCode): GroupAnswer {
    const { groupId, topics } = this.#group;
    const errorCode = brokerErrorNumber(error);
    if (this.#context.apiVersion >= groupErrorFrom) return { groupId, errorCode, topics: [] };
    const answers = (topics ?? []).map(({ name, topicId, partitionIndexes }) => ({
      name,
      topicId,
      partitions: partitionIndexes.map((index) => unknown(index, errorCode)),
    }));
    return { groupId, errorCode, topics: answers };
  }
}

function unknown(partitionIndex: number, errorCode: number): PartitionAnswer {
  return { partitionIndex, committedOffset: -1, committedLeaderEpoch: -1, metadata: "", errorCode };
}

/** Whether the offset was committed for an earlier topic of the same name. */
function isOtherTopic(committed: string, asked: string): boolean {
  return committed !== zeroUuid && asked !== zeroUuid && committed !== asked;
}

function singleGroup({ groupId, topics }: Request): GroupRequest {
  const named = topics?.map((topic) => ({ ...topic, topicId: zeroUuid })) ?? null;
  return { groupId, memberId: null, memberEpoch: -1, topics: named };
}
