"""Members of a group come and go, and each record is read once."""

from confluent_kafka import Consumer, ConsumerGroupState, ConsumerGroupType, Producer, TopicPartition
from confluent_kafka import ConsumerGroupTopicPartitions, KafkaError

from claims import admin_of, create, done, refused, same, until

PARTITIONS = 4


class Member:
    """A consumer of a group, which commits what it reads and then keeps it. It moves when it is polled."""

    def __init__(self, broker, protocol, group, topic, **more):
        settings = {"bootstrap.servers": broker, "group.id": group, "group.protocol": protocol}
        settings |= {"auto.offset.reset": "earliest", "enable.auto.commit": False, **more}
        if protocol == "classic":
            settings |= {"heartbeat.interval.ms": 200, "session.timeout.ms": 10_000}
            settings |= {"partition.assignment.strategy": "cooperative-sticky"}
        self.consumer = Consumer(settings)
        self.consumer.subscribe([topic])
        self.values = []

    def poll(self):
        messages = self.consumer.consume(500, 0.05)
        for message in messages:
            same(message.error(), None, "error")
        if messages:
            for committed in self.consumer.commit(asynchronous=False):
                same(committed.error, None, "error of a commit")
            self.values += [int(message.value()) for message in messages]

    @property
    def partitions(self):
        return {partition.partition for partition in self.consumer.assignment()}

    def leave(self):
        self.consumer.close()


def groups(broker, protocol):
    topic, group = f"group-{protocol}", f"readers-{protocol}"
    create(broker, topic, PARTITIONS)
    admin = admin_of(broker)
    one = Member(broker, protocol, group, topic)
    until("one member has all partitions", lambda: len(one.partitions) == PARTITIONS, one.poll)
    write(broker, topic, 0, 100)
    until("all is read", lambda: len(one.values) >= 100, one.poll)

    other = Member(broker, protocol, group, topic)
    both = lambda: (one.poll(), other.poll())
    until("each has half", lambda: len(one.partitions) == len(other.partitions) == 2, both)
    same(one.partitions | other.partitions, set(range(PARTITIONS)), "partitions that members hold")
    write(broker, topic, 100, 200)
    until("all is read", lambda: len(one.values) + len(other.values) >= 200, both)
    same(sorted(one.values + other.values), list(range(200)), "values")
    same(other.values != [], True, "whether the second member reads")
    describe(admin, group, protocol)

    other.leave()
    until("one has all again", lambda: len(one.partitions) == PARTITIONS, one.poll)
    write(broker, topic, 200, 300)
    until("the rest is read", lambda: len(one.values) + len(other.values) >= 300, one.poll)
    same(sorted(one.values + other.values), list(range(300)), "values")
    one.leave()
    resume(broker, protocol, group, topic)
    offsets(admin, group, topic)
    done(admin.delete_consumer_groups([group]))
    refused(KafkaError.GROUP_ID_NOT_FOUND, lambda: done(admin.delete_consumer_groups([group])))


def describe(admin, group, protocol):
    described = done(admin.describe_consumer_groups([group]))[group]
    same(described.state, ConsumerGroupState.STABLE, "state")
    same(len(described.members), 2, "members")
    kind = ConsumerGroupType.CLASSIC if protocol == "classic" else ConsumerGroupType.CONSUMER
    same(described.type, kind, "type")
    listed = admin.list_consumer_groups().result(10).valid
    same([one.type for one in listed if one.group_id == group], [kind], "listed types")


def resume(broker, protocol, group, topic):
    """A new member reads only what came after the last commit."""
    again = Member(broker, protocol, group, topic)
    write(broker, topic, 300, 350)
    until("the new records are read", lambda: len(again.values) >= 50, again.poll)
    same(sorted(again.values), list(range(300, 350)), "values")
    committed = again.consumer.committed([TopicPartition(topic, 0)], 10)[0].offset
    same(committed, again.consumer.position([TopicPartition(topic, 0)])[0].offset, "committed offset")
    again.leave()


def offsets(admin, group, topic):
    asked = ConsumerGroupTopicPartitions(group)
    committed = done(admin.list_consumer_group_offsets([asked]))[group].topic_partitions
    same(sum(partition.offset for partition in committed), 350, "sum of the committed offsets")
    back = ConsumerGroupTopicPartitions(group, [TopicPartition(topic, 0, 5, metadata="back")])
    done(admin.alter_consumer_group_offsets([back]))
    asked = ConsumerGroupTopicPartitions(group, [TopicPartition(topic, 0)])
    altered = done(admin.list_consumer_group_offsets([asked]))[group].topic_partitions[0]
    same((altered.offset, altered.metadata), (5, "back"), "altered offset")


def write(broker, topic, first, end):
    producer = Producer({"bootstrap.servers": broker})
    for number in range(first, end):
        producer.produce(topic, str(number), partition=number % PARTITIONS)
    same(producer.flush(20), 0, "records that are under way")
