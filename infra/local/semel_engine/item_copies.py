"""DynamoDB items are copied as what they are: trees of dictionaries, lists and texts.

For each update of a transaction MiniStack copies the item ten times, with `copy.deepcopy`, which remembers every object
in case it comes again. In an item nothing does. Without that a transaction of twenty updates takes two thirds of the
time.
"""

from types import ModuleType
from typing import Any

from ministack.services import dynamodb

from .seam import Seam

#: What cannot change needs no copy.
_ATOMS = frozenset((str, bytes, bool, type(None)))


def _is_item(value: Any) -> bool:
    """Whether it is attributes by name, each a dictionary of its type alone; tables and settings are not."""
    return type(value) is dict and all(type(each) is dict and len(each) == 1 for each in value.values())


class _Copy:
    """The module `copy`, but for items."""

    def __init__(self, stock: ModuleType) -> None:
        self._stock = stock

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stock, name)

    def deepcopy(self, value: Any, *memo: Any) -> Any:
        """A copy that shares nothing that can be changed."""
        return self._tree(value) if _is_item(value) else self._stock.deepcopy(value, *memo)

    def _tree(self, value: Any) -> Any:
        kind = type(value)
        if kind in _ATOMS:
            return value
        if kind is dict:
            return {name: self._tree(each) for name, each in value.items()}
        if kind is list:
            return [self._tree(each) for each in value]
        return self._stock.deepcopy(value)


def install(seam: Seam) -> None:
    """Replaces the module in DynamoDB only."""
    seam.replace(dynamodb, "copy", _Copy(dynamodb.copy))
