import type { Windowed } from "millrace";
import type { Airport, Flight } from "./source.ts";
import type { Arrivals } from "./topology.ts";

/** Arrivals by city and day, as `Chicago, IL 2001-01-31`. */
export type ArrivalsTable = ReadonlyMap<string, Arrivals>;

/** The rows of the job's store as such a table. */
export function arrivalsTable(
  rows: Iterable<readonly [Windowed<string>, { readonly value: Arrivals }]>,
): ArrivalsTable {
  return new Map(
    [...rows].map(([{ key, window }, { value }]) => [rowName(key, window.start), value]),
  );
}

/** The same table by plain code: all flights of a city and day are put together, and then counted. */
export function expectedArrivals(
  flights: readonly Flight[],
  airports: readonly Airport[],
): ArrivalsTable {
  const cities = new Map(airports.map(({ code, city }) => [code, city]));
  const rows = Map.groupBy(flights, ({ destination, at }) =>
    rowName(cities.get(destination) ?? "", at),
  );
  return new Map(
    [...rows].map(([name, flights]) => {
      const origins = new Set(flights.map(({ origin }) => cities.get(origin) ?? ""));
      const delay = flights.reduce((sum, { delay }) => sum + delay, 0);
      return [name, { flights: flights.length, delay, origins: [...origins].sort() }];
    }),
  );
}

/** The names of the rows that are not the same in both tables, or in one of them only. */
export function differingRows(actual: ArrivalsTable, expected: ArrivalsTable): string[] {
  const names = new Set([...expected.keys(), ...actual.keys()]);
  return [...names].filter((name) => textOf(actual.get(name)) !== textOf(expected.get(name)));
}

function rowName(city: string, at: number): string {
  return `${city} ${new Date(at).toISOString().slice(0, 10)}`;
}

function textOf(row: Arrivals | undefined): string {
  return `${row?.flights} ${row?.delay} ${row?.origins.join("; ")}`;
}
