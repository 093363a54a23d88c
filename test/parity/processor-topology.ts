import { string } from "../../src/streams/serdes.ts";
import { Topology } from "../../src/streams/topology.ts";
import type { CaseOperator } from "./case.ts";
import type { StoreForm } from "./case-topology.ts";
import { extractorOf } from "./processing.ts";
import { fillerOf, storeOf, supplierOf } from "./processors.ts";

const text = { key: string, value: string };

/** Where a topology by the Processor API tells of its topics and stores. */
export interface Notes {
  inputs(topic: string): void;
  outputs(topic: string): void;
  readonly stores: Map<string, StoreForm>;
}

/** Whether a case builds its topology node by node. */
export function describesProcessors([first]: readonly CaseOperator[]): boolean {
  return first?.op === "addSource";
}

/** Builds a topology node by node. Keys and values are text. */
export function buildProcessors(operators: readonly CaseOperator[], notes: Notes): Topology {
  const topology = new Topology();
  for (const one of operators) add(topology, one, notes);
  return topology;
}

function add(topology: Topology, one: CaseOperator, notes: Notes): void {
  const { op, name = "", topic = "", topics = [], parents = [], store = "" } = one;
  if (store !== "" && op !== "addProcessor") notes.stores.set(store, "key-value");
  switch (op) {
    case "addSource": {
      for (const each of topics) notes.inputs(each);
      const timestampExtractor = one.extractor && extractorOf(one.extractor);
      topology.addSource(name, topics, { ...text, timestampExtractor } as never);
      return;
    }
    case "addProcessor": {
      const stores = store === "" ? [] : [storeOf(one)];
      topology.addProcessor(name, supplierOf(one), { parents, stores });
      return;
    }
    case "addSink":
      notes.outputs(topic);
      topology.addSink(name, topic, { ...text, parents });
      return;
    case "addStateStore":
      topology.addStateStore(storeOf(one), ...(one.processors ?? []));
      return;
    case "connect":
      topology.connectProcessorAndStateStores(name, ...(one.stores ?? []));
      return;
    default: {
      notes.inputs(topic);
      const source = { name: `${name}-source`, topic, ...text };
      const processor = { name, supply: fillerOf(store) as never };
      const unlogged = storeOf({ ...one, log: false });
      if (op === "addReadOnlyStateStore")
        topology.addReadOnlyStateStore(unlogged, source, processor);
      else topology.addGlobalStore(unlogged, source, processor);
    }
  }
}
