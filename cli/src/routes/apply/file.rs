//! A rules file: what it may say, and every way in which `EventBridge` would refuse what it says.
//!
//! Knows the file's form and the service's limits (API references of `PutRule` and `PutTargets`), and nothing of what is
//! on a bus.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use semel_routing::Pattern;
use semel_routing::input::Input;
use serde::Deserialize;
use serde_json::Value;

use crate::error::Error;

const RULE_NAME_MAX: usize = 64;
const DESCRIPTION_MAX: usize = 512;
/// Of a pattern's text, as `PutRule` takes it.
const PATTERN_MAX: usize = 4_096;
/// Of one rule; a quota that cannot be raised.
pub const TARGETS_MAX: usize = 5;
const ARN_MAX: usize = 1_600;
const GROUP_MAX: usize = 128;
const EVENT_AGE_SECONDS: std::ops::RangeInclusive<i32> = 60..=86_400;
const ATTEMPTS: std::ops::RangeInclusive<i32> = 0..=185;

/// The rules of one owner on one bus.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RulesFile {
    /// Whose the rules are: they carry it as a tag.
    pub name: String,
    /// The bus, if the file says which.
    #[serde(default)]
    pub bus: Option<String>,
    /// The rules.
    pub rules: Vec<RuleEntry>,
}

/// One rule.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleEntry {
    /// Its name on the bus.
    pub name: String,
    /// What people are told of it.
    #[serde(default)]
    pub description: String,
    /// Whether events find it.
    #[serde(default)]
    pub state: State,
    /// Its event pattern.
    pub pattern: Value,
    /// What it sends to.
    pub targets: Vec<TargetEntry>,
}

/// Whether events find a rule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum State {
    /// They do.
    #[default]
    Enabled,
    /// They do not.
    Disabled,
}

/// One target of a rule.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TargetEntry {
    /// Its id within the rule.
    pub id: String,
    /// What it is, by its ARN,
    pub arn: Option<String>,
    /// or a queue beside the bus, by its name,
    pub queue: Option<String>,
    /// or a function,
    pub function: Option<String>,
    /// or a topic.
    pub topic: Option<String>,
    /// A constant to send,
    pub input: Option<Value>,
    /// or a part of the event,
    pub input_path: Option<String>,
    /// or a text made from a template; none of these for the event itself.
    pub input_transformer: Option<TransformerEntry>,
    /// The ARN of the queue that gets what cannot be delivered.
    pub dead_letter: Option<String>,
    /// How long delivery is tried.
    pub retry: Option<RetryEntry>,
    /// The message group, for a queue that has groups.
    pub message_group_id: Option<String>,
    /// The ARN of the role under which `EventBridge` delivers, where it needs one: streams, state machines, buses.
    pub role: Option<String>,
}

/// A template with its variables.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransformerEntry {
    /// The path of each variable.
    #[serde(default)]
    pub input_paths: BTreeMap<String, String>,
    /// The template.
    pub input_template: String,
}

/// How long delivery is tried; what is left out is as `EventBridge` has it.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetryEntry {
    /// Seconds after which an event is given up.
    #[serde(default)]
    pub maximum_event_age_seconds: Option<i32>,
    /// Attempts after which an event is given up.
    #[serde(default)]
    pub maximum_attempts: Option<i32>,
}

/// Reads a file, YAML or JSON. An error names the place: nothing that is unknown is passed over.
pub fn read(path: &Path) -> Result<RulesFile, Error> {
    let text = fs::read_to_string(path).map_err(Error::io("read", path))?;
    parse(&text).map_err(|reason| Error::Unexpected(format!("{}: {reason}", path.display())))
}

/// The same from text.
pub fn parse(text: &str) -> Result<RulesFile, String> {
    // JSON is YAML. As a value first, because that refuses a key that stands twice in a pattern.
    let value: serde_yaml_ng::Value = serde_yaml_ng::from_str(text).map_err(|error| error.to_string())?;
    serde_path_to_error::deserialize(value).map_err(|error| match error.path().to_string().as_str() {
        "." => error.inner().to_string(),
        path => format!("{path}: {}", error.inner()),
    })
}

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
    /// The pattern as `EventBridge` reads it.
    pub fn parsed(&self) -> Result<Pattern, String> {
        let length = self.pattern.to_string().chars().count();
        if length > PATTERN_MAX {
            return Err(format!("pattern: has {length} characters, and {PATTERN_MAX} fit"));
        }
        Pattern::parse(&self.pattern).map_err(|refused| format!("pattern: {refused}"))
    }

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
    /// What it receives.
    pub fn received(&self) -> Result<Input, String> {
        let input = match (&self.input, &self.input_path, &self.input_transformer) {
            (None, None, None) => Ok(Input::Event),
            (Some(value), None, None) => Input::constant(value),
            (None, Some(path), None) => Input::path(path),
            (None, None, Some(entry)) => Input::transformer(&entry.input_paths, &entry.input_template)
                .map_err(|mut refused| {
                    refused.field = format!("input_transformer.{}", refused.field);
                    refused
                }),
            _ => return Err("input: one of input, input_path and input_transformer at most".to_owned()),
        };
        input.map_err(|refused| refused.to_string())
    }

    /// The ARN, for a bus of this ARN. What has a name only is beside the bus.
    pub fn arn(&self, bus_arn: &str) -> String {
        let mut parts = bus_arn.split(':').skip(1);
        let mut part = || parts.next().unwrap_or_default();
        let (partition, _, region, account) = (part(), part(), part(), part());
        let beside = |service: &str, resource: String| {
            format!("arn:{partition}:{service}:{region}:{account}:{resource}")
        };
        match (&self.arn, &self.queue, &self.function, &self.topic) {
            (Some(arn), ..) => arn.clone(),
            (None, Some(queue), ..) => beside("sqs", queue.clone()),
            (None, None, Some(function), _) => beside("lambda", format!("function:{function}")),
            (None, None, None, topic) => beside("sns", topic.clone().unwrap_or_default()),
        }
    }

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

/// The service that an ARN belongs to; empty if it is none.
pub fn service(arn: &str) -> &str {
    arn.split(':').nth(2).unwrap_or_default()
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
