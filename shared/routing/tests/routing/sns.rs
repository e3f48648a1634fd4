//! Filter policies, on the examples of the SNS guide and beyond them.

use semel_routing::sns::{Attribute, FilterPolicy, Scope};
use serde_json::{Value, json};

fn on_attributes(policy: &Value, attributes: &[(&str, Attribute<'_>)]) -> bool {
    let policy = FilterPolicy::parse(Scope::MessageAttributes, policy).unwrap();
    let found = policy.matches(attributes.iter().copied(), "not looked at");
    assert_eq!(policy.explain(attributes.iter().copied(), "").unwrap().is_empty(), found);
    found
}

fn on_body(policy: &Value, body: &str) -> bool {
    FilterPolicy::parse(Scope::MessageBody, policy).unwrap().matches([], body)
}

#[test]
fn the_guides_message() {
    let message = [
        ("customer_interests", Attribute::StringArray(r#"["soccer", "rugby", "hockey"]"#)),
        ("store", Attribute::String("example_corp")),
        ("event", Attribute::String("order_placed")),
        ("price_usd", Attribute::Number("210.75")),
    ];
    let accepts = json!({
        "store": ["example_corp"],
        "event": [{ "anything-but": "order_cancelled" }],
        "customer_interests": ["rugby", "football", "baseball"],
        "price_usd": [{ "numeric": [">=", 100] }]
    });
    assert!(on_attributes(&accepts, &message));
    let rejects = json!({
        "store": ["example_corp"],
        "event": ["order_cancelled"],
        "encrypted": [false],
        "customer_interests": ["basketball", "baseball"]
    });
    assert!(!on_attributes(&rejects, &message));
    assert!(on_attributes(&json!({ "$or": [{ "store": ["x"] }, { "price_usd": [210.75] }] }), &message));
}

#[test]
fn attributes_have_types() {
    let number = [("n", Attribute::Number("5"))];
    let text = [("n", Attribute::String("5"))];
    let array = [("n", Attribute::StringArray(r#"["x", 5, true, null]"#))];
    for (policy, of_number, of_text, of_array) in [
        (json!({ "n": [5] }), true, false, true),
        (json!({ "n": ["5"] }), false, true, false),
        (json!({ "n": [{ "numeric": [">", 4, "<", 6] }] }), true, false, true),
        (json!({ "n": [true] }), false, false, true),
        (json!({ "n": [{ "prefix": "5" }] }), false, true, false),
        (json!({ "n": [{ "anything-but": { "prefix": "5" } }] }), true, false, true),
        (json!({ "n": [{ "exists": true }] }), true, true, true),
        (json!({ "n": [{ "exists": false }] }), false, false, false),
    ] {
        assert_eq!(on_attributes(&policy, &number), of_number, "{policy}");
        assert_eq!(on_attributes(&policy, &text), of_text, "{policy}");
        assert_eq!(on_attributes(&policy, &array), of_array, "{policy}");
    }
}

#[test]
fn attributes_that_cannot_be_read_are_not_there() {
    let absent = json!({ "a": [{ "exists": false }] });
    for attribute in [
        Attribute::Binary,
        Attribute::StringArray("no list"),
        Attribute::StringArray("{}"),
        Attribute::StringArray("[[1]]"),
        Attribute::Number("five"),
    ] {
        assert!(on_attributes(&absent, &[("a", attribute)]), "{attribute:?}");
    }
}

#[test]
fn bodies() {
    let policy = json!({ "order": { "total": [{ "numeric": [">", 100] }], "lines": { "sku": ["A"] } } });
    assert!(on_body(&policy, r#"{"order":{"total":101,"lines":[{"sku":"B"},{"sku":"A"}]}}"#));
    assert!(!on_body(&policy, r#"{"order":{"total":100,"lines":[{"sku":"A"}]}}"#));
    for body in ["", "text", "[]", "{\"order\":"] {
        assert!(!on_body(&policy, body), "{body}");
    }
}

#[test]
fn what_sns_refuses() {
    let attributes = Scope::MessageAttributes;
    let five: Value =
        (0..5).map(|at| (at.to_string(), json!(["x"]))).collect::<serde_json::Map<_, _>>().into();
    let six: Value =
        (0..6).map(|at| (at.to_string(), json!(["x"]))).collect::<serde_json::Map<_, _>>().into();
    let many = |count: usize| (0..count).map(Value::from).collect::<Vec<_>>();
    assert!(FilterPolicy::parse(attributes, &five).is_ok());
    assert!(FilterPolicy::parse(attributes, &json!({ "a": many(50), "b": many(3) })).is_ok());
    // On a body the depth counts: 3 x 4 x 2 x 3 of the guide, and then twice as many as may be.
    let body = |first: usize| json!({ "a": { "b": { "c": many(first) } }, "d": { "e": many(3) } });
    assert!(FilterPolicy::parse(Scope::MessageBody, &body(4)).is_ok());
    for (scope, policy, reason) in [
        (attributes, six, "Filter policy can not have more than 5 keys"),
        (attributes, json!({ "a": many(51), "b": many(3) }), "Filter policy is too complex"),
        (Scope::MessageBody, body(9), "Filter policy is too complex"),
        (
            attributes,
            json!({ "a": { "b": ["x"] } }),
            "Filter policy scope MessageAttributes does not support nested filter policy",
        ),
        (attributes, json!({ "a": [{ "wildcard": "*" }] }), "Unrecognized match type wildcard"),
        (
            attributes,
            json!({ "a": [{ "anything-but": { "suffix": "x" } }] }),
            "Unsupported anything-but pattern: suffix",
        ),
        (
            attributes,
            json!({ "a": [{ "prefix": { "equals-ignore-case": "x" } }] }),
            "prefix match pattern must be a string",
        ),
        (attributes, json!({ "a": "x" }), "\"a\" must be an object or an array"),
    ] {
        let refused = FilterPolicy::parse(scope, &policy).unwrap_err();
        assert_eq!(refused.reason, reason, "{policy}");
        assert!(refused.to_string().starts_with("Invalid parameter: FilterPolicy: "), "{refused}");
    }
}
