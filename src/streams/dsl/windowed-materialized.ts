import { TopologyError } from "../../errors.ts";
import { durationMs } from "../duration.ts";
import type { StoreBuilder } from "../stores/store-builder.ts";
import { sessionStore, timestampedWindowStore } from "../stores/window-builders.ts";
import {
  type EmitStrategy,
  type SessionWindows,
  SlidingWindows,
  type Windows,
} from "../windows.ts";
import { type StorePlace, storeOptions, type WindowedMaterializedOptions } from "./materialized.ts";

/**
 * A builder of the store of windows, kept for as long as they can change. Results on close are found in
 * it by time (`WindowStoreMaterializer`, `SlidingWindowStoreMaterializer`). Throws RETENTION_TOO_SHORT.
 */
export function windowedStore<K, V>(
  place: StorePlace,
  windows: Windows | SlidingWindows,
  emitStrategy: EmitStrategy,
  options: WindowedMaterializedOptions<K, V>,
): StoreBuilder {
  const { name } = place;
  const common = storeOptions(place, options);
  const isFinal = emitStrategy === "on-window-close";
  const { graceMs } = windows;
  if (windows instanceof SlidingWindows) {
    const { differenceMs } = windows;
    // A record may need the window of one before it that is as long ago as two windows are.
    const needs = { "the time difference, twice": 2 * differenceMs, "the grace": graceMs };
    return timestampedWindowStore(name, {
      ...common,
      cache: common.cache && !isFinal,
      windowSizeMs: differenceMs,
      retentionMs: retentionOf(name, needs, options),
      timeOrder: isFinal ? "indexed" : undefined,
    });
  }
  const { sizeMs } = windows;
  return timestampedWindowStore(name, {
    ...common,
    windowSizeMs: sizeMs,
    retentionMs: retentionOf(name, { "the size": sizeMs, "the grace": graceMs }, options),
    timeOrder: isFinal ? "plain" : undefined,
  });
}

/** The same for sessions (`SessionStoreMaterializer`). */
export function sessionsStore<K, V>(
  place: StorePlace,
  { gapMs, graceMs }: SessionWindows,
  emitStrategy: EmitStrategy,
  options: WindowedMaterializedOptions<K, V>,
): StoreBuilder {
  const { name } = place;
  const common = storeOptions(place, options);
  const isFinal = emitStrategy === "on-window-close";
  return sessionStore(name, {
    ...common,
    cache: common.cache && !isFinal,
    retentionMs: retentionOf(name, { "the gap": gapMs, "the grace": graceMs }, options),
    isTimeOrdered: isFinal,
  });
}

/** The retention that was asked for, at least the sum of what the windows need; that sum by default. */
function retentionOf(
  name: string,
  needs: { readonly [what: string]: number },
  { retention }: Pick<WindowedMaterializedOptions<never, never>, "retention">,
): number {
  const least = Object.values(needs).reduce((sum, ms) => sum + ms, 0);
  if (retention === undefined) return least;
  const retentionMs = durationMs(retention, `the retention of the store ${name}`);
  if (retentionMs >= least) return retentionMs;
  const parts = Object.entries(needs).map(([what, ms]) => `${what} (${ms} ms)`);
  const message = `the store ${name} keeps windows for ${retentionMs} ms, which must be at least ${parts.join(" and ")}: ${least} ms`;
  throw new TopologyError("RETENTION_TOO_SHORT", message);
}
