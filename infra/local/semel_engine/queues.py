"""Standard queues on a `MessageStore`; FIFO queues stay as MiniStack has them.

Why: see `message_store`. Without it a message can be lost under load, and a queue with a backlog slows everything.
"""

import json
import time
from typing import Any

from ministack.core.responses import new_uuid
from ministack.services import sqs

from .message_store import MessageStore
from .seam import Seam

_RETENTION_CHECK_SECONDS = 1.0


def store_of(queue: dict) -> MessageStore | None:
    """The queue's store, or None for a FIFO queue."""
    messages = queue["messages"]
    return messages if isinstance(messages, MessageStore) else None


class _Queues(type(sqs._queues)):
    """MiniStack's registry of queues: the one place every new queue passes through."""

    __slots__ = ()  # the layout of the class it stands in for

    def __setitem__(self, url: str, queue: dict) -> None:
        if not queue.get("is_fifo") and store_of(queue) is None:
            queue["messages"] = MessageStore(sqs._ensure_msg_fields, queue["messages"])
        super().__setitem__(url, queue)


def _redrive(queue: dict) -> tuple[int, dict | None]:
    """How often a message may be received, and the queue it goes to afterwards."""
    policy = queue["attributes"].get("RedrivePolicy")
    if not policy:
        return 0, None
    parsed = json.loads(policy)
    target = sqs._queue_by_arn(parsed.get("deadLetterTargetArn", ""))
    return (int(parsed.get("maxReceiveCount", 0)), target) if target else (0, None)


def _bury(queue: dict, dead_letters: dict, message: dict) -> None:
    moved = {**message, "receipt_handle": None, "visible_at": time.time(), "sys": dict(message["sys"])}
    moved["sys"].setdefault("DeadLetterQueueSourceArn", queue["attributes"].get("QueueArn", ""))
    dead_letters["messages"].append(moved)
    sqs.esm_wake.set()


def take(queue: dict, limit: int, visibility_seconds: float) -> list[dict]:
    """Receives from a standard queue, moving exhausted messages to its dead-letter queue."""
    receive_count_max, dead_letters = _redrive(queue)
    taken, dead = queue["messages"].take(limit, visibility_seconds, receive_count_max, new_uuid)
    for message in dead:
        _bury(queue, dead_letters, message)
    return taken


def _delete_message(data: dict, url: str) -> dict:
    queue = sqs._get_q(data.get("QueueUrl", url), "sqs:DeleteMessage")
    receipt = data.get("ReceiptHandle", "")
    if not receipt:
        raise sqs._Err("MissingParameter", "The request must contain the parameter ReceiptHandle.")
    if not queue["messages"].delete(receipt):
        raise sqs._Err("ReceiptHandleIsInvalid", "The input receipt handle is invalid.")
    return {}


def _change_visibility(data: dict, url: str) -> dict:
    queue = sqs._get_q(data.get("QueueUrl", url), "sqs:ChangeMessageVisibility")
    if not queue["messages"].hide(data.get("ReceiptHandle", ""), int(data.get("VisibilityTimeout", 30))):
        raise sqs._Err("ReceiptHandleIsInvalid", "The input receipt handle is invalid.")
    return {}


def _batch(data: dict, url: str, action: str, entry_name: str, one: Any) -> dict:
    sqs._get_q(data.get("QueueUrl", url), action)
    entries = data.get("Entries", [])
    sqs._validate_batch_entries(entries, entry_name)
    answer: dict[str, list] = {"Successful": [], "Failed": []}
    for entry in entries:
        try:
            one({**entry, "QueueUrl": data.get("QueueUrl", url)}, url)
            answer["Successful"].append({"Id": entry.get("Id", "")})
        except sqs._Err as error:
            answer["Failed"].append(
                {"Id": entry.get("Id", ""), "Code": error.code, "Message": error.message, "SenderFault": True})
    return answer


def _install_actions(seam: Seam) -> None:
    """The four actions that look a message up by its receipt."""
    stock = dict(sqs._HANDLERS)

    def on_stores(name: str, ours: Any) -> None:
        def action(data: dict, url: str) -> dict:
            queue = sqs._get_q(data.get("QueueUrl", url))
            return (stock[name] if store_of(queue) is None else ours)(data, url)

        seam.entry(sqs._HANDLERS, name, action)

    on_stores("DeleteMessage", _delete_message)
    on_stores("ChangeMessageVisibility", _change_visibility)
    on_stores("DeleteMessageBatch", lambda data, url: _batch(
        data, url, "sqs:DeleteMessage", "DeleteMessageBatchRequestEntry", _delete_message))
    on_stores("ChangeMessageVisibilityBatch", lambda data, url: _batch(
        data, url, "sqs:ChangeMessageVisibility", "ChangeMessageVisibilityBatchRequestEntry", _change_visibility))


def install(seam: Seam) -> None:
    """Puts a store into every standard queue made from now on, and every access to messages on it."""
    stock_collect, stock_sweep = sqs._collect_msgs, sqs._dlq_sweep
    stock_expire, stock_delete = sqs._expire_retained, sqs._delete_messages_for_esm

    def collect(queue: dict, limit: int, visibility_seconds: int) -> list:
        if store_of(queue) is None:
            return stock_collect(queue, limit, visibility_seconds)
        return take(queue, limit, visibility_seconds)

    def sweep(queue: dict) -> None:
        # On a store, an exhausted message moves when it surfaces in `take`.
        if store_of(queue) is None:
            stock_sweep(queue)

    def expire(queue: dict) -> None:
        store, now = store_of(queue), time.time()
        if store is None:
            stock_expire(queue)
        elif now >= queue.get("retention_checked_at", 0) + _RETENTION_CHECK_SECONDS:
            queue["retention_checked_at"] = now
            cutoff = now - float(queue["attributes"].get("MessageRetentionPeriod", "345600"))
            store.expire(lambda message: message.get("enqueued_at", message["sent_at"]) <= cutoff)

    def delete(url: str, receipts: set[str]) -> None:
        store = store_of(sqs._get_q(url))
        if store is None:
            stock_delete(url, receipts)
        else:
            for receipt in receipts:
                store.delete(receipt)

    seam.replace(sqs._queues, "__class__", _Queues)
    seam.replace(sqs, "_collect_msgs", collect)
    seam.replace(sqs, "_dlq_sweep", sweep)
    seam.replace(sqs, "_expire_retained", expire)
    seam.replace(sqs, "_delete_messages_for_esm", delete)
    _install_actions(seam)
