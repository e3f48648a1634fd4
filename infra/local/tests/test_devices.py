"""IoT rules: what a device's message becomes, and where it goes when its function fails."""

import asyncio
import base64
import json
import unittest

from ministack.core.responses import get_account_id, get_region
from ministack.services import iot, lambda_svc

from semel_engine import device_rules, queues
from tests.bench import REGION_ARN, MendTest, eventually

SQL = ("SELECT encode(*, 'base64') AS payload, topic() AS topic, topic(3) AS device_id, clientid() AS client_id, "
       "timestamp() AS received_at FROM 'semel/devices/+/events'")


class DeviceRules(MendTest):
    """A rule that invokes a function and names a queue for its errors."""

    def setUp(self) -> None:
        super().setUp()
        queues.install(self.seam)
        self.seam.replace(lambda_svc, "_LAMBDA_ASYNC_RETRY_BASE_SECONDS", 0.01)
        self.events: list[dict] = []
        self.dead = self.create_queue(f"{self.name}-dead")

    def function(self, fails: bool) -> str:
        """A function that keeps what it is given, with the queue as its on-failure destination."""
        def execute(_function: dict, event: dict) -> dict:
            self.events.append(event)
            return {"error": True, "body": {"errorMessage": "not now"}} if fails else {"body": {}}

        self.create_function(lambda _: None)
        self.seam.replace(lambda_svc, "_execute_function", execute)
        lambda_svc._functions[self.name]["event_invoke_configs"] = {"$LATEST": {
            "MaximumRetryAttempts": 2, "DestinationConfig": {"OnFailure": {"Destination": self.dead["attributes"]["QueueArn"]}}}}
        return f"arn:aws:lambda:{REGION_ARN}:function:{self.name}"

    def publish(self, function_arn: str, payload: bytes) -> None:
        """A device's message, through the rule."""
        rule = {"ruleName": self.name, "sql": SQL, "ruleDisabled": False,
                "actions": [{"lambda": {"functionArn": function_arn}}],
                "errorAction": {"sqs": {"queueUrl": self.dead["url"], "useBase64": False}}}
        asyncio.run(iot._run_rule_actions(get_account_id(), get_region(), rule, payload, "semel/devices/scanner-7/events"))

    def letter(self) -> dict:
        """The one message in the dead-letter queue."""
        eventually(lambda: len(self.dead["messages"]) == 1)
        return json.loads(self.dead["messages"][0]["body"])

    def test_a_message_arrives_byte_for_byte(self) -> None:
        device_rules.install(self.seam)
        self.publish(self.function(fails=False), b"\x1f\x8b not text")
        event = eventually(lambda: self.events)[0]
        self.assertEqual(base64.b64decode(event["payload"]), b"\x1f\x8b not text")
        self.assertEqual((event["topic"], event["device_id"]), ("semel/devices/scanner-7/events", "scanner-7"))

    def test_stock_forgets_the_message_of_a_function_that_does_not_exist(self) -> None:
        self.publish(f"arn:aws:lambda:{REGION_ARN}:function:nobody", b"{}")
        self.assertEqual(len(self.dead["messages"]), 0, "MiniStack tells the error action now: look at device_rules.py")

    def test_mend_gives_it_to_the_error_action(self) -> None:
        device_rules.install(self.seam)
        self.publish(f"arn:aws:lambda:{REGION_ARN}:function:nobody", b"{}")
        self.assertEqual(base64.b64decode(self.letter()["base64OriginalPayload"]), b"{}")

    def test_mend_repeats_a_failing_invocation_and_then_keeps_its_message(self) -> None:
        device_rules.install(self.seam)
        self.publish(self.function(fails=True), b"{}")
        self.assertEqual(self.letter()["requestPayload"]["device_id"], "scanner-7")
        self.assertEqual(len(self.events), 3)


if __name__ == "__main__":
    unittest.main()
