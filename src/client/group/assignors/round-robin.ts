import type { TopicPartition } from "../../topic-partition.ts";
import type { AssignableTopics, Assignment, Assignor, GroupMember } from "../assignor.ts";
import { compareText, inOrder } from "./member-order.ts";

/**
 * Deals all partitions of all topics out, one to each member in turn, passing over members that do
 * not want the topic. The same as Kafka's RoundRobinAssignor.
 */
export const roundRobin: Assignor = {
  name: "roundrobin",
  protocols: ["eager"],
  assign: assignRoundRobin,
};

function assignRoundRobin(
  topics: AssignableTopics,
  members: readonly GroupMember[],
): ReadonlyMap<string, Assignment> {
  const seats = inOrder(members).map(({ memberId, topics: wanted }) => ({
    memberId,
    wanted: new Set(wanted),
    partitions: [] as TopicPartition[],
  }));
  let turn = 0;
  const names = [...topics.keys()].sort(compareText);
  for (const topic of names) {
    if (!seats.some(({ wanted }) => wanted.has(topic))) continue;
    for (const { partition } of topics.get(topic) ?? []) {
      while (!seats[turn]?.wanted.has(topic)) turn = (turn + 1) % seats.length;
      seats[turn]?.partitions.push({ topic, partition });
      turn = (turn + 1) % seats.length;
    }
  }
  return new Map(seats.map(({ memberId, partitions }) => [memberId, { partitions }]));
}
