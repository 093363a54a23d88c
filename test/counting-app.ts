import { int64, KafkaStreams, StreamsBuilder, type StreamsConfig, string } from "millrace";

/** What the application reads: words, in values. */
export const inputTopic = "words";
/** What it writes: counts by words. */
export const outputTopic = "counts";

/** Outlasts every pause of a machine at work: an instance that is not closed keeps its tasks, and counts each record once. */
export const longSession: Partial<StreamsConfig> = {
  consumer: { heartbeatIntervalMs: 50, sessionTimeoutMs: 60_000 },
};

/** An instance of an application that counts words: through a repartition topic, into a persistent store. */
export function countingApp(
  applicationId: string,
  bootstrapServers: string,
  stateDir: string,
  config: Partial<StreamsConfig> = {},
): KafkaStreams {
  const builder = new StreamsBuilder();
  builder
    .stream(inputTopic, { key: string, value: string })
    .groupBy((word) => word, { key: string, value: string })
    .count({ store: "counts" })
    .toStream()
    .to(outputTopic, { key: string, value: int64 });
  return new KafkaStreams(builder.build(), {
    applicationId,
    bootstrapServers,
    stateDir,
    commitIntervalMs: 100,
    consumer: { heartbeatIntervalMs: 50, sessionTimeoutMs: 1_500 },
    producer: { lingerMs: 5 },
    ...config,
  });
}
