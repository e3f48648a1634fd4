"""What DynamoDB does with items on its way to a transaction's end."""

import copy
import json
import unittest
from typing import Any

from ministack.services import dynamodb

from semel_engine import item_copies
from tests.bench import MendTest

_NESTED = {"M": {"list": {"L": [{"N": "1"}, {"BOOL": True}, {"NULL": True}]}, "set": {"SS": ["a", "b"]}}}


class ItemCopies(MendTest):
    """Copies of items in a transaction."""

    def setUp(self) -> None:
        super().setUp()
        self.table = self.create_table()
        self.addCleanup(dynamodb._delete_table, {"TableName": self.name})
        self.copies = 0
        stock = copy.deepcopy

        def counted(value: Any, *memo: Any) -> Any:
            # It calls itself for what is inside, with its memory.
            self.copies += not memo
            return stock(value, *memo)

        self.seam.replace(copy, "deepcopy", counted)

    def transact(self, *updates: tuple[str, str]) -> int:
        """Adds one to the item of each key and sets its `nested`; answers the status."""
        def update(key: str, condition: str) -> dict:
            return {"Update": {
                "TableName": self.name, "Key": {"pk": {"S": key}}, "ConditionExpression": condition,
                "UpdateExpression": "SET #0 = :0 ADD #1 :1", "ExpressionAttributeNames": {"#0": "nested", "#1": "sum"},
                "ExpressionAttributeValues": {":0": stock_of(_NESTED), ":1": {"N": "1"}}}}

        items = [update(*each) for each in updates]
        return dynamodb._transact_write_items({"TransactItems": items})[0]

    def sums(self) -> dict[str, str]:
        """The sum of each item."""
        return {pk: item["sum"]["N"] for pk, by_sk in self.table["items"].items() for item in by_sk.values()}

    def test_stock_copies_items_with_deepcopy(self) -> None:
        self.assertEqual(self.transact(("a", "attribute_not_exists(pk)")), 200)
        self.copies = 0
        self.assertEqual(self.transact(("a", "attribute_exists(pk)")), 200)
        self.assertGreaterEqual(self.copies, 9, "item_copies.py is needless")

    def test_mend_copies_them_as_trees(self) -> None:
        item_copies.install(self.seam)
        self.assertEqual(self.transact(("a", "attribute_not_exists(pk)"), ("b", "attribute_not_exists(pk)")), 200)
        self.copies = 0
        self.assertEqual(self.transact(("a", "attribute_exists(pk)"), ("b", "attribute_exists(pk)")), 200)
        self.assertEqual(self.copies, 0)
        self.assertEqual(self.sums(), {"a": "2", "b": "2"})
        # One that fails changes nothing, of no item.
        self.assertEqual(self.transact(("a", "attribute_exists(pk)"), ("b", "attribute_not_exists(pk)")), 400)
        self.assertEqual(self.sums(), {"a": "2", "b": "2"})

    def test_mend_shares_nothing_that_can_be_changed(self) -> None:
        item_copies.install(self.seam)
        item = {"pk": {"S": "a"}, "nested": stock_of(_NESTED), "bytes": {"B": b"x"}}
        copied = dynamodb.copy.deepcopy(item)
        self.assertEqual(copied, item)
        copied["nested"]["M"]["list"]["L"][0]["N"] = "2"
        copied["nested"]["M"]["set"]["SS"].append("c")
        copied["pk"]["S"] = "b"
        self.assertEqual(item, {"pk": {"S": "a"}, "nested": _NESTED, "bytes": {"B": b"x"}})

    def test_mend_leaves_everything_else_to_the_stock_function(self) -> None:
        item_copies.install(self.seam)
        shared = [1]
        table = {"name": "t", "one": shared, "other": shared}
        copied = dynamodb.copy.deepcopy(table)
        self.assertEqual(copied, table)
        self.assertIs(copied["one"], copied["other"])
        self.assertIsNot(copied["one"], shared)


def stock_of(value: dict) -> dict:
    """A value of its own."""
    return json.loads(json.dumps(value))


if __name__ == "__main__":
    unittest.main()
