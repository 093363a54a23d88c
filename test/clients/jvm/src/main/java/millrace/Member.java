package millrace;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.StringDeserializer;

/** A consumer of a group on a thread of its own, which commits what it reads and then keeps it. */
final class Member implements AutoCloseable {
    private final Thread thread;
    private final List<String> values = new ArrayList<>();
    private Set<String> partitions = Set.of();
    private Throwable failure;
    private volatile boolean isClosed;

    Member(Map<String, Object> settings, Consumer<KafkaConsumer<?, ?>> subscribe) {
        thread = new Thread(() -> poll(settings, subscribe));
        thread.start();
    }

    /** What it has read and committed so far. */
    synchronized List<String> values() {
        if (failure != null) throw new IllegalStateException("a member failed", failure);
        return List.copyOf(values);
    }

    /** The partitions that it holds. */
    synchronized Set<String> partitions() {
        if (failure != null) throw new IllegalStateException("a member failed", failure);
        return partitions;
    }

    /** Leaves the group. */
    @Override
    public void close() throws Exception {
        isClosed = true;
        thread.join();
        values();
    }

    private void poll(Map<String, Object> settings, Consumer<KafkaConsumer<?, ?>> subscribe) {
        try (var consumer = new KafkaConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
            subscribe.accept(consumer);
            while (!isClosed) {
                List<String> read = new ArrayList<>();
                for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(50))) {
                    read.add(record.value());
                }
                if (!read.isEmpty()) consumer.commitSync();
                Set<String> held = new HashSet<>();
                consumer.assignment().forEach(partition -> held.add(partition.toString()));
                synchronized (this) {
                    values.addAll(read);
                    partitions = held;
                }
            }
        } catch (Throwable thrown) {
            synchronized (this) {
                failure = thrown;
            }
        }
    }
}
