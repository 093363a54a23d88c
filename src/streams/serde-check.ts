import { TopologyError } from "../errors.ts";

/** What a format must be able to do where it is used. */
type Way = "serialize" | "deserialize";

/**
 * Throws MISSING_SERDE unless a format can go the ways that are needed, which the types ask for and JavaScript
 * does not; `missing` says what to do where there is none.
 */
export function checkSerde(
  format: unknown,
  ways: readonly Way[],
  { what, missing }: { readonly what: string; readonly missing: string },
): void {
  const methods = (format ?? {}) as { readonly [way in Way]?: unknown };
  if (ways.every((way) => typeof methods[way] === "function")) return;
  if (format === undefined || format === null) throw new TopologyError("MISSING_SERDE", missing);
  const advice =
    typeof format === "function"
      ? "it is a function: call it, as in json()"
      : `it has no ${ways.join(" and ")}`;
  throw new TopologyError("MISSING_SERDE", `what is given for the ${what} is no serde: ${advice}`);
}

/** Checks both formats of something that reads or writes records, which is named by `owner`. */
export function checkFormats(
  formats: { readonly key: unknown; readonly value: unknown },
  ways: readonly Way[],
  owner: string,
): void {
  for (const part of ["key", "value"] as const) {
    const missing = `${owner} has no serde for its ${part}s: give it one as \`${part}\``;
    checkSerde(formats[part], ways, { what: `${part}s of ${owner}`, missing });
  }
}

/** The same for the serde inside another one, which is called by its name. */
export function checkInnerSerde(inner: unknown, outer: string): void {
  checkSerde(inner, ["serialize", "deserialize"], {
    what: `inside of ${outer}`,
    missing: `${outer} needs the serde of what is inside, as in ${outer}(string)`,
  });
}
