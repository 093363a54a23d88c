package millrace.bench;

import java.util.Arrays;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.Consumed;

/** Runs a job with Kafka Streams and its default settings until it has read so many records. */
public final class RunJob {
  /** From the last record's being read to the end: for it to go through the topology, too. */
  private static final long SETTLE_MS = 250;

  public static void main(String[] arguments) throws Exception {
    String bootstrapServers = arguments[0];
    Job job = jobOf(arguments[1]);
    String input = arguments[2];
    String output = arguments[3];
    String applicationId = arguments[4];
    long limit = Long.parseLong(arguments[5]);
    String stateDir = arguments[6];
    Properties settings = new Properties();
    settings.put("bootstrap.servers", bootstrapServers);
    settings.put("application.id", applicationId);
    settings.put("state.dir", stateDir);
    CountingDeserializer values = new CountingDeserializer(limit);
    StreamsBuilder builder = new StreamsBuilder();
    Consumed<String, String> consumed =
        Consumed.with(Serdes.String(), Serdes.serdeFrom(new StringSerializer(), values));
    job.build(builder, input, consumed, output);
    KafkaStreams streams = new KafkaStreams(builder.build(), settings);
    streams.setUncaughtExceptionHandler(
        error -> {
          error.printStackTrace();
          Runtime.getRuntime().halt(1);
          return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
    streams.start();
    values.done.await();
    Thread.sleep(SETTLE_MS);
    long begun = System.nanoTime();
    streams.close();
    values.samples.drained((System.nanoTime() - begun) / 1e6);
    values.samples.end(values.records, 0);
  }

  /** {@code count-memory} is {@code millrace.bench.jobs.CountMemory}. */
  private static Job jobOf(String name) throws Exception {
    String className =
        Arrays.stream(name.split("-"))
            .map(word -> word.substring(0, 1).toUpperCase() + word.substring(1))
            .collect(Collectors.joining());
    return (Job) Class.forName("millrace.bench.jobs." + className).getConstructor().newInstance();
  }

  /** Strings; prints a sample every so many. Each record's value is deserialized once, when its turn comes. */
  private static final class CountingDeserializer implements Deserializer<String> {
    final CountDownLatch done = new CountDownLatch(1);
    Samples samples;
    long records;
    private final StringDeserializer strings = new StringDeserializer();
    private final long limit;

    CountingDeserializer(long limit) {
      this.limit = limit;
    }

    @Override
    public String deserialize(String topic, byte[] data) {
      if (records == 0) samples = new Samples(Math.min(100_000, limit / 12));
      records += 1;
      samples.at(records);
      if (records == limit) done.countDown();
      return strings.deserialize(topic, data);
    }
  }
}
