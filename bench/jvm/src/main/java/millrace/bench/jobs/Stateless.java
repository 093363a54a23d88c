package millrace.bench.jobs;

import millrace.bench.Job;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;

/** Drops a tenth of the records, and writes the others in capitals. */
public final class Stateless implements Job {
  @Override
  public void build(
      StreamsBuilder builder, String input, Consumed<String, String> consumed, String output) {
    builder.stream(input, consumed)
        .filter((key, value) -> value.charAt(7) != '9')
        .mapValues(value -> value.toUpperCase())
        .to(output, Produced.with(Serdes.String(), Serdes.String()));
  }
}
