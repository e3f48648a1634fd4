"""The analytics hot path with the Kafka consumer of AWS Lambda Powertools for Python, to compare with.

Reads the payloads that `kafka_hot_path --payloads FOLDER` leaves and does what can be written with it in a few lines:
the runtime's JSON, Powertools' base64 and JSON, deduplication by id in a set, sums in a dictionary. Of the contract it
checks only that the fields which it reads are there, so it does less than what it is compared with. It keeps no fence
and no ledger.

    python consume.py FOLDER

says in one line of JSON what it is, and then for each line on its standard input works through all payloads and answers
with the events a second of the time that the thread was on a core.
"""

import json
import sys
import time
from importlib.metadata import version
from pathlib import Path

from aws_lambda_powertools.utilities.kafka import ConsumerRecords, SchemaConfig, kafka_consumer

SCHEMA = SchemaConfig(value_schema_type="JSON")


class Window:
    """What is known of a window: which events were seen, and the sums of its minutes."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.views: dict[tuple[str, str], int] = {}
        self.errors: dict[str, int] = {}


@kafka_consumer(schema_config=SCHEMA)
def handler(event: ConsumerRecords, window: Window) -> int:
    """Folds a batch into the window; answers how many events were new."""
    applied = 0
    for record in event.records:
        value = record.value
        event_id = value["event_id"]
        if event_id in window.seen:
            continue
        window.seen.add(event_id)
        applied += 1
        data, event_type = value["data"], value["event_type"]
        if value["metadata"]["version"].partition(".")[0] != "1":
            raise ValueError(event_id)
        if event_type == "ProductViewed":
            key = (data["sku"], value["timestamp"][:16])
            window.views[key] = window.views.get(key, 0) + 1
        elif event_type == "DeviceReported":
            device = data["device_id"]
            window.errors[device] = window.errors.get(device, 0) + data["errors"]
    return applied


def main() -> None:
    """Answers each line with a round."""
    payloads = [path.read_bytes() for path in sorted(Path(sys.argv[1]).glob("*.json"))]
    events = sum(len(records) for payload in payloads for records in json.loads(payload)["records"].values())
    about = {"version": version("aws-lambda-powertools"), "python": sys.version.split()[0], "events": events}
    print(json.dumps(about), flush=True)
    for _ in sys.stdin:
        window, applied = Window(), 0
        started = time.thread_time()
        for payload in payloads:
            applied += handler(json.loads(payload), window)
        took = time.thread_time() - started
        if applied != events:
            raise ValueError(f"{applied} of {events} events were applied")
        print(applied / took, flush=True)


if __name__ == "__main__":
    main()
