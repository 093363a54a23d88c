export { bytes, type JsonOptions, json, type StandardSchema, string } from "../client/index.ts";
export { type SerdeFunctions, serde } from "./custom-serde.ts";
export { list } from "./list-serde.ts";
export { type NullableSerde, nullable } from "./nullable-serde.ts";
export { bigint64, float32, float64, int16, int32, int64 } from "./numeric-serdes.ts";
export type { Serde } from "./serde.ts";
export { boolean, nothing, uuid } from "./simple-serdes.ts";
export { sessionWindowed, windowed } from "./windowed-serde.ts";
