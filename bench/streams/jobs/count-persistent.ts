import { int64, string } from "millrace";
import type { Job } from "../job.ts";

/** Counts by key as one does who sets nothing: a persistent store, its changelog, and the default cache. */
export const job: Job = {
  compares: "last",
  build(builder, { input, output }, consumed) {
    builder
      .stream(input, consumed)
      .groupByKey()
      .count()
      .toStream()
      .to(output, { key: string, value: int64 });
  },
};
