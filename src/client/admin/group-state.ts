/** The kinds of groups: classic ones, and those of KIP-848 (consumer), KIP-932 (share) and KIP-1071 (streams). */
export type GroupType = "classic" | "consumer" | "share" | "streams";

const names = {
  "preparing-rebalance": "PreparingRebalance",
  "completing-rebalance": "CompletingRebalance",
  stable: "Stable",
  dead: "Dead",
  empty: "Empty",
  assigning: "Assigning",
  reconciling: "Reconciling",
  "not-ready": "NotReady",
};

/**
 * What state a group is in. Classic groups prepare and complete rebalances; the others assign and
 * reconcile; a streams group is not ready while it lacks topics. "unknown" is that of a newer kind.
 */
export type GroupState = keyof typeof names | "unknown";

/** The state that Kafka's word for it means, in whatever case. */
export function groupState(word: string): GroupState {
  const all = Object.keys(names) as (keyof typeof names)[];
  return all.find((state) => names[state].toLowerCase() === word.toLowerCase()) ?? "unknown";
}

/** Kafka's word for a state. */
export function wordForState(state: GroupState): string {
  return state === "unknown" ? "Unknown" : names[state];
}

/** The kind of group that Kafka's word for it means; an old broker that tells none has classic ones. */
export function groupType(word: string): GroupType {
  const lower = word.toLowerCase();
  return lower === "consumer" || lower === "share" || lower === "streams" ? lower : "classic";
}
