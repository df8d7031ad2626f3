"""Keeps a Redis hash for each row, from the messages of sluice.yaml beside it. Debian: python3-pika, python3-redis.

A message is acknowledged once Redis has it. One that cannot be used is rejected, and goes to the queue of the dead.
To apply it again never puts an older row over a newer one: where it stands in the log is kept beside the row.
"""

import json
import os

import pika
import redis

APPLY = """
local newest = redis.call('HGET', KEYS[2], KEYS[1])
if newest and newest > ARGV[1] then return 0 end
redis.call('HSET', KEYS[2], KEYS[1], ARGV[1])
redis.call('DEL', KEYS[1])
if #ARGV > 1 then redis.call('HSET', KEYS[1], unpack(ARGV, 2)) end
return 1
"""

store = redis.Redis.from_url(os.environ["REDIS_URL"])
apply = store.register_script(APPLY)


def key_of(event, row):
    return f"{event['schemaName']}:{event['tableName']}:{row['id']}"


def put(event, key, row):
    place = f"{event['logfileName']}:{event['logfileOffset']:020}"
    apply(keys=[key, f"places:{event['schemaName']}:{event['tableName']}"], args=[place, *(w for pair in row.items() for w in pair)])


def take(channel, method, _properties, body):
    try:
        event = json.loads(body)
        before, after = event.get("before", {}), event["after"]
        if "id" in before and before["id"] != after["id"]:
            put(event, key_of(event, before), {})  # the row has another key now
        put(event, key_of(event, after), {} if event["eventType"] == "DELETE" else after)
    except (ValueError, KeyError, TypeError) as error:
        print(f"rejected: {error!r}", flush=True)
        return channel.basic_nack(method.delivery_tag, requeue=False)
    channel.basic_ack(method.delivery_tag)


channel = pika.BlockingConnection(pika.URLParameters(os.environ["RABBITMQ_URL"])).channel()
channel.basic_qos(prefetch_count=100)
channel.basic_consume("data_syn_queue", take)
channel.start_consuming()
