import { MillraceError } from "../../errors.ts";

/** Where a transactional producer stands. */
export type TransactionState =
  | { readonly name: "uninitialized" }
  | { readonly name: "initializing" }
  | { readonly name: "ready" }
  | { readonly name: "in-transaction" }
  | { readonly name: "committing" }
  | { readonly name: "aborting" }
  /** The transaction can only be aborted, because of this error; then a new one can begin. */
  | { readonly name: "abortable-error"; readonly error: MillraceError }
  /** The producer can only be closed, because of this error. */
  | { readonly name: "fatal-error"; readonly error: MillraceError }
  | { readonly name: "closed" };

/** What a user can ask of a transactional producer. */
export type TransactionOperation = "init" | "begin" | "send" | "sendOffsets" | "commit" | "abort";

/** What moves the state on. */
export type TransactionEvent =
  | { readonly name: TransactionOperation }
  /** `init` has failed, and can be tried again. */
  | { readonly name: "uninitialized" }
  /** `init` has succeeded, or a transaction has ended and the next one may begin. */
  | { readonly name: "ready" }
  | { readonly name: "failed"; readonly error: MillraceError; readonly isFatal: boolean }
  | { readonly name: "close" };

/**
 * What is allowed in each state. A commit or abort whose outcome is unknown, because its deadline
 * passed, may be asked for again, and nothing else; both may be asked for twice.
 */
const allowed: { readonly [name in TransactionState["name"]]: readonly TransactionOperation[] } = {
  uninitialized: ["init", "begin"],
  initializing: ["init"],
  ready: ["init", "begin"],
  "in-transaction": ["send", "sendOffsets", "commit", "abort"],
  committing: ["commit"],
  aborting: ["abort"],
  "abortable-error": ["abort"],
  "fatal-error": [],
  closed: [],
};

/** The operations that are allowed in a state. */
export function allowedOperations({ name }: TransactionState): readonly TransactionOperation[] {
  return allowed[name];
}

/**
 * Gives the state after an event. Throws `INVALID_STATE` if the event is an operation that the state
 * does not allow, and `CLOSED` if the producer was closed.
 */
export function nextState(state: TransactionState, event: TransactionEvent): TransactionState {
  switch (event.name) {
    case "init":
      check(state, event.name);
      return state.name === "ready" ? state : { name: "initializing" };
    case "begin":
      check(state, event.name);
      return state.name === "ready" ? { name: "in-transaction" } : state;
    case "send":
    case "sendOffsets":
      check(state, event.name);
      return state;
    case "commit":
      check(state, event.name);
      return { name: "committing" };
    case "abort":
      check(state, event.name);
      return { name: "aborting" };
    case "uninitialized":
      return state.name === "initializing" ? { name: "uninitialized" } : state;
    case "ready":
      return isUnderWay(state) ? { name: "ready" } : state;
    case "failed":
      return afterFailure(state, event.error, event.isFatal);
    case "close":
      return { name: "closed" };
    default:
      event satisfies never;
      return state;
  }
}

/** The error of an operation that the state does not allow. */
export function notAllowed(
  state: TransactionState,
  operation: TransactionOperation,
): MillraceError {
  const options = "error" in state ? { cause: state.error } : {};
  const because = "error" in state ? ` because of an earlier error: ${state.error.message}` : "";
  const others = allowed[state.name].map((one) => `${one}()`).join(", ");
  const hint = others === "" ? "close the producer" : `allowed are ${others}`;
  const text = `${operation}() is not allowed while the producer is ${described[state.name]}${because}; ${hint}`;
  return new MillraceError(state.name === "closed" ? "CLOSED" : "INVALID_STATE", text, options);
}

const described: { readonly [name in TransactionState["name"]]: string } = {
  uninitialized: "uninitialized",
  initializing: "initializing",
  ready: "ready, outside of a transaction",
  "in-transaction": "in a transaction",
  committing: "committing",
  aborting: "aborting",
  "abortable-error": 'in the state "abortable-error"',
  "fatal-error": 'in the state "fatal-error"',
  closed: "closed",
};

function check(state: TransactionState, operation: TransactionOperation): void {
  if (!allowed[state.name].includes(operation)) throw notAllowed(state, operation);
}

function isUnderWay({ name }: TransactionState): boolean {
  return name === "initializing" || name === "committing" || name === "aborting";
}

/** A fatal error always counts; an abortable one where there is a transaction that can still be aborted. */
function afterFailure(
  state: TransactionState,
  error: MillraceError,
  isFatal: boolean,
): TransactionState {
  if (state.name === "closed" || state.name === "fatal-error") return state;
  if (isFatal) return { name: "fatal-error", error };
  const isOpen = state.name === "in-transaction" || state.name === "committing";
  return isOpen ? { name: "abortable-error", error } : state;
}
