import type { RecordMetadata } from "../../message.ts";
import { murmur3 } from "../../murmur3.ts";
import type { CallOrigin } from "../../runtime/async-work.ts";

/** What tells a call from all others, and is the same when its record is processed again. */
export interface CallPlace {
  readonly applicationId: string;
  readonly taskId: string;
  readonly node: string;
  /** Where the record comes from; undefined in a punctuation. */
  readonly metadata: RecordMetadata | undefined;
  /** The timestamp of the message: of a punctuation, its time. */
  readonly timestamp: number;
  /** What stands for the message's key: rows of a cache share their record's place. */
  readonly lane: unknown;
  /** How many calls of this place and key the node had before this one. */
  readonly repetition: number;
  /** The call further up whose result led to this one. */
  readonly origin: CallOrigin | undefined;
}

/** The idempotency key of a call: the path that led to it. */
export function callId(place: CallPlace): string {
  const { applicationId, taskId, node, metadata, timestamp, lane, repetition, origin } = place;
  const record = metadata
    ? `${metadata.topic}-${metadata.partition}-${metadata.offset}`
    : `punctuation-${timestamp}`;
  const path = origin?.idempotencyKey ?? `${applicationId}/${taskId}/${record}`;
  const key = lane === undefined ? "" : `/${hashed(lane)}`;
  return `${path}/${node}${key}${repetition > 0 ? `#${repetition}` : ""}`;
}

function hashed(lane: unknown): string {
  return murmur3(Buffer.from(`${lane}`)).toString("hex", 0, 8);
}

/**
 * Counts the calls of one record and key at a node. What one record hands on to a node comes in one go, so
 * that nothing but the last record need be known.
 */
export class Repetitions {
  #topic: string | undefined;
  #partition = -1;
  #offset = -1;
  #timestamp = -1;
  #origin: object | undefined;
  readonly #counts = new Map<unknown, number>();

  /** How many calls there were before with this place, key and origin. */
  next({ metadata, timestamp, lane, origin }: Omit<CallPlace, "repetition">): number {
    const { topic, partition = -1, offset = -1 } = metadata ?? {};
    // A record may be handed on with several timestamps, a punctuation has but one.
    const time = metadata ? -1 : timestamp;
    const isSame =
      topic === this.#topic &&
      partition === this.#partition &&
      offset === this.#offset &&
      time === this.#timestamp &&
      origin === this.#origin;
    if (!isSame) {
      this.#counts.clear();
      this.#topic = topic;
      this.#partition = partition;
      this.#offset = offset;
      this.#timestamp = time;
      this.#origin = origin;
    }
    const before = this.#counts.get(lane) ?? 0;
    this.#counts.set(lane, before + 1);
    return before;
  }
}
