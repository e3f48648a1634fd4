"""What a person or a test asks the engine itself, beside AWS's own interfaces: paths under `/_semel/`.

| Request | Answer |
| --- | --- |
| `GET /_semel/stack?name=N` | the stack's status, outputs and resources (logical to physical ids) |
| `GET /_semel/workers` | every function process: function, pid, whether it is at work |
| `POST /_semel/deliveries?queue=N&min=K` | every message of that queue is delivered at least K times (1: as usual) |

Reading is free of side effects. Nothing here exists on AWS, so no function may use it.
"""

import json
from typing import Any, Callable
from urllib.parse import parse_qs

from ministack import app as ministack_app
from ministack.core import lambda_runtime
from ministack.services import sqs
from ministack.services.cloudformation import _stacks

from . import queues
from .seam import Seam

PREFIX = "/_semel/"
_DELIVERIES_MAX = 10

Query = dict[str, str]


class Refused(Exception):
    """A request that cannot be answered: status and reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def _stack(query: Query) -> dict:
    name = query.get("name", "")
    for (_, _, key), stack in list(_stacks._data.items()):
        if name in (key, stack.get("StackName")) and stack.get("StackStatus") != "DELETE_COMPLETE":
            return {
                "status": stack.get("StackStatus"),
                "outputs": {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs") or []},
                "resources": {logical: resource.get("PhysicalResourceId")
                              for logical, resource in (stack.get("_resources") or {}).items()},
            }
    raise Refused(404, f"no stack named {name!r}")


def workers() -> list[dict]:
    """Every function process that is alive now."""
    with lambda_runtime._lock:
        pools = [worker for pool in lambda_runtime._workers.values() for worker in pool]
    found = []
    for worker in pools:
        process = worker._proc
        if process is not None and process.poll() is None:
            found.append({"function": worker.func_name, "pid": process.pid, "busy": worker.in_use})
    return found


def _deliveries(query: Query) -> dict:
    try:
        wanted = int(query.get("min", ""))
    except ValueError:
        raise Refused(400, "min is not a number") from None
    if not 1 <= wanted <= _DELIVERIES_MAX:
        raise Refused(400, f"min is not between 1 and {_DELIVERIES_MAX}")
    for queue in list(sqs._queues._data.values()):
        store = queues.store_of(queue)
        if queue["name"] == query.get("queue") and store is not None:
            store.deliveries_min = wanted
            return {"queue": queue["name"], "deliveries_min": wanted}
    raise Refused(404, f"no standard queue named {query.get('queue')!r}")


_ROUTES: dict[tuple[str, str], Callable[[Query], Any]] = {
    ("GET", "stack"): _stack,
    ("GET", "workers"): lambda _query: {"workers": workers()},
    ("POST", "deliveries"): _deliveries,
}


def answer(method: str, path: str, query_string: bytes) -> tuple[int, dict]:
    """Status and document for a request below `PREFIX`."""
    route = _ROUTES.get((method, path.removeprefix(PREFIX)))
    if route is None:
        return 404, {"error": f"no {method} {path}"}
    query = {key: values[0] for key, values in parse_qs(query_string.decode("ascii", "replace")).items()}
    try:
        return 200, route(query)
    except Refused as refusal:
        return refusal.status, {"error": str(refusal)}


def install(seam: Seam) -> None:
    """Answers the paths in front of MiniStack's application."""
    stock_app = ministack_app.app

    async def app(scope: dict, receive: Callable, send: Callable) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PREFIX):
            await stock_app(scope, receive, send)
            return
        status, document = answer(scope["method"], scope["path"], scope.get("query_string", b""))
        body = json.dumps(document).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    seam.replace(ministack_app, "app", app)
