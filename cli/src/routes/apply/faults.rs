//! Every way in which `EventBridge` would refuse what a rules file says, each with its place.
//!
//! Knows the service's limits (API references of `PutRule` and `PutTargets`), and nothing of what is on a bus.

use std::collections::BTreeSet;

use super::file::{RuleEntry, RulesFile, TargetEntry, service};

const RULE_NAME_MAX: usize = 64;
const DESCRIPTION_MAX: usize = 512;
/// Of one rule; a quota that cannot be raised.
pub const TARGETS_MAX: usize = 5;
const ARN_MAX: usize = 1_600;
const GROUP_MAX: usize = 128;
const EVENT_AGE_SECONDS: std::ops::RangeInclusive<i32> = 60..=86_400;
const ATTEMPTS: std::ops::RangeInclusive<i32> = 0..=185;

impl RulesFile {
    /// Everything that `EventBridge` would refuse, each with its place.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if !is_name(&self.name) {
            faults.push(format!("name: {}", name_rule()));
        }
        let mut names = BTreeSet::new();
        for (index, rule) in self.rules.iter().enumerate() {
            let place = format!("rules[{index}] ({})", rule.name);
            if !names.insert(&rule.name) {
                faults.push(format!("{place}: there is another rule of this name"));
            }
            faults.extend(rule.faults().into_iter().map(|fault| format!("{place}: {fault}")));
        }
        faults
    }
}

impl RuleEntry {
    fn faults(&self) -> Vec<String> {
        let mut faults: Vec<String> = self.parsed().err().into_iter().collect();
        if !is_name(&self.name) {
            faults.push(format!("name: {}", name_rule()));
        }
        if self.description.chars().count() > DESCRIPTION_MAX {
            faults.push(format!("description: {DESCRIPTION_MAX} characters fit"));
        }
        if self.targets.is_empty() || self.targets.len() > TARGETS_MAX {
            faults.push(format!("targets: a rule has 1 to {TARGETS_MAX}, not {}", self.targets.len()));
        }
        let mut ids = BTreeSet::new();
        for (index, target) in self.targets.iter().enumerate() {
            let place = format!("targets[{index}]");
            if !ids.insert(&target.id) {
                faults.push(format!("{place}.id: there is another target {:?}", target.id));
            }
            faults.extend(target.faults().into_iter().map(|fault| format!("{place}.{fault}")));
        }
        faults
    }
}

impl TargetEntry {
    fn faults(&self) -> Vec<String> {
        let mut faults: Vec<String> = self.received().err().into_iter().collect();
        if !is_name(&self.id) {
            faults.push(format!("id: {}", name_rule()));
        }
        faults.extend(self.resource_fault());
        if let Some(arn) = &self.dead_letter
            && (!is_arn(arn) || service(arn) != "sqs" || is_fifo(arn))
        {
            faults.push(format!("dead_letter: {arn:?} is not the ARN of a standard queue"));
        }
        if let Some(role) = &self.role
            && (!is_arn(role) || service(role) != "iam")
        {
            faults.push(format!("role: {role:?} is not the ARN of a role"));
        }
        if let Some(retry) = self.retry {
            for (field, value, range) in [
                ("maximum_event_age_seconds", retry.maximum_event_age_seconds, EVENT_AGE_SECONDS),
                ("maximum_attempts", retry.maximum_attempts, ATTEMPTS),
            ] {
                if value.is_some_and(|value| !range.contains(&value)) {
                    faults.push(format!("retry.{field}: from {} to {}", range.start(), range.end()));
                }
            }
        }
        faults.extend(self.group_fault());
        faults
    }

    fn resource_fault(&self) -> Option<String> {
        let named = [&self.arn, &self.queue, &self.function, &self.topic].into_iter().flatten();
        let given: Vec<&String> = named.collect();
        let [only] = given.as_slice() else {
            return Some("arn: exactly one of arn, queue, function and topic".to_owned());
        };
        match &self.arn {
            Some(arn) if !is_arn(arn) => Some(format!("arn: {arn:?} is no ARN")),
            None if only.is_empty() || only.contains([':', '/', ' ']) => {
                Some(format!("{only:?} is no name; what is in another account or region has an arn"))
            }
            Some(_) | None => None,
        }
    }

    fn group_fault(&self) -> Option<String> {
        let of_queue = self.queue.as_deref();
        let of_queue = of_queue.or_else(|| self.arn.as_deref().filter(|arn| service(arn) == "sqs"));
        match (&self.message_group_id, of_queue) {
            (None, Some(queue)) if is_fifo(queue) => {
                Some("message_group_id: a queue with order needs one".to_owned())
            }
            (Some(_), None) => Some("message_group_id: only queues have groups".to_owned()),
            (Some(group), Some(_)) if group.is_empty() || group.chars().count() > GROUP_MAX => {
                Some(format!("message_group_id: has 1 to {GROUP_MAX} characters"))
            }
            (None | Some(_), _) => None,
        }
    }
}

fn is_fifo(queue: &str) -> bool {
    queue.strip_suffix(".fifo").is_some()
}

fn is_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let filled = |index: usize| parts.get(index).is_some_and(|part| !part.is_empty());
    text.len() <= ARN_MAX && parts.first() == Some(&"arn") && filled(1) && filled(2) && filled(5)
}

fn name_rule() -> String {
    format!("has 1 to {RULE_NAME_MAX} of A-Z, a-z, 0-9, . - and _")
}

fn is_name(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    (1..=RULE_NAME_MAX).contains(&text.len()) && text.bytes().all(is_allowed)
}
