"""Kafka event source mappings of a template, as the Lambda API lists them, and the events that they lead to."""

import asyncio
import hashlib
import io
import json
import sys
import zipfile

from ministack.core import lambda_runtime
from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners

from semel_engine import kafka_mapping, large_events
from tests.bench import REGION_ARN, MendTest

SELF_MANAGED = {
    "FunctionName": "analytics",
    "Topics": ["telemetry"],
    "SelfManagedEventSource": {"Endpoints": {"KafkaBootstrapServers": ["127.0.0.1:9092"]}},
    "SelfManagedKafkaEventSourceConfig": {"ConsumerGroupId": "semel-analytics-telemetry"},
    "ProvisionedPollerConfig": {"MinimumPollers": 1, "MaximumPollers": 10},
    "StartingPosition": "TRIM_HORIZON",
    "MaximumRetryAttempts": -1,
}
MANAGED = {
    "FunctionName": "analytics",
    "EventSourceArn": "arn:aws:kafka:us-east-1:000000000000:cluster/semel/1-2",
    "Topics": ["telemetry"],
    "AmazonManagedKafkaEventSourceConfig": {"ConsumerGroupId": "semel-analytics"},
    "BatchSize": 10000,
    "MaximumBatchingWindowInSeconds": 0,
}


class KafkaMappings(MendTest):
    """What a template says of the source."""

    def listed(self, props: dict) -> dict:
        self.mapping_id, _ = self.create_resource(kafka_mapping.RESOURCE, props)
        self.addCleanup(lambda_svc._esms.pop, self.mapping_id, None)
        return self.again()

    def again(self) -> dict:
        _, _, body = lambda_svc._get_esm(self.mapping_id)
        return json.loads(body)

    def test_stock_drops_topics_brokers_and_group(self) -> None:
        listed = self.listed(SELF_MANAGED)
        for name in ("Topics", "SelfManagedEventSource", "SelfManagedKafkaEventSourceConfig", "ProvisionedPollerConfig"):
            self.assertNotIn(name, listed, "MiniStack keeps it now: kafka_mapping.py is needless")

    def test_mend_lists_a_self_managed_source_in_the_apis_shape(self) -> None:
        kafka_mapping.install(self.seam)
        listed = self.listed(SELF_MANAGED)
        self.assertEqual(listed["SelfManagedEventSource"], {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["127.0.0.1:9092"]}})
        for name in ("Topics", "SelfManagedKafkaEventSourceConfig", "ProvisionedPollerConfig", "MaximumRetryAttempts",
                     "StartingPosition"):
            self.assertEqual(listed[name], SELF_MANAGED[name])
        self.assertEqual(listed["State"], "Enabled")

    def test_mend_leaves_defaults_to_who_knows_kafkas(self) -> None:
        kafka_mapping.install(self.seam)
        self.assertNotIn("BatchSize", self.listed(SELF_MANAGED))
        listed = self.listed(MANAGED)
        self.assertEqual((listed["BatchSize"], listed["MaximumBatchingWindowInSeconds"]), (10000, 0))
        self.assertEqual(listed["AmazonManagedKafkaEventSourceConfig"], MANAGED["AmazonManagedKafkaEventSourceConfig"])

    def test_mend_follows_an_update(self) -> None:
        kafka_mapping.install(self.seam)
        self.listed(SELF_MANAGED)
        new = {**SELF_MANAGED, "Topics": ["orders"], "Enabled": "false"}
        del new["ProvisionedPollerConfig"]
        update = provisioners._RESOURCE_HANDLERS[kafka_mapping.RESOURCE]["update"]
        update(self.mapping_id, SELF_MANAGED, new, "stack")
        listed = self.again()
        self.assertEqual((listed["Topics"], listed["State"]), (["orders"], "Disabled"))
        self.assertNotIn("ProvisionedPollerConfig", listed)

    def test_mend_leaves_queues_alone(self) -> None:
        kafka_mapping.install(self.seam)
        props = {"FunctionName": "orders", "EventSourceArn": "arn:aws:sqs:us-east-1:000000000000:orders"}
        self.assertEqual(self.listed(props)["BatchSize"], 10)


#: Answers with the digest of the bytes that it was given.
BOOTSTRAP = '''#!{python}
import hashlib, http.client, json, os, sys
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    api.request("GET", "/2018-06-01/runtime/invocation/next")
    response = api.getresponse()
    event = response.read()
    if response.status != 200:
        sys.exit(0)
    path = "/2018-06-01/runtime/invocation/" + response.headers["Lambda-Runtime-Aws-Request-Id"] + "/response"
    api.request("POST", path, json.dumps(hashlib.sha256(event).hexdigest()))
    api.getresponse().read()
'''


def event(records: int, source: str = "SelfManagedKafka") -> bytes:
    """An event as the bridge writes it: without a blank."""
    listed = [{"topic": "telemetry", "partition": 0, "offset": offset, "value": "QUJD" * 300} for offset in range(records)]
    whole = {"eventSource": source, "bootstrapServers": "127.0.0.1:9092", "records": {"telemetry-0": listed}}
    return json.dumps(whole, separators=(",", ":")).encode()


class LargeEvents(MendTest):
    """The way of an event through an Invoke request to the function's process."""

    def setUp(self) -> None:
        super().setUp()
        self.addCleanup(lambda_runtime.invalidate_worker, self.name)
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            entry = zipfile.ZipInfo("bootstrap")
            entry.external_attr = 0o755 << 16
            archive.writestr(entry, BOOTSTRAP.format(python=sys.executable))
        lambda_svc._functions[self.name] = {"code_zip": buffer.getvalue(), "versions": {}, "config": {
            "FunctionName": self.name, "FunctionArn": f"arn:aws:lambda:{REGION_ARN}:function:{self.name}",
            "Runtime": "provided.al2023", "Handler": "bootstrap", "Timeout": 10, "Version": "$LATEST"}}
        self.addCleanup(lambda_svc._functions.pop, self.name, None)

    def arrives_unchanged(self, sent: bytes) -> bool:
        path = f"/2015-03-31/functions/{self.name}/invocations"
        status, _, body = asyncio.run(lambda_svc.handle_request("POST", path, {}, sent, {}))
        self.assertEqual(status, 200, body)
        return json.loads(body) == hashlib.sha256(sent).hexdigest()

    def test_stock_reads_and_writes_every_event(self) -> None:
        self.assertFalse(self.arrives_unchanged(event(100)), "MiniStack passes bytes on now: large_events.py is needless")

    def test_mend_passes_the_bytes_on(self) -> None:
        large_events.install(self.seam)
        for source in ("SelfManagedKafka", "aws:kafka"):
            self.assertTrue(self.arrives_unchanged(event(4_000, source)))

    def test_mend_leaves_small_and_other_events_to_stock(self) -> None:
        large_events.install(self.seam)
        for sent in (event(1), event(100, "aws:sqs")):
            self.assertFalse(self.arrives_unchanged(sent))
            self.assertTrue(self.arrives_unchanged(json.dumps(json.loads(sent)).encode()))
