"""`AWS::Events::Archive`, which MiniStack offers through the EventBridge API but not in templates."""

import json
from typing import Any

from ministack.services import eventbridge
from ministack.services.cloudformation import provisioners

from .seam import Seam

RESOURCE = "AWS::Events::Archive"


def _request(name: str, props: dict) -> dict:
    request = {"ArchiveName": name, **{key: props[key] for key in ("Description", "RetentionDays") if key in props}}
    if "RetentionDays" in request:
        request["RetentionDays"] = int(request["RetentionDays"])
    pattern = props.get("EventPattern")
    if pattern:
        request["EventPattern"] = pattern if isinstance(pattern, str) else json.dumps(pattern)
    return request


def _answer(response: tuple) -> dict:
    status, _, body = response
    if status >= 400:
        raise ValueError(body.decode() if isinstance(body, bytes) else str(body))
    return json.loads(body) if body else {}


def _create(logical_id: str, props: dict, stack: str) -> tuple[str, dict]:
    name = props.get("ArchiveName") or f"{stack}-{logical_id}"[:48]
    created = _answer(eventbridge._create_archive({**_request(name, props), "EventSourceArn": props["SourceArn"]}))
    return name, {"Arn": created["ArchiveArn"], "ArchiveName": name}


def _update(name: str, old: dict, new: dict, stack: str, logical_id: str | None = None) -> Any:
    renamed = new.get("ArchiveName", name) != name
    if renamed or new.get("SourceArn") != old.get("SourceArn"):
        _delete(name, old)
        return _create(logical_id or name, new, stack)
    updated = _answer(eventbridge._update_archive(_request(name, new)))
    return name, {"Arn": updated["ArchiveArn"], "ArchiveName": name}


def _delete(name: str, _props: dict) -> None:
    eventbridge._delete_archive({"ArchiveName": name})


def install(seam: Seam) -> None:
    """Teaches CloudFormation the resource."""
    handlers = provisioners._RESOURCE_HANDLERS
    seam.entry(handlers, RESOURCE, {"create": _create, "update": _update, "delete": _delete})
