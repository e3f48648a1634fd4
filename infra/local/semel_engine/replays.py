"""A replay reaches the rules that its destination names, and no others.

MiniStack takes a replay's `FilterArns` and sends the events to every rule of the bus, so that consumers would see them
again.
"""

from typing import Any

from ministack.services import eventbridge

from .seam import Seam


def _filter_arns(event: dict) -> list[str]:
    """The rules that a replayed event is for; none stands for all."""
    name = event.get("ReplayName")
    replay = eventbridge._replays.get(name) if name is not None else None
    return (replay or {}).get("Destination", {}).get("FilterArns") or []


def _matches(rule: dict, event: dict, view: Any) -> bool:
    if rule.get("EventBusName", "default") != event.get("EventBusName", "default") or rule.get("State") != "ENABLED":
        return False
    pattern = rule.get("EventPattern")
    return bool(pattern) and eventbridge._matches_pattern_view(pattern, view, f"rule {rule.get('Name')}")


def install(seam: Seam) -> None:
    """Puts the filter in front of every rule."""
    stock = eventbridge._dispatch_event

    def dispatch(event: dict, view: Any = None) -> None:
        arns = _filter_arns(event)
        if not arns:
            stock(event, view)
            return
        view = view or eventbridge._pattern_event_view(event)
        for key, rule in eventbridge._rules.items():
            if rule.get("Arn") in arns and _matches(rule, event, view):
                for target in eventbridge._targets.get(key, []):
                    eventbridge._invoke_target(target, event, rule, view)

    seam.replace(eventbridge, "_dispatch_event", dispatch)
