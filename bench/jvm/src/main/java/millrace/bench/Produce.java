package millrace.bench;

import java.util.Properties;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/** Writes a topic with Kafka's own producer and its default settings; keys and values as strings. */
public final class Produce {
  public static void main(String[] arguments) throws Exception {
    String bootstrapServers = arguments[0];
    String topic = arguments[1];
    long limit = Long.parseLong(arguments[2]);
    int valueBytes = Integer.parseInt(arguments[3]);
    Properties settings = new Properties();
    settings.put("bootstrap.servers", bootstrapServers);
    settings.put("key.serializer", StringSerializer.class.getName());
    settings.put("value.serializer", StringSerializer.class.getName());
    for (int index = 4; index < arguments.length; index += 1) {
      String[] pair = arguments[index].split("=", 2);
      settings.put(pair[0], pair[1]);
    }
    String[] keys = new String[100_000];
    for (int index = 0; index < keys.length; index += 1) keys[index] = "key-" + index;
    String filler = "abcdefghijklmnopqrstuvwxyz".repeat(valueBytes / 26 + 1).substring(0, valueBytes - 8);
    String[] values = new String[1_000];
    for (int index = 0; index < values.length; index += 1) {
      values[index] = String.format("%08d", index) + filler;
    }
    AtomicLong delivered = new AtomicLong();
    AtomicLong failed = new AtomicLong();
    try (KafkaProducer<String, String> producer = new KafkaProducer<>(settings)) {
      producer.partitionsFor(topic);
      Samples samples = new Samples(100_000);
      for (long index = 0; index < limit; index += 1) {
        String key = keys[(int) (index * 7919 % keys.length)];
        String value = values[(int) (index % values.length)];
        producer.send(
            new ProducerRecord<>(topic, key, value),
            (metadata, error) -> {
              if (error == null) delivered.incrementAndGet();
              else failed.incrementAndGet();
            });
        if (index % 1_000 == 0) samples.at(delivered.get());
      }
      producer.flush();
      samples.at(delivered.get());
      samples.end(delivered.get(), failed.get());
    }
  }
}
