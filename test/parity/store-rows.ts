import { int64Max } from "../../src/protocol/index.ts";
import type {
  SessionStore,
  TimestampedKeyValueStore,
  TimestampedWindowStore,
  VersionedKeyValueStore,
} from "../../src/streams/stores/state-store.ts";
import type { TopologyTestDriver } from "../../src/streams/testing/topology-test-driver.ts";
import type { Case, CaseValue } from "./case.ts";
import type { StoreForm } from "./case-topology.ts";

/** The rows of a store as answers have them. */
export function rowsOf(
  driver: TopologyTestDriver,
  name: string,
  form: StoreForm,
  one: Case,
): CaseValue[][] {
  switch (form) {
    case "key-value": {
      const store = driver.store<TimestampedKeyValueStore<CaseValue, CaseValue>>(name);
      return [...(store?.all() ?? [])].map(([key, row]) => [
        printed(key),
        row.value,
        row.timestamp,
      ]);
    }
    case "window": {
      const store = driver.store<TimestampedWindowStore<CaseValue, CaseValue>>(name);
      return [...(store?.all() ?? [])].map(([{ key, window }, row]) => {
        return [`${key}@${window.start}`, row.value, row.timestamp];
      });
    }
    case "session": {
      const store = driver.store<SessionStore<CaseValue, CaseValue>>(name);
      const end = Number.MAX_SAFE_INTEGER;
      const rows = store?.findSessionsOfKeys(undefined, undefined, 0, end) ?? [];
      return [...rows].map(([{ key, window }, value]) => {
        return [`${key}@${window.start}/${window.end}`, value];
      });
    }
    case "versioned": {
      const store = driver.store<VersionedKeyValueStore<CaseValue, CaseValue>>(name);
      const given = one.input.flatMap((input) => ("key" in input ? [input.key] : []));
      // Versioned stores of cases have text for keys; numbers come from other topics of the case.
      const keys = new Set(given.map((key) => (key === null ? null : `${key}`)));
      return [...keys].sort().flatMap((key) => {
        const row = key === null ? null : store?.get(key);
        return row ? [[key, row.value, row.timestamp]] : [];
      });
    }
    default:
      return form satisfies never;
  }
}

/** A value as answers have it: a windowed key with both ends. */
export function printed(value: unknown): CaseValue {
  if (typeof value === "object" && value !== null && "window" in value) {
    const { key, window } = value as {
      readonly key: unknown;
      readonly window: { readonly start: number; readonly end: number };
    };
    // The end of unlimited windows, which a number cannot show.
    const end = window.end === int64Max ? "9223372036854775807" : window.end;
    return `${key}@${window.start}/${end}`;
  }
  return value as CaseValue;
}
