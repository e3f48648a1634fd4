//! Which resource policies let a rule in.

use serde_json::{Value, json};

use super::super::access::Delivery;

const RULE: &str = "arn:aws:events:eu-central-1:123456789012:rule/shop/feed";
const QUEUE: &str = "arn:aws:sqs:eu-central-1:123456789012:feed";

const DELIVERY: Delivery<'static> =
    Delivery { action: "sqs:SendMessage", resource_arn: QUEUE, rule_arn: RULE };

fn statement(changes: &Value) -> Value {
    let mut statement = DELIVERY.statement();
    for (name, value) in changes.as_object().expect("an object") {
        statement[name] = value.clone();
    }
    statement
}

#[test]
fn the_statement_that_is_proposed_lets_the_rule_in() {
    assert!(DELIVERY.is_allowed_by(&json!({ "Version": "2012-10-17", "Statement": [DELIVERY.statement()] })));
    let other = Delivery { rule_arn: "arn:aws:events:eu-central-1:123456789012:rule/shop/other", ..DELIVERY };
    assert!(!other.is_allowed_by(&json!({ "Statement": DELIVERY.statement() })));
}

#[test]
fn statements_that_let_the_rule_in_and_that_do_not() {
    for (changes, expected) in [
        (json!({ "Principal": "*" }), true),
        (json!({ "Principal": { "AWS": "*" } }), true),
        (json!({ "Principal": { "Service": ["sns.amazonaws.com", "events.amazonaws.com"] } }), true),
        (json!({ "Principal": { "Service": "sns.amazonaws.com" } }), false),
        (json!({ "Principal": { "AWS": "123456789012" } }), false),
        (json!({ "Action": ["SQS:*"] }), true),
        (json!({ "Action": "*" }), true),
        (json!({ "Action": "sqs:Send*" }), true),
        (json!({ "Action": "sqs:ReceiveMessage" }), false),
        (json!({ "Resource": "arn:aws:sqs:*:123456789012:fee?" }), true),
        (json!({ "Resource": "arn:aws:sqs:eu-central-1:123456789012:Feed" }), false),
        (json!({ "Condition": null }), true),
        (json!({ "Condition": {} }), true),
        (
            json!({ "Condition": { "ArnLike": { "AWS:SourceArn": ["x", "arn:aws:events:*:rule/shop/*"] } } }),
            true,
        ),
        (json!({ "Condition": { "StringEquals": { "aws:SourceAccount": "123456789012" } } }), true),
        (json!({ "Condition": { "StringEquals": { "aws:SourceAccount": "1" } } }), false),
        (json!({ "Condition": { "StringEquals": { "aws:SourceArn": "arn:*" } } }), false),
        (json!({ "Condition": { "Bool": { "aws:SecureTransport": "true" } } }), false),
        (json!({ "Effect": "Deny" }), false),
    ] {
        let policy = json!({ "Statement": [statement(&changes)] });
        assert_eq!(DELIVERY.is_allowed_by(&policy), expected, "{changes}");
    }
}

#[test]
fn a_denial_wins_and_no_policy_allows_nothing() {
    let deny = statement(&json!({ "Effect": "Deny" }));
    assert!(!DELIVERY.is_allowed_by(&json!({ "Statement": [DELIVERY.statement(), deny] })));
    for policy in [json!(null), json!({}), json!([]), json!({ "Statement": [null, 5, "x"] })] {
        assert!(!DELIVERY.is_allowed_by(&policy), "{policy}");
    }
}
