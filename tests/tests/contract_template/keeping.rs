//! Nothing is lost: queues have dead-letter queues and hide messages long enough, mappings repeat only what failed,
//! tables are kept and recoverable.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::document::{Resource, Template, target, texts};
use crate::{FUNCTION, QUEUE, TABLE, dead_letters, expect_none, functions_dead_letters};

/// The longest that SQS keeps a message.
const FOURTEEN_DAYS_S: u64 = 14 * 24 * 60 * 60;

#[test]
fn every_queue_has_a_dead_letter_queue_or_is_one() {
    let template = Template::load();
    let queues = template.of_type(QUEUE);
    let redriven: BTreeSet<&str> = queues.iter().filter_map(|q| dead_letters(*q)).collect();
    let filled = functions_dead_letters(&template);
    let mut findings = Vec::new();
    for queue in &queues {
        let id = queue.id;
        let is_dead_letter_queue = redriven.contains(id) || filled.contains(&id);
        if dead_letters(*queue).is_none() && !is_dead_letter_queue {
            findings.push(format!("{id} has no dead-letter queue: add a RedrivePolicy"));
        }
        if queue.property("MessageRetentionPeriod").as_u64() != Some(FOURTEEN_DAYS_S) {
            findings.push(format!(
                "{id} does not keep messages as long as SQS can: MessageRetentionPeriod 1209600"
            ));
        }
        if queue.property("SqsManagedSseEnabled") != &json!(true) {
            findings.push(format!("{id} is not encrypted: add SqsManagedSseEnabled: true"));
        }
        let permission = if redriven.contains(id) { "byQueue" } else { "denyAll" };
        if is_dead_letter_queue && queue.property("RedriveAllowPolicy")["redrivePermission"] != permission {
            findings
                .push(format!("{id} lets any queue redrive to it: add a RedriveAllowPolicy {permission}"));
        }
    }
    expect_none(&findings);
}

#[test]
fn queues_hide_a_message_for_six_timeouts_whatever_the_parameters() {
    let template = Template::load();
    let mut findings = Vec::new();
    for function in template.of_type(FUNCTION) {
        let timeout = template.function_property(function, "Timeout");
        for (_, event) in function.events("SQS") {
            let queue = template.resource(target(&event["Queue"]).expect("an SQS event names its queue"));
            let visibility = queue.property("VisibilityTimeout");
            let varies = target(timeout).unwrap_or("FunctionTimeoutSeconds");
            for value in template.allowed(varies) {
                let parameters = BTreeMap::from([(varies, value.clone())]);
                let timeout_s = template.number(timeout, &parameters);
                let visibility_s = template.number(visibility, &parameters);
                if !timeout_s.zip(visibility_s).is_some_and(|(t, v)| t > 0.0 && v >= 6.0 * t) {
                    findings.push(format!(
                        "{}: with {varies} = {value}, {} times out after {timeout_s:?} s and its messages return \
                         after {visibility_s:?} s: VisibilityTimeout must be at least six times the timeout",
                        queue.id, function.id
                    ));
                }
            }
        }
    }
    expect_none(&findings);
}

#[test]
fn every_mapping_reports_partial_failures_and_loses_nothing() {
    let template = Template::load();
    let mut findings = Vec::new();
    let mut published = BTreeSet::new();
    for function in template.of_type(FUNCTION) {
        for (name, event) in function.events("SQS").into_iter().chain(function.events("DynamoDB")) {
            if !texts(&event["FunctionResponseTypes"]).contains(&"ReportBatchItemFailures") {
                findings.push(format!(
                    "{}.{name} repeats a whole batch for one bad record: FunctionResponseTypes \
                     [ReportBatchItemFailures]",
                    function.id
                ));
            }
        }
        for (name, event) in function.events("DynamoDB") {
            published.extend(target(&event["Stream"]));
            let age_s = event["MaximumRecordAgeInSeconds"].as_u64();
            let keeps = event["StartingPosition"] == "TRIM_HORIZON"
                && event["MaximumRetryAttempts"] == json!(-1)
                && event["BisectBatchOnFunctionError"] == json!(true)
                && age_s.is_some_and(|age| (1..86_400).contains(&age))
                && event["DestinationConfig"]["OnFailure"]["Type"] == "S3";
            if !keeps {
                findings.push(format!(
                    "{}.{name} can lose records: it needs TRIM_HORIZON, MaximumRetryAttempts -1, bisection, a \
                     MaximumRecordAgeInSeconds under the stream's 24 hours, and S3 on failure",
                    function.id
                ));
            }
        }
    }
    for table in template.of_type(TABLE) {
        if table.property("StreamSpecification").is_object() && !published.contains(table.id) {
            findings
                .push(format!("{} has a stream that nobody reads: add it to the relay's events", table.id));
        }
    }
    expect_none(&findings);
}

#[test]
fn tables_are_kept_and_recoverable_unless_they_hold_nothing_of_value() {
    const DISPOSABLE: [(&str, &str); 2] =
        [("IdempotencyTable", "lives as long as a message"), ("GatewayLedgerTable", "play money")];
    let template = Template::load();
    let mut findings = Vec::new();
    for table in template.of_type(TABLE) {
        let id = table.id;
        if table.property("BillingMode") != "PAY_PER_REQUEST" {
            findings.push(format!("{id} is not on demand: BillingMode PAY_PER_REQUEST"));
        }
        if table.property("SSESpecification")["SSEEnabled"] != json!(true) {
            findings.push(format!("{id} is not encrypted under a KMS key: add SSESpecification"));
        }
        if DISPOSABLE.iter().any(|(disposable, _)| *disposable == id) {
            continue;
        }
        let stream = table.property("StreamSpecification");
        if !stream.is_null() && stream["StreamViewType"] != "NEW_AND_OLD_IMAGES" {
            findings.push(format!("{id}: the relay compares versions, which needs NEW_AND_OLD_IMAGES"));
        }
        if table.property("TimeToLiveSpecification")["AttributeName"] != "expires_at" {
            findings.push(format!("{id}: what is short-lived would pile up; set TTL on expires_at"));
        }
        if table.property("PointInTimeRecoverySpecification")["PointInTimeRecoveryEnabled"] != json!(true) {
            findings.push(format!("{id} holds business data: enable point-in-time recovery"));
        }
        if !is_retained(table) {
            findings
                .push(format!("{id} would be deleted with the stack: DeletionPolicy RetainExceptOnCreate"));
        }
    }
    expect_none(&findings);
}

#[test]
fn buckets_are_private_encrypted_bounded_and_kept() {
    let template = Template::load();
    let mut findings = Vec::new();
    for bucket in template.of_type("AWS::S3::Bucket") {
        let id = bucket.id;
        let blocked = bucket.property("PublicAccessBlockConfiguration");
        let sides = ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"];
        if sides.iter().any(|side| blocked[side] != json!(true)) {
            findings.push(format!("{id} can be made public: PublicAccessBlockConfiguration, all four"));
        }
        if bucket.property("BucketEncryption").is_null() {
            findings.push(format!("{id} does not say how it is encrypted: add BucketEncryption"));
        }
        if bucket.property("LifecycleConfiguration")["Rules"].as_array().is_none_or(Vec::is_empty) {
            findings.push(format!("{id} grows for ever: add a LifecycleConfiguration"));
        }
        if !is_retained(bucket) {
            findings.push(format!(
                "{id} is deleted with the stack, which fails while it holds anything: RetainExceptOnCreate"
            ));
        }
        let policies = template.of_type("AWS::S3::BucketPolicy");
        let over_tls = policies.iter().any(|policy| {
            target(policy.property("Bucket")) == Some(id)
                && policy.property("PolicyDocument")["Statement"][0]["Condition"]["Bool"]["aws:SecureTransport"] == "false"
        });
        if !over_tls {
            findings.push(format!("{id} can be read in the clear: deny what is not aws:SecureTransport"));
        }
    }
    expect_none(&findings);
}

fn is_retained(resource: Resource<'_>) -> bool {
    resource.body["DeletionPolicy"] == "RetainExceptOnCreate"
        && resource.body["UpdateReplacePolicy"] == "Retain"
}
