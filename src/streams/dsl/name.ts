import { TopologyError } from "../../errors.ts";

const longestName = 249;

/** Gives the name back; throws INVALID_NAME where Kafka would not have it in the name of a topic. */
export function checkName<T extends string | undefined>(name: T): T {
  if (name === undefined) return name;
  const fault =
    name === ""
      ? "is empty"
      : name === "." || name === ".."
        ? `cannot be "${name}"`
        : name.length > longestName
          ? `is longer than ${longestName} characters`
          : /^[a-zA-Z0-9._-]*$/.test(name)
            ? undefined
            : "has characters other than letters, digits, '.', '_' and '-'";
  if (fault === undefined) return name;
  throw new TopologyError("INVALID_NAME", `the name "${name}" ${fault}`);
}
