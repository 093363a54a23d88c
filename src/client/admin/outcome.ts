import { MillraceError } from "../../errors.ts";
import { refusal } from "../refusal.ts";

/** What came of one object in a request about several. */
export type Outcome<T> =
  | { readonly state: "done"; readonly value: T }
  | { readonly state: "failed"; readonly error: MillraceError };

/**
 * One outcome per object that was asked for, in the order asked, under its name: a topic's, a
 * group's, a partition's as in "orders-3", a config resource's as in "topic:orders".
 */
export type Outcomes<T> = ReadonlyMap<string, Outcome<T>>;

/** Gives the values of all objects; throws the first error there is. */
export function valuesOrThrow<T>(outcomes: Outcomes<T>): Map<string, T> {
  return new Map([...outcomes].map(([name, outcome]) => [name, valueOrThrow(outcome)]));
}

/** Gives an outcome's value, or throws its error. */
export function valueOrThrow<T>(outcome: Outcome<T>): T {
  if (outcome.state === "failed") throw outcome.error;
  return outcome.value;
}

/**
 * Carries out the convention of all admin operations that take one object or a list: for one, the
 * result is its value or its error is thrown; for a list, the result is an outcome per object.
 */
export async function oneOrMany<Item, T>(
  asked: Item | readonly Item[],
  ask: (items: readonly Item[]) => Promise<Outcomes<T>>,
): Promise<T | Outcomes<T>> {
  if (isMany(asked)) return ask(asked);
  const [outcome] = (await ask([asked])).values();
  return valueOrThrow(outcome as Outcome<T>);
}

/** The outcome that an answer's error number stands for; the value is made only where it is 0. */
export function outcomeOf<T>(
  errorNumber: number,
  attempt: string,
  detail: string | null | undefined,
  value: () => T,
): Outcome<T> {
  if (errorNumber === 0) return { state: "done", value: value() };
  return { state: "failed", error: refusal(errorNumber, attempt, detail) };
}

/** A failed outcome; what is no error of this library is a defect in it and is thrown on. */
export function failed(error: unknown): Outcome<never> {
  if (error instanceof MillraceError) return { state: "failed", error };
  throw error;
}

function isMany<Item>(asked: Item | readonly Item[]): asked is readonly Item[] {
  return Array.isArray(asked);
}
