package millrace.bench;

import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;

/** What an application does in a benchmark: one class in {@code millrace.bench.jobs} each. */
public interface Job {
  /** Adds what leads from the input topic, read as given, to the output topic. */
  void build(StreamsBuilder builder, String input, Consumed<String, String> consumed, String output);
}
