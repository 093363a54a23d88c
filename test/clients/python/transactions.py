"""Transactions are seen whole or not at all."""

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Producer, TopicPartition

from claims import create, refused, same, until

INPUT, OUTPUT, ID = "transactions-in", "transactions-out", "mover"


def transactions(broker):
    create(broker, INPUT)
    create(broker, OUTPUT, 2)
    commit_and_abort(broker)
    read_process_write(broker)
    fence(broker)
    committed = [value for value in range(60 + 1) if value >= 40 or value // 10 % 2 == 0]
    same(sorted(read(broker, "read_committed")), committed, "what is committed")
    same(len(read(broker, "read_uncommitted")), len(committed) + 20 + 1, "number of all records")


def commit_and_abort(broker):
    """Every second transaction is taken back."""
    producer = producer_of(broker)
    producer.init_transactions(20)
    for turn in range(4):
        producer.begin_transaction()
        for index in range(10):
            send(producer, turn * 10 + index)
        producer.flush(20)
        if turn % 2 == 0:
            producer.commit_transaction(20)
        else:
            producer.abort_transaction(20)


def read_process_write(broker):
    """Offsets are committed with the records that came of what was read up to them (KIP-447)."""
    writer = Producer({"bootstrap.servers": broker})
    for number in range(40, 60):
        writer.produce(INPUT, str(number))
    writer.flush(20)
    settings = {"group.id": "movers", "auto.offset.reset": "earliest", "enable.auto.commit": False}
    consumer = Consumer({"bootstrap.servers": broker, "isolation.level": "read_committed", **settings})
    consumer.subscribe([INPUT])
    producer = producer_of(broker)
    producer.init_transactions(20)
    moved = []

    def move():
        messages = consumer.consume(5, 0.2)
        if not messages:
            return
        producer.begin_transaction()
        for message in messages:
            send(producer, int(message.value()))
        position = consumer.position(consumer.assignment())
        producer.send_offsets_to_transaction(position, consumer.consumer_group_metadata(), 20)
        producer.commit_transaction(20)
        moved.extend(messages)

    until("all is moved", lambda: len(moved) >= 20, move)
    committed = consumer.committed([TopicPartition(INPUT, 0)], 20)[0]
    same(committed.offset, 20, "offset that the transactions committed")
    consumer.close()


def fence(broker):
    """Who comes later with the same id ends the transaction of who was there."""
    old, young = producer_of(broker), producer_of(broker)
    old.init_transactions(20)
    old.begin_transaction()
    send(old, 1000)
    old.flush(20)
    young.init_transactions(20)
    refused(KafkaError._FENCED, lambda: old.commit_transaction(20))
    young.begin_transaction()
    send(young, 60)
    young.commit_transaction(20)


def read(broker, isolation):
    settings = {"group.id": "unused", "isolation.level": isolation, "enable.partition.eof": True}
    consumer = Consumer({"bootstrap.servers": broker, **settings})
    consumer.assign([TopicPartition(OUTPUT, partition, OFFSET_BEGINNING) for partition in range(2)])
    values, ended = [], set()

    def take():
        for message in consumer.consume(100, 0.1):
            if message.error() is None:
                values.append(int(message.value()))
            else:
                same(message.error().code(), KafkaError._PARTITION_EOF, "error")
                ended.add(message.partition())

    until("all is read", lambda: len(ended) == 2, take)
    consumer.close()
    return values


def producer_of(broker):
    return Producer({"bootstrap.servers": broker, "transactional.id": ID})


def send(producer, value):
    producer.produce(OUTPUT, str(value), partition=value % 2)
