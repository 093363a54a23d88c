package millrace;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.LongDeserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;

/**
 * Counts words with Kafka Streams, exactly once, in two processes of which one leaves half-way. Arguments: the broker,
 * and the group protocol ("classic" or "streams"). Prints the counts; fails where a word was counted twice, left out,
 * or where it takes too long.
 */
public final class WordCount {
    private static final int LINES = 2_000;
    private static final int PARTITIONS = 4;
    private static final List<String> WORDS = List.of("all", "streams", "lead", "to", "kafka", "hello", "world");
    private static final Duration PATIENCE = Duration.ofSeconds(120);

    private final String bootstrapServers;
    private final String protocol;
    private final String run = UUID.randomUUID().toString().substring(0, 8);
    private final Map<String, Long> expected = new TreeMap<>();

    private WordCount(String bootstrapServers, String protocol) {
        this.bootstrapServers = bootstrapServers;
        this.protocol = protocol;
    }

    public static void main(String[] arguments) throws Exception {
        new WordCount(arguments[0], arguments[1]).count();
    }

    private void count() throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", (Object) bootstrapServers))) {
            admin.createTopics(List.of(
                new NewTopic(input(), PARTITIONS, (short) 1),
                new NewTopic(output(), PARTITIONS, (short) 1)
            )).all().get();
        }
        Path first = Files.createTempDirectory("word-count");
        Path second = Files.createTempDirectory("word-count");
        try (KafkaStreams one = start(first)) {
            write(0, LINES / 2);
            try (KafkaStreams other = start(second)) {
                awaitCounts();
                write(LINES / 2, LINES * 3 / 4);
                leave(other);
            }
            write(LINES * 3 / 4, LINES);
            Map<String, Long> counts = awaitCounts();
            counts.forEach((word, count) -> System.out.println(word + " " + count));
            leave(one);
        }
    }

    /** Else a member of a classic group would leave only when its session is over. */
    private static void leave(KafkaStreams streams) {
        CloseOptions options = CloseOptions.timeout(Duration.ofSeconds(30))
            .withGroupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP);
        if (!streams.close(options)) throw new IllegalStateException("the application did not close in time");
    }

    private KafkaStreams start(Path stateDirectory) {
        Properties settings = new Properties();
        settings.put(StreamsConfig.APPLICATION_ID_CONFIG, "word-count-" + run);
        settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
        settings.put(StreamsConfig.GROUP_PROTOCOL_CONFIG, protocol);
        settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        settings.put(StreamsConfig.STATE_DIR_CONFIG, stateDirectory.toString());
        settings.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 2);
        settings.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 100);
        settings.put(StreamsConfig.DEFAULT_KEY_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
        settings.put(StreamsConfig.DEFAULT_VALUE_SERDE_CLASS_CONFIG, Serdes.StringSerde.class);
        settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        KafkaStreams streams = new KafkaStreams(topology(), settings);
        streams.start();
        return streams;
    }

    private Topology topology() {
        StreamsBuilder builder = new StreamsBuilder();
        builder.<String, String>stream(input())
            .flatMapValues(line -> Arrays.asList(line.split(" ")))
            .groupBy((key, word) -> word, Grouped.as("by-word"))
            .count(Materialized.as("counts"))
            .toStream()
            .to(output(), Produced.with(Serdes.String(), Serdes.Long()));
        return builder.build();
    }

    private void write(int from, int to) {
        Map<String, Object> settings = Map.of("bootstrap.servers", bootstrapServers);
        try (var producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
            for (int line = from; line < to; line++) {
                String one = WORDS.get(line % WORDS.size());
                String other = WORDS.get(line * 3 % WORDS.size());
                producer.send(new ProducerRecord<>(input(), String.valueOf(line), one + " " + other));
                expected.merge(one, 1L, Long::sum);
                expected.merge(other, 1L, Long::sum);
            }
        }
    }

    /** Reads the output from its beginning until the last count of each word is what it is to be. */
    private Map<String, Long> awaitCounts() {
        Map<String, Object> settings = Map.of(
            ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers,
            ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed"
        );
        Map<String, Long> counts = new TreeMap<>();
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new LongDeserializer())) {
            List<TopicPartition> partitions = new ArrayList<>();
            for (int partition = 0; partition < PARTITIONS; partition++) {
                partitions.add(new TopicPartition(output(), partition));
            }
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            while (!counts.equals(expected)) {
                if (System.nanoTime() > deadline) {
                    throw new IllegalStateException("counted " + counts + " instead of " + expected);
                }
                for (ConsumerRecord<String, Long> record : consumer.poll(Duration.ofMillis(200))) {
                    Long before = counts.put(record.key(), record.value());
                    if (before != null && before >= record.value()) {
                        throw new IllegalStateException(record.key() + " went from " + before + " to " + record.value());
                    }
                    if (record.value() > expected.get(record.key())) {
                        throw new IllegalStateException(record.key() + " was counted too often: " + record.value());
                    }
                }
            }
        }
        return counts;
    }

    private String input() {
        return "lines-" + run;
    }

    private String output() {
        return "counts-" + run;
    }
}
