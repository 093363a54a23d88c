import type { TaskContext } from "../node.ts";
import { type Index, SegmentedRows } from "./segmented-rows.ts";
import type { Segments } from "./segments.ts";
import { timeFirst, type WindowLayout } from "./window-layout.ts";
import { nextSequence, type WindowRow, type WindowRows, type WindowTerms } from "./window-rows.ts";

/** Rows of windows in segments. */
export class SegmentedWindowRows extends SegmentedRows<WindowRow> implements WindowRows {
  readonly #layout: WindowLayout;
  readonly #retainsDuplicates: boolean;
  #sequence = 0;

  constructor(
    segments: Segments,
    task: TaskContext,
    {
      retentionMs,
      retainsDuplicates,
      layout,
      index,
    }: WindowTerms & { readonly layout: WindowLayout; readonly index?: Index | undefined },
  ) {
    super({
      segments,
      schema: layout.schema,
      retentionMs,
      task,
      marginMs: layout === timeFirst ? 0 : 1,
      index,
      rowOf: (row, value) => ({ key: layout.keyOf(row), start: layout.startOf(row), value }),
    });
    this.#layout = layout;
    this.#retainsDuplicates = retainsDuplicates;
  }

  put(key: Buffer, value: Buffer | null, start: number): void {
    if (this.#retainsDuplicates) {
      if (value === null) return;
      this.#sequence = nextSequence(this.#sequence);
    }
    this.putRow(this.#layout.rowKey(key, start, this.#sequence), value);
  }

  get(key: Buffer, start: number): Buffer | null {
    return this.getRow(this.#layout.rowKey(key, start, this.#sequence));
  }

  restore(key: Buffer, value: Buffer | null): void {
    this.restoreRow(this.#layout.restoredKey(key), value);
  }
}
