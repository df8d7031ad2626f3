"""A schema registry as small as Confluent's protocol allows, which keeps what it is given and fails as a test wants it to; and
what reads messages by it: the registry's client library, which Confluent publishes."""

import importlib
import json
import pathlib
import subprocess
import sys
import urllib.parse

from lib import python_package
from lib.http_target import Target, reply

python_package.add("fastavro", "1.12.0")
python_package.add("requests", "2.32.3")

from confluent_kafka.schema_registry import SchemaRegistryClient  # noqa: E402
from confluent_kafka.schema_registry.avro import AvroDeserializer  # noqa: E402


class Registry(Target):
    """faults(subject, schema) -> the bytes of an answer instead, or None."""

    def __init__(self, *, faults=None, **more):
        self.faults = faults or (lambda subject, schema: None)
        self.schemas = {}  # by id: what was registered
        self.subjects = {}  # by name: ids, in their order
        super().__init__(decide=self.register, **more)

    def register(self, request):
        parts = request.target.strip("/").split("/")
        if request.method == "GET":  # /schemas/ids/1
            return reply(200, json.dumps(self.schemas[int(parts[2].partition("?")[0])]).encode())
        subject, schema = urllib.parse.unquote(parts[1]), json.loads(request.body)
        if (fault := self.faults(subject, schema)) is not None:
            return fault
        known = next((i for i, each in self.schemas.items() if each == schema), None)
        if known not in self.subjects.get(subject, []) and len(parts) == 2:
            return reply(404, b'{"error_code":40403,"message":"Schema not found"}')
        if known is None:
            known = 100_000 + len(self.schemas)
            self.schemas[known] = schema
        if known not in self.subjects.setdefault(subject, []):
            self.subjects[subject].append(known)
        return reply(200, json.dumps({"id": known}).encode())

    def names(self):
        """Of the subjects there are."""
        return list(self.subjects)

    def versions(self, subject):
        return self.subjects[subject]

    def schema(self, subject):
        """The text of the last one that was registered."""
        return self.schemas[self.subjects[subject][-1]]["schema"]


def avro_reader(url):
    """bytes -> what they say."""
    read = AvroDeserializer(SchemaRegistryClient({"url": url}))
    return lambda data: read(data, None)


def protobuf_reader(text, name, folder):
    """bytes -> the message, by the .proto text that a registry has; `name`: of its first message."""
    module = "schema_" + name.replace(".", "_")
    pathlib.Path(folder, f"{module}.proto").write_text(text)
    subprocess.run(["protoc", f"--proto_path={folder}", f"--python_out={folder}", f"{module}.proto"], check=True, cwd=folder)
    sys.path.insert(0, str(folder))
    made = getattr(importlib.import_module(f"{module}_pb2"), name.split(".")[-1])
    # The library of this age reads a whole message only in a frame whose indexes it spells in its own, longer way.
    return lambda data: made.FromString(_body(data))


def _body(data):
    """Behind the zero byte, the id, and the zero byte that stands for the schema's first message."""
    assert data[0] == 0 and data[5] == 0, data[:8]
    return data[6:]
