import assert from "node:assert/strict";
import { test } from "node:test";
import { json, string } from "millrace";
import { TopologyTestDriver } from "millrace/testing";
import { arrivalsTable, differingRows, expectedArrivals } from "../../examples/flights/check.ts";
import { partitionCount } from "../../examples/flights/load.ts";
import { readAirports, readFlights } from "../../examples/flights/source.ts";
import { cityAndDay, flightsTopology, type Punctuality } from "../../examples/flights/topology.ts";

const now = Date.parse("2026-06-15T12:00:00Z");
const airports = readAirports();
const flights = readFlights(now);

test("the newest flight is less than a day old, at the time of day that was reported", () => {
  const newest = Math.max(...flights.map(({ at }) => at));
  assert.equal(new Date(newest).toISOString(), "2026-06-14T22:27:00.000Z");
});

test("airports with commas and quotes in their names are read whole", () => {
  const barron = airports.find(({ code }) => code === "DBN");
  assert.deepEqual(barron, { code: "DBN", name: 'W. H. "Bud" Barron', city: "Dublin, GA" });
  assert.equal(airports.length, 3376);
});

test("the flights job gives the rows that plain code gives", () => {
  using driver = new TopologyTestDriver(flightsTopology(), { partitions: partitionCount });
  const input = { key: string, value: json() };
  const toAirports = driver.createInputTopic("airports", input);
  const toFlights = driver.createInputTopic("flights", input);
  for (const airport of airports) toAirports.pipe(airport.code, airport, 0);
  for (const flight of flights) toFlights.pipe(flight.origin, flight, flight.at);

  const rows = Array.from({ length: partitionCount }, (_, partition) => [
    ...(driver.store("arrivals", partition)?.all() ?? []),
  ]).flat();
  const expected = expectedArrivals(flights, airports);
  assert.deepEqual(differingRows(arrivalsTable(rows), expected), []);
  assert.equal(expected.size, 6_728);

  const output = { key: cityAndDay, value: json<Punctuality>() };
  const results = driver.createOutputTopic("punctuality", output).readRecords();
  assert.equal(results.length, flights.length);
  assert.equal(
    results.some(({ value }) => (value?.origins ?? 0) > 1),
    true,
  );
});

test("a row that is wrong, missing or too many differs", () => {
  const row = { flights: 1, delay: 5, origins: ["Reno, NV"] };
  const expected = new Map([
    ["same", row],
    ["wrong", row],
    ["missing", row],
  ]);
  const actual = new Map([
    ["same", row],
    ["wrong", { ...row, delay: 6 }],
    ["extra", row],
  ]);
  assert.deepEqual(differingRows(actual, expected), ["wrong", "missing", "extra"]);
});
