package millrace.bench.jobs;

import millrace.bench.Job;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;

/** Counts by key as one does who sets nothing: a persistent store, its changelog, and the default cache. */
public final class CountPersistent implements Job {
  @Override
  public void build(
      StreamsBuilder builder, String input, Consumed<String, String> consumed, String output) {
    builder.stream(input, consumed)
        .groupByKey()
        .count()
        .toStream()
        .to(output, Produced.with(Serdes.String(), Serdes.Long()));
  }
}
