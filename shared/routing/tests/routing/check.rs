//! Patterns against schemas: what is found, and what is let be.

use semel_routing::Pattern;
use semel_routing::check::{Carrier, EventKind, Finding, Rule, check};
use serde_json::{Value, json};

fn kinds() -> Vec<EventKind> {
    let envelope = |data: &Value| {
        json!({
            "type": "object",
            "required": ["event_id", "data", "metadata"],
            "properties": {
                "event_id": { "type": "string", "format": "uuid" },
                "data": data,
                "metadata": { "anyOf": [{ "$ref": "#/$defs/Metadata" }] }
            },
            "$defs": {
                "Metadata": { "type": "object", "required": ["sequence"], "properties": {
                    "sequence": { "type": "integer", "minimum": 0, "maximum": 100 },
                    "cause": { "anyOf": [{ "type": "string" }, { "type": "null" }] }
                } },
                "Method": { "oneOf": [{ "const": "standard" }, { "const": "express" }] },
                "Line": { "type": "object", "required": ["sku"], "properties": {
                    "sku": { "type": "string", "pattern": "^[A-Z]+$" }
                } }
            }
        })
    };
    let confirmed = json!({ "type": "object", "required": ["method", "lines", "gift"], "properties": {
        "method": { "$ref": "#/$defs/Method" },
        "lines": { "type": "array", "items": { "$ref": "#/$defs/Line" } },
        "gift": { "type": "boolean" },
        "address": { "type": "object", "properties": { "city": { "type": "string" } } },
        "tags": { "type": "array", "items": { "type": "string" } }
    } });
    let kind = |source: &str, name: &str, data: &Value| {
        let attributes = json!({ "type": "object", "properties": { "event_type": { "const": name } } });
        EventKind::new(source, name, &envelope(data), attributes)
    };
    vec![
        kind("shop.orders", "OrderConfirmed", &confirmed),
        kind(
            "shop.payments",
            "PaymentTaken",
            &json!({ "type": "object", "properties": { "amount": { "type": "number" } } }),
        ),
        kind("shop.web", "PageViewed", &json!({})).unrouted("it travels another way"),
    ]
}

fn rule(name: &str, pattern: &Value) -> Rule {
    let pattern = Pattern::parse(pattern).unwrap();
    Rule { name: name.to_owned(), carrier: Carrier::Bus, pattern, targets: vec!["queue".to_owned()] }
}

fn everything() -> Rule {
    let all = json!({ "source": ["shop.orders", "shop.payments"] });
    Rule { targets: vec!["everything".to_owned()], ..rule("All", &all) }
}

/// What is found about a pattern on the order's fields.
fn found(data: &Value) -> Vec<String> {
    let pattern = json!({ "source": ["shop.orders"], "detail-type": ["OrderConfirmed"], "detail": data });
    findings(&[everything(), rule("R", &pattern)])
}

fn findings(rules: &[Rule]) -> Vec<String> {
    check(rules, &kinds()).iter().map(ToString::to_string).collect()
}

#[test]
fn what_fits() {
    for detail in [
        json!({ "data": { "method": ["express", "standard"] } }),
        json!({ "data": { "lines": { "sku": ["ABC", { "prefix": "A" }] } } }),
        json!({ "data": { "gift": [true] } }),
        json!({ "data": { "tags": ["x", { "exists": false }] } }),
        json!({ "data": { "address": { "city": [{ "anything-but": "x" }] } } }),
        json!({ "metadata": { "sequence": [{ "numeric": [">", 99] }, 0], "cause": [null] } }),
        json!({ "event_id": ["f47ac10b-58cc-4372-a567-0e02b2c3d479"] }),
    ] {
        assert_eq!(found(&detail), Vec::<String>::new(), "{detail}");
    }
    assert_eq!(
        findings(&[
            everything(),
            rule("R", &json!({ "source": [{ "prefix": "shop." }], "replay-name": [{ "exists": false }] }))
        ]),
        Vec::<String>::new()
    );
}

#[test]
fn fields_that_are_not_there() {
    let no_field =
        |path: &str| vec![format!("R: {path}: no schema has this field: it is in no OrderConfirmed")];
    assert_eq!(found(&json!({ "data": { "methd": ["express"] } })), no_field("detail.data.methd"));
    assert_eq!(found(&json!({ "data": { "lines": { "skew": ["A"] } } })), no_field("detail.data.lines.skew"));
    assert_eq!(found(&json!({ "method": ["express"] })), no_field("detail.method"));
    assert_eq!(found(&json!({ "data": { "gone": [{ "exists": false }] } })), no_field("detail.data.gone"));
}

#[test]
fn values_that_cannot_be() {
    for (detail, path, expected) in [
        (
            json!({ "data": { "method": ["expres"] } }),
            "data.method",
            "never \"expres\": the field is \"express\" or \"standard\"",
        ),
        (
            json!({ "data": { "method": [{ "prefix": "x" }] } }),
            "data.method",
            "never {\"prefix\":\"x\"}: the field is \"express\" or \"standard\"",
        ),
        (
            json!({ "data": { "method": [{ "anything-but": "expres" }] } }),
            "data.method",
            "never {\"anything-but\":\"expres\"}: the field is \"express\" or \"standard\"",
        ),
        (json!({ "data": { "gift": ["true"] } }), "data.gift", "never \"true\": the field is a boolean"),
        (
            json!({ "data": { "lines": { "sku": ["abc"] } } }),
            "data.lines.sku",
            "never \"abc\": the field has a form that this value has not",
        ),
        (
            json!({ "data": { "lines": ["A"] } }),
            "data.lines",
            "never \"A\": the field is an array or an object",
        ),
        (
            json!({ "data": { "address": [{ "exists": true }] } }),
            "data.address",
            "never {\"exists\":true}: the field is an object, and conditions look at its fields only",
        ),
        (
            json!({ "data": { "gift": [{ "exists": false }] } }),
            "data.gift",
            "never {\"exists\":false}: the field is in every event",
        ),
        (
            json!({ "event_id": ["1"] }),
            "event_id",
            "never \"1\": the field has a form that this value has not",
        ),
        (
            json!({ "metadata": { "sequence": ["1"] } }),
            "metadata.sequence",
            "never \"1\": the field is an integer",
        ),
        (
            json!({ "metadata": { "sequence": [1.5] } }),
            "metadata.sequence",
            "never 1.5: the field is an integer",
        ),
        (
            json!({ "metadata": { "sequence": [101] } }),
            "metadata.sequence",
            "never 101: the field has a form that this value has not",
        ),
        (
            json!({ "metadata": { "sequence": [{ "prefix": "1" }] } }),
            "metadata.sequence",
            "never {\"prefix\":\"1\"}: the field is an integer",
        ),
        (
            json!({ "metadata": { "sequence": [{ "numeric": [">", 100] }] } }),
            "metadata.sequence",
            "never {\"numeric\":[\">\",100]}: the field is a number between 0 and 100",
        ),
        (
            json!({ "data": { "tags": [{ "numeric": [">", 1] }] } }),
            "data.tags",
            "never {\"numeric\":[\">\",1]}: the field is an array or a string",
        ),
    ] {
        let found = found(&detail);
        assert_eq!(found, [format!("R: detail.{path}: {expected}")], "{detail}");
    }
}

#[test]
fn one_value_of_several() {
    // The rest of the pattern works, and hides the slip.
    let found = found(&json!({ "data": { "method": ["standard", "express", "expres"] } }));
    assert_eq!(found, ["R: detail.data.method: never \"expres\": the field is \"express\" or \"standard\""]);
}

#[test]
fn misspelt_sources_and_types() {
    let source = findings(&[everything(), rule("R", &json!({ "source": ["shop.ordres"] }))]);
    assert_eq!(
        source,
        ["R: source: never \"shop.ordres\": the field is \"shop.orders\", \"shop.payments\" or \"shop.web\""]
    );
    let both = json!({ "source": ["shop.payments"], "detail-type": ["PaymentTaken", "OrderConfirmed"] });
    let of_another = findings(&[everything(), rule("R", &both)]);
    assert_eq!(of_another, ["R: detail-type: never \"OrderConfirmed\": the field is \"PaymentTaken\""]);
}

#[test]
fn events_that_nobody_routes() {
    let orders = rule("R", &json!({ "source": ["shop.orders"] }));
    let archive =
        Rule { targets: Vec::new(), ..rule("Archive", &json!({ "source": [{ "prefix": "shop." }] })) };
    let unrouted = check(&[orders.clone(), archive], &kinds());
    assert_eq!(
        unrouted,
        [Finding::Unrouted { source: "shop.payments".to_owned(), detail_type: "PaymentTaken".to_owned() }]
    );
    // A subscription routes too.
    let policy = Pattern::parse(&json!({ "event_type": ["PaymentTaken"] })).unwrap();
    let subscription =
        Rule { carrier: Carrier::MessageAttributes, pattern: policy, ..rule("S", &json!({ "a": [1] })) };
    assert_eq!(check(&[orders.clone(), subscription], &kinds()), []);
    let body = Pattern::parse(&json!({ "data": { "amount": [{ "numeric": [">", 5] }] } })).unwrap();
    let subscription =
        Rule { carrier: Carrier::MessageBody, pattern: body, ..rule("S", &json!({ "a": [1] })) };
    assert_eq!(check(&[orders, subscription], &kinds()), []);
}

#[test]
fn a_value_that_a_targets_rules_leave_out() {
    let by_method = |name: &str, method: &str| {
        rule(name, &json!({ "source": ["shop.orders"], "detail": { "data": { "method": [method] } } }))
    };
    let (standard, express) = (by_method("Standard", "standard"), by_method("Express", "express"));
    assert_eq!(findings(&[everything(), standard.clone(), express]), Vec::<String>::new());
    assert_eq!(
        findings(&[everything(), standard]),
        [
            "Standard: detail.data.method: no rule takes OrderConfirmed with \"express\" to queue, and this takes others there"
        ]
    );
}

#[test]
fn schemas_that_refer_to_themselves_end() {
    let schema = json!({
        "$ref": "#/$defs/Tree",
        "$defs": { "Tree": { "type": "object", "properties": { "child": { "$ref": "#/$defs/Tree" }, "loop": { "$ref": "#/$defs/Loop" } } },
            "Loop": { "$ref": "#/$defs/Loop" } }
    });
    let kind = EventKind::new("s", "T", &schema, json!({}));
    let good = rule("R", &json!({ "source": ["s"], "detail": { "child": { "child": { "loop": ["x"] } } } }));
    assert_eq!(check(&[good], std::slice::from_ref(&kind)), []);
    let bad = rule("R", &json!({ "source": ["s"], "detail": { "child": { "chld": ["x"] } } }));
    assert_eq!(check(&[bad], &[kind]).len(), 2);
}
