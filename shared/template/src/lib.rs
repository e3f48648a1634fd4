//! Templates of `CloudFormation` as plain JSON, with the short tags of YAML written out.
//!
//! Knows the language that templates are written in, and nothing of what they declare.

use serde_json::{Map, Value, json};
use serde_yaml_ng::Value as Yaml;

/// Why a text is no template.
#[derive(Debug, thiserror::Error)]
pub enum NotATemplate {
    /// It is not YAML, or an object has a key twice.
    #[error("not YAML: {0}")]
    NotYaml(#[from] serde_yaml_ng::Error),
    /// JSON has texts as keys only.
    #[error("a key is not a text: {0}")]
    KeyIsNoText(String),
    /// JSON has no such number.
    #[error("{0} is no number that JSON has")]
    NoJsonNumber(String),
}

/// A template's text, YAML or JSON, as JSON: `!Ref X` is `{"Ref": "X"}`, and `!GetAtt X.Y` is
/// `{"Fn::GetAtt": ["X", "Y"]}`.
pub fn read(template: &str) -> Result<Value, NotATemplate> {
    plain(serde_yaml_ng::from_str(template)?)
}

fn plain(yaml: Yaml) -> Result<Value, NotATemplate> {
    Ok(match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(value) => Value::Bool(value),
        Yaml::Number(number) => self::number(&number)?,
        Yaml::String(text) => Value::String(text),
        Yaml::Sequence(elements) => elements.into_iter().map(plain).collect::<Result<_, _>>()?,
        Yaml::Mapping(members) => {
            let member = |(key, value): (Yaml, Yaml)| match key {
                Yaml::String(key) => Ok((key, plain(value)?)),
                Yaml::Null
                | Yaml::Bool(_)
                | Yaml::Number(_)
                | Yaml::Sequence(_)
                | Yaml::Mapping(_)
                | Yaml::Tagged(_) => Err(NotATemplate::KeyIsNoText(format!("{key:?}"))),
            };
            Value::Object(members.into_iter().map(member).collect::<Result<Map<_, _>, _>>()?)
        }
        Yaml::Tagged(tagged) => written_out(&tagged.tag.to_string(), &plain(tagged.value)?),
    })
}

fn number(number: &serde_yaml_ng::Number) -> Result<Value, NotATemplate> {
    if let Some(whole) = number.as_u64() {
        return Ok(whole.into());
    }
    if let Some(whole) = number.as_i64() {
        return Ok(whole.into());
    }
    let fraction = number.as_f64().and_then(serde_json::Number::from_f64);
    fraction.map(Value::Number).ok_or_else(|| NotATemplate::NoJsonNumber(number.to_string()))
}

fn written_out(tag: &str, value: &Value) -> Value {
    match tag.trim_start_matches('!') {
        name @ ("Ref" | "Condition") => json!({ name: value }),
        "GetAtt" => match value.as_str().and_then(|text| text.split_once('.')) {
            Some((id, attribute)) => json!({ "Fn::GetAtt": [id, attribute] }),
            None => json!({ "Fn::GetAtt": value }),
        },
        name => json!({ format!("Fn::{name}"): value }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_tags_are_written_out() {
        let template = "
            A: !Ref Queue
            B: !GetAtt Queue.Arn
            C: !GetAtt [Queue, Arn]
            D: !Sub '${Queue}-x'
            E: !If [IsLocal, !Ref A, !FindInMap [M, a, b]]
            F: { Condition: !Condition IsLocal }
            G: !GetAtt Nested.Outputs.Name
            H: [1, -1, 1.5, true, null, ~, 18446744073709551615]
        ";
        let expected = json!({
            "A": { "Ref": "Queue" },
            "B": { "Fn::GetAtt": ["Queue", "Arn"] },
            "C": { "Fn::GetAtt": ["Queue", "Arn"] },
            "D": { "Fn::Sub": "${Queue}-x" },
            "E": { "Fn::If": ["IsLocal", { "Ref": "A" }, { "Fn::FindInMap": ["M", "a", "b"] }] },
            "F": { "Condition": { "Condition": "IsLocal" } },
            "G": { "Fn::GetAtt": ["Nested", "Outputs.Name"] },
            "H": [1, -1, 1.5, true, null, null, u64::MAX],
        });
        assert_eq!(read(template).expect("is a template"), expected);
        assert_eq!(read(&expected.to_string()).expect("JSON is YAML"), expected);
    }

    #[test]
    fn what_json_cannot_say_is_refused() {
        for (text, reason) in [
            ("a: [", "not YAML"),
            ("a: 1\na: 2", "duplicate"),
            ("1: 2", "a key is not a text"),
            ("a: { [x]: 2 }", "a key is not a text"),
            ("a: .inf", "no number that JSON has"),
            ("a: .nan", "no number that JSON has"),
        ] {
            let refused = read(text).expect_err(text).to_string();
            assert!(refused.contains(reason), "{text}: {refused}");
        }
    }
}
