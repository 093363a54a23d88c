package millrace;

import static millrace.Scenarios.same;
import static millrace.Scenarios.until;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RemoveMembersFromConsumerGroupOptions;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.SubscriptionPattern;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.GroupType;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.serialization.StringSerializer;

/** Members of a group come and go, and each record is read once. */
final class Groups {
    private static final int PARTITIONS = 4;

    private final String bootstrapServers;
    private final String protocol;
    private final String topic;
    private final String group;
    private int written;

    Groups(String bootstrapServers, String protocol) {
        this.bootstrapServers = bootstrapServers;
        this.protocol = protocol;
        topic = "group-" + protocol;
        group = "readers-" + protocol;
    }

    void run() throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", (Object) bootstrapServers))) {
            admin.createTopics(List.of(new NewTopic(topic, PARTITIONS, (short) 1))).all().get();
            comeAndGo(admin);
            resume(admin);
            if (protocol.equals("consumer")) byPattern(admin);
            staticMember(admin);
            admin.deleteConsumerGroups(List.of(group)).all().get();
            Scenarios.refused(GroupIdNotFoundException.class,
                () -> admin.describeConsumerGroups(List.of(group)).all().get());
        }
    }

    private void comeAndGo(Admin admin) throws Exception {
        try (Member one = join(Map.of())) {
            until("one member has all partitions", () -> one.partitions().size() == PARTITIONS);
            write(100);
            until("all is read", () -> one.values().size() >= written);
            readOnce(one.values());
            try (Member other = join(Map.of())) {
                until("each has half", () -> one.partitions().size() == 2 && other.partitions().size() == 2);
                Set<String> all = new HashSet<>(one.partitions());
                all.addAll(other.partitions());
                same(all.size(), PARTITIONS, "partitions that members hold");
                write(100);
                until("all is read", () -> one.values().size() + other.values().size() >= written);
                List<String> values = new ArrayList<>(one.values());
                values.addAll(other.values());
                readOnce(values);
                if (other.values().isEmpty()) throw new IllegalStateException("the second member read nothing");
                describe(admin, 2);
            }
            until("one has all again", () -> one.partitions().size() == PARTITIONS);
            int before = one.values().size();
            write(100);
            until("the rest is read", () -> one.values().size() >= before + 100);
            same(one.values().size(), before + 100, "values read after the other left");
        }
        until("the group is empty", () -> described(admin).groupState() == GroupState.EMPTY);
    }

    private void describe(Admin admin, int members) throws Exception {
        ConsumerGroupDescription described = described(admin);
        same(described.groupState(), GroupState.STABLE, "state");
        same(described.members().size(), members, "members");
        same(described.type(), protocol.equals("classic") ? GroupType.CLASSIC : GroupType.CONSUMER, "type");
        Set<TopicPartition> assigned = new HashSet<>();
        described.members().forEach(member -> assigned.addAll(member.assignment().topicPartitions()));
        same(assigned.size(), PARTITIONS, "assigned partitions");
        long listed = admin.listGroups().all().get().stream()
            .filter(listing -> listing.groupId().equals(group))
            .filter(listing -> listing.type().equals(Optional.of(described.type())))
            .map(GroupListing::groupId).count();
        same(listed, 1L, "times that the group is listed");
    }

    /** A new member reads only what came after the last commit. */
    private void resume(Admin admin) throws Exception {
        Map<TopicPartition, OffsetAndMetadata> committed =
            admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
        same(committed.values().stream().mapToLong(OffsetAndMetadata::offset).sum(), (long) written, "committed");
        try (Member one = join(Map.of())) {
            write(50);
            until("the new records are read", () -> one.values().size() >= 50);
            same(new TreeSet<>(one.values()), new TreeSet<>(numbers(written - 50, written)), "values");
        }
        until("the group is empty", () -> described(admin).groupState() == GroupState.EMPTY);
        // The tool's --reset-offsets: an empty group's offsets can be altered.
        TopicPartition first = new TopicPartition(topic, 0);
        long offset = committed.get(first).offset();
        admin.alterConsumerGroupOffsets(group, Map.of(first, new OffsetAndMetadata(offset, "back"))).all().get();
        OffsetAndMetadata altered =
            admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get().get(first);
        same(altered.offset() + altered.metadata(), offset + "back", "altered offset");
        admin.deleteConsumerGroupOffsets(group, Set.of(first)).all().get();
        same(admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get().containsKey(first), false,
            "whether the offset is there");
    }

    /** The broker resolves the expression (KIP-848). */
    private void byPattern(Admin admin) throws Exception {
        for (String name : List.of("pattern-a", "pattern-b", "other-c")) {
            admin.createTopics(List.of(new NewTopic(name, 1, (short) 1))).all().get();
        }
        var pattern = new SubscriptionPattern("pattern-.*");
        Map<String, Object> settings = settings(Map.of("group.id", group + "-pattern"));
        try (Member member = new Member(settings, consumer -> consumer.subscribe(pattern))) {
            until("the topics are found", () -> member.partitions().equals(Set.of("pattern-a-0", "pattern-b-0")));
        }
    }

    /** A static member that comes back finds its partitions, and no rebalance disturbs the other (KIP-345). */
    private void staticMember(Admin admin) throws Exception {
        try (Member one = join(Map.of("group.instance.id", "one"))) {
            Member other = join(Map.of("group.instance.id", "other"));
            until("each has half", () -> one.partitions().size() == 2 && other.partitions().size() == 2);
            Set<String> held = other.partitions();
            other.close();
            same(described(admin).members().size(), 2, "members while one is away");
            try (Member again = join(Map.of("group.instance.id", "other"))) {
                until("it is back", () -> again.partitions().equals(held));
                same(one.partitions().size(), 2, "partitions of the one that stayed");
            }
        }
        admin.removeMembersFromConsumerGroup(group, new RemoveMembersFromConsumerGroupOptions())
            .all().get();
        until("the group is empty", () -> described(admin).groupState() == GroupState.EMPTY);
    }

    private ConsumerGroupDescription described(Admin admin) throws Exception {
        return admin.describeConsumerGroups(List.of(group)).all().get().get(group);
    }

    private Member join(Map<String, Object> more) {
        return new Member(settings(more), consumer -> consumer.subscribe(List.of(topic)));
    }

    private Map<String, Object> settings(Map<String, Object> more) {
        Map<String, Object> settings = new HashMap<>(Map.of(
            "bootstrap.servers", bootstrapServers, "group.id", group, "group.protocol", protocol,
            "auto.offset.reset", "earliest", "enable.auto.commit", false));
        if (protocol.equals("classic")) {
            settings.put("partition.assignment.strategy", CooperativeStickyAssignor.class.getName());
            settings.put("heartbeat.interval.ms", 200);
        }
        settings.putAll(more);
        return settings;
    }

    private void write(int count) {
        Map<String, Object> settings = Map.of("bootstrap.servers", bootstrapServers);
        try (var producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
            for (String value : numbers(written, written + count)) {
                producer.send(new ProducerRecord<>(topic, Integer.parseInt(value) % PARTITIONS, value, value));
            }
        }
        written += count;
    }

    /** All that was written is read, and nothing twice. */
    private void readOnce(List<String> values) {
        same(new TreeSet<>(values), new TreeSet<>(numbers(0, written)), "values");
        same(values.size(), written, "number of values");
    }

    private static List<String> numbers(int from, int to) {
        List<String> numbers = new ArrayList<>();
        for (int number = from; number < to; number++) numbers.add(String.valueOf(number));
        return numbers;
    }
}
