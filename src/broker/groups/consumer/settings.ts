import type { Assignor } from "./assignors/assignor.ts";
import { range } from "./assignors/range.ts";
import { uniform } from "./assignors/uniform.ts";

/** Where settings come from, as text: the controller. */
export interface ConfigSource {
  /** A broker setting in force. */
  brokerConfig(name: string): string;
  /** A group's setting in force. */
  groupConfig(groupId: string, name: string): string;
}

/** In which directions groups may change between the protocols while they have members. */
export interface MigrationPolicy {
  readonly canUpgrade: boolean;
  readonly canDowngrade: boolean;
}

const migrationPolicies: { readonly [name: string]: MigrationPolicy } = {
  bidirectional: { canUpgrade: true, canDowngrade: true },
  upgrade: { canUpgrade: true, canDowngrade: false },
  downgrade: { canUpgrade: false, canDowngrade: true },
};
const migrationDisabled: MigrationPolicy = { canUpgrade: false, canDowngrade: false };

/** The assignors by name; Kafka's classes go by theirs as well. */
const builtInAssignors: { readonly [name: string]: readonly [name: string, assignor: Assignor] } = {
  uniform: ["uniform", uniform],
  range: ["range", range],
  "org.apache.kafka.coordinator.group.assignor.UniformAssignor": ["uniform", uniform],
  "org.apache.kafka.coordinator.group.assignor.RangeAssignor": ["range", range],
};

/** The settings of consumer groups, as they are in force whenever they are asked for (`GroupCoordinatorConfig`). */
export class ConsumerGroupSettings {
  readonly #source: ConfigSource;

  constructor(source: ConfigSource) {
    this.#source = source;
  }

  /** In milliseconds: how long a member may be silent. */
  sessionTimeoutMs(groupId: string): number {
    return Number(this.#source.groupConfig(groupId, "consumer.session.timeout.ms"));
  }

  /** In milliseconds: how often a member is to be heard of. */
  heartbeatIntervalMs(groupId: string): number {
    return Number(this.#source.groupConfig(groupId, "consumer.heartbeat.interval.ms"));
  }

  /** In milliseconds: the least time between two target assignments (KIP-1263). */
  assignmentIntervalMs(groupId: string): number {
    return Number(this.#source.groupConfig(groupId, "consumer.assignment.interval.ms"));
  }

  /** How many members a consumer group may have. */
  get maxSize(): number {
    return Number(this.#source.brokerConfig("group.consumer.max.size"));
  }

  /** How many members a classic group may have. */
  get classicMaxSize(): number {
    return Number(this.#source.brokerConfig("group.max.size"));
  }

  /** In milliseconds: how long resolved regular expressions hold at most. */
  get regexRefreshIntervalMs(): number {
    return Number(this.#source.brokerConfig("group.consumer.regex.refresh.interval.ms"));
  }

  get migration(): MigrationPolicy {
    const name = this.#source.brokerConfig("group.consumer.migration.policy").toLowerCase();
    return migrationPolicies[name] ?? migrationDisabled;
  }

  /** The assignors that members may ask for, the default one first. Such as are not built in are left out. */
  get assignors(): ReadonlyMap<string, Assignor> {
    const names = this.#source.brokerConfig("group.consumer.assignors").split(",");
    const known = new Map<string, Assignor>();
    for (const name of names) {
      const [shortName, assignor] = builtInAssignors[name.trim()] ?? [];
      if (shortName !== undefined && assignor !== undefined) known.set(shortName, assignor);
    }
    return known;
  }
}
