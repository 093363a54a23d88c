"""Records with all that they can have go out and come back, in each compression."""

from confluent_kafka import OFFSET_BEGINNING, TIMESTAMP_CREATE_TIME, Consumer, Producer, TopicPartition

from claims import create, same, until

COUNT = 300
TIME = 1_700_000_000_000


def records(broker):
    settings = {"group.id": "unused", "fetch.message.max.bytes": 2_000, "fetch.wait.max.ms": 50}
    consumer = Consumer({"bootstrap.servers": broker, **settings})
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"]:
        there_and_back(broker, consumer, f"records-{codec}", codec, {})
        # The broker writes the batches anew, in a compression of its own.
        other = "gzip" if codec == "snappy" else "snappy"
        there_and_back(broker, consumer, f"records-{codec}-as-{other}", codec, {"compression.type": other})
    consumer.close()


def there_and_back(broker, consumer, topic, codec, config):
    create(broker, topic, 1, config)
    write(broker, topic, codec)
    consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
    read = []
    until(f"{topic} is read", lambda: len(read) >= COUNT, lambda: read.extend(consumer.consume(100, 0.1)))
    lines = []
    for message in read:
        same(message.error(), None, "error")
        kind, timestamp = message.timestamp()
        same(kind, TIMESTAMP_CREATE_TIME, "type of the timestamp")
        lines.append((message.offset(), timestamp, message.key(), message.value(), message.headers() or []))
    same(lines, [line(index) for index in range(COUNT)], topic)
    same(consumer.get_watermark_offsets(TopicPartition(topic, 0), 10), (0, COUNT), "first and end offset")
    found = consumer.offsets_for_times([TopicPartition(topic, 0, TIME + 100)], 10)
    same(found[0].offset, 100, "offset of a time")


def write(broker, topic, codec):
    # An idempotent producer of this client takes a second to get its id.
    settings = {"compression.type": codec, "enable.idempotence": codec == "zstd", "batch.num.messages": 50}
    producer = Producer({"bootstrap.servers": broker, "linger.ms": 5, **settings})
    delivered = []

    def on_delivery(error, message):
        same(error, None, "error")
        delivered.append(message.offset())

    for index in range(COUNT):
        _, timestamp, key, value, headers = line(index)
        producer.produce(
            topic, value, key, 0, timestamp=timestamp, headers=headers or None, on_delivery=on_delivery
        )
    same(producer.flush(20), 0, "records that are under way")
    same(delivered, list(range(COUNT)), "offsets that the producer is told")


def line(index):
    key = None if index % 3 == 0 else f"key {index}".encode()
    value = None if index % 5 == 0 else ("größe " * (index % 20) + str(index)).encode()
    headers = [("trace", f"t{index}".encode()), ("trace", b""), ("null", None)] if index % 2 == 0 else []
    return (index, TIME + index, key, value, headers)
