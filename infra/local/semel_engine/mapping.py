"""What queue and stream mappings share: reading the mapping, and running the function.

A mapping is MiniStack's dictionary and may be updated or deleted at any moment, so nothing of it is kept.
"""

import logging
import threading
from typing import Any

from ministack.services import lambda_svc

logger = logging.getLogger("semel.mapping")

_PAUSE_SECONDS = 0.5


class Mapping:
    """One event source mapping and the signals to its poller."""

    def __init__(self, mapping: dict) -> None:
        self.mapping = mapping
        self.stopping = threading.Event()
        self._wake = threading.Event()

    def wake(self) -> None:
        """Says that some source has new work, perhaps this one's."""
        self._wake.set()

    def stop(self) -> None:
        """Ends the poller after the batch it is at."""
        self.stopping.set()
        self._wake.set()

    def run(self) -> None:
        """Polls until stopped. A failing pass is logged and followed by a pause, never by the end of the mapping."""
        while not self.stopping.is_set():
            try:
                function = self.function()
                if function is None or not self.step(function):
                    self.sleep(_PAUSE_SECONDS)
            except Exception:
                logger.exception("polling %s failed", self.mapping.get("EventSourceArn"))
                self.stopping.wait(_PAUSE_SECONDS)

    def step(self, function: dict) -> bool:
        """One pass; false when there was nothing to do and nothing was waited for."""
        raise NotImplementedError

    def sleep(self, seconds: float) -> None:
        """Waits for a wake-up, at most `seconds`."""
        self._wake.wait(seconds)
        self._wake.clear()

    def function(self) -> dict | None:
        """The mapped function, or None while the mapping is disabled or the function is missing."""
        # A template's parameters reach a mapping as strings, whatever the property's type is.
        if str(self.mapping.get("Enabled", True)).lower() == "false":
            return None
        record, _ = lambda_svc._get_func_record_for_qualifier(
            self.mapping["FunctionName"], self.mapping.get("Qualifier"))
        return record

    @property
    def window_seconds(self) -> float:
        """How long a batch may gather."""
        return float(self.mapping.get("MaximumBatchingWindowInSeconds") or 0)

    @property
    def reports_item_failures(self) -> bool:
        """Whether the function answers which records failed."""
        return "ReportBatchItemFailures" in (self.mapping.get("FunctionResponseTypes") or [])


class Outcome:
    """What one invocation said about its batch."""

    def __init__(self, result: dict, reports_item_failures: bool) -> None:
        body = result.get("body")
        self.result = result
        self.failed_whole = bool(result.get("error"))
        self.failed_ids: list[str] = []
        if not self.failed_whole and reports_item_failures:
            self._read(body)

    def _read(self, body: Any) -> None:
        """As on AWS: no answer or an empty list is success, an answer that cannot be read fails the whole batch."""
        if body is None or body == "":
            return
        failures = body.get("batchItemFailures") if isinstance(body, dict) else body
        if failures is None:
            return
        if not isinstance(failures, list):
            self.failed_whole = True
            return
        for failure in failures:
            identifier = failure.get("itemIdentifier") if isinstance(failure, dict) else None
            if not isinstance(identifier, str) or not identifier:
                self.failed_whole = True
                return
            self.failed_ids.append(identifier)

    def describe(self) -> str:
        """The error's type and message, for the log."""
        body = self.result.get("body")
        if isinstance(body, dict):
            return f"{body.get('errorType')}: {body.get('errorMessage')}"
        return str(body)


def invoke(function: dict, records: list[dict], reports_item_failures: bool) -> Outcome:
    """Runs the function on a batch."""
    return Outcome(lambda_svc._execute_function(function, {"Records": records}), reports_item_failures)
