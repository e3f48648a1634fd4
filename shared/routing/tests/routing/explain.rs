//! What is said about an event that does not match.

use semel_routing::{Found, Pattern};
use serde_json::{Value, json};

#[track_caller]
fn check(pattern: &Value, event: &Value, expected: &[&str]) {
    let failures = Pattern::parse(pattern).unwrap().explain(event).unwrap();
    let texts: Vec<String> = failures.iter().map(ToString::to_string).collect();
    assert_eq!(texts, expected, "{pattern} on {event}");
}

#[test]
fn the_first_that_failed() {
    let pattern = json!({
        "source": ["com.ecommerce.orders"],
        "detail-type": ["OrderConfirmed"],
        "detail": { "data": { "shipping_method": ["express"] } }
    });
    let event = |source: &str, method: &str| json!({ "source": source, "detail-type": "OrderConfirmed", "detail": { "data": { "shipping_method": method } } });
    check(&pattern, &event("com.ecommerce.orders", "express"), &[]);
    check(
        &pattern,
        &event("com.ecommerce.orders", "standard"),
        &["detail.data.shipping_method: expected \"express\", found \"standard\""],
    );
    // What the event is comes before what it says.
    check(
        &pattern,
        &event("com.ecommerce.payments", "standard"),
        &["source: expected \"com.ecommerce.orders\", found \"com.ecommerce.payments\""],
    );
    check(&pattern, &json!({}), &["detail-type: expected \"OrderConfirmed\", found nothing"]);
}

#[test]
fn each_alternative() {
    check(
        &json!({ "$or": [{ "a": [1, { "prefix": "x" }] }, { "b": [{ "anything-but": { "suffix": ["y", "z"] } }] }] }),
        &json!({ "a": [2, 3], "b": "ay" }),
        &[
            "a: expected 1 or {\"prefix\":\"x\"}, found 2, 3",
            "b: expected {\"anything-but\":{\"suffix\":[\"y\",\"z\"]}}, found \"ay\"",
        ],
    );
}

#[test]
fn another_element() {
    let pattern = Pattern::parse(&json!({ "l": { "a": [1], "b": [2] } })).unwrap();
    let failures = pattern.explain(&json!({ "l": [{ "a": 1 }, { "b": 2 }] })).unwrap();
    assert_eq!(failures[0].path, "l.b");
    assert_eq!(failures[0].found, Found::InAnotherElement);
}

#[test]
fn long_values_are_cut_short() {
    let pattern = Pattern::parse(&json!({ "a": [1] })).unwrap();
    let text = pattern.explain(&json!({ "a": vec!["ä".repeat(5_000); 50] })).unwrap()[0].to_string();
    assert!(text.len() < 1_500 && text.ends_with("and 45 more"), "{text}");
}

#[test]
fn what_is_no_event() {
    let pattern = Pattern::parse(&json!({ "a": [1] })).unwrap();
    for value in [json!([]), json!("a"), json!(null)] {
        assert!(!pattern.matches(&value));
        assert!(pattern.explain(&value).unwrap_err().to_string().contains("must be a JSON object"));
    }
    assert!(pattern.matches_json(b"{\"a\":1").is_err());
    assert!(pattern.matches_json(b"{\"a\":1} x").is_err());
    assert!(pattern.matches_json(&[b'{', 0xFF]).is_err());
}

#[test]
fn every_operator_is_shown_as_it_is_written() {
    for condition in [
        json!("x"),
        json!(5),
        json!(true),
        json!(null),
        json!({ "prefix": "x" }),
        json!({ "prefix": { "equals-ignore-case": "x" } }),
        json!({ "suffix": "x" }),
        json!({ "suffix": { "equals-ignore-case": "x" } }),
        json!({ "equals-ignore-case": "x" }),
        json!({ "wildcard": "a*\"b" }),
        json!({ "numeric": [">", 1, "<=", 2.5] }),
        json!({ "numeric": ["=", 5] }),
        json!({ "numeric": ["<", 5] }),
        json!({ "cidr": "10.0.0.0/8" }),
        json!({ "exists": true }),
        json!({ "anything-but": "x" }),
        json!({ "anything-but": [1, 2] }),
        json!({ "anything-but": { "prefix": "x" } }),
        json!({ "anything-but": { "wildcard": ["x", "y*"] } }),
        json!({ "anything-but": { "equals-ignore-case": "x" } }),
    ] {
        // Nothing is there, so that each fails.
        let failures = Pattern::parse(&json!({ "a": [condition] })).unwrap().explain(&json!({})).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&failures[0].expected[0]).unwrap(), condition);
    }
}
