"""Kafka event source mappings of a template, as the Lambda API lists them."""

import json

from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners

from semel_engine import kafka_mapping
from tests.bench import MendTest

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
