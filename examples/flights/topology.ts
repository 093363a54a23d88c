import { json, StreamsBuilder, string, tumbling, windowed } from "millrace";
import type { Airport, Flight } from "./source.ts";

/** The flights that came into a city within a day. */
export interface Arrivals {
  readonly flights: number;
  /** Of all of them together, in minutes. */
  readonly delay: number;
  /** The cities they came from, in alphabetical order. */
  readonly origins: readonly string[];
}

/** A row of the job's result: {@link Arrivals} for those who read it. */
export interface Punctuality {
  readonly flights: number;
  readonly meanDelay: number;
  readonly origins: number;
}

/** How `punctuality` has its keys: a city and a day. */
export const cityAndDay = windowed(string, { size: { days: 1 } });

/**
 * Flights find the city they came from, then, by another key, the city they went to, and are counted for each
 * city and day. Flights have the code of their origin as key, airports their own.
 */
export function flightsTopology() {
  const builder = new StreamsBuilder();
  const airports = builder.table("airports", { key: string, value: json<Airport>() });

  const arrivals = builder
    .stream("flights", { key: string, value: json<Flight>() })
    .join(airports, (flight, { city }) => ({ ...flight, from: city }))
    .selectKey(({ destination }) => destination)
    .join(airports, (flight, { city }) => ({ ...flight, to: city }), { key: string, left: json() })
    .groupBy(({ to }) => to, { key: string, value: json() })
    // The partitions of one quarter are read side by side: one may be months ahead of another.
    .windowedBy(tumbling({ size: { days: 1 }, grace: { days: 100 } }))
    .aggregate(nothing, add, { store: "arrivals", value: json<Arrivals>() });

  arrivals
    .mapValues(punctuality, { value: json<Punctuality>() })
    .toStream()
    .to("punctuality", { key: cityAndDay });

  return builder.build().withStores({ arrivals });
}

function nothing(): Arrivals {
  return { flights: 0, delay: 0, origins: [] };
}

function add(
  { flights, delay, origins }: Arrivals,
  flight: Flight & { readonly from: string },
): Arrivals {
  return {
    flights: flights + 1,
    delay: delay + flight.delay,
    origins: origins.includes(flight.from) ? origins : [...origins, flight.from].sort(),
  };
}

function punctuality({ flights, delay, origins }: Arrivals): Punctuality {
  return { flights, meanDelay: delay / flights, origins: origins.length };
}
