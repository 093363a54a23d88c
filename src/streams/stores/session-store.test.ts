import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { StoreScene } from "../../../test/store-scene.ts";
import { string } from "../../client/index.ts";
import { SharedCacheBudget } from "./cache-budget.ts";
import type { Row, SessionStore, Windowed } from "./state-store.ts";
import { type SessionStoreOptions, sessionStore } from "./window-builders.ts";

const serdes = { key: string, value: string };
const minute = 60_000;
const retentionMs = 3 * minute;
const segmentMs = 1.5 * minute;

interface Cell {
  readonly key: string;
  readonly start: number;
  readonly end: number;
  readonly value: string | null;
}
type Step = Cell & { readonly do: "put" | "remove" | "flush" };
interface Range {
  readonly fromKey: string;
  readonly toKey: string;
  readonly earliestEnd: number;
  readonly latestStart: number;
}

const keyArbitrary = fc.constantFrom("a", "ab", "b", "ß");
const timeArbitrary = fc.integer({ min: 0, max: 16 }).map((step) => step * 20_000);
const stepArbitrary: fc.Arbitrary<Step> = fc
  .record({
    do: fc.constantFrom(
      "put" as const,
      "put" as const,
      "put" as const,
      "remove" as const,
      "flush" as const,
    ),
    key: keyArbitrary,
    start: timeArbitrary,
    end: timeArbitrary,
    value: fc.option(fc.string({ maxLength: 3 }), { freq: 6 }),
  })
  .map((step) => ({ ...step, end: Math.max(step.start, step.end) }));
const rangeArbitrary: fc.Arbitrary<Range> = fc.record({
  fromKey: keyArbitrary,
  toKey: keyArbitrary,
  earliestEnd: timeArbitrary,
  latestStart: timeArbitrary,
});

/** What a kind of store keeps, and in which order: from the rules, without any structure. */
class Model {
  readonly #kind: "memory" | "segments" | "by-time";
  #cells: (Cell & { readonly value: string })[] = [];
  #observed = -1;

  constructor(kind: "memory" | "segments" | "by-time") {
    this.#kind = kind;
  }

  apply(step: Step): void {
    const { key, start, end, value } = step;
    if (step.do === "flush") return;
    // Kafka's store in memory does not look at the time of what is removed.
    if (step.do === "put" || this.#kind !== "memory") {
      this.#observed = Math.max(this.#observed, end);
    }
    const limit = this.#observed - retentionMs;
    const isLate =
      this.#kind === "memory"
        ? end <= limit
        : Math.trunc(end / segmentMs) < Math.trunc(limit / segmentMs);
    if (isLate) return;
    this.#cells = this.#cells.filter(
      (cell) => cell.key !== key || cell.start !== start || cell.end !== end,
    );
    if (step.do === "put" && value !== null) this.#cells.push({ key, start, end, value });
  }

  find({ fromKey, toKey, earliestEnd, latestStart }: Range): Row<Windowed<string>, string>[] {
    const first = Math.max(earliestEnd, this.#observed - retentionMs + 1);
    return this.#cells
      .filter(
        ({ key, start, end }) =>
          end >= first &&
          start <= latestStart &&
          compare(fromKey, key) <= 0 &&
          compare(key, toKey) <= 0,
      )
      .sort((one, other) => this.#order(one, other))
      .map(({ key, start, end, value }) => [{ key, window: { start, end } }, value]);
  }

  #order(one: Cell, other: Cell): number {
    const byKey = compare(one.key, other.key);
    if (this.#kind === "memory") return one.end - other.end || byKey || other.start - one.start;
    const segment = ({ end }: Cell) => Math.trunc(end / segmentMs);
    return segment(one) - segment(other) || byKey || one.end - other.end || one.start - other.start;
  }
}

const kinds: readonly (readonly [
  "memory" | "segments" | "by-time",
  Partial<SessionStoreOptions<string, string>>,
])[] = [
  ["memory", { storeType: "memory" }],
  ["segments", { storeType: "persistent" }],
  ["by-time", { isTimeOrdered: true }],
];

for (const [kind, options] of kinds) {
  test(`sessions (${kind}) are those of the model, and so are those that the changelog restores`, () => {
    const scenario = fc.tuple(
      fc.array(stepArbitrary, { maxLength: 40, size: "max" }),
      fc.array(rangeArbitrary, { maxLength: 10 }),
    );
    fc.assert(
      fc.property(scenario, ([steps, ranges]) => {
        const builder = sessionStore("s", { ...serdes, retentionMs, ...options });
        const scene = new StoreScene(builder);
        const model = new Model(kind);
        for (const step of steps) {
          apply(scene.store, step);
          model.apply(step);
        }
        for (const range of ranges) {
          const found = model.find(range);
          const { fromKey, toKey, earliestEnd, latestStart } = range;
          const { store } = scene;
          const bounds = [fromKey, toKey, earliestEnd, latestStart] as const;
          assert.deepEqual([...store.findSessionsOfKeys(...bounds)], found);
          assert.deepEqual([...store.backwardFindSessionsOfKeys(...bounds)], found.toReversed());
          const ofKey = model.find({ ...range, toKey: fromKey });
          const search = [fromKey, earliestEnd, latestStart] as const;
          assert.deepEqual([...store.findSessions(...search)], ofKey);
          assert.deepEqual([...store.backwardFindSessions(...search)], ofKey.toReversed());
          for (const [{ key, window }, value] of found) {
            assert.equal(store.fetchSession(key, window.start, window.end), value);
          }
        }
        // A removal moves time on as it is restored, so that more may have expired, but nothing else differs.
        const restored = new StoreScene(builder).restore(scene.log).store;
        const kept = [...restored.fetchKeys(undefined, undefined)].map((row) =>
          JSON.stringify(row),
        );
        const all = [...scene.store.fetchKeys(undefined, undefined)].map((row) =>
          JSON.stringify(row),
        );
        assert.deepEqual(
          kept,
          all.filter((row) => kept.includes(row)),
        );
      }),
      { numRuns: 300 },
    );
  });
}

// In memory the rows have another order than the cache, and ranges are merged as the JVM merges them.
test("a cache in front of sessions changes nothing that can be read", () => {
  const scenario = fc.tuple(
    fc.array(stepArbitrary, { maxLength: 40, size: "max" }),
    fc.array(rangeArbitrary, { maxLength: 10 }),
  );
  fc.assert(
    fc.property(scenario, fc.constantFrom(0, 1500, 1e6), ([steps, ranges], limitBytes) => {
      const terms = { ...serdes, retentionMs: 100 * minute, storeType: "persistent" as const };
      const cache = new SharedCacheBudget(limitBytes);
      const cached = new StoreScene(sessionStore("s", { ...terms, cache: true }), { cache });
      const plain = new StoreScene(sessionStore("s", terms));
      for (const step of steps) {
        apply(cached.store, step);
        apply(plain.store, step);
      }
      for (const range of ranges) {
        const [one, other] = [cached, plain].map(({ store }) => reads(store, range));
        assert.deepEqual(one, other);
      }
    }),
    { numRuns: 200 },
  );
});

function apply(store: SessionStore<string, string>, step: Step): void {
  const { key, start, end, value } = step;
  const session = { key, window: { start, end } };
  if (step.do === "put") store.put(session, value);
  else if (step.do === "remove") store.remove(session);
  else store.flush();
}

/** What a range gives. */
function reads(
  store: SessionStore<string, string>,
  { fromKey, toKey, earliestEnd, latestStart }: Range,
): string[] {
  const texts = (rows: Iterable<unknown>) => [...rows].map((row) => JSON.stringify(row));
  const found = [
    texts(store.findSessions(fromKey, earliestEnd, latestStart)),
    texts(store.backwardFindSessions(fromKey, earliestEnd, latestStart)),
    texts(store.findSessionsOfKeys(fromKey, toKey, earliestEnd, latestStart)),
    texts(store.fetch(toKey)),
    texts(store.fetchKeys(undefined, undefined)),
  ];
  return found.flat();
}

test("sessions that ended within a time are found, whatever their key", () => {
  for (const [kind, options] of kinds) {
    const builder = sessionStore("s", { ...serdes, retentionMs, ...options });
    const { store } = new StoreScene(builder);
    store.put({ key: "b", window: { start: 0, end: 10 } }, "1");
    store.put({ key: "a", window: { start: 5, end: 10 } }, "2");
    store.put({ key: "a", window: { start: 5, end: 20 } }, "3");
    store.put({ key: "a", window: { start: 5, end: 21 } }, "4");
    const values = [...store.findEndedSessions(10, 20)].map(([, value]) => value);
    assert.deepEqual(values.toSorted(), ["1", "2", "3"]);
    if (kind !== "segments") assert.equal(values.at(-1), "3");
  }
});

function compare(one: string, other: string): number {
  return Buffer.from(one).compare(Buffer.from(other));
}
