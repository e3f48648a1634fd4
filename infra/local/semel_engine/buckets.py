"""`LifecycleConfiguration` of `AWS::S3::Bucket`, which MiniStack offers through the S3 API but drops from templates."""

from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from ministack.services import s3
from ministack.services.cloudformation import provisioners

from .seam import Seam

RESOURCE = "AWS::S3::Bucket"


def _rule(parent: Element, spec: dict) -> None:
    rule = SubElement(parent, "Rule")
    if spec.get("Id"):
        SubElement(rule, "ID").text = str(spec["Id"])
    SubElement(rule, "Status").text = str(spec.get("Status", "Enabled"))
    SubElement(SubElement(rule, "Filter"), "Prefix").text = str(spec.get("Prefix", ""))
    # Parameters of a template arrive as strings.
    if "ExpirationInDays" in spec:
        SubElement(SubElement(rule, "Expiration"), "Days").text = str(int(spec["ExpirationInDays"]))
    if "AbortIncompleteMultipartUpload" in spec:
        days = int(spec["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"])
        SubElement(SubElement(rule, "AbortIncompleteMultipartUpload"), "DaysAfterInitiation").text = str(days)


def _apply(bucket: str, props: dict) -> None:
    rules = (props.get("LifecycleConfiguration") or {}).get("Rules") or []
    if not rules:
        s3._delete_bucket_lifecycle(bucket)
        return
    root = Element("LifecycleConfiguration")
    for spec in rules:
        _rule(root, spec)
    status, _, body = s3._put_bucket_lifecycle(bucket, tostring(root, encoding="utf-8"))
    if status >= 400:
        raise ValueError(f"{RESOURCE} LifecycleConfiguration: {body!r}")


def install(seam: Seam) -> None:
    """Makes create and update of a bucket apply its lifecycle."""
    handler = provisioners._RESOURCE_HANDLERS[RESOURCE]
    stock_create, stock_update = handler["create"], handler["update"]

    def create(logical_id: str, props: dict, stack: str) -> tuple[str, dict]:
        result = stock_create(logical_id, props, stack)
        _apply(result[0], props)
        return result

    def update(bucket: str, old: dict, new: dict, stack: str) -> Any:
        result = stock_update(bucket, old, new, stack)
        # A replaced bucket has a new name, which the answer carries.
        _apply(result[0] if isinstance(result, tuple) else bucket, new)
        return result

    seam.entry(handler, "create", create)
    seam.entry(handler, "update", update)
