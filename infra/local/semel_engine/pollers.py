"""Event source mappings: one thread for each, so that a slow function holds up only its own source.

MiniStack polls every mapping from one thread, and runs the handlers of streams on it: one slow table stalls every
queue. This module starts and ends the threads; `queue_mapping` and `stream_mapping` say what one does.
Kinesis mappings stay with MiniStack's own poller.
"""

import contextvars
import logging
import threading
import time

from ministack.core.arn import ArnParseError, parse_arn
from ministack.core.responses import _request_account_id, _request_region
from ministack.services import lambda_svc

from .queue_mapping import QueueMapping
from .seam import Seam
from .stream_mapping import StreamMapping

logger = logging.getLogger("semel.pollers")

_SUPERVISION_SECONDS = 0.2
_KINDS = {"sqs": QueueMapping, "dynamodb": StreamMapping}


def _kind_of(mapping: dict) -> type | None:
    try:
        return _KINDS.get(parse_arn(mapping.get("EventSourceArn", "")).service)
    except ArnParseError:
        return None


class Supervisor:
    """Keeps exactly one running poller for every mapping that exists."""

    def __init__(self) -> None:
        self._pollers: dict[str, object] = {}
        self.stopped = threading.Event()

    def run(self) -> None:
        """Looks after the pollers until `stopped`; replaces MiniStack's poll loop."""
        checked_at = 0.0
        while not self.stopped.is_set():
            # Under load the signal comes hundreds of times a second; new mappings can wait for their turn.
            if time.monotonic() - checked_at >= _SUPERVISION_SECONDS:
                checked_at = time.monotonic()
                self._check()
            lambda_svc._esm_wake.wait(_SUPERVISION_SECONDS)
            lambda_svc._esm_wake.clear()
            for poller in self._pollers.values():
                poller.wake()
        for poller in self._pollers.values():
            poller.stop()

    def _check(self) -> None:
        try:
            self.reconcile()
            lambda_svc._poll_kinesis()
        except Exception:  # the loop must outlive any one mapping
            logger.exception("supervising the event source mappings failed")

    def reconcile(self) -> None:
        """Starts a poller for each new mapping and ends those whose mapping is gone."""
        wanted = {}
        for account, region, mapping in lambda_svc._iter_all_esms():
            kind = _kind_of(mapping)
            if kind is not None:
                wanted[mapping["UUID"]] = (account, region, mapping, kind)
        for gone in self._pollers.keys() - wanted.keys():
            self._pollers.pop(gone).stop()
        for new in wanted.keys() - self._pollers.keys():
            account, region, mapping, kind = wanted[new]
            self._pollers[new] = _start(account, region, mapping, kind)


def _start(account: str, region: str, mapping: dict, kind: type) -> object:
    poller = kind(mapping)
    context = contextvars.Context()
    # MiniStack finds the account's resources through these.
    context.run(_request_account_id.set, account)
    context.run(_request_region.set, region)
    threading.Thread(target=context.run, args=(_run_guarded, poller), daemon=True, name=f"mapping-{mapping['UUID'][:8]}").start()
    return poller


def _run_guarded(poller: object) -> None:
    try:
        poller.run()
    except Exception:
        logger.exception("a poller ended")


def install(seam: Seam) -> None:
    """Replaces the poll loop; MiniStack starts it with the first mapping."""
    supervisor = Supervisor()
    seam.replace(lambda_svc, "_poll_loop", supervisor.run)
