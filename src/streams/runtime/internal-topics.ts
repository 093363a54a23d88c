import type { Admin, AdminOptions, NewTopic } from "../../client/index.ts";
import { valueOrThrow } from "../../client/index.ts";
import type { Clock } from "../../clock.ts";
import { MillraceError } from "../../errors.ts";
import { type Host, systemHost } from "../../host.ts";
import { type Logger, silentLogger } from "../../log.ts";
import { partitionCounts } from "./partition-counts.ts";
import { hasPatterns } from "./subscription.ts";
import { topicFlaws } from "./topic-flaws.ts";
import type { InternalTopic, TopologyPlan } from "./topology-plan.ts";

/** What {@link InternalTopics} are kept with. */
export interface InternalTopicsOptions {
  readonly admin: Admin;
  readonly plan: TopologyPlan;
  /** Of topics that are created; the broker's default, −1, if left out. */
  readonly replicationFactor?: number | undefined;
  /** Configs of all topics that are created: over the library's own, below those of a single store. */
  readonly topicConfigs?: ReadonlyMap<string, string> | undefined;
  readonly logger?: Logger | undefined;
  readonly host?: Pick<Host, "clock"> | undefined;
}

/** How long one round may take when nothing else is said, in milliseconds. */
const defaultTimeoutMs = 60_000;
/** The wait until topics that appear or vanish at this moment are looked at again. */
const retryMs = 100;

/**
 * The repartition topics and changelogs of an application: creates what is missing, and checks what is there. Several
 * instances may do so at once. The part of `InternalTopicManager`.
 */
export class InternalTopics {
  readonly #admin: Admin;
  readonly #plan: TopologyPlan;
  readonly #replicationFactor: number;
  readonly #topicConfigs: ReadonlyMap<string, string>;
  readonly #logger: Logger;
  readonly #clock: Clock;
  /** Topics whose configs were looked at: once is enough. */
  readonly #inspected = new Set<string>();

  constructor({
    admin,
    plan,
    replicationFactor = -1,
    topicConfigs = new Map(),
    logger = silentLogger,
    host = systemHost,
  }: InternalTopicsOptions) {
    this.#admin = admin;
    this.#plan = plan;
    this.#replicationFactor = replicationFactor;
    this.#topicConfigs = topicConfigs;
    this.#logger = logger;
    this.#clock = host.clock;
  }

  /**
   * Sees to it that all internal topics are there, and gives the number of partitions of every topic that the
   * application reads or logs to, by its full name.
   *
   * Throws MISSING_SOURCE_TOPIC and NOT_COPARTITIONED as {@link partitionCounts} does, INVALID_INTERNAL_TOPIC where a
   * topic is there with another number of partitions, TIMED_OUT when creating takes longer than `timeoutMs` (60,000
   * by default), and whatever the cluster has against it. Configs that endanger data are logged as warnings, as an
   * administrator may have set them on purpose.
   */
  async ensure(options: AdminOptions = {}): Promise<ReadonlyMap<string, number>> {
    const { signal, timeoutMs = defaultTimeoutMs } = options;
    const deadline = this.#clock.elapsed() + timeoutMs;
    for (;;) {
      const bound = { signal, timeoutMs: Math.max(1, deadline - this.#clock.elapsed()) };
      const existing = await this.#existing(bound);
      const counts = partitionCounts(this.#plan, existing);
      const topics = this.#topics().filter(({ name }) => counts.has(name));
      refuseOtherCounts(topics, existing, counts);
      await this.#inspect(topics, existing, bound);
      const missing = topics.filter(({ name }) => !existing.has(name));
      const taken = await this.#create(missing, counts, bound);
      if (taken.length === 0) return counts;
      if (this.#clock.elapsed() >= deadline) throw stillVanishing(taken, timeoutMs);
      // Another instance was faster, which the next look shows, or the topics are being deleted.
      await this.#clock.sleep(retryMs);
    }
  }

  /** Those of the topics that matter which exist, with their numbers of partitions. */
  async #existing(bound: AdminOptions): Promise<ReadonlyMap<string, number>> {
    const { nodes } = this.#plan.builder;
    const named = [...nodes.values()].flatMap((node) =>
      node.kind === "source" ? node.topics.map((topic) => this.#plan.topicName(topic)) : [],
    );
    const names = new Set([...named, ...this.#topics().map(({ name }) => name)]);
    const { topics } = this.#admin;
    const [listed, described] = await Promise.all([
      hasPatterns(this.#plan) ? topics.list(bound) : [],
      topics.describe([...names], bound),
    ]);
    const counts = new Map(listed.map(({ name, numPartitions }) => [name, numPartitions]));
    for (const [name, outcome] of described) {
      if (isRefused(outcome, "UNKNOWN_TOPIC_OR_PARTITION")) counts.delete(name);
      else counts.set(name, valueOrThrow(outcome).partitions.length);
    }
    return counts;
  }

  #topics(): InternalTopic[] {
    return this.#plan
      .subtopologies()
      .flatMap(({ repartitionTopics, changelogTopics }) => [
        ...repartitionTopics,
        ...changelogTopics,
      ]);
  }

  #configsOf({ configs, ownConfigs }: InternalTopic): ReadonlyMap<string, string> {
    return new Map([...configs, ...this.#topicConfigs, ...ownConfigs]);
  }

  /** Warns of configs under which data may be lost. */
  async #inspect(
    topics: readonly InternalTopic[],
    existing: ReadonlyMap<string, number>,
    bound: AdminOptions,
  ): Promise<void> {
    const found = topics.filter(({ name }) => existing.has(name) && !this.#inspected.has(name));
    if (found.length === 0) return;
    const resources = found.map(({ name }) => ({ type: "topic" as const, name }));
    const outcomes = await this.#admin.configs.describe(resources, bound);
    for (const topic of found) {
      const { name } = topic;
      const outcome = outcomes.get(`topic:${name}`);
      if (outcome?.state !== "done") {
        const error = outcome?.error;
        this.#logger.debug({ topic: name, error }, "could not look at an internal topic's configs");
        continue;
      }
      this.#inspected.add(name);
      const actual = (config: string) => outcome.value.get(config)?.value ?? undefined;
      for (const flaw of topicFlaws(this.#configsOf(topic), actual)) {
        this.#logger.warn({ topic: name }, `internal topic ${name}: ${flaw}`);
      }
    }
  }

  /** Creates topics, and gives the names of those that are there already, in whatever state. */
  async #create(
    topics: readonly InternalTopic[],
    counts: ReadonlyMap<string, number>,
    bound: AdminOptions,
  ): Promise<string[]> {
    if (topics.length === 0) return [];
    const creations = topics.map((topic): NewTopic => {
      const { name } = topic;
      const numPartitions = counts.get(name);
      const configs = Object.fromEntries(this.#configsOf(topic));
      return { name, numPartitions, replicationFactor: this.#replicationFactor, configs };
    });
    const outcomes = await this.#admin.topics.create(creations, bound);
    const taken: string[] = [];
    for (const [name, outcome] of outcomes) {
      if (isRefused(outcome, "TOPIC_ALREADY_EXISTS")) {
        taken.push(name);
        continue;
      }
      valueOrThrow(outcome);
      this.#inspected.add(name);
      this.#logger.info({ topic: name, partitions: counts.get(name) }, "created an internal topic");
    }
    return taken;
  }
}

type AnyOutcome = Parameters<typeof valueOrThrow>[0];

function isRefused(outcome: AnyOutcome, code: MillraceError["code"]): boolean {
  return outcome.state === "failed" && outcome.error.code === code;
}

function refuseOtherCounts(
  topics: readonly InternalTopic[],
  existing: ReadonlyMap<string, number>,
  counts: ReadonlyMap<string, number>,
): void {
  const wrong = topics.filter(
    ({ name }) => existing.has(name) && existing.get(name) !== counts.get(name),
  );
  if (wrong.length === 0) return;
  const all = wrong.map(
    ({ name }) => `${name} has ${existing.get(name)} and needs ${counts.get(name)}`,
  );
  const message = `internal topics have other numbers of partitions than the topology needs: ${all.join(", ")}; reset the application and delete them, or give the topics that it reads their former partitions`;
  throw new MillraceError("INVALID_INTERNAL_TOPIC", message);
}

function stillVanishing(names: readonly string[], timeoutMs: number): MillraceError {
  const message = `the internal topics ${names.join(", ")} could not be created within ${timeoutMs} ms: they are still being deleted`;
  return new MillraceError("TIMED_OUT", message);
}
