//! What would keep events from their targets though the rules are right: resources that are not there, and policies that
//! do not let a rule in.

use semel_aws::AwsError;
use semel_aws::operator::{Operator, Rule};
use serde::Serialize;
use serde_json::Value;

use super::access::Delivery;
use super::file::service;
use crate::error::Error;

/// Something that has to be done elsewhere.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Warning {
    /// The rule.
    pub rule: String,
    /// The target's id.
    pub target: String,
    /// What is wrong, or cannot be seen from here.
    pub reason: String,
    /// The statement that the resource's policy needs.
    pub statement: Option<Value>,
}

/// Looks at every target and every dead-letter queue. What is not there at all is an error.
pub async fn of(operator: &Operator, rules: &[Rule]) -> Result<Vec<Warning>, Error> {
    let mut warnings = Vec::new();
    let mut missing = Vec::new();
    for rule in rules {
        for target in &rule.targets {
            for arn in [Some(&target.arn), target.dead_letter.as_ref()].into_iter().flatten() {
                match one(operator, rule, arn).await {
                    Ok(found) => warnings.extend(found.map(|(reason, statement)| Warning {
                        rule: rule.name.clone(),
                        target: target.id.clone(),
                        reason,
                        statement,
                    })),
                    Err(reason) => missing.push(format!("{}: target {}: {reason}", rule.name, target.id)),
                }
            }
        }
    }
    if missing.is_empty() { Ok(warnings) } else { Err(Error::Failed(missing.join("\n"))) }
}

/// The warning about one resource, if there is one; the error if the resource is not there.
async fn one(operator: &Operator, rule: &Rule, arn: &str) -> Result<Option<(String, Option<Value>)>, String> {
    let (action, policy) = match service(arn) {
        "sqs" => {
            let mut parts = arn.split(':').skip(4);
            let (account, name) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            ("sqs:SendMessage", operator.queue_policy(account, name).await)
        }
        "sns" => ("sns:Publish", operator.topic_policy(arn).await),
        "lambda" => {
            let reason = format!(
                "whether {arn} lets the rule in is not looked at; it does after aws lambda add-permission \
                 --function-name {arn} --statement-id {} --action lambda:InvokeFunction \
                 --principal events.amazonaws.com --source-arn {}",
                rule.name.replace('.', "-"),
                rule.arn
            );
            return Ok(Some((reason, None)));
        }
        _ => return Ok(None),
    };
    let delivery = Delivery { action, resource_arn: arn, rule_arn: &rule.arn };
    let policy = match policy {
        Ok(policy) => policy.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or(Value::Null),
        Err(error) if is_missing(&error) => return Err(format!("there is no {arn}")),
        Err(error) => return Ok(Some((format!("the policy of {arn} cannot be read: {error}"), None))),
    };
    if delivery.is_allowed_by(&policy) {
        return Ok(None);
    }
    let reason = format!("the policy of {arn} does not let the rule in; this statement would");
    Ok(Some((reason, Some(delivery.statement()))))
}

fn is_missing(error: &AwsError) -> bool {
    let code = error.code.rsplit('#').next().unwrap_or_default();
    matches!(
        code,
        "QueueDoesNotExist" | "AWS.SimpleQueueService.NonExistentQueue" | "NotFound" | "NotFoundException"
    )
}
