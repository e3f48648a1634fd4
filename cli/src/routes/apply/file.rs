//! A rules file: its form, and what it means. What `EventBridge` would refuse of it is told by the
//! [faults](super::faults); nothing is known of what is on a bus.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use semel_routing::Pattern;
use semel_routing::input::Input;
use serde::Deserialize;
use serde_json::Value;

use crate::error::Error;

/// Of a pattern's text, as `PutRule` takes it.
const PATTERN_MAX: usize = 4_096;

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

impl RuleEntry {
    /// The pattern as `EventBridge` reads it.
    pub fn parsed(&self) -> Result<Pattern, String> {
        let length = self.pattern.to_string().chars().count();
        if length > PATTERN_MAX {
            return Err(format!("pattern: has {length} characters, and {PATTERN_MAX} fit"));
        }
        Pattern::parse(&self.pattern).map_err(|refused| format!("pattern: {refused}"))
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
}

/// The service that an ARN belongs to; empty if it is none.
pub fn service(arn: &str) -> &str {
    arn.split(':').nth(2).unwrap_or_default()
}
