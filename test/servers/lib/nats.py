"""What streams of NATS JetStream hold, read by nats-py."""

import asyncio
import contextlib
import ssl
import time

from . import python_package
from .sluice import WAIT_SECONDS

python_package.add("nats-py", "2.9.0")
import nats  # noqa: E402
import nats.errors  # noqa: E402


@contextlib.asynccontextmanager
async def connection(server, **login):
    context = None
    if server.tls:
        context = ssl.create_default_context(cafile=server.tls.ca)
        context.load_cert_chain(server.tls.client_cert, server.tls.client_key)
    client = await nats.connect(server.url(), tls=context, allow_reconnect=False, **login)
    try:
        yield client
    finally:
        await client.close()


def with_jetstream(server, do, **login):
    """What `await do(jetstream)` returns."""
    async def run():
        async with connection(server, **login) as client:
            return await do(client.jetstream())
    return asyncio.run(run())


def take(server, stream, enough, seconds=WAIT_SECONDS, **login):
    """The messages of a stream, which may be made meanwhile, from its first on: so many, or until enough(message) is true."""
    end = time.monotonic() + seconds

    async def run():
        async with connection(server, **login) as client:
            subscription = await client.jetstream().subscribe(">", stream=stream, ordered_consumer=True)
            found = []
            while not (len(found) >= enough if isinstance(enough, int) else found and enough(found[-1])):
                found.append(await subscription.next_msg(timeout=max(end - time.monotonic(), 0.01)))
            return found

    while True:
        try:
            return asyncio.run(run())
        except (nats.errors.Error, OSError):  # a timeout of the library's own is one of these, too
            assert time.monotonic() < end, f"of the stream {stream} not all came within {seconds} s"
            time.sleep(0.05)


def create(server, stream, *subjects, **settings):
    with_jetstream(server, lambda js: js.add_stream(name=stream, subjects=list(subjects), **settings))


def count(server, stream):
    """Messages of a stream; 0 where there is none."""
    with contextlib.suppress(nats.js.errors.NotFoundError):
        return with_jetstream(server, lambda js: js.stream_info(stream)).state.messages
    return 0
