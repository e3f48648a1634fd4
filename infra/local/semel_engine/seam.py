"""The one way a mend replaces something of MiniStack's: by name, remembered, and undoable.

Undoing is for the tests: each shows the gap in the stock emulator first, then the mend, in one process.
"""

from typing import Any, Callable

_ABSENT = object()


class Seam:
    """A list of replacements that can be taken back in reverse order."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], None]] = []

    def replace(self, owner: Any, name: str, new: Any) -> Any:
        """Sets `owner.name` to `new` and returns what was there; a name that does not exist is an error."""
        old = getattr(owner, name)
        own = name in vars(owner) if hasattr(owner, "__dict__") else True
        setattr(owner, name, new)
        # An inherited attribute is uncovered again by deleting ours.
        self._undo.append((lambda: setattr(owner, name, old)) if own else (lambda: delattr(owner, name)))
        return old

    def entry(self, table: dict, key: Any, new: Any) -> Any:
        """Sets `table[key]`, returning the former value or None."""
        old = table.get(key, _ABSENT)
        table[key] = new

        def undo() -> None:
            if old is _ABSENT:
                table.pop(key, None)
            else:
                table[key] = old

        self._undo.append(undo)
        return None if old is _ABSENT else old

    def undo(self) -> None:
        """Takes every replacement back."""
        while self._undo:
            self._undo.pop()()
