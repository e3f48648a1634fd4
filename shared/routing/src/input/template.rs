//! Templates with placeholders: `<name>` becomes what stands at the path of that name.
//!
//! A template that begins as JSON does (`{`, `[` or `"`) is JSON, or several values of JSON one after the other; in it a
//! placeholder is a value of its own, or part of a text. Any other template is one text.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;

use super::path::JsonPath;
use super::{InputRefused, MAX_CHARACTERS, Matched, Remark, Rendered};

/// The most variables of one target, and characters of a variable's name (API reference of `InputTransformer`).
const MAX_VARIABLES: usize = 100;
const MAX_NAME: usize = 256;

/// A template that `EventBridge` would take, with its variables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transformer {
    pieces: Vec<Piece>,
    is_json: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Placeholder { variable: Variable, is_in_text: bool },
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Variable {
    Path(JsonPath),
    RuleName,
    RuleArn,
    IngestionTime,
    /// The event without its detail.
    Envelope,
    Event,
}

impl Variable {
    /// The variables that there are without a path.
    fn reserved(name: &str) -> Option<Self> {
        Some(match name {
            "aws.events.rule-name" => Self::RuleName,
            "aws.events.rule-arn" => Self::RuleArn,
            "aws.events.event.ingestion-time" => Self::IngestionTime,
            "aws.events.event" => Self::Envelope,
            "aws.events.event.json" => Self::Event,
            _ => return None,
        })
    }

    fn value<'e>(&self, event: &'e Value, matched: Matched<'_>) -> Option<Cow<'e, Value>> {
        let text = |text: &str| Some(Cow::Owned(Value::from(text)));
        match self {
            Self::Path(path) => path.find(event),
            Self::RuleName => text(matched.rule_name),
            Self::RuleArn => text(matched.rule_arn),
            Self::IngestionTime => text(matched.ingestion_time),
            Self::Envelope => {
                let mut envelope = event.clone();
                if let Some(members) = envelope.as_object_mut() {
                    members.remove("detail");
                }
                Some(Cow::Owned(envelope))
            }
            Self::Event => Some(Cow::Borrowed(event)),
        }
    }
}

impl Transformer {
    /// Reads a template, or says why `EventBridge` would refuse it.
    pub fn parse(paths: &BTreeMap<String, String>, template: &str) -> Result<Self, InputRefused> {
        let variables = variables(paths)?;
        let refused = |reason: String| InputRefused::new("input_template", reason);
        match template.chars().count() {
            0 => return Err(refused("is empty".to_owned())),
            count if count > MAX_CHARACTERS => {
                return Err(refused(format!("has {count} characters, and {MAX_CHARACTERS} fit")));
            }
            _ => {}
        }
        let is_json = template.trim_start().starts_with(['{', '[', '"']);
        let pieces = pieces(template, is_json, &variables).map_err(refused)?;
        let transformer = Self { pieces, is_json };
        if is_json {
            transformer.check_json().map_err(refused)?;
        }
        Ok(transformer)
    }

    /// The template is JSON whatever the values are, and no key depends on them.
    fn check_json(&self) -> Result<(), String> {
        // Unicode promises that this is no character of any text.
        const PART: &str = "\u{fdd0}";
        let mut sample = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => sample.push_str(text),
                Piece::Placeholder { is_in_text: true, .. } => sample.push_str(PART),
                Piece::Placeholder { is_in_text: false, .. } => sample.push_str("null"),
            }
        }
        for value in serde_json::Deserializer::from_str(&sample).into_iter::<Value>() {
            let value = value.map_err(|error| format!("is not JSON: {error}"))?;
            if has_key_with(&value, PART) {
                return Err("a placeholder cannot be part of a key".to_owned());
            }
        }
        Ok(())
    }

    /// The text that a target receives.
    pub fn render(&self, event: &Value, matched: Matched<'_>) -> Rendered {
        let mut rendered = Rendered { text: String::new(), remarks: Vec::new() };
        for piece in &self.pieces {
            let (variable, is_in_text) = match piece {
                Piece::Text(text) => {
                    rendered.text.push_str(text);
                    continue;
                }
                Piece::Placeholder { variable, is_in_text } => (variable, *is_in_text),
            };
            let value = variable.value(event, matched);
            if let (None, Variable::Path(path)) = (&value, variable) {
                let remark = Remark::Missing(path.as_str().to_owned());
                if !rendered.remarks.contains(&remark) {
                    rendered.remarks.push(remark);
                }
            }
            let value = value.unwrap_or_else(|| Cow::Owned(Value::from("")));
            rendered.text.push_str(&written(&value, is_in_text));
        }
        if self.is_json {
            let mut values = serde_json::Deserializer::from_str(&rendered.text).into_iter::<Value>();
            if let Some(Err(error)) = values.find(Result::is_err) {
                rendered.remarks.push(Remark::NotJson(error.to_string()));
            }
        }
        rendered
    }
}

/// A value as it stands in a template: as JSON, or inside a text, where it has no quotation marks of its own.
fn written(value: &Value, is_in_text: bool) -> String {
    match value.as_str() {
        Some(text) if is_in_text => text.to_owned(),
        None if is_in_text => value.to_string().replace('"', ""),
        Some(_) | None => value.to_string(),
    }
}

fn has_key_with(value: &Value, part: &str) -> bool {
    match value {
        Value::Array(elements) => elements.iter().any(|element| has_key_with(element, part)),
        Value::Object(members) => {
            members.iter().any(|(key, value)| key.contains(part) || has_key_with(value, part))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn variables(paths: &BTreeMap<String, String>) -> Result<BTreeMap<&str, JsonPath>, InputRefused> {
    if paths.len() > MAX_VARIABLES {
        let reason = format!("there are {}, and {MAX_VARIABLES} are allowed", paths.len());
        return Err(InputRefused::new("input_paths", reason));
    }
    let mut variables = BTreeMap::new();
    for (name, path) in paths {
        let refused = |reason: String| InputRefused::new(format!("input_paths.{name}"), reason);
        if name.to_ascii_lowercase().starts_with("aws.") {
            return Err(refused("names that begin with aws. are reserved".to_owned()));
        }
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        if name.is_empty() || name.len() > MAX_NAME || !name.bytes().all(is_allowed) {
            let reason = format!("a name is 1 to {MAX_NAME} of A-Z, a-z, 0-9, _ and -");
            return Err(refused(reason));
        }
        variables.insert(name.as_str(), JsonPath::parse(path).map_err(refused)?);
    }
    Ok(variables)
}

fn pieces(template: &str, is_json: bool, variables: &BTreeMap<&str, JsonPath>) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut is_in_text = !is_json;
    let mut is_escaped = false;
    let mut rest = template;
    while let Some(letter) = rest.chars().next() {
        if let Some((name, after)) = placeholder(rest) {
            let variable = variables.get(name).cloned().map(Variable::Path);
            let variable = variable.or_else(|| Variable::reserved(name)).ok_or_else(|| {
                format!("<{name}> stands for nothing: it is neither in input_paths nor reserved")
            })?;
            if is_in_text && matches!(variable, Variable::Envelope | Variable::Event) {
                return Err(format!("<{name}> can only be the value of a field, not part of a text"));
            }
            pieces.extend((!text.is_empty()).then(|| Piece::Text(std::mem::take(&mut text))));
            pieces.push(Piece::Placeholder { variable, is_in_text });
            rest = after;
            is_escaped = false;
            continue;
        }
        if is_json && letter == '"' && !is_escaped {
            is_in_text = !is_in_text;
        }
        is_escaped = is_in_text && letter == '\\' && !is_escaped;
        text.push(letter);
        rest = &rest[letter.len_utf8()..];
    }
    pieces.extend((!text.is_empty()).then_some(Piece::Text(text)));
    Ok(pieces)
}

/// The name in the angle brackets that a text begins with, and what comes after. Brackets around anything that cannot
/// be a name are text.
fn placeholder(rest: &str) -> Option<(&str, &str)> {
    let (name, after) = rest.strip_prefix('<')?.split_once('>')?;
    let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    (!name.is_empty() && name.bytes().all(is_of_name)).then_some((name, after))
}
