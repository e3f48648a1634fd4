"""`StartMessageMoveTask` and `ListMessageMoveTasks`: bringing dead letters back to where they came from.

MiniStack answers `InvalidAction`. As on AWS the moved message gets a new id and a fresh receive count; unlike on AWS
the move is over when the call returns.
"""

import base64
import time

from ministack.core.responses import new_uuid
from ministack.services import sqs

from . import queues
from .seam import Seam

_TASKS_KEPT_MAX = 100
_HIDDEN_WHILE_MOVING_SECONDS = 60
_tasks: list[dict] = []


def _source(arn: str) -> dict:
    queue = sqs._queue_by_arn(arn)
    if queue is None:
        raise sqs._Err("ResourceNotFoundException", "The resource that you specified for the SourceArn parameter doesn't exist.")
    if not any(arn in each["attributes"].get("RedrivePolicy", "") for each in sqs._queues.values()):
        raise sqs._Err("AWS.SimpleQueueService.UnsupportedOperation", "Source queue must be configured as a Dead Letter Queue.")
    return queue


def _destination_of(message: dict, chosen: str | None) -> dict | None:
    arn = chosen or message["sys"].get("DeadLetterQueueSourceArn")
    return sqs._queue_by_arn(arn) if arn else None


def _move_all(source: dict, chosen: str | None) -> int:
    moved = 0
    # The bound ends the loop even when somebody keeps adding dead letters meanwhile.
    for _ in range(len(source["messages"])):
        taken = queues.take(source, 1, _HIDDEN_WHILE_MOVING_SECONDS)
        if not taken:
            break
        message = taken[0]
        destination = _destination_of(message, chosen)
        if destination is None:
            continue
        source["messages"].remove(message)
        now = time.time()
        destination["messages"].append({
            **message, "id": new_uuid(), "receipt_handle": None, "sent_at": now, "visible_at": now,
            "receive_count": 0, "first_receive_at": None,
            "sys": {**message["sys"], "SentTimestamp": str(int(now * 1000))},
        })
        moved += 1
    return moved


def _start(data: dict, _url: str) -> dict:
    source = _source(data.get("SourceArn", ""))
    chosen = data.get("DestinationArn")
    if chosen and sqs._queue_by_arn(chosen) is None:
        raise sqs._Err("ResourceNotFoundException", "The resource that you specified for the DestinationArn parameter doesn't exist.")
    started = int(time.time() * 1000)
    moved = _move_all(source, chosen)
    handle = base64.b64encode(new_uuid().encode()).decode()
    task = {"Status": "COMPLETED", "SourceArn": data["SourceArn"], "StartedTimestamp": started,
            "ApproximateNumberOfMessagesMoved": moved, "ApproximateNumberOfMessagesToMove": moved}
    if chosen:
        task["DestinationArn"] = chosen
    _tasks.insert(0, task)
    del _tasks[_TASKS_KEPT_MAX:]
    sqs.esm_wake.set()
    return {"TaskHandle": handle}


def _list(data: dict, _url: str) -> dict:
    of_source = [task for task in _tasks if task["SourceArn"] == data.get("SourceArn")]
    return {"Results": of_source[:int(data.get("MaxResults", 1))]}


def install(seam: Seam) -> None:
    """Adds both actions."""
    seam.entry(sqs._HANDLERS, "StartMessageMoveTask", _start)
    seam.entry(sqs._HANDLERS, "ListMessageMoveTasks", _list)
