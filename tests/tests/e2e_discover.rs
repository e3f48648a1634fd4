//! `cargo semel schemas discover` on the deployed stack: nothing of the platform's own is undocumented, a foreign event
//! is found, no other rule sees an archived event again, and nothing temporary stays behind.

use std::time::Instant;

use semel_tests::{Goods, OwnStack, Stack, eventually, order_request, semel, unique};
use serde_json::{Value, json};

/// How the names of what is made for a reading begin.
const TEMPORARY: &str = "semel-discover-";

/// What the command answered.
#[derive(Debug)]
struct Found {
    is_success: bool,
    report: Value,
    said: String,
}

/// Looks at what has been on the bus since `started`.
fn discover(stack: &Stack, started: Instant) -> Found {
    let region = std::env::var("AWS_REGION").expect("the region is set");
    // The engine's times have whole seconds.
    let since = format!("{}s", started.elapsed().as_secs() + 2);
    let output = semel()
        .args(["schemas", "discover", "--json", "--limit", "100000", "--since", &since])
        .args(["--archive", stack.output("ArchiveName")])
        .args(["--endpoint", stack.endpoint(), "--region", &region])
        .output()
        .expect("the command runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let text = String::from_utf8_lossy(&output.stdout);
    let report = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}\n{said}"));
    Found { is_success: output.status.success(), report, said }
}

/// How often an event type was seen.
fn seen(found: &Found, event_type: &str) -> u64 {
    let all = found.report["seen"].as_array().into_iter().flatten();
    all.filter(|each| each["event_type"] == event_type).filter_map(|each| each["events"].as_u64()).sum()
}

/// Asks AWS's interfaces what this project has no client for.
fn ask(stack: &Stack, service: &str, target: &str, body: &Value) -> Value {
    let region = std::env::var("AWS_REGION").expect("the region is set");
    // The engine reads nothing of a signature but its scope.
    let scope = format!("test/20260101/{region}/{service}/aws4_request");
    let signature = format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0");
    let version = if service == "sqs" { "1.0" } else { "1.1" };
    let request = ureq::post(stack.endpoint())
        .header("authorization", signature)
        .header("content-type", format!("application/x-amz-json-{version}"))
        .header("x-amz-target", target);
    let mut answer = request.send(body.to_string()).unwrap_or_else(|error| panic!("{target}: {error}"));
    let text = answer.body_mut().read_to_string().expect("a text");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{target}: {error}: {text}"))
}

/// A rule as a consumer has it, with a queue that nobody reads.
struct Witness<'a> {
    stack: &'a Stack,
    queue: String,
    _own: OwnStack<'a>,
}

impl<'a> Witness<'a> {
    fn of(stack: &'a Stack, source: &str) -> Self {
        let queue = unique("witness");
        let template = json!({ "AWSTemplateFormatVersion": "2010-09-09", "Resources": {
            "Queue": { "Type": "AWS::SQS::Queue", "Properties": { "QueueName": queue } },
            "Rule": { "Type": "AWS::Events::Rule", "Properties": {
                "EventBusName": stack.output("BusName"),
                "EventPattern": { "source": [source] },
                "Targets": [{ "Id": "queue", "Arn": { "Fn::GetAtt": ["Queue", "Arn"] } }],
            } },
        } });
        let own = OwnStack::create(stack, &queue, &template);
        Self { stack, queue, _own: own }
    }

    /// How many events have come.
    fn count(&self) -> u64 {
        let url = ask(self.stack, "sqs", "AmazonSQS.GetQueueUrl", &json!({ "QueueName": self.queue }));
        let names = json!({ "QueueUrl": url["QueueUrl"], "AttributeNames": ["ApproximateNumberOfMessages"] });
        let answer = ask(self.stack, "sqs", "AmazonSQS.GetQueueAttributes", &names);
        let count =
            answer["Attributes"]["ApproximateNumberOfMessages"].as_str().and_then(|it| it.parse().ok());
        count.unwrap_or_else(|| panic!("no count in {answer}"))
    }
}

fn assert_nothing_temporary(stack: &Stack) {
    let queues = ask(stack, "sqs", "AmazonSQS.ListQueues", &json!({ "QueueNamePrefix": TEMPORARY }));
    assert_eq!(queues["QueueUrls"].as_array().map_or(0, Vec::len), 0, "{queues}");
    let wanted = json!({ "EventBusName": stack.output("BusName"), "NamePrefix": TEMPORARY });
    let rules = ask(stack, "events", "AWSEvents.ListRules", &wanted);
    assert_eq!(rules["Rules"].as_array().map(Vec::len), Some(0), "{rules}");
}

#[test]
fn what_is_undocumented_is_found_and_nobody_sees_an_event_again() {
    let stack = Stack::from_environment();
    let started = Instant::now();
    let source = unique("com.ecommerce.test");
    let witness = Witness::of(&stack, &source);
    let goods = Goods::usual(&stack);
    let order_id = stack.place("k", &order_request(&unique("c"), &[(&goods.sku, 1)], "pm_card_visa"));
    stack.wait_for_milestone(&order_id, "shipment_dispatched");

    let own = discover(&stack, started);
    assert_eq!(own.report["findings"], json!([]), "{}", own.said);
    assert!(own.is_success, "{}", own.said);
    for event_type in ["OrderCreated", "PaymentAuthorized", "InventoryReserved", "ShipmentDispatched"] {
        assert!(seen(&own, event_type) > 0, "{event_type}: {}", own.report);
    }

    let entry = json!({
        "EventBusName": stack.output("BusName"), "Source": source, "DetailType": "CouponIssued",
        "Detail": json!({ "coupon": "for-nobody" }).to_string(),
    });
    let put = ask(&stack, "events", "AWSEvents.PutEvents", &json!({ "Entries": [entry] }));
    assert_eq!(put["FailedEntryCount"], 0, "{put}");
    eventually("the event came to those who want it", || match witness.count() {
        1 => Ok(()),
        other => Err(format!("{other} came")),
    });

    let foreign = discover(&stack, started);
    let finding = json!({ "source": source, "event_type": "CouponIssued", "finding": "undocumented-type", "events": 1 });
    assert_eq!(foreign.report["findings"], json!([finding]), "{}", foreign.said);
    assert!(!foreign.is_success, "a finding is no success");
    assert!(!foreign.report.to_string().contains("for-nobody"), "a value is told: {}", foreign.report);
    assert_eq!(witness.count(), 1, "the replay came to another rule than its own");
    assert_nothing_temporary(&stack);
}
