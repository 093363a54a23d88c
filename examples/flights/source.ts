import { readFileSync } from "node:fs";

/** A flight as it was reported. */
export interface Flight {
  /** When it was, in milliseconds since 1970. */
  readonly at: number;
  /** How many minutes late it came in; negative where it was early. */
  readonly delay: number;
  /** In miles. */
  readonly distance: number;
  /** Codes of airports, such as "ORD". */
  readonly origin: string;
  readonly destination: string;
}

/** An airport, and where it is. */
export interface Airport {
  readonly code: string;
  readonly name: string;
  /** With its state, since there are several of the same name: "Portland, OR". */
  readonly city: string;
}

const day = 24 * 60 * 60 * 1000;

/**
 * 20,000 flights of January to March 2001, in their order, from `vega-datasets`. They are moved by whole days, so
 * that the newest was within the last day before `now`: topics and stores drop what is old by the wall clock.
 */
export function readFlights(now: number): Flight[] {
  const rows: (Omit<Flight, "at"> & { date: string })[] = JSON.parse(read("flights-20k.json"));
  const flights = rows.map(({ date, ...flight }) => ({ ...flight, at: Date.parse(`${date}Z`) }));
  const newest = Math.max(...flights.map(({ at }) => at));
  const shift = Math.floor((now - newest) / day) * day;
  return flights.map((flight) => ({ ...flight, at: flight.at + shift }));
}

/** The airports of the United States, from `vega-datasets`. */
export function readAirports(): Airport[] {
  const [, ...lines] = read("airports.csv").trim().split("\n");
  return lines.map((line) => {
    const [code = "", name = "", city = "", state = ""] = fieldsOf(line);
    return { code, name, city: `${city}, ${state}` };
  });
}

function read(file: string): string {
  return readFileSync(new URL(`../data/${file}`, import.meta.resolve("vega-datasets")), "utf8");
}

/** The fields of a line of CSV; those with commas in them are in quotes, and quotes inside are doubled. */
function fieldsOf(line: string): string[] {
  const fields = line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g);
  return [...fields].map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? "");
}
