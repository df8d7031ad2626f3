"""Reads topics by clients that are none of ours: confluent-kafka's consumer and kcat."""

import json
import subprocess
import time
import uuid

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from lib.sluice import WAIT_SECONDS

KEYS = {"21": -973932308, "foobar": -790332482, "a-little-bit-long-string": -985981536,
        "a-little-bit-longer-string": -1486304829, "abc": 479470107}


def murmur2(data):
    """As org.apache.kafka.common.utils.Utils has it, signed."""
    def multiply(a, b):
        return a * b & 0xffffffff
    m = 0x5bd1e995
    h = 0x9747b28c ^ len(data)
    whole = len(data) // 4 * 4
    for i in range(0, whole, 4):
        k = multiply(int.from_bytes(data[i:i + 4], "little"), m)
        h = multiply(h, m) ^ multiply(k ^ k >> 24, m)
    if whole < len(data):
        h = multiply(h ^ int.from_bytes(data[whole:], "little"), m)
    h = multiply(h ^ h >> 13, m)
    h ^= h >> 15
    return h - (1 << 32) if h >> 31 else h


# As Kafka's own UtilsTest has them.
assert {key: murmur2(key.encode()) for key in KEYS} == KEYS


def partition_of(key, count):
    """Where Java's producer puts a message of this key."""
    return (murmur2(key.encode()) & 0x7fffffff) % count


class Reader:
    """Reads a topic from its beginning, again and again from where it was; all partitions."""

    def __init__(self, brokers, topic, committed=False):
        self.topic = topic
        self.messages = []
        self.consumer = Consumer({"bootstrap.servers": brokers, "group.id": f"test-{uuid.uuid4().hex}",
                                  "enable.auto.commit": False, "enable.partition.eof": False,
                                  "isolation.level": "read_committed" if committed else "read_uncommitted"})
        end = time.monotonic() + WAIT_SECONDS
        found = self.consumer.list_topics(topic, timeout=WAIT_SECONDS).topics[topic]
        while found.error is not None:  # until it is made
            assert time.monotonic() < end, found.error
            time.sleep(0.1)
            found = self.consumer.list_topics(topic, timeout=WAIT_SECONDS).topics[topic]
        self.consumer.assign([TopicPartition(topic, p, OFFSET_BEGINNING) for p in found.partitions])

    def read_more(self, patience):
        """Takes what comes until nothing did for `patience` seconds."""
        while True:
            some = self.consumer.consume(10_000, timeout=patience)
            for message in some:
                assert message.error() is None, message.error()
            self.messages += some
            if not some:
                return self.messages

    def read(self, count, timeout=WAIT_SECONDS):
        """The first `count` messages; fails when they don't come, or more do."""
        end = time.monotonic() + timeout
        while len(self.messages) < count:
            assert time.monotonic() < end, f"{len(self.messages)} of {count} messages in {self.topic} within {timeout} s"
            self.messages += self.consumer.consume(count - len(self.messages), timeout=0.2)
        assert len(self.read_more(0.5)) == count
        return self.messages

    def close(self):
        self.consumer.close()


def read(brokers, topic, count, timeout=WAIT_SECONDS, **more):
    reader = Reader(brokers, topic, **more)
    try:
        return reader.read(count, timeout)
    finally:
        reader.close()


def kcat(brokers, topic, form, *options):
    """Lines as kcat prints the whole topic."""
    done = subprocess.run(["kcat", "-q", "-C", "-e", "-b", brokers, "-t", topic, "-f", form + "\n", *options],
                          capture_output=True, text=True, timeout=WAIT_SECONDS, check=True)
    return done.stdout.splitlines()


def values(messages):
    return [json.loads(message.value()) for message in messages]
