"""The runtime API that function processes talk to: its latency, and one crash staying one crash.

- Small answers waited 40 ms for the client's acknowledgement (Nagle), and every quiet invocation 50 ms for a log
  line that did not come: 100 ms an invocation, against 4 to 8 without.
- A process that died while starting took every other process of its function with it, in the middle of their work.
"""

from typing import Any

from ministack.core import lambda_runtime

from .seam import Seam

#: A function writes its log before it answers, so its lines are in the pipe by now.
_FIRST_LINE_SECONDS = 0.003
_QUIET_SECONDS = 0.001
_LOG_SECONDS_MAX = 0.05


def install(seam: Seam) -> None:
    """Replaces three methods of the worker of `provided.*` runtimes."""
    worker = lambda_runtime.ProvidedWorker
    stock_handler, stock_drain, stock_invoke = worker._build_handler_class, worker._drain_stderr_bounded, worker.invoke

    def build_handler(self: Any, generation: int, pending: Any) -> type:
        handler = stock_handler(self, generation, pending)
        handler.disable_nagle_algorithm = True
        # Headers and body leave in one segment.
        handler.wbufsize = -1
        return handler

    def drain(self: Any, first_line_wait: float = _FIRST_LINE_SECONDS, idle_confirm: float = _QUIET_SECONDS,
              hard_cap: float = _LOG_SECONDS_MAX) -> str:
        return stock_drain(self, first_line_wait, idle_confirm, hard_cap)

    def invoke(self: Any, event: Any, request_id: str, **context: Any) -> dict:
        try:
            return stock_invoke(self, event, request_id, **context)
        except RuntimeError as error:
            # Raised past the worker, this would end the function's other processes too. The worker has already
            # cleaned up after itself and starts a new process with its next invocation.
            payload = {"errorMessage": str(error), "errorType": getattr(error, "error_type", "Runtime.ExitError")}
            return {"status": "error", "error": str(error), "error_payload": payload, "cold_start": True, "log": ""}

    seam.replace(worker, "_build_handler_class", build_handler)
    seam.replace(worker, "_drain_stderr_bounded", drain)
    seam.replace(worker, "invoke", invoke)
