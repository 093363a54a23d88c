import assert from "node:assert/strict";
import { test } from "node:test";
import { json } from "./json-serde.ts";
import type { Serde } from "./serde.ts";
import type { SchemaIssue, SchemaResult, StandardSchema } from "./standard-schema.ts";

interface Order {
  readonly item: string;
  readonly at: Date;
}

const issues: readonly SchemaIssue[] = [
  { message: "expected text", path: ["lines", { key: 0 }, "item"] },
  ...Array.from({ length: 6 }, (_, index) => ({ message: `problem ${index}` })),
];

const order = schemaOf((value): SchemaResult<Order> => {
  const { item, at } = value as { readonly item?: unknown; readonly at?: string };
  return typeof item === "string" ? { value: { item, at: new Date(at ?? 0) } } : { issues };
});

test("without a schema, JSON comes back as it was", () => {
  const serde = json<{ readonly a: number }>();
  assert.deepEqual(read(serde, serde.serialize({ a: 1 }) as string), { a: 1 });
  assert.throws(() => json().serialize(undefined), { code: "INVALID_ARGUMENT" });
});

test("what a schema makes of JSON is what is read, and has the schema's type", () => {
  const serde: Serde<Order> = json(order);
  const value = read(serde, '{"item":"book","at":"2026-01-02T00:00:00Z"}');
  assert.deepEqual(value, { item: "book", at: new Date("2026-01-02T00:00:00Z") });
});

test("JSON that does not fit the schema is refused, and the first issues are named with their paths", () => {
  assert.throws(() => read(json(order), "{}"), {
    name: "DecodeError",
    code: "INVALID_VALUE",
    message:
      /does not fit the schema: lines\.0\.item: expected text; problem 0; .*problem 3; and 2 more/,
  });
});

test("text that is no JSON is refused", () => {
  assert.throws(() => read(json(order), "{"), SyntaxError);
});

test("values are validated before they are written only where that is asked for", () => {
  const wrong = {} as Order;
  assert.equal(json(order).serialize(wrong), "{}");
  const strict = json(order, { checksWrites: true });
  assert.throws(() => strict.serialize(wrong), { code: "INVALID_ARGUMENT" });
  assert.match(`${strict.serialize({ item: "a", at: new Date(0) })}`, /^{"item":"a"/);
});

test("a schema that validates asynchronously is refused with what to do instead", () => {
  const late = schemaOf(async () => {
    throw new Error("nobody hears this");
  });
  assert.throws(() => read(json(late), "1"), {
    code: "INVALID_ARGUMENT",
    message: /test schema of a serde validates asynchronously.*mapValuesAsync/,
  });
});

test("what is no Standard Schema is refused at once", () => {
  assert.throws(() => json({ parse: () => 1 } as never), { code: "INVALID_ARGUMENT" });
});

type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type ValueOf<S> = S extends Serde<infer T> ? T : never;

const ofSchema = json(order);
const ofType = json<readonly number[]>();
true satisfies Same<ValueOf<typeof ofSchema>, Order>;
true satisfies Same<ValueOf<typeof ofType>, readonly number[]>;

function schemaOf<T>(
  validate: (value: unknown) => SchemaResult<T> | Promise<SchemaResult<T>>,
): StandardSchema<unknown, T> {
  return { "~standard": { version: 1, vendor: "test", validate } };
}

function read<T>(serde: Serde<T>, text: string): T {
  const bytes = Buffer.from(text);
  return serde.deserialize(bytes, 0, bytes.length);
}
