"""The messages of one standard queue: indexed, and safe to use from many threads.

MiniStack keeps them in a plain list. Receive and delete scan the whole list, and delete puts a filtered copy in its
place: a message appended by another thread between the copy and the swap is lost. Here receive and delete cost
O(log n) and every step holds one lock.

Knows nothing of queues, redrive policies or mappings; the message dictionaries are MiniStack's.
"""

import heapq
import threading
import time
from typing import Any, Callable, Iterable, Iterator

Message = dict[str, Any]


class MessageStore:
    """An ordered set of messages with an index by receipt handle and one by the time they become visible."""

    def __init__(self, complete: Callable[[Message], None], messages: Iterable[Message] = ()) -> None:
        """`complete` fills the fields a producer left out; it is called once a message."""
        self._complete = complete
        self._changed = threading.Condition()
        self._order: dict[int, Message] = {}
        self._receipts: dict[str, Message] = {}
        self._due: list[tuple[float, int, Message]] = []
        self._counter = 0
        #: While above 1, a deleted message comes back until it was handed out this often: a fault to test with.
        self.deliveries_min = 1
        for message in messages:
            self.append(message)

    def append(self, message: Message) -> None:
        """Adds a message and wakes whoever waits for one."""
        self._complete(message)
        with self._changed:
            self._order[id(message)] = message
            if message["receipt_handle"] is not None:
                self._receipts[message["receipt_handle"]] = message
            self._schedule(message)
            self._changed.notify_all()

    def _schedule(self, message: Message) -> None:
        self._counter += 1
        heapq.heappush(self._due, (message["visible_at"], self._counter, message))

    def _is_current(self, visible_at: float, message: Message) -> bool:
        # Entries are not searched for when a message goes or moves; they are recognised as stale when they surface.
        return id(message) in self._order and message["visible_at"] == visible_at

    def _forget(self, message: Message) -> None:
        self._order.pop(id(message), None)
        self._receipts.pop(message["receipt_handle"], None)

    def take(self, limit: int, visibility_seconds: float, receive_count_max: int, new_receipt: Callable[[], str],
             ) -> tuple[list[Message], list[Message]]:
        """Hands out up to `limit` visible messages, hidden for `visibility_seconds`.

        The second list holds messages that were already received `receive_count_max` times (0: no limit); they are
        out of the store and belong to the dead-letter queue.
        """
        taken: list[Message] = []
        dead: list[Message] = []
        now = time.time()
        with self._changed:
            while self._due and self._due[0][0] <= now and len(taken) < limit:
                visible_at, _, message = heapq.heappop(self._due)
                if not self._is_current(visible_at, message):
                    continue
                if receive_count_max and message["receive_count"] >= receive_count_max:
                    self._forget(message)
                    dead.append(message)
                    continue
                self._hand_out(message, now, visibility_seconds, new_receipt())
                taken.append(message)
            # Only now: hidden for no time at all, a message would otherwise be handed out twice by one call.
            for message in taken:
                self._schedule(message)
        return taken, dead

    def _hand_out(self, message: Message, now: float, visibility_seconds: float, receipt: str) -> None:
        self._receipts.pop(message["receipt_handle"], None)
        message["receipt_handle"] = receipt
        message["visible_at"] = now + visibility_seconds
        message["receive_count"] += 1
        if message["first_receive_at"] is None:
            message["first_receive_at"] = now
        self._receipts[receipt] = message

    def delete(self, receipt: str) -> bool:
        """Removes the message last handed out under `receipt`; false when there is none."""
        with self._changed:
            message = self._receipts.get(receipt)
            if message is None:
                return False
            if message["receive_count"] < self.deliveries_min:
                self._receipts.pop(receipt)
                message["receipt_handle"] = None
                message["visible_at"] = time.time()
                self._schedule(message)
                self._changed.notify_all()
                return True
            self._forget(message)
            return True

    def hide(self, receipt: str, seconds: float) -> bool:
        """Changes when the message comes back; false when the receipt is not the current one."""
        with self._changed:
            message = self._receipts.get(receipt)
            if message is None:
                return False
            message["visible_at"] = time.time() + seconds
            self._schedule(message)
            self._changed.notify_all()
            return True

    def expire(self, is_expired: Callable[[Message], bool]) -> None:
        """Drops the messages the queue no longer retains."""
        with self._changed:
            for message in [each for each in self._order.values() if is_expired(each)]:
                self._forget(message)

    def wait(self, timeout_seconds: float) -> None:
        """Returns when a message may be visible, or after `timeout_seconds`."""
        with self._changed:
            while self._due and not self._is_current(self._due[0][0], self._due[0][2]):
                heapq.heappop(self._due)
            if self._due:
                timeout_seconds = min(timeout_seconds, self._due[0][0] - time.time())
            if timeout_seconds > 0:
                self._changed.wait(timeout_seconds)

    # What MiniStack's own code does with the list: peeking, counting, purging, removing what a filter refused.

    def __iter__(self) -> Iterator[Message]:
        with self._changed:
            return iter(list(self._order.values()))

    def __len__(self) -> int:
        return len(self._order)

    def __getitem__(self, index: int) -> Message:
        return list(self)[index]

    def remove(self, message: Message) -> None:
        """Removes this very message; one that is already gone is no error."""
        with self._changed:
            self._forget(message)

    def clear(self) -> None:
        """Removes everything."""
        with self._changed:
            self._order.clear()
            self._receipts.clear()
            self._due.clear()
