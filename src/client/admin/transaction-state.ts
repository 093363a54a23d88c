const names = {
  empty: "Empty",
  ongoing: "Ongoing",
  "prepare-commit": "PrepareCommit",
  "prepare-abort": "PrepareAbort",
  "complete-commit": "CompleteCommit",
  "complete-abort": "CompleteAbort",
  "prepare-epoch-fence": "PrepareEpochFence",
  dead: "Dead",
};

/** What state a transaction is in; "unknown" is one that this library does not know. */
export type TransactionState = keyof typeof names | "unknown";

/** The state that Kafka's word for it means. */
export function transactionState(word: string): TransactionState {
  const all = Object.keys(names) as (keyof typeof names)[];
  return all.find((state) => names[state] === word) ?? "unknown";
}

/** Kafka's word for a state. */
export function wordForTransactionState(state: TransactionState): string {
  return state === "unknown" ? "Unknown" : names[state];
}
