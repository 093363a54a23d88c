export * from "./consumer-group-records.ts";
export * from "./group-records.ts";
export { hash64, zeroHash } from "./hash64.ts";
export * from "./metadata-records.ts";
export * from "./producer-snapshot.ts";
export * from "./raft-records.ts";
export * from "./streams-group-records.ts";
export * from "./transaction-records.ts";
