package millrace.bench.jobs;

import millrace.bench.Job;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.state.Stores;

/** Counts by key in memory, with a changelog and without a cache: every update goes to the output. */
public final class CountMemory implements Job {
  @Override
  public void build(
      StreamsBuilder builder, String input, Consumed<String, String> consumed, String output) {
    builder.stream(input, consumed)
        .groupByKey()
        .count(
            Materialized.<String, Long>as(Stores.inMemoryKeyValueStore("counts"))
                .withKeySerde(Serdes.String())
                .withValueSerde(Serdes.Long())
                .withCachingDisabled())
        .toStream()
        .to(output, Produced.with(Serdes.String(), Serdes.Long()));
  }
}
