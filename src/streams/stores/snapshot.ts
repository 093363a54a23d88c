import { MillraceError } from "../../errors.ts";
import type { Lease, Snapshot } from "./engine.ts";
import type { CommittedRows } from "./overlay-rows.ts";

/** A snapshot that ends with its lease. `rowsOf` reads a set of rows, `end` gives back what that takes. */
export function leasedSnapshot(
  { clock, ms }: Lease,
  rowsOf: (name: string) => Pick<CommittedRows, "get" | "range">,
  end: () => void = () => {},
): Snapshot {
  let why: string | undefined;
  const close = (reason: string) => {
    if (why !== undefined) return;
    why = reason;
    timer.cancel();
    end();
  };
  const timer = clock.after(ms, () => close(`its lease of ${ms} ms is over`));
  const check = () => {
    if (why === undefined) return;
    throw new MillraceError("CLOSED", `the snapshot cannot be read any more: ${why}; take another`);
  };
  function* checked(found: Iterable<readonly [Buffer, Buffer]>) {
    for (const row of found) {
      check();
      yield row;
    }
  }
  return {
    rows(name) {
      check();
      const rows = rowsOf(name);
      return {
        get(key) {
          check();
          return rows.get(key);
        },
        range(from, to, backwards = false) {
          check();
          return checked(rows.range(from, to, backwards));
        },
      };
    },
    close: () => close("it is closed"),
  };
}
