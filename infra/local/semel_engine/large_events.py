"""Large Kafka events pass through to the function as the bytes that came.

MiniStack reads every event of an Invoke request into objects and writes it out again for the function. For 5 MB of
Kafka records that costs more time, under the interpreter's lock, than everything else in an invocation together, and
adds nothing: only the bridge sends such events, and only functions with a binary of their own get them.
"""

from types import ModuleType
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from .seam import Seam

_BYTES_MIN = 64 * 1024
_BEGINNINGS = (b'{"eventSource":"SelfManagedKafka"', b'{"eventSource":"aws:kafka"')


class UnreadEvent(dict):
    """An event that nobody in the engine looks into."""

    def __init__(self, raw: bytes) -> None:
        super().__init__()
        self.raw = raw


class _Written(str):
    """What stands where MiniStack has the event as text and encodes it."""

    raw: bytes

    def encode(self, *_: Any) -> bytes:  # type: ignore[override]
        return self.raw


class _Json:
    """The module `json`, but for large Kafka events."""

    def __init__(self, stock: ModuleType) -> None:
        self._stock = stock

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stock, name)

    def loads(self, text: Any, *arguments: Any, **options: Any) -> Any:
        """Reads JSON, unless it is a large Kafka event."""
        if isinstance(text, bytes) and len(text) >= _BYTES_MIN and text.startswith(_BEGINNINGS):
            return UnreadEvent(text)
        return self._stock.loads(text, *arguments, **options)

    def dumps(self, value: Any, *arguments: Any, **options: Any) -> str:
        """Writes JSON, unless it was never read."""
        if isinstance(value, UnreadEvent):
            written = _Written()
            written.raw = value.raw
            return written
        return self._stock.dumps(value, *arguments, **options)


def install(seam: Seam) -> None:
    """Replaces the module in the two places that an event goes through."""
    seam.replace(lambda_svc, "json", _Json(lambda_svc.json))
    seam.replace(lambda_runtime, "json", _Json(lambda_runtime.json))
