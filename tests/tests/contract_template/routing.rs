//! Follows an event through the template's rules and filter policies to the queues it ends in.

use semel_contracts::EventType;
use semel_contracts::events::ShippingMethod;
use serde_json::Value;

use crate::document::{Resource, Template, list, target, texts};

/// The functions that must get an event, and nobody else. A new event type does not compile until it is decided.
pub fn consumers(event: EventType) -> &'static [&'static str] {
    match event {
        EventType::OrderCreated | EventType::OrderCancelled => &["inventory", "notifications", "payments"],
        EventType::OrderConfirmed => &["notifications", "payments", "shipping"],
        EventType::OrderCancellationRequested => &["shipping"],
        EventType::PaymentProcessed => &["notifications", "orders", "shipping"],
        EventType::ShipmentDispatched | EventType::ShipmentDelivered => &["notifications", "orders"],
        EventType::PaymentAuthorized
        | EventType::PaymentDeclined
        | EventType::PaymentVoided
        | EventType::PaymentRefunded
        | EventType::InventoryReserved
        | EventType::InventoryRejected
        | EventType::InventoryReleased
        | EventType::ShipmentCreated
        | EventType::ShipmentCancelled => &["orders"],
    }
}

/// The events that the relay also sends to the topic, whose consumers must not get them from the bus.
pub fn is_fanned_out(event: EventType) -> bool {
    event == EventType::OrderCreated || event == EventType::OrderCancelled
}

/// The queues (logical ids) that an event reaches, once for each path that leads there.
pub fn queues(template: &Template, event: EventType, method: ShippingMethod) -> Vec<String> {
    let mut reached = Vec::new();
    for rule in template.of_type("AWS::Events::Rule") {
        if matches(rule, event, method) {
            reached.extend(list(rule.property("Targets")).into_iter().filter_map(|t| target(&t["Arn"])));
        }
    }
    for subscription in template.of_type("AWS::SNS::Subscription") {
        let chosen = texts(&subscription.property("FilterPolicy")["event_type"]);
        if is_fanned_out(event) && chosen.contains(&event.as_str()) {
            reached.extend(target(subscription.property("Endpoint")));
        }
    }
    let mut reached: Vec<String> = reached.into_iter().map(str::to_owned).collect();
    reached.sort();
    reached
}

fn matches(rule: Resource<'_>, event: EventType, method: ShippingMethod) -> bool {
    let pattern = rule.property("EventPattern");
    for (key, _) in pattern.as_object().into_iter().flatten() {
        let known = ["source", "detail-type", "detail"].contains(&key.as_str());
        assert!(known, "{} looks at {key}: teach routing.rs to follow that", rule.id);
    }
    texts(&pattern["source"]).contains(&event.source())
        && texts(&pattern["detail-type"]).contains(&event.as_str())
        && detail_matches(rule, &pattern["detail"], method)
}

fn detail_matches(rule: Resource<'_>, detail: &Value, method: ShippingMethod) -> bool {
    if detail.is_null() {
        return true;
    }
    let methods = texts(&detail["data"]["shipping_method"]);
    let only = serde_json::json!({ "data": { "shipping_method": methods } });
    assert!(
        *detail == only,
        "{} looks at more than shipping_method: teach routing.rs to follow that",
        rule.id
    );
    methods.contains(&method.as_str())
}
