import { type Client, json, string } from "millrace/client";
import type { Airport, Flight } from "./source.ts";

/** Of both topics, so that a flight and its airport are in partitions of one number. */
export const partitionCount = 6;

/** Makes the topics of the job and writes its input: all airports, then all flights. */
export async function load(
  client: Client,
  airports: readonly Airport[],
  flights: readonly Flight[],
): Promise<void> {
  // The data is older than a week, after which a topic would otherwise drop it.
  const configs = { "retention.ms": "-1" };
  for (const name of ["airports", "flights", "punctuality"]) {
    await client.admin().topics.create({ name, numPartitions: partitionCount, configs });
  }
  await using producer = client.producer({ key: string, value: json<Airport | Flight>() });
  for (const airport of airports) {
    // Before all flights: records are taken in the order of their times.
    const full = producer.enqueue({
      topic: "airports",
      key: airport.code,
      value: airport,
      timestamp: 0,
    });
    if (full) await full;
  }
  for (const flight of flights) {
    const full = producer.enqueue({
      topic: "flights",
      key: flight.origin,
      value: flight,
      timestamp: flight.at,
    });
    if (full) await full;
  }
  await producer.flush();
}
