import type { Fields } from "../schema.ts";

/** What a record of `__cluster_metadata` is declared with; all of them are flexible from version 0 on. */
export interface RecordShape<F extends Fields> {
  readonly key: number;
  /** The newest version, which is the one that `metadata.version` 4.3-IV0 writes. */
  readonly newest: number;
  readonly fields: F;
}

/** Declares a record of `__cluster_metadata`. */
export function shape<const F extends Fields>(
  key: number,
  newest: number,
  fields: F,
): RecordShape<F> {
  return { key, newest, fields };
}
