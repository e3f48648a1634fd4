"""A DynamoDB stream's event source mapping with AWS's rules for failures.

MiniStack advances past a batch whatever items the function reported as failed, so a record after a failed one is
lost; it also ignores retry limits and bisecting. Here:

- the lowest reported record is where reading resumes; those before it are done;
- a batch that fails at its first record is halved when the mapping bisects, else counted as an attempt;
- a batch out of attempts, or too old, goes to the failure destination, and reading continues behind it;
- between attempts the wait doubles, and order is kept: nothing behind a failing record runs before it is settled.

The stream of a local table is one shard, so one batch is under way at a time, whatever the parallelisation factor.
"""

import logging
import time
from dataclasses import dataclass

from ministack.services import dynamodb, lambda_svc

from .mapping import Mapping, Outcome, invoke

logger = logging.getLogger("semel.stream_mapping")

_IDLE_SECONDS = 1.0
_RETRY_FIRST_SECONDS = 0.1
_RETRY_MAX_SECONDS = 5.0
_BATCH_DEFAULT = 100


@dataclass
class Range:
    """Records of the stream, by absolute position, and how often running them failed."""

    start: int
    end: int
    failures: int = 0

    def __len__(self) -> int:
        return self.end - self.start


class StreamMapping(Mapping):
    """Reads one table's stream in order."""

    def __init__(self, mapping: dict) -> None:
        super().__init__(mapping)
        #: Parts of the batch being worked off, the next one last. Empty: a new batch may be read.
        self._ranges: list[Range] = []
        self._not_before = 0.0

    def step(self, function: dict) -> bool:
        """Runs the next part of the batch, or reads a new batch, or waits."""
        table = self._table()
        if table is None:
            return False
        self.sleep_until_retry()
        if not self._ranges and not self._read(table):
            self.sleep(_IDLE_SECONDS)
            return True
        if self._ranges and not self.stopping.is_set():
            self._work(function, table, self._ranges[-1])
        return True

    def sleep_until_retry(self) -> None:
        """Waits out the pause after a failure."""
        left = self._not_before - time.monotonic()
        if left > 0:
            self.stopping.wait(left)

    def _table(self) -> str | None:
        arn = self.mapping.get("EventSourceArn", "")
        found = lambda_svc._dynamodb_stream_table_from_arn_spec(lambda_svc.parse_arn(arn))
        if found is None or (dynamodb._tables.get(found[0]) or {}).get("LatestStreamArn") != arn:
            return None
        return found[0]

    # MiniStack keeps the position, set when the mapping was made, so that LATEST means that moment.

    def _position(self, table: str) -> int:
        horizon, end = dynamodb.stream_start_position(table), dynamodb.stream_end_position(table)
        first = horizon if self.mapping.get("StartingPosition") == "TRIM_HORIZON" else end
        with lambda_svc._dynamodb_stream_positions_lock:
            kept = lambda_svc._dynamodb_stream_positions.get(self.mapping["UUID"], first)
        return max(min(kept, end), horizon)

    def _advance(self, position: int) -> None:
        with lambda_svc._dynamodb_stream_positions_lock:
            lambda_svc._dynamodb_stream_positions[self.mapping["UUID"]] = position

    def _read(self, table: str) -> bool:
        size = int(self.mapping.get("BatchSize") or _BATCH_DEFAULT)
        start = self._position(table)
        available = dynamodb.stream_end_position(table) - start
        if not available:
            return False
        deadline = time.monotonic() + self.window_seconds
        while available < size and time.monotonic() < deadline and not self.stopping.is_set():
            self.sleep(deadline - time.monotonic())
            available = dynamodb.stream_end_position(table) - start
        self._ranges = [Range(start, start + min(available, size))]
        return True

    def _work(self, function: dict, table: str, part: Range) -> None:
        raw = dynamodb.stream_records_since(table, part.start, len(part))
        records = lambda_svc._apply_filter_criteria(raw, self.mapping)
        if not records:
            self._done(part)
            return
        outcome = invoke(function, records, self.reports_item_failures)
        failed_at = self._failed_at(outcome, raw)
        if failed_at is None:
            self.mapping["LastProcessingResult"] = "OK"
            self._done(part)
        else:
            self._failed(function, part, raw, failed_at, outcome)

    @staticmethod
    def _failed_at(outcome: Outcome, raw: list[dict]) -> int | None:
        if outcome.failed_whole:
            return 0
        if not outcome.failed_ids:
            return None
        index = {record["dynamodb"]["SequenceNumber"]: number for number, record in enumerate(raw)}
        # An identifier that is not of this batch fails the whole batch.
        return min(index.get(identifier, 0) for identifier in outcome.failed_ids)

    def _done(self, part: Range) -> None:
        self._ranges.pop()
        self._not_before = 0.0
        self._advance(part.end)

    def _failed(self, function: dict, part: Range, raw: list[dict], failed_at: int, outcome: Outcome) -> None:
        self.mapping["LastProcessingResult"] = "PROBLEM: Function call failed"
        logger.warning("%s failed at record %d of %d of %s: %s", self.mapping["FunctionName"], failed_at + 1,
                       len(part), self.mapping["EventSourceArn"], outcome.describe())
        if failed_at:
            self._advance(part.start + failed_at)
            part.start, part.failures, raw = part.start + failed_at, 0, raw[failed_at:]
        too_old = self._is_too_old(raw)
        if self.mapping.get("BisectBatchOnFunctionError") and len(part) > 1 and not too_old:
            # Halving is not an attempt; the halves inherit the count.
            middle = part.start + len(part) // 2
            self._ranges[-1:] = [Range(middle, part.end, part.failures), Range(part.start, middle, part.failures)]
            return
        part.failures += 1
        if too_old or self._is_out_of_attempts(part):
            condition = "MaxRecordAgeExceeded" if too_old else "RetryAttemptsExhausted"
            lambda_svc._send_ddb_stream_failure_record(
                self.mapping, function, raw, self.mapping["EventSourceArn"], outcome.result, condition)
            self._done(part)
            return
        pause = min(_RETRY_MAX_SECONDS, _RETRY_FIRST_SECONDS * 2 ** min(part.failures - 1, 10))
        self._not_before = time.monotonic() + pause

    def _is_out_of_attempts(self, part: Range) -> bool:
        limit = self.mapping.get("MaximumRetryAttempts")
        return limit is not None and 0 <= int(limit) < part.failures

    def _is_too_old(self, raw: list[dict]) -> bool:
        limit = self.mapping.get("MaximumRecordAgeInSeconds")
        if limit is None or int(limit) <= 0 or not raw:
            return False
        return time.time() - float(raw[0]["dynamodb"]["ApproximateCreationDateTime"]) > int(limit)
