import { TopologyError } from "../../errors.ts";
import type { TopologyBuilder } from "../topology-builder.ts";

/**
 * Refuses a topology whose calls can take longer than a commit may wait for them: than a transaction lasts, or
 * than a rebalance waits for a member that gives tasks up. What counts is one record's way, with all tries of
 * all calls on it. Throws `TopologyError` INVALID_TOPOLOGY; `setting` is the name of the limit.
 */
export function checkAsyncLimit(
  { nodes }: Pick<TopologyBuilder, "nodes">,
  { setting, limitMs }: { readonly setting: string; readonly limitMs: number },
): void {
  const ways = new Map<string, Way>();
  // Parents come before their children.
  for (const node of nodes.values()) {
    const parents = node.kind === "source" ? [] : node.parents;
    const above = parents.flatMap((parent) => ways.get(parent) ?? []);
    let longest: Way = { totalMs: 0, names: [] };
    for (const way of above) if (way.totalMs > longest.totalMs) longest = way;
    const ownMs = node.kind === "processor" ? (node.longestCallMs ?? 0) : 0;
    if (ownMs > 0) {
      longest = { totalMs: longest.totalMs + ownMs, names: [...longest.names, node.name] };
    }
    ways.set(node.name, longest);
    if (longest.totalMs > limitMs) refuse(longest, setting, limitMs);
  }
}

/** The calls that one record may have to wait for, one after the other. */
interface Way {
  readonly totalMs: number;
  readonly names: readonly string[];
}

function refuse({ totalMs, names }: Way, setting: string, limitMs: number): never {
  const calls = names.join(" and then of ");
  const message = `the calls of ${calls} may take ${totalMs} ms with all tries, but ${setting} is ${limitMs} ms, within which they have to be answered: lower timeoutMs or retries, or raise ${setting}`;
  throw new TopologyError("INVALID_TOPOLOGY", message);
}
