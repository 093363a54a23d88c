import type { Consumer, TopicPartitionOffset } from "../../client/index.ts";
import type { Clock } from "../../clock.ts";
import { MillraceError } from "../../errors.ts";
import type { ActiveTask } from "./active-task.ts";
import { ease } from "./ease.ts";
import { encodeOffsetMetadata } from "./offset-metadata.ts";
import type { ProducerOutput } from "./producer-output.ts";

/** What a commit needs of the output. */
type CommittedOutput = Pick<ProducerOutput, "flush" | "pressure" | "writtenEnd">;

/** What a commit goes through. */
export interface CommitParts {
  readonly consumer: Pick<Consumer, "commit">;
  readonly output: CommittedOutput;
  readonly clock: Clock;
  /** Calls off what waits for a rebalance that waits for this very thread. */
  readonly signal: AbortSignal;
}

/** What became of a commit: "postponed" where the group is between two generations, or tasks are another's. */
export type CommitOutcome = "committed" | "postponed";

/**
 * Commits what tasks have processed. The order keeps every record counted at least once whenever the process
 * dies: what caches hold becomes writes, all writes are acknowledged, only then are the inputs' offsets committed,
 * and local state at last, with the changelog offsets that it stands for. Nothing may be processed meanwhile.
 * Throws what made a write fail.
 */
export async function commitTasks(
  tasks: readonly ActiveTask[],
  { consumer, output, clock, signal }: CommitParts,
): Promise<CommitOutcome> {
  try {
    await Promise.all(tasks.map(({ task }) => task.asyncWork.drain(signal)));
    for (const active of tasks) await flush(active, output, clock, signal);
    await output.flush(signal);
  } catch (error) {
    if (signal.aborted && (error as MillraceError).code === "ABORTED") return "postponed";
    throw error;
  }
  const offsets = tasks.flatMap(offsetsOf);
  try {
    if (offsets.length > 0) await consumer.commit(offsets, { signal });
  } catch (error) {
    if (isPassing(error)) return "postponed";
    throw error;
  }
  for (const active of tasks) {
    // Ahead of the commit, so that this is short: the changelogs have all of these rows by now.
    while (!active.states.write(rowsPerSlice)) await turn(clock);
    active.states.commit(changelogOffsets(active, output));
    active.task.committed();
  }
  return "committed";
}

/** Waits for what is under way, and writes caches through; rows of those may begin calls again. */
async function flush(
  { task }: ActiveTask,
  output: CommittedOutput,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  let draining = task.asyncWork.drain(signal);
  do {
    await draining;
    while (!task.flushSome(rowsPerSlice)) {
      await turn(clock);
      // When the signal has aborted, what is left goes out at once: half a flush would be worse.
      await ease(output.pressure, signal);
    }
    draining = task.asyncWork.drain(signal);
  } while (draining);
}

/** So many rows are written through before the event loop has its turn: a few milliseconds' worth. */
const rowsPerSlice = 500;

/** Gives the event loop its turn. */
function turn(clock: Clock): Promise<void> {
  return new Promise((resolve) => clock.soon(resolve));
}

/** How far the inputs of a task have come, with what the next owner has to know. */
function offsetsOf({ task }: ActiveTask): TopicPartitionOffset[] {
  const { processorMetadata } = task;
  return task.positions().map(({ topic, partition, offset, partitionTime }) => ({
    topic,
    partition,
    offset,
    metadata: encodeOffsetMetadata({ partitionTime, processorMetadata }),
  }));
}

/** Up to where each store's rows have what is in its changelog, as far as anything was written. */
function changelogOffsets(
  { task, changelogs }: ActiveTask,
  output: CommittedOutput,
): Map<string, number> {
  const positions = new Map(task.positions().map(({ topic, offset }) => [topic, offset]));
  const offsets = new Map<string, number>();
  for (const { topic, partition, storeName, isSourceTopic, state } of changelogs) {
    const offset = isSourceTopic ? positions.get(topic) : output.writtenEnd(topic, partition);
    // What this instance wrote last may be of an earlier time at which it had the task.
    const known = isSourceTopic ? undefined : state.offset(storeName);
    if (offset !== undefined) offsets.set(storeName, Math.max(offset, known ?? 0));
  }
  return offsets;
}

/** What does not stop the application: the group decides next whose the tasks are. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof MillraceError)) return false;
  return passing.has(error.code);
}

const passing = new Set<string>([
  "ABORTED",
  "PARTITIONS_LOST",
  "REBALANCE_IN_PROGRESS",
  "TIMED_OUT",
]);
