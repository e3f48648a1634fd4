//! Recorded events: what is theirs to say, whose they are, and what is kept of them.

use proptest::prelude::*;
use semel_registry::discovery::{Discovery, MAX_TYPES, NotAnEvent};
use serde_json::{Value, json};

use crate::{lines, on_bus, released, report, sample};

const ORDERS: &str = "com.ecommerce.orders";

#[test]
fn a_bus_that_keeps_to_the_contracts_has_no_findings() {
    let registry = released();
    let mut events = Vec::new();
    for found in registry.list() {
        for release in &found.releases {
            events.push(on_bus(&found.record.source, &found.record.event_type, &release.sample));
            // The bare envelope is the same event.
            events.push(release.sample.clone());
        }
    }
    let report = report(registry, &events);
    assert_eq!(lines(&report.findings), [""; 0]);
    assert_eq!((report.unseen.len(), report.ignored, report.beyond), (0, 0, 0));
    assert_eq!(report.seen.len(), registry.list().count());
    assert!(report.seen.iter().all(|seen| seen.events == seen.versions.values().sum::<u64>()));
}

#[test]
fn what_was_not_seen_is_told_and_is_no_finding() {
    let registry = released();
    let event = on_bus(ORDERS, "OrderCreated", &sample(registry, ORDERS, "OrderCreated"));
    let report = report(registry, &[event]);
    assert_eq!(lines(&report.findings), [""; 0]);
    assert_eq!(report.unseen.len(), registry.list().count() - 1);
    assert!(report.unseen.iter().all(|name| name.event_type != "OrderCreated"));
}

#[test]
fn events_of_aws_are_not_ours_and_all_others_are() {
    let registry = released();
    let events = [
        on_bus("aws.s3", "Object Created", &json!({ "bucket": {} })),
        on_bus("com.partner", "Stock Counted", &json!({ "units": 1 })),
        on_bus("com.partner", "Stock Counted", &json!("text")),
    ];
    let report = report(registry, &events);
    assert_eq!(lines(&report.findings), ["com.partner/Stock Counted: undocumented event type (2 events)"]);
    assert_eq!((report.examined, report.ignored), (3, 1));
}

#[test]
fn fields_and_types_are_counted_over_all_events_and_elements() {
    let registry = released();
    let mut detail = sample(registry, ORDERS, "OrderCreated");
    let line = json!({ "sku": "A", "quantity": "2", "unit_amount": 1, "note": null });
    detail["data"]["lines"] =
        json!([line, line, { "sku": "A", "quantity": 1, "unit_amount": 1, "note": "x" }]);
    let event = on_bus(ORDERS, "OrderCreated", &detail);
    assert_eq!(
        lines(&report(registry, &[event.clone(), event]).findings),
        [
            "com.ecommerce.orders/OrderCreated: $.data.lines[*].quantity: type conflict: documented integer, \
             found string (4 values)",
            "com.ecommerce.orders/OrderCreated: $.data.lines[*].note: undocumented field: string or null (6 values)",
        ]
    );
}

#[test]
fn broken_rules_are_named_without_the_values_that_break_them() {
    let registry = released();
    let mut detail = sample(registry, ORDERS, "OrderCreated");
    detail["data"]["customer"]["email"] = json!("not-an-address-of-ann");
    detail["data"]["total"]["amount"] = json!(-77_777);
    detail["data"]["shipping_method"] = json!("by-ann-herself");
    detail["data"].as_object_mut().expect("an object").remove("payment_method");
    let report = report(registry, &[on_bus(ORDERS, "OrderCreated", &detail)]);
    let name = "com.ecommerce.orders/OrderCreated";
    assert_eq!(
        lines(&report.findings),
        [
            format!("{name}: $.data: breaks required (payment_method) (1 value)"),
            format!("{name}: $.data.customer.email: breaks pattern (1 value)"),
            format!("{name}: $.data.shipping_method: breaks oneOf (1 value)"),
            format!("{name}: $.data.total.amount: breaks minimum (1 value)"),
        ]
    );
    let json = serde_json::to_string(&report).expect("JSON");
    for value in ["an-address", "herself", "77777"] {
        assert!(!json.contains(value), "{value} in {json}");
    }
}

#[test]
fn names_from_outside_do_nothing_to_a_terminal() {
    let registry = released();
    let event = on_bus("com.evil\u{1b}[2J", "Bad\nType", &json!({}));
    let line = lines(&report(registry, &[event]).findings).concat();
    assert_eq!(line, "com.evil\\u{1b}[2J/Bad\\nType: undocumented event type (1 event)");
}

#[test]
fn an_envelope_of_an_unknown_type_has_no_source() {
    let registry = released();
    let found = report(registry, &[json!({ "event_type": "CouponIssued", "data": {} })]).findings;
    assert_eq!(lines(&found), ["-/CouponIssued: undocumented event type (1 event)"]);
}

#[test]
fn what_is_no_event_is_refused() {
    let registry = released();
    let mut discovery = Discovery::new(registry);
    for value in [
        json!(null),
        json!([]),
        json!("text"),
        json!({}),
        json!({ "source": "a", "detail-type": "B" }),
        json!({ "source": 1, "detail-type": "B", "detail": {} }),
        json!({ "event_type": 1 }),
    ] {
        assert_eq!(discovery.event(&value), Err(NotAnEvent), "{value}");
    }
    assert_eq!(discovery.examined(), 0);
}

#[test]
fn a_flood_of_types_is_counted_beyond_the_bound() {
    let registry = released();
    let mut discovery = Discovery::new(registry);
    for number in 0..MAX_TYPES + 5 {
        let event = on_bus("com.flood", &format!("Type{number}"), &json!({}));
        discovery.event(&event).expect("an event");
    }
    let report = discovery.report();
    assert_eq!((report.findings.len(), report.beyond), (MAX_TYPES, 5));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    let name = prop_oneof!["[a-z]{1,3}", Just("data".to_owned()), Just("metadata".to_owned()), ".{0,4}"];
    leaf.prop_recursive(5, 40, 5, move |inside| {
        prop_oneof![
            prop::collection::vec(inside.clone(), 0..5).prop_map(Value::from),
            prop::collection::hash_map(name.clone(), inside, 0..5)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever an event holds, it is taken, and the order of the events does not show in the report.
    #[test]
    fn any_events_in_any_order_give_one_report(details in prop::collection::vec(any_json(), 1..6)) {
        let registry = released();
        let mut events: Vec<Value> =
            details.iter().map(|detail| on_bus(ORDERS, "OrderCreated", detail)).collect();
        events.push(on_bus(ORDERS, "OrderConfirmed", &details[0]));
        let forwards = report(registry, &events);
        events.reverse();
        prop_assert_eq!(forwards, report(registry, &events));
    }
}
