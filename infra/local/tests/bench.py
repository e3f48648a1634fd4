"""What the tests share: an engine in this process, without its server, and functions that are Python."""

import threading
import time
import unittest
import uuid
from typing import Any, Callable

from ministack.core.responses import get_account_id, get_region
from ministack.services import dynamodb, lambda_svc, sqs
from ministack.services.cloudformation import provisioners

from semel_engine import Seam

REGION_ARN = f"{get_region()}:{get_account_id()}"


def eventually(condition: Callable[[], Any], seconds: float = 10.0) -> Any:
    """What `condition` returns once it is true; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not true after {seconds} s")
        time.sleep(0.005)


class MendTest(unittest.TestCase):
    """Gives each test a seam of its own, undone at its end, and names that no other test uses."""

    def setUp(self) -> None:
        self.seam = Seam()
        self.addCleanup(self.seam.undo)
        self.name = f"t{uuid.uuid4().hex[:12]}"

    def create_resource(self, kind: str, properties: dict) -> tuple[str, dict]:
        """Creates a resource as CloudFormation does."""
        return provisioners._RESOURCE_HANDLERS[kind]["create"](self.name, properties, "stack")

    def create_queue(self, name: str, **attributes: str) -> dict:
        """Makes a queue and returns MiniStack's record of it."""
        url = sqs._act_create_queue({"QueueName": name, "Attributes": attributes}, "")["QueueUrl"]
        return sqs._queues[url]

    def send(self, queue: dict, *bodies: str, **options: Any) -> None:
        """Sends a message for each body."""
        for body in bodies:
            sqs._HANDLERS["SendMessage"]({"QueueUrl": queue["url"], "MessageBody": body, **options}, "")

    def create_table(self) -> dict:
        """Makes a table with a stream and returns MiniStack's record of it."""
        dynamodb._create_table({
            "TableName": self.name, "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
            "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        })
        return dynamodb._tables[self.name]

    def put(self, *keys: str) -> None:
        """Puts an item for each key."""
        for key in keys:
            dynamodb._put_item({"TableName": self.name, "Item": {"pk": {"S": key}}})

    def create_function(self, handler: Callable[[list[dict]], Any], name: str | None = None) -> str:
        """A function whose answer is `handler(records)`; an exception is a function error."""
        name = name or self.name
        arn = f"arn:aws:lambda:{REGION_ARN}:function:{name}"
        lambda_svc._functions[name] = {"config": {"FunctionName": name, "FunctionArn": arn}, "handler": handler}
        self.addCleanup(lambda_svc._functions.pop, name, None)
        if lambda_svc._execute_function is not _execute:
            self.seam.replace(lambda_svc, "_execute_function", _execute)
        return name

    def mapping(self, source_arn: str, function: str, **settings: Any) -> dict:
        """An event source mapping, not yet polled by anything."""
        return {"UUID": str(uuid.uuid4()), "EventSourceArn": source_arn, "FunctionName": function, "Enabled": True, **settings}

    def start(self, poller: Any) -> None:
        """Runs a poller until the test ends."""
        thread = threading.Thread(target=poller.run, daemon=True)
        thread.start()
        self.addCleanup(thread.join, 5)
        self.addCleanup(poller.stop)


def _execute(function: dict, event: dict) -> dict:
    try:
        return {"body": function["handler"](event["Records"])}
    except Exception as error:
        return {"error": True, "body": {"errorType": type(error).__name__, "errorMessage": str(error)}}
