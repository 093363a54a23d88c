import {
  type bigint64,
  boolean,
  bytes,
  float64,
  int64,
  json,
  type KStream,
  list,
  nullable,
  type Serde,
  type StandardSchema,
  serde,
  sessionWindowed,
  string,
  uuid,
  type Windowed,
  windowed,
} from "millrace";
import { builder } from "./program.ts";
import type { Same } from "./same.ts";

declare const schema: StandardSchema<unknown, { readonly item: string }>;

string satisfies Serde<string>;
true satisfies Same<typeof int64, Serde<number>>;
true satisfies Same<typeof bigint64, Serde<bigint>>;
const texts = builder.stream("texts", { key: uuid, value: boolean });
true satisfies Same<typeof texts, KStream<string, boolean>>;
const raw = builder.stream("raw", { key: bytes, value: bytes });
raw.mapValues((value) => value.byteLength);
const validated = builder.stream("orders", { key: string, value: json(schema) });
true satisfies Same<typeof validated, KStream<string, { readonly item: string }>>;
const lists = builder.stream("lists", { key: string, value: list(float64) });
lists.mapValues((numbers) => numbers[0]?.toFixed());
const hours = builder.stream("hours", { key: windowed(string, { size: 5 }), value: int64 });
true satisfies Same<typeof hours, KStream<Windowed<string>, number>>;
const visits = builder.stream("visits", { key: sessionWindowed(string), value: int64 });
true satisfies Same<typeof visits, KStream<Windowed<string>, number>>;
const maybe = builder.stream("maybe", { key: string, value: nullable(int64) });
true satisfies Same<typeof maybe, KStream<string, number | null>>;
const dates = serde({
  serialize: (date: Date) => date.toISOString(),
  deserialize: (text) => new Date(text.toString()),
});
dates satisfies Serde<Date>;

// @ts-expect-error both directions are of one type
serde({ serialize: (date: Date) => date.toISOString(), deserialize: () => 3 });
// @ts-expect-error a schema is asked for
json({ item: "string" });
// @ts-expect-error entries have a serde
list("string");
// @ts-expect-error a topic's records have a value
builder.stream("texts", { key: string });
// @ts-expect-error a table has one topic
builder.table(["a", "b"], { key: string, value: string });
