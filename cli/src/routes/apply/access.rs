//! Whether a queue or a topic lets a rule in: its resource policy, read as far as rules go.
//!
//! Without such a statement `EventBridge` takes the target, delivers nothing and tells nobody. Knows the language of
//! policies, and nothing of how they are fetched.

use serde_json::{Value, json};

const PRINCIPAL: &str = "events.amazonaws.com";

/// What a rule does to a resource.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'d> {
    /// Such as `sqs:SendMessage`.
    pub action: &'d str,
    /// The queue or topic.
    pub resource_arn: &'d str,
    /// The rule.
    pub rule_arn: &'d str,
}

impl Delivery<'_> {
    /// Whether the policy allows it. A condition that is not known here counts as one that does not hold, so that what
    /// is granted to others is not taken for granted.
    pub fn is_allowed_by(self, policy: &Value) -> bool {
        let statements = || each(&policy["Statement"]);
        let allows =
            statements().any(|statement| statement["Effect"] == "Allow" && self.is_named_in(statement));
        let denies =
            statements().any(|statement| statement["Effect"] == "Deny" && self.is_named_in(statement));
        allows && !denies
    }

    fn is_named_in(self, statement: &Value) -> bool {
        let principal = &statement["Principal"];
        let is_named = each(&principal["Service"]).any(|name| name == PRINCIPAL);
        let is_anybody =
            [principal, &principal["Service"], &principal["AWS"]].iter().any(|name| **name == "*");
        let mut resources = each(&statement["Resource"]).filter_map(Value::as_str);
        // Actions have no case.
        let action = self.action.to_ascii_lowercase();
        let mut actions = each(&statement["Action"]).filter_map(Value::as_str);
        (is_named || is_anybody)
            && actions.any(|pattern| is_like(&pattern.to_ascii_lowercase(), &action))
            && resources.any(|pattern| is_like(pattern, self.resource_arn))
            && self.meets(&statement["Condition"])
    }

    fn meets(self, conditions: &Value) -> bool {
        let Some(conditions) = conditions.as_object() else { return conditions.is_null() };
        let account = self.rule_arn.split(':').nth(4).unwrap_or_default();
        conditions.iter().all(|(operator, keys)| {
            let is_known =
                ["ArnEquals", "ArnLike", "StringEquals", "StringLike"].contains(&operator.as_str());
            let mut keys = keys.as_object().into_iter().flatten();
            is_known
                && keys.all(|(key, values)| {
                    let actual = match key.to_ascii_lowercase().as_str() {
                        "aws:sourcearn" => self.rule_arn,
                        "aws:sourceaccount" => account,
                        _ => return false,
                    };
                    // Only `StringEquals` takes no wildcards.
                    let meets = |pattern: &str| {
                        if operator == "StringEquals" { pattern == actual } else { is_like(pattern, actual) }
                    };
                    each(values).filter_map(Value::as_str).any(meets)
                })
        })
    }

    /// The statement that allows it.
    pub fn statement(self) -> Value {
        json!({
            "Effect": "Allow",
            "Principal": { "Service": PRINCIPAL },
            "Action": self.action,
            "Resource": self.resource_arn,
            "Condition": { "ArnEquals": { "aws:SourceArn": self.rule_arn } },
        })
    }
}

/// One or many.
fn each(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice).iter()
}

/// Whether a text has the form of a pattern with `*` and `?`.
fn is_like(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    // Where the last star was, and up to where it has been stretched.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(letter) if *letter == b'?' || *letter == text[t] => {
                p += 1;
                t += 1;
            }
            Some(_) | None => match star {
                Some((at, stretched)) => {
                    star = Some((at, stretched + 1));
                    p = at + 1;
                    t = stretched + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|letter| *letter == b'*')
}
