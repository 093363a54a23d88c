/** A processor of one's own, with a store and a punctuation: tells of sensors that have been silent for a minute. */
import {
  float64,
  int64,
  KafkaStreams,
  keyValueStore,
  memoryEngine,
  type ProcessorSupplier,
  StreamsBuilder,
  string,
} from "millrace";
import { Broker } from "millrace/broker";
import { Client } from "millrace/client";

const minute = 60_000;
const lastSeen = keyValueStore("last-seen", { key: string, value: int64 });

const watchSilence: ProcessorSupplier<string, number, string, string> = () => {
  let forget = () => {};
  let note = (_sensor: string, _time: number) => {};
  return {
    init(context) {
      const store = context.store(lastSeen);
      note = (sensor, time) => store.put(sensor, time);
      // By stream time, so that the answer is the same however fast the records come.
      const { cancel } = context.schedule(minute, "stream-time", (now) => {
        for (const [sensor, time] of store.all()) {
          if (now - time < minute) continue;
          store.delete(sensor);
          const value = `silent for ${Math.floor((now - time) / 1000)} s`;
          context.forward({ key: sensor, value, timestamp: now });
        }
      });
      forget = cancel;
    },
    process({ key, timestamp }) {
      note(key, timestamp);
    },
    close() {
      forget();
    },
  };
};

const builder = new StreamsBuilder();
builder
  .stream("readings", { key: string, value: float64 })
  .process(watchSilence, { stores: [lastSeen], key: string, value: string })
  .to("alarms");

await using broker = await Broker.start({ port: 0 });
const { bootstrapServers } = broker;
await using client = new Client({ bootstrapServers });
for (const name of ["readings", "alarms"]) await client.admin().topics.create({ name });

const start = Math.floor(Date.now() / minute) * minute - 10 * minute;
await using producer = client.producer({ key: string, value: float64 });
for (let seconds = 0; seconds < 300; seconds += 15) {
  for (const key of ["cellar", "attic"]) {
    // The attic's sensor breaks.
    if (key === "attic" && seconds > 60) continue;
    const timestamp = start + seconds * 1000;
    await producer.send({ topic: "readings", key, value: 20, timestamp });
  }
}

await using app = new KafkaStreams(builder.build(), {
  applicationId: "processor",
  bootstrapServers,
  storeEngine: memoryEngine,
  commitIntervalMs: 100,
});
await app.start();

await using consumer = client.consumer({
  topics: ["alarms"],
  groupId: "reader",
  autoOffsetReset: "earliest",
  key: string,
  value: string,
});
for await (const batch of consumer) {
  const [alarm] = batch;
  console.log(`${alarm?.key} is ${alarm?.value}`);
  if (alarm?.key !== "attic") process.exitCode = 1;
  break;
}
