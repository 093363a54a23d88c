import { ClassicGroup } from "../classic-group.ts";
import { metadataOf, noAssignment } from "../classic-member.ts";
import { consumerProtocolType } from "../consumer-subscription.ts";
import type { Decision } from "../group-kind.ts";
import { groupTombstones } from "./consumer-group-record.ts";
import { encodeAssignment } from "./embedded-protocol.ts";
import type { Member } from "./member.ts";
import type { Operation } from "./operation.ts";

/** Whether a group may become a classic one with the members that remain (`validateOnlineDowngrade…`). */
export function canDowngrade(
  { surroundings }: Operation,
  remaining: ReadonlyMap<string, Member>,
): boolean {
  const { settings } = surroundings;
  const members = [...remaining.values()];
  return (
    members.length > 0 &&
    members.every(({ classic }) => classic !== undefined) &&
    settings.migration.canDowngrade &&
    members.length <= settings.classicMaxSize
  );
}

/**
 * Makes a classic group of a consumer group whose members all speak the classic protocol
 * (`convertToClassicGroup`): they keep their parts of the target assignment, and are called in where
 * that is out of date. `takenOver` names the static member whose place a remaining one has just taken.
 */
export function downgrade(
  { group, records, surroundings, now }: Operation,
  remaining: ReadonlyMap<string, Member>,
  options: {
    readonly rebalance: boolean;
    readonly takenOver?: { readonly id: string; readonly by: string };
  },
): Omit<Decision<unknown>, "result"> {
  const { rebalance, takenOver } = options;
  // The records that let a member take over another's place have gone before: its own are to be unsaid.
  const memberIds = [...group.members.keys()].map((id) =>
    id === takenOver?.id ? takenOver.by : id,
  );
  records.push(...groupTombstones(group.id, memberIds, [...group.regexes.keys()]));
  const classic = new ClassicGroup(group.id, "Stable", surroundings.timestamp());
  classic.generation = group.epoch;
  for (const member of remaining.values()) classic.add(classicMemberOf(member));
  classic.protocolName = classic.selectProtocol();
  classic.readSubscriptions();
  const image = surroundings.image();
  for (const member of classic.members.values()) {
    const target = group.target(member.id === takenOver?.by ? takenOver.id : member.id);
    const metadata = metadataOf(member, classic.protocolName);
    member.assignment = encodeAssignment(target, metadata, image);
  }
  records.push(classic.record(({ assignment }) => assignment));
  return { records, afterwards: () => surroundings.installClassic(classic, now, { rebalance }) };
}

function classicMemberOf(member: Member) {
  return {
    id: member.id,
    groupInstanceId: member.instanceId,
    clientId: member.clientId,
    clientHost: member.clientHost,
    protocolType: consumerProtocolType,
    protocols: member.classic?.supportedProtocols ?? [],
    rebalanceTimeoutMs: member.rebalanceTimeoutMs,
    sessionTimeoutMs: member.classic?.sessionTimeoutMs ?? 0,
    assignment: noAssignment,
    join: undefined,
    sync: undefined,
    isNew: false,
    expiresAt: undefined,
  };
}
