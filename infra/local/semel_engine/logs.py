"""One log stream for each function process, as on AWS, instead of one for each invocation.

A thousand orders would leave ten thousand streams, and reading a group would have to merge them all.
"""

import contextvars
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from .seam import Seam

#: The process the running invocation was given to.
_environment: contextvars.ContextVar[str] = contextvars.ContextVar("environment", default="")
#: Set while MiniStack writes an invocation's lines.
_emitting: contextvars.ContextVar[str] = contextvars.ContextVar("emitting", default="")


def install(seam: Seam) -> None:
    """Names the stream after the worker instead of after nothing."""
    stock_acquire, stock_emit = lambda_svc.acquire_worker, lambda_svc._emit_lambda_logs
    stock_uuid = lambda_svc.new_uuid

    def acquire(*args: Any, **options: Any) -> tuple:
        worker, reason = stock_acquire(*args, **options)
        if isinstance(worker, lambda_runtime.ProvidedWorker):
            _environment.set(worker.__dict__.setdefault("log_stream", stock_uuid()))
        return worker, reason

    def emit(*args: Any, **options: Any) -> None:
        name = _environment.get()
        if not name:
            stock_emit(*args, **options)
            return
        token = _emitting.set(name)
        try:
            stock_emit(*args, **options)
        finally:
            _emitting.reset(token)
            _environment.set("")

    def uuid() -> str:
        # Within `emit`, MiniStack asks for exactly one: the stream's.
        return _emitting.get() or stock_uuid()

    seam.replace(lambda_svc, "acquire_worker", acquire)
    seam.replace(lambda_svc, "_emit_lambda_logs", emit)
    seam.replace(lambda_svc, "new_uuid", uuid)
