"""Replays of an archive to chosen rules."""

import json
import time
import unittest

from ministack.services import eventbridge

from semel_engine import replays
from tests.bench import REGION_ARN, MendTest, eventually


class Replays(MendTest):
    """`FilterArns` of a replay's destination."""

    def setUp(self) -> None:
        super().setUp()
        eventbridge._create_event_bus({"Name": self.name})
        self.addCleanup(eventbridge._delete_event_bus, {"Name": self.name})
        self.bus = f"arn:aws:events:{REGION_ARN}:event-bus/{self.name}"
        self.queues = {name: self.create_queue(f"{self.name}-{name}") for name in ("consumer", "reader", "other")}
        self.rules = {name: self.rule(name) for name in self.queues}
        eventbridge._create_archive({
            "ArchiveName": self.name, "EventSourceArn": self.bus,
            "EventPattern": json.dumps({"source": [self.name], "replay-name": [{"exists": False}]})})
        self.addCleanup(eventbridge._delete_archive, {"ArchiveName": self.name})
        eventbridge._put_events({"Entries": [
            {"EventBusName": self.name, "Source": self.name, "DetailType": "Happened", "Detail": "{}"}]})

    def rule(self, name: str) -> str:
        """A rule that sends this test's events to the queue of this name; `other` wants other events."""
        rule, source = f"{self.name}-{name}", "nobody" if name == "other" else self.name
        answer = eventbridge._put_rule(
            {"Name": rule, "EventBusName": self.name, "EventPattern": json.dumps({"source": [source]})})
        arn = self.queues[name]["attributes"]["QueueArn"]
        eventbridge._put_targets({"Rule": rule, "EventBusName": self.name, "Targets": [{"Id": "queue", "Arn": arn}]})
        self.addCleanup(eventbridge._delete_rule, {"Name": rule, "EventBusName": self.name})
        self.addCleanup(eventbridge._remove_targets, {"Rule": rule, "EventBusName": self.name, "Ids": ["queue"]})
        return json.loads(answer[2])["RuleArn"]

    def replay(self, *rules: str) -> dict[str, int]:
        """How many messages each queue has after a replay to these rules."""
        destination = {"Arn": self.bus, **({"FilterArns": [self.rules[rule] for rule in rules]} if rules else {})}
        name = f"{self.name}-{'-'.join(rules) or 'all'}"
        archive = eventbridge._archives[self.name]["ArchiveArn"]
        eventbridge._start_replay({
            "ReplayName": name, "EventSourceArn": archive, "Destination": destination,
            "EventStartTime": time.time() - 60, "EventEndTime": time.time() + 60})
        eventually(lambda: eventbridge._replays[name]["State"] == "COMPLETED")
        return {name: len(queue["messages"]) for name, queue in self.queues.items()}

    def test_stock_sends_a_replay_to_every_rule(self) -> None:
        self.assertEqual(self.replay("reader"), {"consumer": 2, "reader": 2, "other": 0}, "replays.py is needless")

    def test_mend_sends_a_replay_to_the_rules_it_names(self) -> None:
        replays.install(self.seam)
        self.assertEqual(self.replay("reader"), {"consumer": 1, "reader": 2, "other": 0})
        self.assertEqual(self.replay("reader", "other"), {"consumer": 1, "reader": 3, "other": 0})

    def test_mend_sends_a_replay_that_names_none_to_all(self) -> None:
        replays.install(self.seam)
        self.assertEqual(self.replay(), {"consumer": 2, "reader": 2, "other": 0})


if __name__ == "__main__":
    unittest.main()
