import { int64, string } from "millrace";
import type { Job } from "../job.ts";

/** Counts by key in memory, with a changelog and without a cache: every update goes to the output. */
export const job: Job = {
  compares: "records",
  build(builder, { input, output }, consumed) {
    builder
      .stream(input, consumed)
      .groupByKey()
      .count({ store: "counts", storeType: "memory", cache: false })
      .toStream()
      .to(output, { key: string, value: int64 });
  },
  byHand: {
    hasState: true,
    start() {
      const counts = new Map<string, number>();
      return (key, _value, emit) => {
        const count = (counts.get(key) ?? 0) + 1;
        counts.set(key, count);
        const bytes = Buffer.allocUnsafe(8);
        bytes.writeInt32BE(0, 0);
        bytes.writeUInt32BE(count, 4);
        emit(key, bytes);
      };
    },
  },
};
