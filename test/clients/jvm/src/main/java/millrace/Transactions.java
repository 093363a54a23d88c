package millrace;

import static millrace.Scenarios.refused;
import static millrace.Scenarios.same;
import static millrace.Scenarios.until;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.apache.kafka.clients.admin.AbortTransactionSpec;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListTransactionsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.ProducerState;
import org.apache.kafka.clients.admin.TransactionDescription;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Transactions are seen whole or not at all. */
final class Transactions {
    private static final String INPUT = "transactions-in";
    private static final String OUTPUT = "transactions-out";
    private static final String ID = "mover";

    private final String bootstrapServers;

    Transactions(String bootstrapServers) {
        this.bootstrapServers = bootstrapServers;
    }

    void run() throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", (Object) bootstrapServers))) {
            admin.createTopics(List.of(new NewTopic(INPUT, 1, (short) 1), new NewTopic(OUTPUT, 2, (short) 1)))
                .all().get();
            commitAndAbort();
            readProcessWrite(admin);
            fence();
            abortFromOutside(admin);
            same(read("read_committed"), committed(), "what is committed");
            same(read("read_uncommitted").size(), committed().size() + 20 + 2, "all records");
        }
    }

    /** Every second transaction is taken back. */
    private void commitAndAbort() {
        try (var producer = producer(ID)) {
            producer.initTransactions();
            for (int round = 0; round < 4; round++) {
                producer.beginTransaction();
                for (int index = 0; index < 10; index++) send(producer, round * 10 + index);
                producer.flush();
                if (round % 2 == 0) producer.commitTransaction();
                else producer.abortTransaction();
            }
        }
    }

    /** Offsets are committed with the records that came of what was read up to them (KIP-447). */
    private void readProcessWrite(Admin admin) throws Exception {
        try (var writer = new KafkaProducer<>(settings(), new StringSerializer(), new StringSerializer())) {
            for (int index = 40; index < 60; index++) writer.send(new ProducerRecord<>(INPUT, "" + index));
        }
        Map<String, Object> settings = Map.of(
            "bootstrap.servers", bootstrapServers, "group.id", "movers", "auto.offset.reset", "earliest",
            "enable.auto.commit", false, "isolation.level", "read_committed", "max.poll.records", 5);
        TopicPartition partition = new TopicPartition(INPUT, 0);
        try (var producer = producer(ID);
                var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
            producer.initTransactions();
            consumer.subscribe(List.of(INPUT));
            int moved = 0;
            while (moved < 20) {
                var records = consumer.poll(Duration.ofMillis(100));
                if (records.isEmpty()) continue;
                producer.beginTransaction();
                for (ConsumerRecord<String, String> record : records) send(producer, Integer.parseInt(record.value()));
                var offset = new OffsetAndMetadata(consumer.position(partition));
                producer.sendOffsetsToTransaction(Map.of(partition, offset), consumer.groupMetadata());
                producer.commitTransaction();
                moved += records.count();
            }
        }
        long offset = admin.listConsumerGroupOffsets("movers").partitionsToOffsetAndMetadata().get().get(partition).offset();
        same(offset, 20L, "offset that the transactions committed");
    }

    /** Who comes later with the same id ends the transaction of who was there. */
    private void fence() {
        try (var old = producer(ID); var young = producer(ID)) {
            old.initTransactions();
            old.beginTransaction();
            send(old, 1_000);
            old.flush();
            young.initTransactions();
            refused(KafkaException.class, old::commitTransaction);
            young.beginTransaction();
            send(young, 60);
            young.commitTransaction();
        }
    }

    /** An operator finds a transaction that hangs, and ends it. */
    private void abortFromOutside(Admin admin) throws Exception {
        try (var producer = producer("hanging")) {
            producer.initTransactions();
            producer.beginTransaction();
            send(producer, 1_002);
            producer.flush();
            TransactionDescription described =
                admin.describeTransactions(List.of("hanging")).description("hanging").get();
            same(described.state(), TransactionState.ONGOING, "state of the transaction");
            TopicPartition partition = described.topicPartitions().iterator().next();
            var options = new ListTransactionsOptions().filterStates(List.of(TransactionState.ONGOING));
            same(admin.listTransactions(options).all().get().iterator().next().transactionalId(), "hanging", "listed");
            ProducerState state = admin.describeProducers(List.of(partition)).partitionResult(partition).get()
                .activeProducers().stream().filter(one -> one.currentTransactionStartOffset().isPresent())
                .findFirst().orElseThrow();
            same(state.producerId(), described.producerId(), "producer of the open transaction");
            admin.abortTransaction(new AbortTransactionSpec(
                partition, state.producerId(), (short) state.producerEpoch(),
                state.coordinatorEpoch().orElse(0))).all().get();
            until("no transaction is open", () -> admin.describeProducers(List.of(partition))
                .partitionResult(partition).get().activeProducers().stream()
                .allMatch(one -> one.currentTransactionStartOffset().isEmpty()));
            admin.fenceProducers(List.of("hanging")).all().get();
        }
    }

    private static TreeSet<Integer> committed() {
        TreeSet<Integer> values = new TreeSet<>();
        for (int value = 0; value <= 60; value++) if (value >= 40 || value / 10 % 2 == 0) values.add(value);
        return values;
    }

    private TreeSet<Integer> read(String isolation) {
        Map<String, Object> settings = Map.of("bootstrap.servers", bootstrapServers, "isolation.level", isolation);
        TreeSet<Integer> values = new TreeSet<>();
        try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
            List<TopicPartition> partitions = List.of(new TopicPartition(OUTPUT, 0), new TopicPartition(OUTPUT, 1));
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            while (partitions.stream().anyMatch(one -> consumer.position(one) < ends.get(one))) {
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(100))) {
                    same(values.add(Integer.parseInt(record.value())), true, record.value() + " is read once");
                }
            }
        }
        return values;
    }

    private KafkaProducer<String, String> producer(String transactionalId) {
        Map<String, Object> settings = Map.of(
            "bootstrap.servers", bootstrapServers, "transactional.id", transactionalId, "max.block.ms", 20_000);
        return new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer());
    }

    private Map<String, Object> settings() {
        return Map.of("bootstrap.servers", bootstrapServers);
    }

    private static void send(KafkaProducer<String, String> producer, int value) {
        producer.send(new ProducerRecord<>(OUTPUT, value % 2, null, "" + value));
    }
}
