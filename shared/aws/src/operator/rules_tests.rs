//! The requests that go out for rules and targets, and what is made of the answers.

use serde_json::{Value, json};

use super::*;
use crate::wire::{Response, Sent, Wire, json as answer, refusal};

const ARN: &str = "arn:aws:events:eu-central-1:123456789012:rule/shop/feed";
const QUEUE: &str = "arn:aws:sqs:eu-central-1:123456789012:feed";

fn target(id: &str) -> Target {
    Target::new(id, QUEUE)
}

fn operation(sent: &Sent) -> &str {
    sent.target.rsplit('.').next().unwrap_or_default()
}

/// Two pages of rules, of which the first rule has two pages of targets.
fn bus(sent: &Sent) -> Response {
    let asked = sent.json();
    answer(
        200,
        &match (operation(sent), asked["NextToken"].as_str()) {
            ("ListRules", None) => json!({
                "Rules": [{ "Name": "feed", "Arn": ARN, "State": "DISABLED", "Description": "d", "EventPattern": "{}" }],
                "NextToken": "2",
            }),
            ("ListRules", Some("2")) => json!({ "Rules": [
            { "Name": "clock", "Arn": format!("{ARN}2"), "State": "ENABLED", "ManagedBy": "scheduler.amazonaws.com" },
        ] }),
            ("ListTargetsByRule", None) if asked["Rule"] == "feed" => json!({
                "Targets": [{ "Id": "a", "Arn": QUEUE, "InputTransformer": { "InputTemplate": "\"<x>\"",
                    "InputPathsMap": { "x": "$.id" } }, "RetryPolicy": { "MaximumRetryAttempts": 3 } }],
                "NextToken": "t",
            }),
            ("ListTargetsByRule", Some("t")) => {
                json!({ "Targets": [{ "Id": "b", "Arn": QUEUE, "InputPath": "$.detail",
            "SqsParameters": { "MessageGroupId": "g" }, "DeadLetterConfig": { "Arn": "dead" } }] })
            }
            ("ListTargetsByRule", None) => json!({ "Targets": [
            { "Id": "c", "Arn": "x", "Input": "{}", "KinesisParameters": { "PartitionKeyPath": "$.id" } },
        ] }),
            ("ListTagsForResource", _) if asked["ResourceARN"] == ARN => {
                json!({ "Tags": [{ "Key": "semel:routes", "Value": "partners" }] })
            }
            ("ListTagsForResource", _) => json!({}),
            other => panic!("unexpected {other:?}"),
        },
    )
}

#[tokio::test]
async fn every_page_of_rules_and_targets_is_read() {
    let wire = Wire::answering(bus);
    let rules = wire.operator().rules("shop").await.expect("rules");
    let transformer = TargetInput::Transformer {
        paths: [("x".to_owned(), "$.id".to_owned())].into(),
        template: "\"<x>\"".to_owned(),
    };
    let first = Target {
        input: transformer,
        retry: Retry { maximum_attempts: 3, ..Retry::default() },
        ..target("a")
    };
    let second = Target {
        input: TargetInput::Path("$.detail".to_owned()),
        dead_letter: Some("dead".to_owned()),
        message_group_id: Some("g".to_owned()),
        ..target("b")
    };
    let third = Target {
        arn: "x".to_owned(),
        input: TargetInput::Constant("{}".to_owned()),
        has_more: true,
        ..target("c")
    };
    assert_eq!(
        rules,
        [
            Rule {
                name: "feed".to_owned(),
                arn: ARN.to_owned(),
                description: "d".to_owned(),
                is_enabled: false,
                pattern: "{}".to_owned(),
                targets: vec![first, second],
                tags: [("semel:routes".to_owned(), "partners".to_owned())].into(),
                managed_by: None,
            },
            Rule {
                name: "clock".to_owned(),
                arn: format!("{ARN}2"),
                is_enabled: true,
                targets: vec![third],
                managed_by: Some("scheduler.amazonaws.com".to_owned()),
                ..Rule::default()
            },
        ]
    );
}

#[tokio::test]
async fn what_is_put_is_what_is_read() {
    let wire = Wire::answering(|_| answer(200, &json!({ "RuleArn": ARN, "FailedEntryCount": 0 })));
    let operator = wire.operator();
    let rule = Rule {
        name: "feed".to_owned(),
        pattern: r#"{"source":["x"]}"#.to_owned(),
        tags: [("k".to_owned(), "v".to_owned())].into(),
        ..Rule::default()
    };
    assert_eq!(operator.put_rule("shop", &rule).await.expect("is put"), ARN);
    let full = Target {
        input: TargetInput::Transformer {
            paths: [("x".to_owned(), "$.id".to_owned())].into(),
            template: "\"<x>\"".to_owned(),
        },
        dead_letter: Some("dead".to_owned()),
        retry: Retry { maximum_event_age_seconds: 60, maximum_attempts: 0 },
        message_group_id: Some("g".to_owned()),
        ..target("a")
    };
    operator.put_targets("shop", "feed", &[full, target("b")]).await.expect("are put");
    operator.remove_targets("shop", "feed", &["c".to_owned()]).await.expect("is removed");
    operator.enable_rule("shop", "feed").await.expect("is enabled");
    operator.delete_rule("shop", "feed").await.expect("is deleted");
    let sent: Vec<(String, Value)> =
        wire.requests().iter().map(|sent| (operation(sent).to_owned(), sent.json())).collect();
    let usual = json!({ "MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185 });
    let expected = [
        (
            "PutRule",
            json!({ "EventBusName": "shop", "Name": "feed", "State": "DISABLED", "Description": "",
            "EventPattern": "{\"source\":[\"x\"]}", "Tags": [{ "Key": "k", "Value": "v" }] }),
        ),
        (
            "PutTargets",
            json!({ "EventBusName": "shop", "Rule": "feed", "Targets": [
            { "Id": "a", "Arn": QUEUE, "InputTransformer": { "InputTemplate": "\"<x>\"",
              "InputPathsMap": { "x": "$.id" } }, "DeadLetterConfig": { "Arn": "dead" },
              "RetryPolicy": { "MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 0 },
              "SqsParameters": { "MessageGroupId": "g" } },
            { "Id": "b", "Arn": QUEUE, "RetryPolicy": usual },
        ] }),
        ),
        ("RemoveTargets", json!({ "EventBusName": "shop", "Rule": "feed", "Ids": ["c"] })),
        ("EnableRule", json!({ "EventBusName": "shop", "Name": "feed" })),
        ("DeleteRule", json!({ "EventBusName": "shop", "Name": "feed" })),
    ];
    let expected: Vec<(String, Value)> =
        expected.into_iter().map(|(name, body)| (name.to_owned(), body)).collect();
    assert_eq!(sent, expected);
}

#[tokio::test]
async fn a_target_that_is_not_taken_is_an_error() {
    let failed = || {
        let entry = json!({ "TargetId": "a", "ErrorCode": "ConcurrentModificationException", "ErrorMessage": "busy" });
        answer(200, &json!({ "FailedEntryCount": 1, "FailedEntries": [entry] }))
    };
    let operator = Wire::answering(move |_| failed()).operator();
    let put = operator.put_targets("shop", "feed", &[target("a")]).await.expect_err("not taken");
    let removed = operator.remove_targets("shop", "feed", &["a".to_owned()]).await.expect_err("not taken");
    for error in [put, removed] {
        assert_eq!((error.class, error.message.as_str()), (Class::Transient, "target a: busy"));
    }
}

#[tokio::test]
async fn a_bus_that_is_not_there_is_an_error() {
    let wire = Wire::answering(|_| refusal(400, "ResourceNotFoundException"));
    let operator = wire.operator();
    let error = operator.bus_arn("none").await.expect_err("no bus");
    assert_eq!((error.class, error.code.as_str()), (Class::Fatal, "ResourceNotFoundException"));
    let error = operator.rules("none").await.expect_err("no bus");
    assert_eq!(error.operation, "EventBridge ListRules");
}

#[tokio::test]
async fn an_answer_without_an_arn_is_an_error() {
    let operator = Wire::answering(|_| answer(200, &json!({}))).operator();
    let of_bus = operator.bus_arn("shop").await;
    let of_rule = operator.put_rule("shop", &Rule::default()).await;
    for (asked, operation) in [(of_bus, "DescribeEventBus"), (of_rule, "PutRule")] {
        let error = asked.expect_err("no ARN");
        assert_eq!((error.class, error.code.as_str()), (Class::Fatal, "NoArn"));
        assert!(error.operation.ends_with(operation), "{error}");
    }
}

#[tokio::test]
async fn a_policy_is_read_where_there_is_one() {
    for (attributes, expected) in [
        (json!({ "Policy": "{}" }), Some("{}".to_owned())),
        (json!({ "Policy": "" }), None),
        (json!({}), None),
    ] {
        let wire = Wire::answering(move |sent| match operation(sent) {
            "GetQueueUrl" => answer(200, &json!({ "QueueUrl": "https://sqs/feed" })),
            _ => answer(200, &json!({ "Attributes": attributes })),
        });
        let found = wire.operator().queue_policy("123456789012", "feed").await;
        assert_eq!(found, Ok(expected));
        assert_eq!(wire.requests()[0].json()["QueueOwnerAWSAccountId"], "123456789012");
        assert_eq!(wire.requests()[1].json()["QueueUrl"], "https://sqs/feed");
    }
}
