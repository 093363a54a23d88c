import { DecodeError, MillraceError } from "../errors.ts";
import type { Serde } from "./serde.ts";
import type { SchemaIssue, SchemaOutput, SchemaResult, StandardSchema } from "./standard-schema.ts";

/** Options of {@link json} with a schema. */
export interface JsonOptions {
  /** Whether values are validated before they are written too; false by default. They are written as they are. */
  readonly checksWrites?: boolean | undefined;
}

/** JSON in UTF-8. The type is what you say it is: nothing is checked when reading. */
export function json<T = unknown>(): Serde<T>;
/**
 * JSON in UTF-8 that a Standard Schema validates (zod, valibot, arktype and others): what is read is what the
 * schema makes of it, and has its type. What does not fit cannot be read: `DecodeError` INVALID_VALUE. Writing
 * such a value throws INVALID_ARGUMENT where `checksWrites` is set, and so does every schema that validates
 * asynchronously, which no serde can wait for.
 */
export function json<S extends StandardSchema>(
  schema: S,
  options?: JsonOptions,
): Serde<SchemaOutput<S>>;
export function json(schema?: StandardSchema, { checksWrites = false }: JsonOptions = {}) {
  if (!schema) return plainJson;
  checkSchema(schema);
  const serde: Serde<unknown> = {
    serialize(value) {
      if (checksWrites) {
        const { issues } = validate(schema, value);
        if (issues) {
          throw new MillraceError("INVALID_ARGUMENT", misfit("the value to be written", issues));
        }
      }
      return plainJson.serialize(value);
    },
    deserialize(buffer, start, end) {
      const result = validate(schema, plainJson.deserialize(buffer, start, end));
      if (!result.issues) return result.value;
      throw new DecodeError("INVALID_VALUE", misfit("what was read", result.issues), start);
    },
    copies: true,
  };
  return serde;
}

const plainJson: Serde<unknown> = {
  serialize(value) {
    if (value instanceof Promise) {
      const message = "a promise has no form in JSON: wait for it first, in an async operator";
      throw new MillraceError("INVALID_ARGUMENT", message);
    }
    const text = JSON.stringify(value);
    if (text !== undefined) return text;
    throw new MillraceError(
      "INVALID_ARGUMENT",
      `JSON has no form for a value of type ${typeof value}`,
    );
  },
  deserialize: (buffer, start, end) => JSON.parse(buffer.utf8Slice(start, end)),
  copies: true,
};

function checkSchema(schema: StandardSchema): void {
  const standard = schema["~standard"];
  if (standard?.version === 1 && typeof standard.validate === "function") return;
  const message =
    "json was given something that is no Standard Schema of version 1: zod from 3.24, valibot from 1.0 and arktype from 2.0 have such";
  throw new MillraceError("INVALID_ARGUMENT", message);
}

function validate(schema: StandardSchema, value: unknown): SchemaResult<unknown> {
  const { validate: run, vendor } = schema["~standard"];
  const result = run(value);
  if (!(result instanceof Promise)) return result;
  // Nobody will look at what it comes to.
  result.catch(() => {});
  const message = `the ${vendor} schema of a serde validates asynchronously, which cannot be waited for per record: use a schema without asynchronous checks, and make those in an operator such as mapValuesAsync`;
  throw new MillraceError("INVALID_ARGUMENT", message);
}

/** How many of the things that are wrong with a value are named. */
const issuesNamed = 5;

function misfit(what: string, issues: readonly SchemaIssue[]): string {
  const named = issues.slice(0, issuesNamed).map(({ message, path }) => {
    const place = (path ?? []).map((part) => String(typeof part === "object" ? part.key : part));
    return place.length === 0 ? message : `${place.join(".")}: ${message}`;
  });
  const rest = issues.length - named.length;
  return `${what} does not fit the schema: ${named.join("; ")}${rest > 0 ? `; and ${rest} more` : ""}`;
}
