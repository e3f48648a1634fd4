//! The project's own template against its own schemas, and what is found when the template is spoilt.

use std::path::Path;

use semel_routing::check::{Carrier, EventKind};
use serde_json::json;

use super::event::Sample;
use super::{findings, kinds, template};

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn text() -> String {
    std::fs::read_to_string(root().join("template.yaml")).expect("template.yaml can be read")
}

fn schemas() -> Vec<EventKind> {
    kinds::read(&root().join("schemas")).expect("the schemas can be read")
}

/// The findings after `from` in the template has become `to`.
#[track_caller]
fn spoilt(from: &str, to: &str) -> Vec<String> {
    let text = text();
    assert!(text.contains(from), "the template has no {from:?}");
    findings(&template::routes(&text.replacen(from, to, 1)).expect("is a template"), &schemas())
}

/// The template without a resource.
fn without(resource: &str) -> Vec<String> {
    let text = text();
    let mut kept = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        let is_head = line.starts_with("  ") && !line.starts_with("   ") && line.trim_end().ends_with(':');
        if is_head || (!line.is_empty() && !line.starts_with(' ')) {
            inside = line.trim() == format!("{resource}:");
        }
        if !inside {
            kept.push(line);
        }
    }
    assert!(kept.len() < text.lines().count(), "the template has no {resource}");
    findings(&template::routes(&kept.join("\n")).expect("is a template"), &schemas())
}

#[test]
fn the_template_fits_the_schemas() {
    let routes = template::routes(&text()).expect("is a template");
    assert!(routes.len() > 10, "{routes:?}");
    assert_eq!(findings(&routes, &schemas()), Vec::<String>::new());
}

#[test]
fn a_misspelt_field() {
    let found = spoilt("shipping_method: [express]", "shiping_method: [express]");
    assert_eq!(
        found.first().map(String::as_str),
        Some(
            "ShippingExpress: detail.data.shiping_method: no schema has this field: it is in no OrderConfirmed"
        )
    );
}

#[test]
fn a_value_that_is_none() {
    let found = spoilt("shipping_method: [express]", "shipping_method: [expres]");
    assert_eq!(
        found.first().map(String::as_str),
        Some(
            "ShippingExpress: detail.data.shipping_method: never \"expres\": \
             the field is \"express\" or \"standard\""
        )
    );
}

#[test]
fn a_value_of_another_type() {
    for (from, to, start) in [
        (
            "shipping_method: [express]",
            "shipping_method: [1]",
            "ShippingExpress: detail.data.shipping_method: never 1:",
        ),
        (
            "shipping_method: [express]",
            "shipping_method: [{ numeric: ['>', 1] }]",
            "ShippingExpress: detail.data.shipping_method: never {\"numeric\":",
        ),
        (
            "shipping_method: [express]",
            "total: { amount: ['5'] }",
            "ShippingExpress: detail.data.total.amount: never \"5\":",
        ),
        (
            "event_type: [OrderCreated, OrderCancelled]",
            "event_type: [OrderCreated, OrderCanceled]",
            "PaymentsSubscription: event_type: never \"OrderCanceled\":",
        ),
    ] {
        let found = spoilt(from, to);
        assert!(found.iter().any(|line| line.starts_with(start)), "{to}: {found:#?}");
    }
}

#[test]
fn a_pattern_that_is_refused() {
    let found = spoilt("shipping_method: [express]", "shipping_method: express");
    assert_eq!(
        found.first().map(String::as_str),
        Some(
            "ShippingExpress: Event pattern is not valid. Reason: \"shipping_method\" must be an object or an array \
             at detail.data.shipping_method"
        )
    );
}

#[test]
fn a_dropped_rule() {
    let found = without("OrdersFromInventory");
    let names: Vec<&str> = found.iter().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(names, ["InventoryRejected", "InventoryReleased", "InventoryReserved"], "{found:#?}");
    assert!(found[0].contains("no rule and no subscription routes it"), "{found:#?}");
    assert_eq!(
        without("ShippingExpress"),
        ["ShippingStandard: detail.data.shipping_method: no rule takes OrderConfirmed with \"express\" to \
          ShippingQueue, and this takes others there"]
    );
}

#[test]
fn every_form_of_a_route() {
    let template = "
Parameters:
  Source: { Type: String, Default: com.ecommerce.orders }
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        A: { Type: EventBridgeRule, Properties: { Pattern: { source: [!Ref Source] } } }
        B: { Type: SNS, Properties: { Topic: !Ref T, FilterPolicyScope: MessageBody, FilterPolicy: { data: { a: [1] } } } }
        C: { Type: SQS, Properties: { Queue: !GetAtt Q.Arn } }
        D: { Type: EventBridgeRule, Properties: { State: DISABLED, Pattern: '{\"source\": [\"x\"]}' } }
  R:
    Type: AWS::Events::Rule
    Properties: { ScheduleExpression: rate(1 minute), Targets: [] }
  S:
    Type: AWS::SNS::Subscription
    Properties: { Endpoint: !GetAtt Q.Arn, FilterPolicy: { event_type: [!Sub '${X}'] } }
";
    let routes = template::routes(template).expect("is a template");
    let seen: Vec<_> =
        routes.iter().map(|route| (route.name.as_str(), route.carrier, route.targets.clone())).collect();
    let to = |target: &str| vec![target.to_owned()];
    assert_eq!(
        seen,
        [
            ("F.A", Carrier::Bus, to("F")),
            ("F.B", Carrier::MessageBody, to("F")),
            ("F.D", Carrier::Bus, Vec::new()),
            ("S", Carrier::MessageAttributes, to("Q")),
        ]
    );
    assert_eq!(routes[0].pattern, json!({ "source": ["com.ecommerce.orders"] }));
    assert_eq!(routes[2].pattern, json!({ "source": ["x"] }));
    assert_eq!(routes[3].pattern, json!({ "event_type": ["${X}"] }));
    for wrong in [
        "",
        "a: [",
        "Resources: 5",
        "1: 2",
        "Resources: { S: { Type: 'AWS::SNS::Subscription', Properties: { FilterPolicyScope: X } } }",
    ] {
        assert!(template::routes(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn an_event_reaches_what_the_template_says() {
    let event = |method: &str| {
        let envelope = json!({ "event_type": "OrderConfirmed", "data": { "shipping_method": method } });
        Sample::of(envelope).expect("is an event")
    };
    let reached = |sample: &Sample| -> Vec<String> {
        let routes = template::routes(&text()).expect("is a template");
        let matching = routes.iter().filter(|route| {
            route.parse().expect("the service takes it").matches(sample.seen_by(route.carrier))
        });
        // In the order of the resources, which depends on features of `serde_json` that others turn on.
        let mut targets: Vec<String> = matching.flat_map(|route| route.targets.clone()).collect();
        targets.sort();
        targets
    };
    assert_eq!(reached(&event("express")), ["NotificationsQueue", "PaymentsQueue", "ShippingQueue"]);
    assert_eq!(reached(&event("by balloon")), ["NotificationsQueue", "PaymentsQueue"]);
    let created =
        Sample::of(json!({ "source": "com.ecommerce.orders", "detail-type": "OrderCreated", "detail": {} }));
    assert_eq!(
        reached(&created.expect("is an event")),
        ["InventoryQueue", "NotificationsQueue", "PaymentsQueue"]
    );
    assert!(Sample::of(json!({ "Records": [] })).is_err());
    assert!(Sample::of(json!(null)).is_err());
}
