import {
  float64,
  int64,
  json,
  type KStream,
  type Serde,
  string,
  type Windowed,
  windowed,
} from "millrace";
import { clicks, type Order, orders } from "./program.ts";

declare const sizes: KStream<string, "small" | "large">;
declare const deletable: KStream<string, number | null>;
declare const windowedCounts: KStream<Windowed<string>, number>;
declare const richer: Serde<Order & { readonly city: string }>;

orders.to("out");
orders.to("out", { key: string, value: json<Order>() });
orders.to(({ value }) => value.item, { value: json<Order>() });
// A serde of wider values writes narrower ones; null is never handed to any.
sizes.to("out", { value: string });
deletable.to("out", { key: string, value: float64 });
windowedCounts.to("out", { key: windowed(string), value: int64 });

// @ts-expect-error values are orders
orders.to("out", { value: int64 });
// @ts-expect-error keys are strings
orders.to("out", { key: int64 });
// @ts-expect-error the serde would write a city that orders do not have
orders.to("out", { value: richer });
// @ts-expect-error keys are windowed
windowedCounts.to("out", { key: string });
// @ts-expect-error the keys inside are strings
windowedCounts.to("out", { key: windowed(int64) });
// @ts-expect-error the topic is named by a string
clicks.to(({ value }) => value);
// @ts-expect-error the partitioner gets numbers
clicks.to("out", { partitioner: (_topic: string, _key: string, value: Order) => value.amount });
