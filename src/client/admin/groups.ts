import { DeleteGroups, LeaveGroup, ListGroups } from "../../protocol/index.ts";
import type { Cluster } from "../cluster.ts";
import { throwIfRefused } from "../refusal.ts";
import { dispatch } from "./dispatch.ts";
import type { GroupDescription } from "./group-description.ts";
import { lookUpGroups } from "./group-lookup.ts";
import {
  type GroupState,
  type GroupType,
  groupState,
  groupType,
  wordForState,
} from "./group-state.ts";
import { type AdminOptions, askingEveryBroker } from "./operation.ts";
import { type Outcomes, oneOrMany, outcomeOf } from "./outcome.ts";
import { toCoordinator } from "./route.ts";

/** Which groups are listed. */
export interface ListGroupsOptions extends AdminOptions {
  /** Only groups of these kinds; all by default. */
  readonly types?: readonly GroupType[] | undefined;
  /** Only groups in these states; all by default. */
  readonly states?: readonly GroupState[] | undefined;
}

/** A group in a list. */
export interface GroupListing {
  readonly groupId: string;
  readonly type: GroupType;
  /** "unknown" where the broker is too old to tell (KIP-518). */
  readonly state: GroupState;
  /** What the members are: "consumer", "share", "connect", …; "" where offsets were committed without members. */
  readonly protocolType: string;
  /** The id of the broker that coordinates the group. */
  readonly coordinator: number;
}

/** How groups are described. */
export interface DescribeGroupsOptions extends AdminOptions {
  /** Whether to tell what the user may do with each group (KIP-430). */
  readonly includeAuthorizedOperations?: boolean | undefined;
}

/** A member that is to leave its group: a static one by its instance's name, any by its id. */
export type MemberToRemove = { readonly memberId: string } | { readonly groupInstanceId: string };

/** How members are removed. */
export interface RemoveMembersOptions extends AdminOptions {
  /** What the broker's log says about it (KIP-800). */
  readonly reason?: string | undefined;
}

/** Lists, describes and deletes groups of every kind, and removes members from them. */
export class Groups {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Lists the groups of the cluster, by name; asks every broker for those it coordinates. */
  async list(options: ListGroupsOptions = {}): Promise<GroupListing[]> {
    const { types = [], states = [] } = options;
    const attempt = "listing the groups";
    // Brokers before KIP-848 know no types: all their groups are classic ones.
    const wanted = (type: GroupType) => types.length === 0 || types.includes(type);
    const body = (version: number) => ({
      statesFilter: states.map(wordForState),
      typesFilter: version < 5 && wanted("classic") ? [] : types,
    });
    const groups = await askingEveryBroker(
      this.#cluster,
      attempt,
      options,
      async (coordinator, request) => {
        const answer = await this.#cluster.request(coordinator, ListGroups, body, request);
        throwIfRefused(answer.errorCode, `${attempt} of broker ${coordinator}`);
        return answer.groups.map((group) => ({
          groupId: group.groupId,
          type: groupType(group.groupType),
          state: groupState(group.groupState),
          protocolType: group.protocolType,
          coordinator,
        }));
      },
    );
    return groups
      .filter(({ type }) => wanted(type))
      .sort((left, right) => (left.groupId < right.groupId ? -1 : 1));
  }

  /** Describes groups of any kind with their members; which kind each is, is found out. */
  describe(groupId: string, options?: DescribeGroupsOptions): Promise<GroupDescription>;
  describe(
    groupIds: readonly string[],
    options?: DescribeGroupsOptions,
  ): Promise<Outcomes<GroupDescription>>;
  describe(asked: string | readonly string[], options: DescribeGroupsOptions = {}) {
    const { includeAuthorizedOperations = false } = options;
    const cluster = this.#cluster;
    return oneOrMany(asked, (groupIds) =>
      dispatch(
        cluster,
        groupIds,
        {
          key: (id) => id,
          attempt: (id) => `describing group ${id}`,
          route: toCoordinator(cluster, "group", (id) => id),
          send: (target, ids, request) => {
            const coordinator = target as number;
            const inquiry = { cluster, coordinator, includeAuthorizedOperations, request };
            return lookUpGroups(inquiry, ids);
          },
        },
        options,
      ),
    );
  }

  /** Deletes groups without members, with their offsets (KIP-229). */
  delete(groupId: string, options?: AdminOptions): Promise<void>;
  delete(groupIds: readonly string[], options?: AdminOptions): Promise<Outcomes<void>>;
  delete(asked: string | readonly string[], options: AdminOptions = {}) {
    const attempt = (id: string) => `deleting group ${id}`;
    return oneOrMany(asked, (groupIds) =>
      dispatch(
        this.#cluster,
        groupIds,
        {
          key: (id) => id,
          attempt,
          route: toCoordinator(this.#cluster, "group", (id) => id),
          send: async (coordinator, groupsNames, request) => {
            const body = { groupsNames };
            const answer = await this.#cluster.request(coordinator, DeleteGroups, body, request);
            return new Map(
              answer.results.map(({ groupId, errorCode }) => [
                groupId,
                outcomeOf(errorCode, attempt(groupId), undefined, () => {}),
              ]),
            );
          },
        },
        options,
      ),
    );
  }

  /**
   * Removes members from a classic or consumer group (KIP-345), so that their partitions go to the others at
   * once. A member that still lives joins anew. Outcomes are found under the instance's name or the
   * member's id, whichever was given.
   */
  removeMembers(
    groupId: string,
    member: MemberToRemove,
    options?: RemoveMembersOptions,
  ): Promise<void>;
  removeMembers(
    groupId: string,
    members: readonly MemberToRemove[],
    options?: RemoveMembersOptions,
  ): Promise<Outcomes<void>>;
  removeMembers(
    groupId: string,
    asked: MemberToRemove | readonly MemberToRemove[],
    options: RemoveMembersOptions = {},
  ) {
    return oneOrMany(asked, (members) => this.#removeMembers(groupId, members, options));
  }

  #removeMembers(
    groupId: string,
    members: readonly MemberToRemove[],
    options: RemoveMembersOptions,
  ): Promise<Outcomes<void>> {
    const { reason = "removed by an administrator" } = options;
    const attempt = (member: MemberToRemove) =>
      `removing member ${memberKey(member)} from group ${groupId}`;
    return dispatch(
      this.#cluster,
      members,
      {
        key: memberKey,
        attempt,
        route: toCoordinator(this.#cluster, "group", () => groupId),
        send: async (coordinator, items, request) => {
          const identities = items.map((member) => ({
            memberId: "memberId" in member ? member.memberId : "",
            groupInstanceId: "groupInstanceId" in member ? member.groupInstanceId : null,
            reason,
          }));
          const body = { groupId, members: identities };
          const answer = await this.#cluster.request(coordinator, LeaveGroup, body, request);
          const left = new Map(
            answer.members.map((one) => [one.groupInstanceId ?? one.memberId, one.errorCode]),
          );
          return new Map(
            items.map((member) => {
              const key = memberKey(member);
              const errorCode = answer.errorCode || (left.get(key) ?? 0);
              return [key, outcomeOf(errorCode, attempt(member), undefined, () => {})];
            }),
          );
        },
      },
      options,
    );
  }
}

function memberKey(member: MemberToRemove): string {
  return "groupInstanceId" in member ? member.groupInstanceId : member.memberId;
}
