//! Holds template.yaml, and the stack that it nests, to the promises of docs/: nothing can be lost, everything is
//! watched, nobody may do more than they need, and every event reaches its consumers by exactly one path.
//!
//! Each check collects all its findings; each finding names the resource and says what to do.

#[path = "contract_template/access.rs"]
mod access;
#[path = "contract_template/conditions.rs"]
mod conditions;
#[path = "contract_template/delivery.rs"]
mod delivery;
#[path = "contract_template/document.rs"]
mod document;
#[path = "contract_template/functions.rs"]
mod functions;
#[path = "contract_template/kafka.rs"]
mod kafka;
#[path = "contract_template/keeping.rs"]
mod keeping;
#[path = "contract_template/parted.rs"]
mod parted;
#[path = "contract_template/rights.rs"]
mod rights;
#[path = "contract_template/routing.rs"]
mod routing;
#[path = "contract_template/schemas.rs"]
mod schemas;
#[path = "contract_template/topics.rs"]
mod topics;

use document::{Resource, Template, target};

const FUNCTION: &str = "AWS::Serverless::Function";
const QUEUE: &str = "AWS::SQS::Queue";
const TABLE: &str = "AWS::DynamoDB::Table";

/// Fails with every finding, if there is one.
fn expect_none(findings: &[String]) {
    assert!(findings.is_empty(), "{} finding(s):\n- {}", findings.len(), findings.join("\n- "));
}

/// The package and binary that a function is built from: its name everywhere but in the template's logical ids.
fn binary(function: Resource<'_>) -> &str {
    function.body["Metadata"]["BuildProperties"]["Binary"].as_str().unwrap_or_default()
}

/// The dead-letter queue of a queue or a subscription.
fn dead_letters(source: Resource<'_>) -> Option<&str> {
    target(&source.property("RedrivePolicy")["deadLetterTargetArn"])
}

/// The dead-letter queues that functions fill themselves.
fn functions_dead_letters(template: &Template) -> Vec<&str> {
    let functions = template.of_type(FUNCTION).into_iter();
    functions.filter_map(|f| target(&f.property("Environment")["Variables"]["DLQ_URL"])).collect()
}
