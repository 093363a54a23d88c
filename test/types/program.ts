import { float64, int64, json, StreamsBuilder, string } from "millrace";

/** What the streams of these tests carry. */
export interface Order {
  readonly item: string;
  readonly amount: number;
}

/** What their tables hold. */
export interface User {
  readonly name: string;
  readonly city: string;
}

/** The program that the types are looked at in; nothing runs. */
export const builder = new StreamsBuilder();
/** Orders by the user's id. */
export const orders = builder.stream("orders", { key: string, value: json<Order>() });
/** Clicks by the user's id. */
export const clicks = builder.stream("clicks", { key: string, value: int64 });
/** A stream whose keys are of another type. */
export const readings = builder.stream("readings", { key: int64, value: float64 });
/** Users by id. */
export const users = builder.table("users", { key: string, value: json<User>(), store: "users" });
/** A table whose keys are of another type. */
export const places = builder.table("places", { key: int64, value: string });
/** The same for every instance. */
export const regions = builder.globalTable("regions", { key: int64, value: string });
