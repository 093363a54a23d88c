import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KafkaStreams } from "millrace";
import { Broker } from "millrace/broker";
import { Client } from "millrace/client";
import { arrivalsTable, differingRows, expectedArrivals } from "./check.ts";
import { load } from "./load.ts";
import { untilThrough } from "./progress.ts";
import { readAirports, readFlights } from "./source.ts";
import { flightsTopology } from "./topology.ts";

const airports = readAirports();
const flights = readFlights(Date.now());

await using broker = await Broker.start({ port: 0 });
const { bootstrapServers } = broker;
console.log(`A broker answers at ${bootstrapServers}; its data is in memory.`);

await using client = new Client({ bootstrapServers });
await load(client, airports, flights);
console.log(`${airports.length} airports and ${flights.length} flights are in its topics.`);

await using stateDir = await mkdtempDisposable(join(tmpdir(), "millrace-flights-"));
const applicationId = "flights";
await using app = new KafkaStreams(flightsTopology(), {
  applicationId,
  bootstrapServers,
  stateDir: stateDir.path,
  commitIntervalMs: 500,
});
const started = performance.now();
await app.start();
const through = untilThrough(client.admin(), { applicationId, topics: ["airports", "flights"] });
await Promise.race([through, app.untilStopped()]); // the latter fails with what stops the application
const seconds = ((performance.now() - started) / 1000).toFixed(1);
console.log(`They were joined, re-keyed, joined again and counted in ${seconds} s:`);

const actual = arrivalsTable(app.store("arrivals").all());
const expected = expectedArrivals(flights, airports);
const busiest = [...actual].sort(([, a], [, b]) => b.flights - a.flights).slice(0, 8);
console.table(
  busiest.map(([row, { flights, delay, origins }]) => ({
    "city and day": row,
    flights,
    "mean delay, min": Number((delay / flights).toFixed(1)),
    "cities of origin": origins.length,
  })),
);

const differing = differingRows(actual, expected);
for (const row of differing.slice(0, 10)) {
  console.log(
    `${row}: ${JSON.stringify(actual.get(row))} for ${JSON.stringify(expected.get(row))}`,
  );
}
console.log(`checked ${expected.size} rows, ${differing.length} differ`);
if (differing.length > 0) process.exitCode = 1;
