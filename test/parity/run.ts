import type { Deserializer, Serde } from "millrace/client";
import { continueOnError } from "../../src/streams/runtime/error-handlers.ts";
import { int64, string } from "../../src/streams/serdes.ts";
import {
  TopologyTestDriver,
  type TopologyTestDriverOptions,
} from "../../src/streams/testing/topology-test-driver.ts";
import type { AnsweredRecord, Case, CaseAnswer, CaseInput, CaseValue } from "./case.ts";
import { CaseTopology } from "./case-topology.ts";
import { printed, rowsOf } from "./store-rows.ts";

/** Runs a case on this project's engine, and gives its answer. */
export function runCase(one: Case): CaseAnswer {
  const plan = new CaseTopology(one);
  let driver: TopologyTestDriver;
  let describe: string;
  try {
    const topology = plan.build();
    describe = topology.describe();
    driver = new TopologyTestDriver(topology, { applicationId: "parity", ...handlersOf(one) });
  } catch (error) {
    return { error: "build", message: (error as Error).message };
  }
  let failure: Error | undefined;
  try {
    for (const input of one.input) feed(driver, plan, input);
  } catch (error) {
    failure = error as Error;
  }
  const output = outputOf(driver, plan);
  if (failure) return { describe, output, stores: {}, error: "process", message: failure.message };
  const stores = Object.fromEntries(
    [...plan.stores].map(([name, form]) => [name, rowsOf(driver, name, form, one)]),
  );
  driver.close();
  return { describe, output, stores, error: null };
}

function feed(driver: TopologyTestDriver, plan: CaseTopology, input: CaseInput): void {
  if ("wallClock" in input) {
    driver.advanceWallClockTime(input.wallClock);
    return;
  }
  if ("hex" in input) {
    const { topic, key, hex, ts: timestamp } = input;
    const bytes = { key: Buffer.from(key), value: Buffer.from(hex, "hex") };
    driver.pipeRaw({ topic, ...bytes, timestamp, headers: [] });
    return;
  }
  const { topic, key, value, ts, headers = [] } = input;
  driver.pipeRaw({
    topic,
    key: bytesOf(plan.inputTypes(topic).key, key),
    value: bytesOf(plan.inputTypes(topic).value, value),
    timestamp: ts,
    headers: headers.map(([name, text]) => ({ key: name, value: Buffer.from(text) })),
  });
}

/** Handlers that go on are named by that word. */
function handlersOf({ config = {} }: Case): TopologyTestDriverOptions {
  const decide = (name: string) => (config[name] === "continue" ? continueOnError : undefined);
  return {
    deserializationExceptionHandler: decide("deserialization.exception.handler"),
    processingExceptionHandler: decide("processing.exception.handler"),
  };
}

function bytesOf(type: string, value: CaseValue): Buffer | null {
  if (value === null) return null;
  const serde = (type === "long" ? int64 : string) as Serde<unknown>;
  return Buffer.from(serde.serialize(value) as string);
}

function outputOf(driver: TopologyTestDriver, plan: CaseTopology): AnsweredRecord[] {
  const all: AnsweredRecord[] = [];
  for (const topic of driver.producedTopicNames().sort()) {
    const types = plan.outputTypes(topic);
    while (driver.countRaw(topic) > 0) {
      const raw = driver.takeRaw(topic);
      if (!raw) break;
      all.push({
        topic,
        key: shown(types?.key, raw.key),
        value: shown(types?.value, raw.value),
        ts: raw.timestamp < 0 ? null : raw.timestamp,
        headers: raw.headers.map(({ key, value }) => {
          return [key, value?.toString(types ? "utf8" : "hex") ?? null];
        }),
      });
    }
  }
  return all;
}

function shown(deserializer: Deserializer<unknown> | undefined, bytes: Buffer | null): CaseValue {
  if (bytes === null) return null;
  if (!deserializer) return bytes.toString("hex");
  return printed(deserializer.deserialize(bytes, 0, bytes.length));
}
