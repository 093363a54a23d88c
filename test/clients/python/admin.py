"""What librdkafka's admin client asks of a broker, and the reasons for which it says no."""

from confluent_kafka import KafkaError, Producer, TopicCollection, TopicPartition
from confluent_kafka.admin import (
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    OffsetSpec,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)

from claims import admin_of, done, refused, same

TOPIC = "administered"


def admin(broker):
    client = admin_of(broker)
    topics(client)
    configs(client)
    offsets(client, broker)
    cluster(client)
    users(client)
    done(client.delete_topics([TOPIC]))
    same(TOPIC in client.list_topics(timeout=10).topics, False, "whether a deleted topic is listed")
    refused(KafkaError.UNKNOWN_TOPIC_OR_PART, lambda: done(client.delete_topics([TOPIC])))


def topics(client):
    topic = NewTopic(TOPIC, num_partitions=2, replication_factor=1, config={"retention.ms": "1234567"})
    done(client.create_topics([topic], validate_only=True))
    same(TOPIC in client.list_topics(timeout=10).topics, False, "whether a trial made a topic")
    done(client.create_topics([topic]))
    refused(KafkaError.TOPIC_ALREADY_EXISTS, lambda: done(client.create_topics([topic])))
    refused(KafkaError.TOPIC_EXCEPTION, lambda: done(client.create_topics([NewTopic("a/b", 1, 1)])))
    many = NewTopic("many", 1, 3)
    refused(KafkaError.INVALID_REPLICATION_FACTOR, lambda: done(client.create_topics([many])))
    odd = NewTopic("odd", 1, 1, config={"retention.ms": "soon"})
    refused(KafkaError.INVALID_CONFIG, lambda: done(client.create_topics([odd])))
    done(client.create_partitions([NewPartitions(TOPIC, 4)]))
    refused(KafkaError.INVALID_PARTITIONS, lambda: done(client.create_partitions([NewPartitions(TOPIC, 3)])))
    described = done(client.describe_topics(TopicCollection([TOPIC])))[TOPIC]
    same([partition.id for partition in described.partitions], [0, 1, 2, 3], "partitions")
    same({partition.leader.id for partition in described.partitions}, {1}, "leaders")


def configs(client):
    alter(client, "cleanup.policy", "compact", AlterConfigOpType.APPEND)
    alter(client, "retention.ms", None, AlterConfigOpType.DELETE)
    config = done(client.describe_configs([ConfigResource(ResourceType.TOPIC, TOPIC)])).popitem()[1]
    same(config["cleanup.policy"].value, "delete,compact", "policy")
    same((config["retention.ms"].value, config["retention.ms"].is_default), ("604800000", True), "retention")
    refused(
        KafkaError.INVALID_CONFIG, lambda: alter(client, "segment.bytes", "-1", AlterConfigOpType.SET)
    )
    alter(client, "cleanup.policy", "delete", AlterConfigOpType.SET)


def alter(client, name, value, operation):
    entry = ConfigEntry(name, value, incremental_operation=operation)
    resource = ConfigResource(ResourceType.TOPIC, TOPIC, incremental_configs=[entry])
    done(client.incremental_alter_configs([resource]))


def offsets(client, broker):
    producer = Producer({"bootstrap.servers": broker, "linger.ms": 0})
    time = 1_700_000_000_000
    for index in [0, 1, 2, 9, 3, 4]:
        producer.produce(TOPIC, "value", "key", 0, timestamp=time + index)
        same(producer.flush(10), 0, "records that are under way")
    same(offset(client, OffsetSpec.earliest()), 0, "earliest")
    same(offset(client, OffsetSpec.latest()), 6, "latest")
    same(offset(client, OffsetSpec.max_timestamp()), 3, "offset of the youngest")
    same(offset(client, OffsetSpec.for_timestamp(time + 2)), 2, "offset of a time")
    deleted = done(client.delete_records([TopicPartition(TOPIC, 0, 4)])).popitem()[1]
    same(deleted.low_watermark, 4, "low watermark")
    same(offset(client, OffsetSpec.earliest()), 4, "earliest that is left")


def offset(client, spec):
    return done(client.list_offsets({TopicPartition(TOPIC, 0): spec})).popitem()[1].offset


def cluster(client):
    described = client.describe_cluster().result(10)
    same((len(described.nodes), described.controller.id), (1, 1), "nodes and controller")
    same(described.cluster_id, client.list_topics(timeout=10).cluster_id, "id of the cluster")


def users(client):
    info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 4096)
    done(client.alter_user_scram_credentials([UserScramCredentialUpsertion("bob", info, b"secret")]))
    described = client.describe_user_scram_credentials().result(10)["bob"]
    (one,) = described.scram_credential_infos
    same((one.mechanism, one.iterations), (ScramMechanism.SCRAM_SHA_256, 4096), "credentials")
    deletion = UserScramCredentialDeletion("bob", ScramMechanism.SCRAM_SHA_256)
    done(client.alter_user_scram_credentials([deletion]))
