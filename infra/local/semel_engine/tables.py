"""Time to live and point-in-time recovery of `AWS::DynamoDB::Table`.

MiniStack knows both through the DynamoDB API but drops them from templates, so a deployed table would differ from
its template without anyone noticing.
"""

from typing import Any

from ministack.services import dynamodb
from ministack.services.cloudformation import provisioners

from .seam import Seam

RESOURCE = "AWS::DynamoDB::Table"


def _is_true(value: Any) -> bool:
    # Template parameters arrive as strings.
    return str(value).lower() == "true"


def _apply_settings(table: str, props: dict) -> None:
    ttl = props.get("TimeToLiveSpecification")
    if ttl:
        dynamodb._update_ttl({"TableName": table, "TimeToLiveSpecification": {
            "AttributeName": ttl.get("AttributeName", ""), "Enabled": _is_true(ttl.get("Enabled"))}})
    recovery = props.get("PointInTimeRecoverySpecification")
    if recovery:
        dynamodb._pitr_settings[table] = _is_true(recovery.get("PointInTimeRecoveryEnabled"))


def install(seam: Seam) -> None:
    """Makes create and update of a table apply both settings."""
    handler = provisioners._RESOURCE_HANDLERS[RESOURCE]
    stock_create, stock_update = handler["create"], handler["update"]

    def create(logical_id: str, props: dict, stack: str) -> tuple[str, dict]:
        result = stock_create(logical_id, props, stack)
        _apply_settings(result[0], props)
        return result

    def update(table: str, old: dict, new: dict, stack: str, logical_id: str | None = None) -> Any:
        result = stock_update(table, old, new, stack, logical_id)
        # A replaced table has a new name, which the answer carries.
        _apply_settings(result[0] if isinstance(result, tuple) else table, new)
        return result

    seam.entry(handler, "create", create)
    seam.entry(handler, "update", update)
