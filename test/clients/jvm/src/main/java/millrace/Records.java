package millrace;

import static millrace.Scenarios.same;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Records with all that they can have go out and come back, in each compression. */
final class Records {
    private static final int COUNT = 300;
    private static final long TIME = 1_700_000_000_000L;

    private final String bootstrapServers;

    Records(String bootstrapServers) {
        this.bootstrapServers = bootstrapServers;
    }

    void run() throws Exception {
        for (String codec : List.of("none", "gzip", "snappy", "lz4", "zstd")) {
            thereAndBack("records-" + codec, codec, Map.of());
            // The broker writes the batches anew, in a compression of its own.
            String other = codec.equals("lz4") ? "gzip" : "lz4";
            thereAndBack("records-" + codec + "-as-" + other, codec, Map.of("compression.type", other));
        }
        thereAndBack("records-stamped", "zstd", Map.of("message.timestamp.type", "LogAppendTime"));
    }

    private void thereAndBack(String topic, String codec, Map<String, String> configs) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", (Object) bootstrapServers))) {
            admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1).configs(configs))).all().get();
        }
        boolean isStamped = configs.containsKey("message.timestamp.type");
        write(topic, codec);
        TopicPartition partition = new TopicPartition(topic, 0);
        List<String> expected = new ArrayList<>();
        for (int index = 0; index < COUNT; index++) {
            expected.add(line(index, isStamped ? 0 : TIME + index, key(index), value(index), headers(index)));
        }
        List<String> actual = new ArrayList<>();
        Map<String, Object> settings = Map.of("bootstrap.servers", bootstrapServers, "fetch.max.bytes", 2_000);
        try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
            consumer.assign(List.of(partition));
            consumer.seekToBeginning(List.of(partition));
            long deadline = System.nanoTime() + 20_000_000_000L;
            while (actual.size() < COUNT && System.nanoTime() < deadline) {
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(100))) {
                    same(record.timestampType() == TimestampType.LOG_APPEND_TIME, isStamped, "type of the timestamp");
                    List<String> headers = new ArrayList<>();
                    for (Header header : record.headers()) headers.add(text(header));
                    long timestamp = isStamped ? 0 : record.timestamp();
                    actual.add(line(record.offset(), timestamp, record.key(), record.value(), headers));
                }
            }
            same(actual, expected, topic);
            same(consumer.beginningOffsets(List.of(partition)).get(partition), 0L, "first offset");
            same(consumer.endOffsets(List.of(partition)).get(partition), (long) COUNT, "end offset");
            OffsetAndTimestamp found = consumer.offsetsForTimes(Map.of(partition, TIME + 100)).get(partition);
            same(found.offset(), isStamped ? 0L : 100L, "offset of a time");
        }
    }

    private void write(String topic, String codec) throws Exception {
        Map<String, Object> settings = Map.of(
            "bootstrap.servers", bootstrapServers, "compression.type", codec, "batch.size", 4_000, "linger.ms", 5);
        try (var producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
            List<Future<RecordMetadata>> sent = new ArrayList<>();
            for (int index = 0; index < COUNT; index++) {
                var record = new ProducerRecord<>(topic, 0, TIME + index, key(index), value(index));
                if (index % 2 == 0) {
                    record.headers().add("trace", ("t" + index).getBytes(StandardCharsets.UTF_8));
                    record.headers().add("trace", new byte[0]).add("", null);
                }
                sent.add(producer.send(record));
            }
            producer.flush();
            for (int index = 0; index < COUNT; index++) {
                same(sent.get(index).get().offset(), (long) index, "offset that the producer is told");
            }
        }
    }

    private static String key(int index) {
        return index % 3 == 0 ? null : "key " + index;
    }

    private static String value(int index) {
        return index % 5 == 0 ? null : "größe ".repeat(index % 20) + index;
    }

    private static List<String> headers(int index) {
        return index % 2 == 0 ? Arrays.asList("trace=t" + index, "trace=", "=null") : List.of();
    }

    private static String text(Header header) {
        byte[] value = header.value();
        return header.key() + "=" + (value == null ? "null" : new String(value, StandardCharsets.UTF_8));
    }

    private static String line(long offset, long timestamp, String key, String value, List<String> headers) {
        return offset + " " + timestamp + " " + key + " " + value + " " + headers;
    }
}
