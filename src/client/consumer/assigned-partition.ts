import type { MillraceError } from "../../errors.ts";
import { partitionName, type TopicPartition } from "../topic-partition.ts";
import type { FetchedRecords } from "./fetched-records.ts";
import type { LogPlace } from "./offset-reset.ts";
import type { EpochEnd, Position } from "./position.ts";

/** How far an assigned partition is on its way to being read. */
export type PartitionState =
  /** The committed offset is to be looked up. */
  | { readonly name: "initializing" }
  /** The offset of a place in the log is to be looked up. */
  | { readonly name: "resetting"; readonly place: LogPlace }
  /** The leader has changed: the log may have been truncated below the position (KIP-320). */
  | { readonly name: "validating" }
  | { readonly name: "fetching" }
  /** The user has to hear of an error first; then it goes on as before. */
  | {
      readonly name: "failed";
      readonly error: MillraceError;
      readonly before: Exclude<PartitionState, { name: "failed" }>;
    };

/**
 * Whose a partition is: "arriving" before the user has been told of it, "leaving" while it is being
 * given up, "gone" when it is another's. Only what is "held" is fetched and handed out.
 */
export type Tenure = "arriving" | "held" | "leaving" | "gone";

const initializing: PartitionState = { name: "initializing" };
const fetching: PartitionState = { name: "fetching" };
const validating: PartitionState = { name: "validating" };

/**
 * One partition as its consumer sees it: where it is to be fetched from, what is buffered, how far
 * the user has come. Has no socket and no clock.
 */
export class AssignedPartition implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  /** `topic-partition`. */
  readonly name: string;
  /** Whether the user has stopped it for a while; what is buffered stays. */
  isPaused = false;
  /** Whether it is the consumer's to read; see {@link Tenure}. */
  tenure: Tenure = "held";
  /** Before this moment, by the clock's `elapsed`, its leader is not asked again. */
  retryAt = 0;
  /** The epoch of the leader that the position was last compared with; −1 before. */
  leaderEpoch = -1;
  // logStart ≤ lastStable ≤ highWatermark, as of the last answer; −1 while unknown.
  highWatermark = -1;
  lastStableOffset = -1;
  logStartOffset = -1;
  /** How far it was handed out to a loop or a poll. */
  handedOut: Position | undefined;
  /** How far the user is done with it: what is committed by itself, on revocation and on close. */
  marked: Position | undefined;
  /** What was last committed by this consumer, or found committed. */
  committedOffset = -1;

  // position ≤ fetchPosition: between them lies what is buffered.
  #position: Position | undefined;
  #fetchPosition: Position | undefined;
  #state: PartitionState = initializing;
  #seeks = 0;
  #topicId: string | undefined;
  /** The last stretch of the log that held nothing for the user: markers and aborted records. */
  #gap: { readonly from: number; readonly end: Position } | undefined;
  readonly #buffered: FetchedRecords[] = [];
  #bufferedBytes = 0;

  constructor({ topic, partition }: TopicPartition) {
    this.topic = topic;
    this.partition = partition;
    this.name = partitionName(topic, partition);
  }

  get state(): PartitionState {
    return this.#state;
  }

  /** Where the next record to be handed out stands; undefined before that is known. */
  get position(): Position | undefined {
    return this.#position;
  }

  /** Where the next fetch starts; undefined before that is known. */
  get fetchPosition(): Position | undefined {
    return this.#fetchPosition;
  }

  /** Grows whenever the position jumps, so that what was read before the jump is recognized. */
  get seeks(): number {
    return this.#seeks;
  }

  /** How many bytes have been fetched and not handed out. */
  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  get hasBuffered(): boolean {
    return this.#buffered.length > 0;
  }

  /** Whether its leader may be asked for more, as far as the partition itself is concerned. */
  get isFetchable(): boolean {
    return this.#state === fetching && !this.isPaused && this.tenure === "held";
  }

  /** Whether something buffered may be handed out. */
  get isDeliverable(): boolean {
    return this.#buffered.length > 0 && this.isFetchable;
  }

  /** The end that a reader sees, by the last answer; −1 while unknown. */
  endOffset(isolation: "read-uncommitted" | "read-committed"): number {
    return isolation === "read-committed" ? this.lastStableOffset : this.highWatermark;
  }

  /** Goes to a place at once; it is compared with the leader's epochs first if its own is known. */
  seek(position: Position): void {
    this.#jump(position);
    this.#state = position.leaderEpoch >= 0 ? validating : fetching;
  }

  /** Has the offset of a place looked up; there is no position until then. */
  reset(place: LogPlace): void {
    this.#jump(undefined);
    this.#state = { name: "resetting", place };
  }

  /** Ends a reset; passed over if the user has gone elsewhere in the meantime. */
  resetTo(place: LogPlace, offset: number): void {
    if (this.#state.name !== "resetting" || this.#state.place !== place) return;
    // The epoch of the record before is unknown, and need not be known: the offset is the leader's own.
    this.#jump({ offset, leaderEpoch: -1 });
    this.#state = fetching;
  }

  /** Goes back to a record that was handed out, unless the position has jumped since `seeks`. */
  rewind(position: Position, seeks: number): void {
    if (seeks !== this.#seeks || this.tenure === "gone") return;
    this.#jump(position);
    this.#state = fetching;
  }

  /** Holds the partition until the user has heard of an error. */
  fail(error: MillraceError): void {
    if (this.#state.name === "failed") return;
    this.#state = { name: "failed", error, before: this.#state };
  }

  /** Goes on as before the failure. */
  retry(): void {
    if (this.#state.name === "failed") this.#state = this.#state.before;
  }

  /** Takes note of the topic's id: one that was made anew has epochs of its own, which say nothing of the position. */
  followTopic(topicId: string): void {
    if (topicId === this.#topicId) return;
    const isFirst = this.#topicId === undefined;
    this.#topicId = topicId;
    if (isFirst || !this.#fetchPosition) return;
    this.leaderEpoch = -1;
    this.#fetchPosition = { ...this.#fetchPosition, leaderEpoch: -1 };
    this.skipValidation();
  }

  /** Takes note of the epoch of the present leader; with a new one the position must be validated. */
  followLeader(leaderEpoch: number): void {
    if (leaderEpoch === this.leaderEpoch) return;
    const isFirst = this.leaderEpoch < 0;
    this.leaderEpoch = leaderEpoch;
    const isKnown = (this.#fetchPosition?.leaderEpoch ?? -1) >= 0;
    if (!isFirst && isKnown && leaderEpoch >= 0 && this.#state === fetching) {
      this.#state = validating;
    }
  }

  /**
   * Compares the position with what the leader says about its epoch. "truncated" means that records
   * which were handed out are gone, or that nobody can tell.
   */
  compare(end: EpochEnd): "valid" | "truncated" {
    const fetchPosition = this.#fetchPosition;
    const position = this.#position;
    if (!fetchPosition || !position) return "valid";
    if (end.endOffset < 0 || end.leaderEpoch < 0 || end.endOffset < position.offset) {
      return "truncated";
    }
    if (this.#state === validating) this.#state = fetching;
    const known = (one: Position): Position => ({
      offset: one.offset,
      leaderEpoch: Math.min(one.leaderEpoch, end.leaderEpoch),
    });
    if (end.endOffset >= fetchPosition.offset) {
      this.#fetchPosition = known(fetchPosition);
    } else {
      // Only what nobody has seen yet was truncated: it is fetched again.
      this.dropBuffered();
      this.#fetchPosition = known(position);
    }
    return "valid";
  }

  /** Ends a validation that cannot be carried out: the broker is too old for it. */
  skipValidation(): void {
    if (this.#state === validating) this.#state = fetching;
  }

  /** Whether an answer to a fetch from `offset` is still of use. */
  expects(offset: number): boolean {
    return (
      this.tenure !== "gone" && this.#state === fetching && this.#fetchPosition?.offset === offset
    );
  }

  /** Takes in what was fetched; the next fetch starts behind it. */
  receive(records: FetchedRecords): void {
    this.#fetchPosition = records.end;
    if (records.hasRecords) {
      this.#buffered.push(records);
      this.#bufferedBytes += records.sizeInBytes;
      return;
    }
    // Nothing but markers and aborted records: the user passes over them without noticing.
    records.release();
    const last = this.#buffered.at(-1);
    if (last) last.end = records.end;
    else this.#passOver(records.end);
  }

  /** Gives the next of what is buffered and moves the position behind it. */
  take(): FetchedRecords | undefined {
    const records = this.#buffered.shift();
    if (!records) return undefined;
    this.#bufferedBytes -= records.sizeInBytes;
    this.#position = records.end;
    return records;
  }

  /** Lets go of what is buffered; the next fetch starts at the position again. */
  dropBuffered(): void {
    for (const records of this.#buffered.splice(0)) records.release();
    this.#bufferedBytes = 0;
    this.#fetchPosition = this.#position;
  }

  /** Notes how far the user is done; never goes back but by a seek. */
  mark(position: Position): void {
    if (this.marked && position.offset <= this.marked.offset) return;
    this.marked = this.beyondGap(position);
  }

  /** The position itself, or the one behind what nobody gets to see after it. */
  beyondGap(position: Position): Position {
    return position.offset === this.#gap?.from ? this.#gap.end : position;
  }

  #jump(position: Position | undefined): void {
    this.#seeks += 1;
    this.marked = undefined;
    this.handedOut = undefined;
    this.#gap = undefined;
    this.#position = position;
    this.dropBuffered();
  }

  #passOver(end: Position): void {
    const at = this.#position?.offset ?? end.offset;
    const from = this.#gap?.end.offset === at ? this.#gap.from : at;
    this.#gap = { from, end };
    this.#position = end;
    if (this.marked?.offset === at) this.marked = end;
  }
}
