import type { Change, Headers } from "../message.ts";
import type { TaskContext } from "../node.ts";

/**
 * How often windows that have closed are looked for at most, by the clock, in milliseconds. Kafka Streams
 * has 1000 here; but rows expire by stream time, which can pass hours in that while when an application
 * catches up, and then results would be lost.
 */
const defaultIntervalMs = 0;
/** Kafka Streams' internal setting for it. */
const intervalSetting = "__emit.interval.ms.kstreams.windowed.aggregation__";

/** Which rows of a store belong to windows that have closed since the last time. */
export interface ClosedRange {
  /** The least and the greatest time of rows to be sent on, both inclusive, or undefined for none. */
  range(closeTime: number, lastCloseTime: number): readonly [from: number, to: number] | undefined;
  emit(from: number, to: number, headers: Headers): void;
}

/**
 * Sends results on when their windows close (KIP-825): at a record by which stream time has moved. How far
 * it came is kept with the commits, under the store's name, so that nothing is sent twice after a restart.
 */
export function finalEmitter(
  task: TaskContext,
  store: string,
  closed: ClosedRange,
): (closeTime: number, headers: Headers) => void {
  const configured = task.configs.get(intervalSetting);
  const intervalMs = configured === undefined ? defaultIntervalMs : Number(configured);
  let nextAt = 0;
  let lastCloseTime = task.processorMetadata.get(store) ?? -1;
  return (closeTime, headers) => {
    if (intervalMs > 0) {
      const now = task.wallClockTime();
      if (now < nextAt) return;
      nextAt = now + intervalMs;
    }
    if (lastCloseTime !== -1 && lastCloseTime >= closeTime) return;
    const range = closed.range(closeTime, lastCloseTime);
    if (!range) return;
    closed.emit(range[0], range[1], headers);
    lastCloseTime = closeTime;
    task.processorMetadata.set(store, closeTime);
  };
}

/** The one change that a window's result makes when the window closes. */
export function finalChange<A>(newValue: A): Change<A> {
  return { newValue, oldValue: null, isLatest: true };
}
