import { hopping, session, sliding, tumbling, unlimited } from "../../src/streams/windows.ts";
import type { CaseOperator } from "./case.ts";

/** The windows that an operator stands for. */
export function windowsOf(one: CaseOperator) {
  const { op, size = 0, advance, grace = 0, difference = 0, gap = 0, start } = one;
  if (op === "windowUnlimited") return unlimited({ start });
  if (op === "windowSliding") return sliding({ difference, grace });
  if (op === "windowSession") return session({ gap, grace });
  return advance === undefined ? tumbling({ size, grace }) : hopping({ size, advance, grace });
}

/** What an operator says of its store. */
export function storeOptions({ store, cache, log, kind, history = 0, retention }: CaseOperator) {
  return {
    store,
    cache,
    changelog: log,
    retention,
    storeType: kind === "versioned" ? undefined : kind,
    versioned: kind === "versioned" ? { history } : undefined,
  };
}

/** How an operator holds changes back. */
export function suppressOptions({ name, until, maxRecords, maxBytes, full, log }: CaseOperator) {
  const isFinal = until === "windowClose";
  // As in the JVM's harness: what waits for its window has bounds only where it is said what is done then.
  const bounds = isFinal && full === undefined ? {} : { maxRecords, maxBytes };
  const whenFull = full && (full === "shutDown" ? "shut-down" : "emit-early");
  return { name, until: isFinal ? "window-close" : until, ...bounds, whenFull, changelog: log };
}
