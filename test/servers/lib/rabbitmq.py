"""What queues of RabbitMQ hold, read by pika."""

import contextlib

import pika


@contextlib.contextmanager
def channel(broker):
    connection = pika.BlockingConnection(pika.URLParameters(broker.url()))
    try:
        yield connection.channel()
    finally:
        if connection.is_open:
            connection.close()


def take_what_is_there(broker, queue):
    """The messages of a queue, as (method, properties, body), which it has no more then; none where there is no such queue."""
    found = []
    with contextlib.suppress(pika.exceptions.ChannelClosedByBroker), channel(broker) as c:
        while (message := c.basic_get(queue, auto_ack=True))[0]:
            found.append(message)
    return found
