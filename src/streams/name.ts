import { TopologyError } from "../errors.ts";

const longestName = 249;

/**
 * Gives a name back. Throws INVALID_NAME, calling it by `what`, where Kafka would not have it as a topic's name,
 * or as a part of one (`Named.validate`, `Topic.validate`).
 */
export function checkName<T extends string | undefined>(name: T, what = "the name"): T {
  const fault = name === undefined ? undefined : faultOf(name);
  if (fault === undefined) return name;
  throw new TopologyError("INVALID_NAME", `${what} ${JSON.stringify(name)} ${fault}`);
}

function faultOf(name: unknown): string | undefined {
  if (typeof name !== "string") return "is no text";
  if (name === "") return "is empty";
  if (name === "." || name === "..") return "is taken by the file system";
  if (name.length > longestName) return `is longer than ${longestName} characters`;
  if (/^[a-zA-Z0-9._-]*$/.test(name)) return undefined;
  return 'has characters other than letters, digits, ".", "_" and "-"';
}
