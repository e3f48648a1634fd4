"""What a template says of a Kafka event source mapping.

MiniStack lists such a mapping without its topics, brokers, consumer group and pollers: a template's mapping would be
one to nowhere. Nothing here polls; `cargo semel up` starts a bridge that reads the mappings from the Lambda API.
"""

from typing import Any

from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners

from .seam import Seam

RESOURCE = "AWS::Lambda::EventSourceMapping"

_KEPT = ("Topics", "SelfManagedEventSource", "SelfManagedKafkaEventSourceConfig", "AmazonManagedKafkaEventSourceConfig",
         "ProvisionedPollerConfig", "SourceAccessConfigurations", "StartingPositionTimestamp")
#: What MiniStack fills in with the defaults of queues, though Kafka's differ.
_DEFAULTED = ("BatchSize", "MaximumBatchingWindowInSeconds")


def is_kafka(props: dict) -> bool:
    """Whether a mapping's properties are those of a Kafka source."""
    return bool(props.get("SelfManagedEventSource")) or ":kafka:" in str(props.get("EventSourceArn", ""))


def _api_shape(source: Any) -> Any:
    """The endpoints under the name that the Lambda API has for them; templates have another."""
    if not isinstance(source, dict):
        return source
    endpoints = source.get("Endpoints") or {}
    servers = endpoints.get("KafkaBootstrapServers") or endpoints.get("KAFKA_BOOTSTRAP_SERVERS") or []
    return {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": servers}}


def _apply(mapping_id: str, props: dict) -> None:
    mapping = lambda_svc._esms.get(mapping_id)
    if mapping is None or not is_kafka(props):
        return
    for name in _KEPT:
        if props.get(name) is None:
            mapping.pop(name, None)
        else:
            mapping[name] = _api_shape(props[name]) if name == "SelfManagedEventSource" else props[name]
    for name in _DEFAULTED:
        if props.get(name) is None:
            mapping.pop(name, None)
    # Parameters arrive as strings.
    mapping["State"] = "Disabled" if str(props.get("Enabled", True)).lower() == "false" else "Enabled"


def install(seam: Seam) -> None:
    """Makes create and update of a Kafka mapping keep what the template says."""
    handler = provisioners._RESOURCE_HANDLERS[RESOURCE]
    stock_create, stock_update = handler["create"], handler["update"]

    def create(logical_id: str, props: dict, stack: str) -> tuple[str, dict]:
        result = stock_create(logical_id, props, stack)
        _apply(result[0], props)
        return result

    def update(mapping_id: str, old: dict, new: dict, stack: str) -> tuple[str, dict]:
        result = stock_update(mapping_id, old, new, stack)
        _apply(result[0], new)
        return result

    seam.entry(handler, "create", create)
    seam.entry(handler, "update", update)
