import { string } from "millrace";
import type { Job } from "../job.ts";

const nine = "9".charCodeAt(0);
const isKept = (value: string) => value.charCodeAt(7) !== nine;
const inCapitals = (value: string) => value.toUpperCase();

/** Drops a tenth of the records, and writes the others in capitals. */
export const job: Job = {
  compares: "records",
  build(builder, { input, output }, consumed) {
    builder
      .stream(input, consumed)
      .filter(isKept)
      .mapValues(inCapitals)
      .to(output, { key: string, value: string });
  },
  byHand: {
    hasState: false,
    start: () => (key, value, emit) => {
      if (isKept(value)) emit(key, inCapitals(value));
    },
  },
};
