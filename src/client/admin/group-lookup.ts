import { brokerErrorNumber } from "../../broker-error-code.ts";
import {
  ConsumerGroupDescribe,
  DescribeGroups,
  ShareGroupDescribe,
  StreamsGroupDescribe,
} from "../../protocol/index.ts";
import type { Cluster } from "../cluster.ts";
import { refusal } from "../refusal.ts";
import { classicGroup } from "./classic-group.ts";
import { consumerGroup, shareGroup } from "./epoch-group.ts";
import type { GroupDescription } from "./group-description.ts";
import { type AdminRequest, isUnsupported } from "./operation.ts";
import { failed, type Outcome, type Outcomes, outcomeOf } from "./outcome.ts";
import { streamsGroup } from "./streams-group.ts";

/** One broker, and what it is asked about the groups it coordinates. */
export interface GroupInquiry {
  readonly cluster: Cluster;
  readonly coordinator: number;
  readonly includeAuthorizedOperations: boolean;
  readonly request: AdminRequest;
}

type Ask = (inquiry: GroupInquiry, ids: readonly string[]) => Promise<Outcomes<GroupDescription>>;

/**
 * Asks a coordinator about groups whose kind is not known: as groups of the consumer protocol first,
 * and about those which it does not know as such in the other ways, one after the other.
 */
export async function lookUpGroups(
  inquiry: GroupInquiry,
  ids: readonly string[],
): Promise<Outcomes<GroupDescription>> {
  const found = new Map<string, Outcome<GroupDescription>>(ids.map((id) => [id, notFound(id)]));
  for (const ask of [askConsumer, askClassic, askShare, askStreams]) {
    const left = ids.filter((id) => isNotFound(found.get(id)));
    if (left.length === 0) break;
    for (const [id, outcome] of await unlessUnsupported(ask(inquiry, left))) {
      if (!isNotFound(outcome)) found.set(id, outcome);
    }
  }
  return found;
}

const askConsumer: Ask = async ({ cluster, coordinator, request, ...options }, groupIds) => {
  const body = { ...options, groupIds };
  const { groups } = await cluster.request(coordinator, ConsumerGroupDescribe, body, request);
  return outcomesOf(groups, (group) => consumerGroup(group, coordinator));
};

const askClassic: Ask = async ({ cluster, coordinator, request, ...options }, ids) => {
  const body = { ...options, groups: ids };
  const { groups } = await cluster.request(coordinator, DescribeGroups, body, request);
  const dead = "Dead";
  return outcomesOf(
    groups.map((group) => {
      // Before version 6 a group that is not there is a dead one.
      const isMissing = group.errorCode === 0 && group.groupState === dead;
      return isMissing ? { ...group, errorCode: brokerErrorNumber("GROUP_ID_NOT_FOUND") } : group;
    }),
    (group) => classicGroup(group, coordinator),
  );
};

const askShare: Ask = async ({ cluster, coordinator, request, ...options }, groupIds) => {
  const body = { ...options, groupIds };
  const { groups } = await cluster.request(coordinator, ShareGroupDescribe, body, request);
  return outcomesOf(groups, (group) => shareGroup(group, coordinator));
};

const askStreams: Ask = async ({ cluster, coordinator, request, ...options }, groupIds) => {
  const body = { ...options, groupIds };
  const { groups } = await cluster.request(coordinator, StreamsGroupDescribe, body, request);
  return outcomesOf(groups, (group) => streamsGroup(group, coordinator));
};

interface GroupAnswer {
  readonly groupId: string;
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

function outcomesOf<A extends GroupAnswer>(
  answers: readonly A[],
  describe: (answer: A) => GroupDescription,
): Outcomes<GroupDescription> {
  return new Map(
    answers.map((answer) => {
      const { groupId, errorCode, errorMessage } = answer;
      const attempt = `describing group ${groupId}`;
      return [groupId, outcomeOf(errorCode, attempt, errorMessage, () => describe(answer))];
    }),
  );
}

async function unlessUnsupported(
  answer: Promise<Outcomes<GroupDescription>>,
): Promise<Outcomes<GroupDescription>> {
  try {
    return await answer;
  } catch (error) {
    if (isUnsupported(error)) return new Map();
    throw error;
  }
}

function notFound(id: string): Outcome<never> {
  return failed(refusal(brokerErrorNumber("GROUP_ID_NOT_FOUND"), `describing group ${id}`));
}

/** A cluster in which a protocol is switched off answers that it does not support the question. */
function isNotFound(outcome: Outcome<unknown> | undefined): boolean {
  if (outcome?.state !== "failed") return false;
  const { code } = outcome.error;
  return code === "GROUP_ID_NOT_FOUND" || code === "UNSUPPORTED_VERSION";
}
