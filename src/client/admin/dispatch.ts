import type { BrokerErrorCode } from "../../broker-error-code.ts";
import { type ErrorCode, MillraceError } from "../../errors.ts";
import { Backoff } from "../backoff.ts";
import type { Cluster, Target } from "../cluster.ts";
import { abortedError, type Bound, bounded, isTimeout, timedOutError } from "../deadline.ts";
import { refusal } from "../refusal.ts";
import { mayPass } from "../retry.ts";
import { type AdminOptions, type AdminRequest, boundOf, requestWithin } from "./operation.ts";
import { failed, type Outcome, type Outcomes } from "./outcome.ts";
import type { Route } from "./route.ts";

/** What is to be done with each of several items: whom it concerns, and how it is asked for. */
export interface Errand<Item, Value> {
  /** The item's name, under which its outcome is found. */
  readonly key: (item: Item) => string;
  /** What is attempted on the item, as it stands in errors: "deleting topic orders". */
  readonly attempt: (item: Item) => string;
  /** Finds out which broker each item belongs to; asked anew before each round of tries. */
  readonly route: Route<Item>;
  /** Sends one broker its items, and says what came of each. */
  readonly send: (
    target: Target,
    items: readonly Item[],
    request: AdminRequest,
  ) => Promise<Outcomes<Value>>;
  /** Errors that are an answer here, although Kafka calls them retriable. */
  readonly final?: readonly BrokerErrorCode[] | undefined;
}

/** For so long a missing topic may be one that was just made and that not all brokers know. */
const newTopicGraceMs = 1_000;

/** These end the whole operation, whichever item they arose from. */
const fatal: readonly ErrorCode[] = ["ABORTED", "CLOSED", "INVALID_ARGUMENT", "INVALID_STATE"];

/**
 * Takes items to the brokers they belong to, all brokers at once, and repeats what failed for a
 * passing reason until it succeeds or the time is up. Rejects only when the operation was aborted,
 * the client is closed, or the request makes no sense; all else is the outcome of some item.
 */
export async function dispatch<Item, Value>(
  cluster: Cluster,
  items: readonly Item[],
  errand: Errand<Item, Value>,
  options: AdminOptions,
): Promise<Outcomes<Value>> {
  const [first] = items;
  if (first === undefined) return new Map();
  const others = items.length > 1 ? ` and ${items.length - 1} more` : "";
  const bound = boundOf(`${errand.attempt(first)}${others}`, options);
  return new Dispatch(cluster, items, errand, bound).run();
}

/** Sends each item in a request of its own, so that one failure is that of its item alone. */
export async function eachAlone<Item, Value>(
  items: readonly Item[],
  key: (item: Item) => string,
  send: (item: Item) => Promise<Outcome<Value>>,
): Promise<Outcomes<Value>> {
  const sent = items.map(async (item) => [key(item), await send(item).catch(failed)] as const);
  return new Map(await Promise.all(sent));
}

class Dispatch<Item, Value> {
  readonly #cluster: Cluster;
  readonly #errand: Errand<Item, Value>;
  readonly #bound: Bound;
  readonly #startedAt: number;
  /** All items in the order asked. An item is either settled or waits for its next try. */
  readonly #items = new Map<string, Item>();
  readonly #settled = new Map<string, Outcome<Value>>();
  readonly #lastErrors = new Map<string, MillraceError>();

  constructor(cluster: Cluster, items: readonly Item[], errand: Errand<Item, Value>, bound: Bound) {
    this.#cluster = cluster;
    this.#errand = errand;
    this.#bound = bound;
    this.#startedAt = cluster.host.clock.elapsed();
    for (const item of items) this.#add(item);
  }

  async run(): Promise<Outcomes<Value>> {
    const { host, settings } = this.#cluster;
    const { retryBackoffMs, retryBackoffMaxMs } = settings;
    const backoff = new Backoff(retryBackoffMs, retryBackoffMaxMs, host.random);
    for (let round = 0; ; round += 1) {
      await this.#try(round);
      if (this.#settled.size === this.#items.size) break;
      const wait = backoff.next();
      if (wait >= this.#remainingMs()) this.#giveUp();
      else await host.clock.sleep(wait, this.#bound.signal).catch(() => {});
    }
    return new Map([...this.#items.keys()].map((key) => [key, this.#outcome(key)]));
  }

  #add(item: Item): void {
    const key = this.#errand.key(item);
    const known = this.#items.get(key);
    if (known !== undefined && known !== item) {
      const text = `${this.#errand.attempt(item)} is asked for twice: name each object once`;
      throw new MillraceError("INVALID_ARGUMENT", text);
    }
    this.#items.set(key, item);
  }

  /** One round: every item that is not settled is tried once. */
  async #try(round: number): Promise<void> {
    const { attempt, signal } = this.#bound;
    if (signal?.aborted) throw abortedError(attempt, signal);
    const waiting = [...this.#items].filter(([key]) => !this.#settled.has(key));
    const items = waiting.map(([, item]) => item);
    const routing = (request: AdminRequest) => this.#errand.route(items, request, round);
    const routed = await this.#within(items, routing);
    if (!routed) return;
    for (const { item, error } of routed.failures) this.#settle(item, failed(error));
    await Promise.all(routed.parcels.map((parcel) => this.#deliver(parcel.target, parcel.items)));
  }

  async #deliver(target: Target, items: readonly Item[]): Promise<void> {
    const sending = (request: AdminRequest) => this.#errand.send(target, items, request);
    const outcomes = await this.#within(items, sending);
    if (!outcomes) return;
    for (const item of items) {
      const outcome = outcomes.get(this.#errand.key(item));
      this.#settle(item, outcome ?? failed(this.#unanswered(item)));
    }
  }

  /** Runs a step on items within the time left; an error is the outcome of all of them. */
  async #within<T>(
    items: readonly Item[],
    step: (request: AdminRequest) => Promise<T>,
  ): Promise<T | undefined> {
    const { clock } = this.#cluster.host;
    const timeoutMs = this.#remainingMs();
    const request = requestWithin(this.#cluster, timeoutMs, this.#bound.signal);
    try {
      return await bounded(clock, step(request), { ...this.#bound, timeoutMs });
    } catch (error) {
      for (const item of items) this.#settle(item, failed(error));
      return undefined;
    }
  }

  #settle(item: Item, outcome: Outcome<Value>): void {
    const key = this.#errand.key(item);
    if (outcome.state === "done") {
      this.#settled.set(key, outcome);
      return;
    }
    const { error } = outcome;
    if (fatal.includes(error.code)) throw error;
    if (isTimeout(error)) this.#settled.set(key, failed(this.#tooLate(item)));
    else if (this.#isFinal(error)) this.#settled.set(key, outcome);
    else this.#lastErrors.set(key, error);
  }

  #isFinal(error: MillraceError): boolean {
    if (!mayPass(error)) return true;
    if (this.#errand.final?.some((code) => code === error.code)) return true;
    const isMissing =
      error.code === "UNKNOWN_TOPIC_OR_PARTITION" || error.code === "UNKNOWN_TOPIC_ID";
    return isMissing && this.#cluster.host.clock.elapsed() - this.#startedAt > newTopicGraceMs;
  }

  #giveUp(): void {
    for (const [key, item] of this.#items) {
      if (!this.#settled.has(key)) this.#settled.set(key, failed(this.#tooLate(item)));
    }
  }

  #tooLate(item: Item): MillraceError {
    const { attempt, key } = this.#errand;
    return timedOutError(attempt(item), this.#bound.timeoutMs, this.#lastErrors.get(key(item)));
  }

  #unanswered(item: Item): MillraceError {
    const detail = "the broker's answer leaves it out";
    return refusal(-1, this.#errand.attempt(item), detail);
  }

  #outcome(key: string): Outcome<Value> {
    return this.#settled.get(key) as Outcome<Value>;
  }

  #remainingMs(): number {
    const passed = this.#cluster.host.clock.elapsed() - this.#startedAt;
    return Math.max(this.#bound.timeoutMs - passed, 1);
  }
}
