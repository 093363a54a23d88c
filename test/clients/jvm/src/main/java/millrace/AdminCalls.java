package millrace;

import static millrace.Scenarios.refused;
import static millrace.Scenarios.same;
import static millrace.Scenarios.until;

import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.CreateTopicsOptions;
import org.apache.kafka.clients.admin.CreateTopicsResult;
import org.apache.kafka.clients.admin.ListConfigResourcesOptions;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.ScramCredentialInfo;
import org.apache.kafka.clients.admin.ScramMechanism;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.admin.UserScramCredentialDeletion;
import org.apache.kafka.clients.admin.UserScramCredentialUpsertion;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.ElectionType;
import org.apache.kafka.common.TopicCollection;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.ElectionNotNeededException;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.InvalidPartitionsException;
import org.apache.kafka.common.errors.InvalidReplicationFactorException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.SecurityDisabledException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.StringSerializer;

/** What Java's admin client asks of a broker, and the reasons for which it says no. */
final class AdminCalls {
    private static final String TOPIC = "administered";
    private static final TopicPartition FIRST = new TopicPartition(TOPIC, 0);

    private final String bootstrapServers;

    AdminCalls(String bootstrapServers) {
        this.bootstrapServers = bootstrapServers;
    }

    void run() throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", (Object) bootstrapServers))) {
            Uuid id = createTopics(admin);
            describeTopics(admin, id);
            configs(admin);
            offsets(admin);
            cluster(admin);
            users(admin);
            deleteTopics(admin, id);
        }
    }

    private Uuid createTopics(Admin admin) throws Exception {
        NewTopic topic = new NewTopic(TOPIC, 2, (short) 1).configs(Map.of("retention.ms", "1234567"));
        admin.createTopics(List.of(topic), new CreateTopicsOptions().validateOnly(true)).all().get();
        same(admin.listTopics().names().get().contains(TOPIC), false, "whether a trial made a topic");
        CreateTopicsResult made = admin.createTopics(List.of(topic, new NewTopic("by-id", Map.of(0, List.of(1)))));
        made.all().get();
        same(made.numPartitions(TOPIC).get(), 2, "partitions in the answer");
        same(made.config(TOPIC).get().get("retention.ms").value(), "1234567", "setting in the answer");
        refused(TopicExistsException.class, () -> admin.createTopics(List.of(topic)).all().get());
        refused(InvalidTopicException.class, () -> create(admin, new NewTopic("a/b", 1, (short) 1)));
        refused(InvalidPartitionsException.class, () -> create(admin, new NewTopic("none", 0, (short) 1)));
        refused(InvalidReplicationFactorException.class, () -> create(admin, new NewTopic("many", 1, (short) 3)));
        NewTopic odd = new NewTopic("odd", 1, (short) 1).configs(Map.of("retention.ms", "soon"));
        refused(InvalidConfigurationException.class, () -> create(admin, odd));
        admin.createPartitions(Map.of(TOPIC, NewPartitions.increaseTo(4))).all().get();
        refused(InvalidPartitionsException.class,
            () -> admin.createPartitions(Map.of(TOPIC, NewPartitions.increaseTo(3))).all().get());
        return made.topicId(TOPIC).get();
    }

    private static void create(Admin admin, NewTopic topic) throws Exception {
        admin.createTopics(List.of(topic)).all().get();
    }

    private void describeTopics(Admin admin, Uuid id) throws Exception {
        TopicDescription byName = admin.describeTopics(List.of(TOPIC)).allTopicNames().get().get(TOPIC);
        same(byName.topicId(), id, "id of the topic");
        same(byName.partitions().size(), 4, "partitions");
        byName.partitions().forEach(partition -> same(partition.leader().id(), 1, "leader"));
        var byId = admin.describeTopics(TopicCollection.ofTopicIds(List.of(id))).allTopicIds().get();
        same(byId.get(id).name(), TOPIC, "name of the topic");
        refused(UnknownTopicOrPartitionException.class,
            () -> admin.describeTopics(List.of("nowhere")).allTopicNames().get());
        same(admin.listPartitionReassignments().reassignments().get().size(), 0, "reassignments");
        refused(ElectionNotNeededException.class,
            () -> admin.electLeaders(ElectionType.PREFERRED, Set.of(FIRST)).partitions().get().get(FIRST)
                .ifPresent(AdminCalls::raise));
        var directories = admin.describeLogDirs(List.of(1)).allDescriptions().get().get(1).values();
        same(directories.stream().anyMatch(one -> one.replicaInfos().containsKey(FIRST)), true, "whether a log is there");
    }

    private void configs(Admin admin) throws Exception {
        ConfigResource topic = new ConfigResource(ConfigResource.Type.TOPIC, TOPIC);
        alter(admin, topic, "cleanup.policy", "compact", AlterConfigOp.OpType.APPEND);
        alter(admin, topic, "retention.ms", "", AlterConfigOp.OpType.DELETE);
        alter(admin, topic, "max.message.bytes", "2000", AlterConfigOp.OpType.SET);
        Config config = admin.describeConfigs(List.of(topic)).all().get().get(topic);
        same(config.get("cleanup.policy").value(), "delete,compact", "policy");
        same(config.get("retention.ms").value(), "604800000", "retention");
        same(config.get("retention.ms").source(), ConfigEntry.ConfigSource.DEFAULT_CONFIG, "source");
        same(config.get("max.message.bytes").source(), ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG, "source");
        refused(InvalidConfigurationException.class,
            () -> alter(admin, topic, "segment.bytes", "-1", AlterConfigOp.OpType.SET));
        alter(admin, topic, "cleanup.policy", "delete", AlterConfigOp.OpType.SET);
        ConfigResource broker = new ConfigResource(ConfigResource.Type.BROKER, "1");
        alter(admin, broker, "log.retention.ms", "99999999", AlterConfigOp.OpType.SET);
        // A broker of Apache Kafka answers before the setting has reached all its parts.
        until("the broker's setting is the topic's default", () -> admin.describeConfigs(List.of(topic)).all().get()
            .get(topic).get("retention.ms").value().equals("99999999"));
        alter(admin, broker, "log.retention.ms", "", AlterConfigOp.OpType.DELETE);
        ConfigResource group = new ConfigResource(ConfigResource.Type.GROUP, "some-group");
        alter(admin, group, "consumer.session.timeout.ms", "50000", AlterConfigOp.OpType.SET);
        same(admin.listConfigResources(Set.of(ConfigResource.Type.GROUP), new ListConfigResourcesOptions())
            .all().get().contains(group), true, "whether the group's settings are listed");
    }

    private static void alter(
        Admin admin, ConfigResource resource, String name, String value, AlterConfigOp.OpType operation
    ) throws Exception {
        Collection<AlterConfigOp> operations = List.of(new AlterConfigOp(new ConfigEntry(name, value), operation));
        admin.incrementalAlterConfigs(Map.of(resource, operations)).all().get();
    }

    private void offsets(Admin admin) throws Exception {
        Map<String, Object> settings = Map.of("bootstrap.servers", bootstrapServers);
        try (var producer = new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
            long time = System.currentTimeMillis() - 60_000;
            for (int index : List.of(0, 1, 2, 9, 3, 4)) {
                producer.send(new ProducerRecord<>(TOPIC, 0, time + index, "k", "v")).get();
            }
            same(offset(admin, OffsetSpec.earliest()), 0L, "earliest");
            same(offset(admin, OffsetSpec.latest()), 6L, "latest");
            same(offset(admin, OffsetSpec.maxTimestamp()), 3L, "offset of the youngest");
            same(offset(admin, OffsetSpec.forTimestamp(time + 2)), 2L, "offset of a time");
            same(offset(admin, OffsetSpec.forTimestamp(time + 10)), -1L, "offset of a time to come");
            same(offset(admin, OffsetSpec.earliestLocal()), 0L, "earliest on this disk");
            refused(RecordTooLargeException.class,
                () -> producer.send(new ProducerRecord<>(TOPIC, 0, "k", "x".repeat(5_000))).get());
        }
        long low = admin.deleteRecords(Map.of(FIRST, RecordsToDelete.beforeOffset(4)))
            .lowWatermarks().get(FIRST).get().lowWatermark();
        same(low, 4L, "low watermark");
        same(offset(admin, OffsetSpec.earliest()), 4L, "earliest that is left");
    }

    private static long offset(Admin admin, OffsetSpec spec) throws Exception {
        return admin.listOffsets(Map.of(FIRST, spec)).partitionResult(FIRST).get().offset();
    }

    private void cluster(Admin admin) throws Exception {
        var cluster = admin.describeCluster();
        same(cluster.nodes().get().size(), 1, "nodes");
        same(cluster.controller().get().id(), 1, "controller");
        same(cluster.clusterId().get().length(), 22, "length of the cluster's id");
        var features = admin.describeFeatures().featureMetadata().get().finalizedFeatures();
        same(features.get("transaction.version").maxVersionLevel(), (short) 2, "transaction.version");
        same(features.get("group.version").maxVersionLevel(), (short) 1, "group.version");
        same(admin.describeMetadataQuorum().quorumInfo().get().leaderId(), 1, "leader of the quorum");
        refused(SecurityDisabledException.class, () -> admin.describeAcls(AclBindingFilter.ANY).values().get());
    }

    private void users(Admin admin) throws Exception {
        var info = new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096);
        admin.alterUserScramCredentials(List.of(new UserScramCredentialUpsertion("ann", info, "secret"))).all().get();
        var described = admin.describeUserScramCredentials().all().get().get("ann");
        same(described.credentialInfos(), List.of(info), "credentials");
        admin.alterUserScramCredentials(List.of(
            new UserScramCredentialDeletion("ann", ScramMechanism.SCRAM_SHA_512))).all().get();
        same(admin.describeUserScramCredentials().all().get(), new HashMap<>(), "users");
    }

    private void deleteTopics(Admin admin, Uuid id) throws Exception {
        admin.deleteTopics(List.of("by-id")).all().get();
        admin.deleteTopics(TopicCollection.ofTopicIds(List.of(id))).all().get();
        until("deleted topics are no longer listed", () ->
            Collections.disjoint(admin.listTopics().names().get(), Set.of(TOPIC, "by-id")));
        refused(UnknownTopicOrPartitionException.class, () -> admin.deleteTopics(List.of(TOPIC)).all().get());
    }

    private static void raise(Throwable reason) {
        if (reason instanceof RuntimeException failure) throw failure;
        throw new IllegalStateException(reason);
    }
}
