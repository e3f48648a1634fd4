//! The project's own template against its own schemas, and what is found when the template is spoilt.

use std::path::Path;

use semel_routing::check::{Carrier, EventKind};
use semel_routing::input::{Input, Matched};
use serde_json::json;

use super::event::Sample;
use super::{findings, inputs, kinds, template, topic};

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
fn only_telemetry_need_not_be_routed() {
    let unrouted = schemas().into_iter().filter(|kind| kind.unrouted_because.is_some());
    let mut sources: Vec<String> = unrouted.map(|kind| kind.source).collect();
    sources.dedup();
    assert_eq!(sources, ["com.ecommerce.clickstream", "com.ecommerce.devices"]);
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

#[test]
fn a_subscription_without_a_policy_takes_what_is_published() {
    let policy = "      FilterPolicyScope: MessageAttributes
      FilterPolicy:
        event_type: [OrderCreated, OrderCancelled]
";
    let text = text();
    assert!(text.contains(policy));
    let text = text.replacen(policy, "", 1);
    let routes = template::routes(&text).expect("is a template");
    let everything: Vec<_> = routes.iter().filter(|route| route.pattern == topic::everything()).collect();
    assert!(everything.iter().any(|route| route.carrier == Carrier::MessageAttributes), "{routes:#?}");
    assert_eq!(findings(&routes, &schemas()), Vec::<String>::new());
    // The alarms' topic has subscriptions without a policy as well, and no events.
    assert!(!routes.iter().any(|route| route.name == "AlarmEmailSubscription"), "{routes:#?}");
}

#[test]
fn a_subscription_that_is_not_raw_is_told() {
    let text = text();
    assert_eq!(topic::delivery_faults(&text), Ok(Vec::new()));
    let spoilt = text.replacen("RawMessageDelivery: true", "RawMessageDelivery: false", 1);
    let faults = topic::delivery_faults(&spoilt).expect("is a template");
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].contains("Subscription: RawMessageDelivery: is not true, so "), "{faults:?}");
    let of_function = |property: &str| {
        let template = format!(
            "Resources:
  Relay: {{ Properties: {{ Environment: {{ Variables: {{ TOPIC_ARN: !Ref T }} }} }} }}
  F: {{ Properties: {{ Events: {{ A: {{ Type: SNS, Properties: {{ Topic: !Ref T{property} }} }} }} }} }}"
        );
        topic::delivery_faults(&template).expect("is a template").len()
    };
    assert_eq!((of_function(""), of_function(", SqsSubscription: false")), (0, 0));
    assert_eq!(
        (of_function(", SqsSubscription: true"), of_function(", SqsSubscription: { BatchSize: 1 }")),
        (1, 1)
    );
}

#[test]
fn inputs_of_the_templates_targets() {
    let template = r#"
Parameters: { Greeting: { Type: String, Default: '"hello"' } }
Resources:
  R:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: { source: [x] }
      Targets:
        - { Id: a, Arn: !GetAtt Q.Arn, InputTransformer: { InputPathsMap: { s: $.source }, InputTemplate: '"<s>"' } }
        - { Id: b, Arn: !GetAtt P.Arn, Input: !Ref Greeting }
        - { Id: c, Arn: !GetAtt O.Arn }
  F:
    Type: AWS::Serverless::Function
    Properties:
      Events: { E: { Type: EventBridgeRule, Properties: { Pattern: { source: [x] }, InputPath: $.detail } } }
"#;
    let found = inputs::inputs(template).expect("is a template");
    let matched = Matched { rule_name: "R", rule_arn: "arn", ingestion_time: "now" };
    let event = json!({ "source": "x", "detail": 5 });
    let texts = |rule: &str| -> Vec<(String, String)> {
        let text = |(name, input): &(String, Input)| (name.clone(), input.render(&event, matched).text);
        found[rule].iter().map(text).collect()
    };
    let of = |name: &str, text: &str| (name.to_owned(), text.to_owned());
    assert_eq!(texts("R"), [of("Q", "\"x\""), of("P", "\"hello\""), of("O", &event.to_string())]);
    assert_eq!(texts("F.E"), [of("F", "5")]);
    for (wrong, reason) in [
        ("InputTemplate: '\"<s>\"'", "InputTemplate: '\"<t>\"'"),
        ("Input: !Ref Greeting", "Input: hello"),
        ("InputPath: $.detail", "InputPath: detail"),
    ] {
        assert!(inputs::inputs(&template.replace(wrong, reason)).is_err(), "{reason}");
    }
    assert!(inputs::inputs(&text()).expect("is a template").len() > 5);
}
