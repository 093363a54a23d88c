import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamsBuilder } from "millrace";

/** Something that is declared on a builder, and refused by then or when it is built. */
export type Mistake = readonly [
  what: string,
  code: string,
  message: RegExp,
  declare: (builder: StreamsBuilder) => unknown,
];

/** Makes a test of each. */
export function refusedWhenBuilt(mistakes: readonly Mistake[]): void {
  for (const [what, code, message, declare] of mistakes) {
    test(`${what}: refused with ${code} while the topology is built`, () => {
      const builder = new StreamsBuilder();
      assert.throws(
        () => {
          declare(builder);
          builder.build();
        },
        { code, message },
      );
    });
  }
}
