export { bytes, json, type Serde, serde, string } from "../client/index.ts";
export { bigint64, float32, float64, int32, int64 } from "./numeric-serdes.ts";
export { sessionWindowed, windowed } from "./windowed-serde.ts";
