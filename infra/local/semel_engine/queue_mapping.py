"""A queue's event source mapping: gathers a batch, runs it beside others, deletes what succeeded.

What MiniStack lacks: the batching window, batches above ten, and waking at once when a hidden message comes back.
A message whose function failed, timed out or was killed is simply not deleted: it comes back when its visibility
timeout ends, as on AWS.
"""

import contextvars
import logging
import threading
import time

from ministack.core.responses import get_account_id, get_region
from ministack.services import lambda_svc, sqs

from . import queues
from .mapping import Mapping, invoke

logger = logging.getLogger("semel.queue_mapping")

_IDLE_SECONDS = 1.0
_RECEIVE_MAX = 10
_CONCURRENCY_DEFAULT = 5


class QueueMapping(Mapping):
    """Polls one queue; batches run on threads of their own, as many at once as the mapping's concurrency allows."""

    def __init__(self, mapping: dict) -> None:
        super().__init__(mapping)
        self._running = 0
        self._slot = threading.Condition()

    def step(self, function: dict) -> bool:
        """Waits for a message and a free slot, gathers a batch and starts it."""
        queue = sqs._queue_by_arn(self.mapping.get("EventSourceArn", ""))
        if queue is None:
            return False
        if not self._has_slot(function, queue):
            return True
        batch = self._gather(queue)
        if not batch:
            self._wait_for_message(queue)
            return True
        records = lambda_svc._apply_filter_criteria([self._record(message) for message in batch], self.mapping)
        if not records:
            # What the filter refuses is consumed, as on AWS.
            self._delete(queue, batch)
            return True
        self._start(function, queue, batch, records)
        return True

    def concurrency_max(self, function: dict, queue: dict) -> int:
        """How many batches may run at once: the mapping's own limit, else five, which is where AWS starts."""
        if queue.get("is_fifo"):
            return 1
        wanted = (self.mapping.get("ScalingConfig") or {}).get("MaximumConcurrency") or _CONCURRENCY_DEFAULT
        reserved = lambda_svc._reserved_concurrency(function, function.get("config") or function)
        return int(wanted) if reserved is None else min(int(wanted), reserved)

    def _has_slot(self, function: dict, queue: dict) -> bool:
        limit = self.concurrency_max(function, queue)
        with self._slot:
            if self._running >= limit:
                self._slot.wait(_IDLE_SECONDS)
            return self._running < limit

    def _wait_for_message(self, queue: dict) -> None:
        store = queues.store_of(queue)
        if store is None:
            self.sleep(_IDLE_SECONDS)
        else:
            store.wait(_IDLE_SECONDS)

    def _gather(self, queue: dict) -> list[dict]:
        size = int(self.mapping.get("BatchSize") or 10)
        batch = self._receive(queue, size)
        if not batch or not self.window_seconds:
            return batch
        deadline = time.monotonic() + self.window_seconds
        while len(batch) < size and not self.stopping.is_set():
            left = deadline - time.monotonic()
            if left <= 0:
                break
            more = self._receive(queue, size - len(batch))
            if not more:
                store = queues.store_of(queue)
                store.wait(left) if store is not None else self.sleep(left)
            batch.extend(more)
        return batch

    @staticmethod
    def _receive(queue: dict, limit: int) -> list[dict]:
        if queues.store_of(queue) is None:
            return sqs._receive_messages_for_esm(queue["url"], min(limit, _RECEIVE_MAX))
        sqs._expire_retained(queue)
        return queues.take(queue, limit, float(queue["attributes"].get("VisibilityTimeout", "30")))

    def _start(self, function: dict, queue: dict, batch: list[dict], records: list[dict]) -> None:
        with self._slot:
            self._running += 1
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(self._run_batch, function, queue, batch, records),
                         daemon=True, name="mapping-batch").start()

    def _run_batch(self, function: dict, queue: dict, batch: list[dict], records: list[dict]) -> None:
        try:
            self._invoke(function, queue, batch, records)
        except Exception:
            logger.exception("a batch of %s failed", queue["name"])
        finally:
            with self._slot:
                self._running -= 1
                self._slot.notify()

    def _invoke(self, function: dict, queue: dict, batch: list[dict], records: list[dict]) -> None:
        # A later receive gives the same dictionary a new receipt; deleting needs the one of this delivery.
        receipts = {record["messageId"]: record["receiptHandle"] for record in records}
        outcome = invoke(function, records, self.reports_item_failures)
        if outcome.failed_whole:
            self.mapping["LastProcessingResult"] = "PROBLEM: Function call failed"
            logger.warning("%s failed on %d messages of %s: %s",
                           self.mapping["FunctionName"], len(records), queue["name"], outcome.describe())
            return
        failed = set(outcome.failed_ids)
        filtered = [message for message in batch if message["id"] not in receipts]
        done = {receipt for message_id, receipt in receipts.items() if message_id not in failed}
        sqs._delete_messages_for_esm(queue["url"], done)
        self._delete(queue, filtered)
        self.mapping["LastProcessingResult"] = "OK"
        if failed:
            logger.info("%s reported %d of %d messages of %s as failed",
                        self.mapping["FunctionName"], len(failed), len(records), queue["name"])

    @staticmethod
    def _delete(queue: dict, messages: list[dict]) -> None:
        sqs._delete_messages_for_esm(queue["url"], {message["receipt_handle"] for message in messages})

    def _record(self, message: dict) -> dict:
        """The message as a function sees it."""
        attributes = {
            "ApproximateReceiveCount": str(message["receive_count"]),
            "SentTimestamp": str(int(message["sent_at"] * 1000)),
            "SenderId": get_account_id(),
            "ApproximateFirstReceiveTimestamp": str(int(message["first_receive_at"] * 1000)),
        }
        for name in ("AWSTraceHeader", "DeadLetterQueueSourceArn"):
            if message["sys"].get(name):
                attributes[name] = message["sys"][name]
        for name, key in (("MessageGroupId", "group_id"), ("MessageDeduplicationId", "dedup_id"), ("SequenceNumber", "seq")):
            if message.get(key) is not None:
                attributes[name] = str(message[key])
        return {
            "messageId": message["id"],
            "receiptHandle": message["receipt_handle"],
            "body": message["body"],
            "attributes": attributes,
            "messageAttributes": lambda_svc._sqs_message_attributes_to_camel_case(message["message_attributes"]),
            "md5OfBody": message["md5_body"],
            "eventSource": "aws:sqs",
            "eventSourceARN": self.mapping["EventSourceArn"],
            "awsRegion": get_region(),
        }
