import type { ClusterImage } from "../../metadata/cluster-image.ts";
import { numStandbyReplicasKey } from "./target-assignment.ts";

/** Where settings and topics are looked up: the controller. */
export interface SettingsSource {
  readonly image: ClusterImage;
  /** A broker setting in force, as text. */
  brokerConfig(name: string): string;
  /** A group's setting in force, as text. */
  groupConfig(groupId: string, name: string): string;
}

/** The settings of one streams group that are in force; times in milliseconds. */
export interface GroupSettings {
  readonly sessionTimeoutMs: number;
  readonly heartbeatIntervalMs: number;
  /** How long a group without members waits for more of them once one has come. */
  readonly initialRebalanceDelayMs: number;
  /** The least time between two target assignments (KIP-1263). */
  readonly assignmentIntervalMs: number;
  /** The most members; Kafka's limit is that of the broker. */
  readonly maxSize: number;
  /** What the assignment is made with, as the group's record has it. */
  readonly assignmentConfigs: ReadonlyMap<string, string>;
}

/** Looks up what is in force for a group now: all of it can change at any time. */
export function groupSettings(source: SettingsSource, groupId: string): GroupSettings {
  const text = (name: string) => source.groupConfig(groupId, `streams.${name}`);
  const number = (name: string) => Number(text(name));
  return {
    sessionTimeoutMs: number("session.timeout.ms"),
    heartbeatIntervalMs: number("heartbeat.interval.ms"),
    initialRebalanceDelayMs: number("initial.rebalance.delay.ms"),
    assignmentIntervalMs: number("assignment.interval.ms"),
    maxSize: Number(source.brokerConfig("group.streams.max.size")),
    assignmentConfigs: new Map([[numStandbyReplicasKey, text("num.standby.replicas")]]),
  };
}

/** Whether streams groups are served at all: the feature's level and the broker's setting say so. */
export function areStreamsGroupsOn(source: SettingsSource): boolean {
  const protocols = source.brokerConfig("group.coordinator.rebalance.protocols");
  const isOn = protocols.split(",").some((protocol) => protocol.trim() === "streams");
  return isOn && (source.image.features.get("streams.version") ?? 0) >= 1;
}
