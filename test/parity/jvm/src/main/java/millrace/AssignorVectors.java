package millrace;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Assignment;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.GroupSubscription;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Subscription;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.RangeAssignor;
import org.apache.kafka.clients.consumer.RoundRobinAssignor;
import org.apache.kafka.clients.consumer.StickyAssignor;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;

/**
 * Writes what Kafka's assignors make of random groups: one case a line. Range and round-robin are compared one to one; of the sticky ones, how many partitions
 * stay, and what the members tell the leader.
 */
public final class AssignorVectors {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int CASES = 120;

    static void write(Path file) throws IOException {
        Random random = new Random(42);
        try (PrintWriter out = new PrintWriter(Files.newBufferedWriter(file))) {
            out.println("[");
            for (int number = 0; number < CASES; number++) {
                out.println(randomCase(random) + (number + 1 < CASES ? "," : ""));
            }
            out.println("]");
        }
    }

    private static ObjectNode randomCase(Random random) {
        boolean hasRacks = random.nextInt(3) == 0;
        Node[] brokers = new Node[1 + random.nextInt(5)];
        for (int id = 0; id < brokers.length; id++) {
            String rack = hasRacks && random.nextInt(8) > 0 ? "rack" + id % 3 : null;
            brokers[id] = new Node(id, "broker" + id, 9092, rack);
        }
        Map<String, List<PartitionInfo>> topics = randomTopics(random, brokers);
        Map<String, Subscription> members = randomMembers(random, topics.keySet(), hasRacks);
        List<PartitionInfo> all = new ArrayList<>();
        topics.values().forEach(all::addAll);
        Cluster cluster = new Cluster("parity", List.of(brokers), all, Set.of(), Set.of());

        ObjectNode node = JSON.createObjectNode();
        describe(node, topics, members);
        node.set("range", assigned(new RangeAssignor(), cluster, members));
        node.set("roundrobin", assigned(new RoundRobinAssignor(), cluster, members));
        describeSticky(node, random, cluster, members);
        return node;
    }

    private static Map<String, List<PartitionInfo>> randomTopics(Random random, Node[] brokers) {
        Map<String, List<PartitionInfo>> topics = new TreeMap<>();
        int count = 1 + random.nextInt(5);
        int usual = 1 + random.nextInt(9);
        for (int index = 0; index < count; index++) {
            String topic = "topic" + (char) ('a' + index);
            int partitions = random.nextBoolean() ? usual : 1 + random.nextInt(12);
            List<PartitionInfo> infos = new ArrayList<>();
            for (int partition = 0; partition < partitions; partition++) {
                Set<Node> replicas = new HashSet<>();
                int factor = 1 + random.nextInt(3);
                for (int replica = 0; replica < factor; replica++) {
                    replicas.add(brokers[random.nextInt(brokers.length)]);
                }
                Node[] array = replicas.toArray(new Node[0]);
                infos.add(new PartitionInfo(topic, partition, array[0], array, array));
            }
            topics.put(topic, infos);
        }
        return topics;
    }

    private static Map<String, Subscription> randomMembers(
            Random random, Set<String> topics, boolean hasRacks) {
        Map<String, Subscription> members = new TreeMap<>();
        int count = 1 + random.nextInt(7);
        boolean areAlike = random.nextBoolean();
        for (int index = 0; index < count; index++) {
            List<String> wanted = new ArrayList<>();
            for (String topic : topics) if (areAlike || random.nextInt(3) > 0) wanted.add(topic);
            if (random.nextInt(6) == 0) wanted.add("missing");
            Optional<String> rack =
                    hasRacks && random.nextInt(5) > 0
                            ? Optional.of("rack" + random.nextInt(4))
                            : Optional.empty();
            Subscription subscription = new Subscription(wanted, null, List.of(), -1, rack);
            boolean isStatic = random.nextInt(4) == 0;
            String id = Integer.toHexString(random.nextInt(1 << 20)) + "-" + index;
            if (isStatic) subscription.setGroupInstanceId(Optional.of("instance" + (9 - index)));
            members.put(id, subscription);
        }
        return members;
    }

    private static void describe(
            ObjectNode node, Map<String, List<PartitionInfo>> topics, Map<String, Subscription> members) {
        ObjectNode racks = node.putObject("topics");
        topics.forEach(
                (topic, infos) -> {
                    ArrayNode partitions = racks.putArray(topic);
                    for (PartitionInfo info : infos) {
                        ArrayNode ofPartition = partitions.addArray();
                        for (Node replica : info.replicas()) if (replica.hasRack()) ofPartition.add(replica.rack());
                    }
                });
        ArrayNode list = node.putArray("members");
        members.forEach(
                (id, subscription) -> {
                    ObjectNode member = list.addObject().put("memberId", id);
                    member.put("groupInstanceId", subscription.groupInstanceId().orElse(null));
                    member.put("rackId", subscription.rackId().orElse(null));
                    ArrayNode wanted = member.putArray("topics");
                    subscription.topics().forEach(wanted::add);
                });
    }

    private static ObjectNode assigned(
            ConsumerPartitionAssignor assignor, Cluster cluster, Map<String, Subscription> members) {
        Map<String, Assignment> assignments =
                assignor.assign(cluster, new GroupSubscription(members)).groupAssignment();
        ObjectNode node = JSON.createObjectNode();
        new TreeMap<>(assignments)
                .forEach(
                        (id, assignment) -> {
                            List<String> names = new ArrayList<>();
                            for (TopicPartition one : assignment.partitions()) names.add(one.toString());
                            names.sort(null);
                            ArrayNode array = node.putArray(id);
                            names.forEach(array::add);
                        });
        return node;
    }

    /** Shares out, drops or adds a member, and shares out anew from what the members remember. */
    private static void describeSticky(
            ObjectNode node, Random random, Cluster cluster, Map<String, Subscription> members) {
        ObjectNode sticky = node.putObject("sticky");
        Map<String, Assignment> first =
                new StickyAssignor().assign(cluster, new GroupSubscription(members)).groupAssignment();
        List<String> ids = new ArrayList<>(members.keySet());
        Map<String, Subscription> later = new TreeMap<>(members);
        boolean joins = ids.size() == 1 || random.nextBoolean();
        String mover = joins ? "joiner" : ids.get(random.nextInt(ids.size()));
        if (!joins) later.remove(mover);
        Map<String, Subscription> told = new TreeMap<>();
        ArrayNode list = sticky.putArray("members");
        later.forEach((id, subscription) -> told.put(id, remembering(subscription, first.get(id))));
        if (joins) {
            Subscription like = members.get(ids.get(0));
            told.put(mover, new Subscription(like.topics(), null, List.of(), -1, Optional.empty()));
        }
        Map<String, String> userData = new HashMap<>();
        told.forEach((id, subscription) -> userData.put(id, hex(subscription.userData())));
        int kept = 0;
        Map<String, Assignment> second =
                new StickyAssignor().assign(cluster, new GroupSubscription(new HashMap<>(told))).groupAssignment();
        for (Map.Entry<String, Subscription> entry : told.entrySet()) {
            String id = entry.getKey();
            ObjectNode member = list.addObject().put("memberId", id);
            ArrayNode wanted = member.putArray("topics");
            entry.getValue().topics().forEach(wanted::add);
            ArrayNode owned = member.putArray("previous");
            Assignment before = first.get(id);
            if (before == null) continue;
            for (TopicPartition one : before.partitions()) {
                owned.addObject().put("topic", one.topic()).put("partition", one.partition());
                if (second.get(id).partitions().contains(one)) kept++;
            }
            member.put("userData", userData.get(id));
            CooperativeStickyAssignor cooperative = new CooperativeStickyAssignor();
            cooperative.onAssignment(before, new ConsumerGroupMetadata("parity", 7, id, Optional.empty()));
            member.put("cooperativeUserData", hex(cooperative.subscriptionUserData(Set.of())));
        }
        sticky.put("kept", kept);
    }

    private static Subscription remembering(Subscription subscription, Assignment before) {
        StickyAssignor assignor = new StickyAssignor();
        assignor.onAssignment(before, new ConsumerGroupMetadata("parity", 7, "any", Optional.empty()));
        ByteBuffer userData = assignor.subscriptionUserData(new HashSet<>(subscription.topics()));
        return new Subscription(subscription.topics(), userData, List.of(), -1, Optional.empty());
    }

    private static String hex(ByteBuffer buffer) {
        if (buffer == null) return null;
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return HexFormat.of().formatHex(bytes);
    }
}
