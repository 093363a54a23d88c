package millrace.bench;

import java.time.Duration;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Reads a topic from its start with Kafka's own consumer and its default settings; keys and values as strings. */
public final class Consume {
  public static void main(String[] arguments) throws Exception {
    String bootstrapServers = arguments[0];
    String topic = arguments[1];
    long limit = Long.parseLong(arguments[2]);
    Properties settings = new Properties();
    settings.put("bootstrap.servers", bootstrapServers);
    settings.put("key.deserializer", StringDeserializer.class.getName());
    settings.put("value.deserializer", StringDeserializer.class.getName());
    settings.put("auto.offset.reset", "earliest");
    try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(settings)) {
      List<TopicPartition> partitions =
          consumer.partitionsFor(topic).stream()
              .map(one -> new TopicPartition(topic, one.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      long records = 0;
      long checksum = 0;
      Samples samples = new Samples(100_000);
      while (records < limit) {
        for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofSeconds(1))) {
          checksum += record.key().length() + record.value().charAt(0) + record.value().length();
          records += 1;
        }
        samples.at(records);
      }
      samples.end(records, checksum);
    }
  }
}
