"""Queues on a message store, and moving dead letters back."""

import json
import threading
import time
import unittest

from ministack.services import sqs

from semel_engine import message_moves, queues
from tests.bench import MendTest, eventually


def take(queue: dict, limit: int = 10, visibility: float = 30) -> list[dict]:
    """Receives as the pollers do."""
    return sqs._collect_msgs(queue, limit, visibility)


class MessageStores(MendTest):
    """Receive and delete."""

    def test_stock_swaps_the_list_under_its_producers(self) -> None:
        queue = self.create_queue(self.name)
        self.send(queue, "one")
        held_by_a_producer = queue["messages"]
        sqs._delete_messages_for_esm(queue["url"], {take(queue)[0]["receipt_handle"]})
        self.assertIsNot(queue["messages"], held_by_a_producer, "no swap, no loss: queues.py may be needless")

    def test_mend_loses_nothing_under_load(self) -> None:
        queues.install(self.seam)
        queue = self.create_queue(self.name)
        wanted = {f"{producer}-{number}" for producer in range(4) for number in range(500)}
        seen: set[str] = set()

        def produce(producer: int) -> None:
            self.send(queue, *(f"{producer}-{number}" for number in range(500)))

        def consume() -> None:
            while len(seen) < len(wanted):
                for message in take(queue):
                    seen.add(message["body"])
                    sqs._delete_messages_for_esm(queue["url"], {message["receipt_handle"]})

        threads = [threading.Thread(target=produce, args=(number,), daemon=True) for number in range(4)]
        threads += [threading.Thread(target=consume, daemon=True) for _ in range(3)]
        for thread in threads:
            thread.start()
        eventually(lambda: seen == wanted, 30)
        eventually(lambda: len(queue["messages"]) == 0)

    def test_mend_receives_from_a_long_queue_as_fast_as_from_a_short_one(self) -> None:
        queues.install(self.seam)
        queue = self.create_queue(self.name)
        self.send(queue, *(str(number) for number in range(20_000)))
        started = time.perf_counter()
        for _ in range(200):
            sqs._delete_messages_for_esm(queue["url"], {each["receipt_handle"] for each in take(queue)})
        # A scan of 20,000 messages takes milliseconds; 200 of them, seconds.
        self.assertLess(time.perf_counter() - started, 1.0)
        self.assertEqual(len(queue["messages"]), 18_000)

    def test_mend_hides_returns_and_forgets(self) -> None:
        queues.install(self.seam)
        queue = self.create_queue(self.name)
        self.send(queue, "one")
        first = take(queue)[0]["receipt_handle"]
        self.assertEqual(take(queue), [], "a received message is hidden")
        sqs._HANDLERS["ChangeMessageVisibility"](
            {"QueueUrl": queue["url"], "ReceiptHandle": first, "VisibilityTimeout": 0}, "")
        again = take(queue)[0]
        self.assertEqual(again["receive_count"], 2)
        with self.assertRaises(sqs._Err):
            sqs._HANDLERS["DeleteMessage"]({"QueueUrl": queue["url"], "ReceiptHandle": first}, "")
        sqs._HANDLERS["DeleteMessage"]({"QueueUrl": queue["url"], "ReceiptHandle": again["receipt_handle"]}, "")
        self.assertEqual(len(queue["messages"]), 0)

    def test_mend_keeps_delays_and_attributes(self) -> None:
        queues.install(self.seam)
        queue = self.create_queue(self.name)
        attributes = {"class": {"DataType": "String", "StringValue": "fatal"}}
        self.send(queue, "late", DelaySeconds=1, MessageAttributes=attributes)
        self.assertEqual(take(queue), [])
        message = eventually(lambda: take(queue))[0]
        self.assertEqual(message["message_attributes"], attributes)

    def test_mend_buries_after_the_last_receive(self) -> None:
        queues.install(self.seam)
        dead = self.create_queue(f"{self.name}-dead")
        policy = json.dumps({"deadLetterTargetArn": dead["attributes"]["QueueArn"], "maxReceiveCount": 2})
        queue = self.create_queue(self.name, RedrivePolicy=policy)
        self.send(queue, "poison")
        for _ in range(2):
            self.assertEqual(len(take(queue, visibility=0)), 1)
        self.assertEqual(take(queue), [])
        self.assertEqual([message["body"] for message in dead["messages"]], ["poison"])

    def test_mend_drops_what_is_not_retained(self) -> None:
        queues.install(self.seam)
        queue = self.create_queue(self.name, MessageRetentionPeriod="60")
        self.send(queue, "old", "new")
        queue["messages"][0]["sent_at"] -= 61
        sqs._expire_retained(queue)
        self.assertEqual([message["body"] for message in queue["messages"]], ["new"])

    def test_mend_delivers_twice_when_asked_to(self) -> None:
        queues.install(self.seam)
        queue = self.create_queue(self.name)
        queue["messages"].deliveries_min = 2
        self.send(queue, "one")
        for delivery in (1, 2):
            message = take(queue)[0]
            self.assertEqual(message["receive_count"], delivery)
            sqs._delete_messages_for_esm(queue["url"], {message["receipt_handle"]})
        self.assertEqual(len(queue["messages"]), 0)

    def test_mend_leaves_fifo_queues_alone(self) -> None:
        queues.install(self.seam)
        queue = self.create_queue(f"{self.name}.fifo", ContentBasedDeduplication="true")
        self.send(queue, "one", MessageGroupId="group")
        message = take(queue)[0]
        sqs._HANDLERS["DeleteMessage"]({"QueueUrl": queue["url"], "ReceiptHandle": message["receipt_handle"]}, "")
        self.assertEqual(len(queue["messages"]), 0)


class MessageMoves(MendTest):
    """`StartMessageMoveTask`."""

    def test_stock_lacks_it(self) -> None:
        self.assertNotIn("StartMessageMoveTask", sqs._HANDLERS, "message_moves.py is needless")

    def test_mend_brings_messages_back_as_new_ones(self) -> None:
        queues.install(self.seam)
        message_moves.install(self.seam)
        dead = self.create_queue(f"{self.name}-dead")
        dead_arn = dead["attributes"]["QueueArn"]
        policy = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 1})
        queue = self.create_queue(self.name, RedrivePolicy=policy)
        self.send(queue, "one")
        old_id = take(queue, visibility=0)[0]["id"]
        self.assertEqual(take(queue), [])
        sqs._HANDLERS["StartMessageMoveTask"]({"SourceArn": dead_arn}, "")
        self.assertEqual(len(dead["messages"]), 0)
        back = take(queue)[0]
        self.assertEqual((back["body"], back["receive_count"]), ("one", 1))
        self.assertNotEqual(back["id"], old_id)
        listed = sqs._HANDLERS["ListMessageMoveTasks"]({"SourceArn": dead_arn}, "")["Results"]
        self.assertEqual(listed[0]["ApproximateNumberOfMessagesMoved"], 1)

    def test_mend_refuses_a_queue_that_is_no_dead_letter_queue(self) -> None:
        message_moves.install(self.seam)
        queue = self.create_queue(self.name)
        with self.assertRaises(sqs._Err):
            sqs._HANDLERS["StartMessageMoveTask"]({"SourceArn": queue["attributes"]["QueueArn"]}, "")


if __name__ == "__main__":
    unittest.main()
