//! What is asked of AWS for a replay, and that nothing stays behind, whichever request fails.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::*;
use crate::wire::{self, Response, Sent, Wire};

const RULE_ARN: &str = "arn:aws:events:eu-central-1:1:rule/semel/temporary";
const QUEUE_ARN: &str = "arn:aws:sqs:eu-central-1:1:temporary";

/// AWS with an archive of one event; refuses one operation.
fn aws(refused: &'static str) -> Wire {
    let has_sent = AtomicBool::new(false);
    Wire::answering(move |sent| {
        if sent.target == refused {
            return wire::refusal(400, "AccessDeniedException");
        }
        answer(sent, &has_sent)
    })
}

fn answer(sent: &Sent, has_sent: &AtomicBool) -> Response {
    let archive = |name: &str, bus: &str| {
        let arn = format!("arn:aws:events:eu-central-1:1:event-bus/{bus}");
        json!({ "ArchiveName": name, "EventSourceArn": arn })
    };
    let body = match sent.target.as_str() {
        // The first page has only another archive, whose name begins alike.
        "AWSEvents.ListArchives" if sent.json()["NextToken"].is_null() => {
            json!({ "Archives": [archive("events-2", "other")], "NextToken": "next" })
        }
        "AWSEvents.ListArchives" => json!({ "Archives": [archive("events", "semel")] }),
        "AmazonSQS.CreateQueue" | "AmazonSQS.GetQueueUrl" => json!({ "QueueUrl": "https://sqs.example/1/q" }),
        "AmazonSQS.GetQueueAttributes" => json!({ "Attributes": { "QueueArn": QUEUE_ARN } }),
        "AWSEvents.PutRule" => json!({ "RuleArn": RULE_ARN }),
        "AmazonSQS.ReceiveMessage" if !has_sent.swap(true, Ordering::SeqCst) => {
            json!({ "Messages": [{ "MessageId": "1", "ReceiptHandle": "r", "Body": "{\"id\":1}" }] })
        }
        "AWSEvents.DescribeReplay" => json!({ "State": "COMPLETED" }),
        _ => json!({}),
    };
    wire::json(200, &body)
}

fn replay() -> Replay<'static> {
    let from = SystemTime::UNIX_EPOCH + Duration::from_mins(29_922_770);
    Replay { archive: "events", from, until: from + Duration::from_hours(1), pace: Pace::LOCAL }
}

async fn run(wire: &Wire) -> (Result<bool>, Vec<String>) {
    let mut events = Vec::new();
    let mut watch = |step: Step<'_>| {
        if let Step::Event(event) = step {
            events.push(event.to_owned());
        }
        ControlFlow::Continue(())
    };
    let outcome = wire.operator().replay(&replay(), &mut watch).await;
    (outcome, events)
}

fn sent(wire: &Wire, target: &str) -> Vec<Value> {
    wire.requests().iter().filter(|sent| sent.target == target).map(Sent::json).collect()
}

#[track_caller]
fn assert_removed(wire: &Wire, why: &str) {
    for target in ["AWSEvents.RemoveTargets", "AWSEvents.DeleteRule", "AmazonSQS.DeleteQueue"] {
        assert_eq!(sent(wire, target).len(), 1, "{target} after {why}");
    }
}

#[tokio::test]
async fn a_replay_goes_to_its_own_rule_and_queue_only() {
    let wire = aws("");
    let (outcome, events) = run(&wire).await;
    assert_eq!((outcome, events), (Ok(true), vec!["{\"id\":1}".to_owned()]));
    let start = &sent(&wire, "AWSEvents.StartReplay")[0];
    assert_eq!(start["EventSourceArn"], "arn:aws:events:eu-central-1:1:archive/events");
    let bus = "arn:aws:events:eu-central-1:1:event-bus/semel";
    assert_eq!(start["Destination"], json!({ "Arn": bus, "FilterArns": [RULE_ARN] }));
    assert_eq!(
        (&start["EventStartTime"], &start["EventEndTime"]),
        (&json!(1_795_366_200), &json!(1_795_369_800))
    );
    let name = start["ReplayName"].as_str().expect("a name");
    assert!(name.starts_with(PREFIX) && name.len() <= 64, "{name}");
    let rule = &sent(&wire, "AWSEvents.PutRule")[0];
    let pattern: Value =
        serde_json::from_str(rule["EventPattern"].as_str().expect("a pattern")).expect("JSON");
    assert_eq!(pattern, json!({ "replay-name": [name] }));
    assert_eq!((&rule["Name"], &rule["EventBusName"]), (&json!(name), &json!("semel")));
    let policy = &sent(&wire, "AmazonSQS.SetQueueAttributes")[0]["Attributes"]["Policy"];
    assert!(
        policy.as_str().is_some_and(|text| text.contains(RULE_ARN) && text.contains(QUEUE_ARN)),
        "{policy}"
    );
    assert_removed(&wire, "success");
    assert_eq!(sent(&wire, "AWSEvents.CancelReplay").len(), 0);
}

#[tokio::test]
async fn whichever_request_fails_nothing_stays_behind() {
    for refused in [
        "AmazonSQS.CreateQueue",
        "AmazonSQS.GetQueueAttributes",
        "AWSEvents.PutRule",
        "AmazonSQS.SetQueueAttributes",
        "AWSEvents.PutTargets",
        "AWSEvents.StartReplay",
        "AmazonSQS.ReceiveMessage",
        "AWSEvents.DescribeReplay",
    ] {
        let wire = aws(refused);
        let error = run(&wire).await.0.expect_err(refused);
        let operation = error.operation.split(' ').next_back().unwrap_or_default();
        assert!(refused.ends_with(operation) && error.code == "AccessDeniedException", "{refused}: {error}");
        assert_removed(&wire, refused);
    }
}

#[tokio::test]
async fn breaking_off_cancels_the_replay() {
    let wire = aws("");
    let outcome = wire.operator().replay(&replay(), &mut |_| ControlFlow::Break(())).await;
    assert_eq!(outcome, Ok(false));
    assert_eq!(sent(&wire, "AWSEvents.CancelReplay").len(), 1);
    assert_removed(&wire, "breaking off");
}

#[tokio::test]
async fn what_cannot_be_removed_is_named_and_the_rest_is_removed() {
    let wire = aws("AWSEvents.DeleteRule");
    let error = run(&wire).await.0.expect_err("a rule is left");
    assert!(error.message.contains(PREFIX) && error.message.contains("may be left"), "{error}");
    assert_removed(&wire, "a failed removal");
}

#[tokio::test]
async fn an_archive_that_is_not_there_is_said_to_be() {
    let wire = Wire::answering(|_| wire::json(200, &json!({ "Archives": [] })));
    let error = run(&wire).await.0.expect_err("no archive");
    assert_eq!((error.class, error.code.as_str()), (Class::Fatal, "NoArchive"));
    assert_eq!(wire.requests().len(), 1, "nothing was made");
}
