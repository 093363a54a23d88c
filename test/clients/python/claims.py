"""What the scenarios have in common: claims, patience, and topics."""

import time

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

PATIENCE = 30


def same(actual, expected, what):
    """Raises what is wrong unless both are equal."""
    if actual != expected:
        raise AssertionError(f"{what}: {actual!r} instead of {expected!r}")


def until(claim, holds, meanwhile=lambda: time.sleep(0.02)):
    """Waits until the claim holds."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(f"{PATIENCE} s passed, and not yet: {claim}")
        meanwhile()


def refused(code, call):
    """Calls, and raises unless that fails with the given code."""
    try:
        call()
    except KafkaException as failure:
        same(failure.args[0].code(), code, "reason of the refusal")
        return
    raise AssertionError(f"expected a refusal with code {code}")


def done(futures):
    """Results of what an admin client's call began, by what each is about."""
    return {about: future.result(PATIENCE) for about, future in futures.items()}


def admin_of(broker):
    return AdminClient({"bootstrap.servers": broker})


def create(broker, name, partitions=1, config=None):
    topic = NewTopic(name, num_partitions=partitions, replication_factor=1, config=config or {})
    # What was begun ends with the client, which must outlive it.
    client = admin_of(broker)
    done(client.create_topics([topic]))
