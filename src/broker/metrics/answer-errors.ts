import type { Message } from "../../protocol/index.ts";

/** Where in a value error codes may be: in itself, and in the parts that have some. */
interface Place {
  readonly hasCode: boolean;
  readonly parts: readonly (readonly [name: string, place: Place])[];
}

type Type = Message<unknown, unknown>["type"];

/**
 * Makes the way to find the error codes in an API's answers, other than 0, by the fields that the
 * answer is declared with (`AbstractResponse.errorCounts`). What has no code in it is not looked at.
 */
export function errorFinder({ type }: { readonly type: Type }) {
  const place = placeIn(type);
  return (answer: unknown, found: (code: number) => void): void => {
    if (place !== undefined) look(answer, place, found);
  };
}

/** The place that a type has for error codes, of itself or of its elements; undefined for none. */
function placeIn(type: Type): Place | undefined {
  if (type.elements !== undefined) return placeIn(type.elements);
  if (type.fields === undefined) return undefined;
  const parts: [string, Place][] = [];
  for (const [name, part] of type.fields) {
    const place = placeIn(part);
    if (place !== undefined) parts.push([name, place]);
  }
  const hasCode = type.fields.has("errorCode");
  return hasCode || parts.length > 0 ? { hasCode, parts } : undefined;
}

function look(value: unknown, place: Place, found: (code: number) => void): void {
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    for (const one of value) look(one, place, found);
    return;
  }
  const { hasCode, parts } = place;
  const values = value as Readonly<Record<string, unknown>>;
  if (hasCode && values.errorCode) found(values.errorCode as number);
  for (const [name, part] of parts) look(values[name], part, found);
}
