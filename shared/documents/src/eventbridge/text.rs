//! JSON and YAML as text: the same text for the same value, in ASCII, so that no reader takes a character for another.

use std::fmt::Write as _;

use serde_json::{Map, Value};

/// The value with a line for each member, in the order of names; a list without lists and objects in it is one line.
pub fn json(value: &Value) -> String {
    let mut text = String::new();
    write(&mut text, value, 0);
    text
}

fn write(text: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            lines(text, ('{', '}'), depth, sorted(members), |text, (name, value)| {
                text.push_str(&ascii(&Value::String(name.clone()).to_string()));
                text.push_str(": ");
                write(text, value, depth + 1);
            });
        }
        Value::Array(elements) if elements.iter().any(|each| each.is_array() || each.is_object()) => {
            lines(text, ('[', ']'), depth, elements, |text, value| write(text, value, depth + 1));
        }
        Value::Array(elements) => {
            let each: Vec<String> = elements.iter().map(|each| ascii(&each.to_string())).collect();
            let _ = write!(text, "[{}]", each.join(", "));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            text.push_str(&ascii(&value.to_string()));
        }
    }
}

fn lines<T>(
    text: &mut String,
    (open, close): (char, char),
    depth: usize,
    parts: impl IntoIterator<Item = T>,
    mut part: impl FnMut(&mut String, T),
) {
    text.push(open);
    for (index, each) in parts.into_iter().enumerate() {
        let _ = write!(text, "{}\n{:2$}", if index == 0 { "" } else { "," }, "", 2 * (depth + 1));
        part(text, each);
    }
    let _ = write!(text, "\n{:1$}{close}", "", 2 * depth);
}

fn sorted(members: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut sorted: Vec<_> = members.iter().collect();
    sorted.sort_by_key(|(name, _)| *name);
    sorted
}

/// JSON in ASCII. Outside texts JSON has nothing else.
fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for each in json.chars() {
        if each.is_ascii() && each != '\u{7f}' {
            text.push(each);
        } else {
            for unit in each.encode_utf16(&mut [0; 2]) {
                let _ = write!(text, "\\u{unit:04x}");
            }
        }
    }
    text
}

/// A text as YAML: in double quotes, in ASCII.
pub fn yaml(text: &str) -> String {
    let mut quoted = String::from('"');
    for each in text.chars() {
        match each {
            '"' | '\\' => quoted.extend(['\\', each]),
            ' '..='~' => quoted.push(each),
            other => {
                let _ = write!(quoted, "\\U{:08x}", u32::from(other));
            }
        }
    }
    quoted.push('"');
    quoted
}

/// The text, or as much of its beginning as fits, with `…` at the end. The bound is in characters.
pub fn cut(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    text.chars().take(max.saturating_sub(1)).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const STRANGE: &str = "a \"b\" \\ \n\t\u{0}\u{7f}\u{85}\u{2028} Größe 🦀 #: {{x}} ${y}";

    #[test]
    fn json_is_the_same_value_again() {
        let value = json!({ "b": [1, "x", null], "a": { "c": [[], {}], "d": {}, "e": [] }, STRANGE: STRANGE, "f": [{ "g": 1.5 }] });
        let text = json(&value);
        assert!(text.is_ascii(), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).expect("JSON"), value);
        assert_eq!(
            json(&json!({ "b": [1, 2], "a": [{ "c": true }] })),
            "{\n  \"a\": [\n    {\n      \"c\": true\n    }\n  ],\n  \"b\": [1, 2]\n}"
        );
    }

    #[test]
    fn yaml_is_the_same_text_again() {
        let text = yaml(STRANGE);
        assert!(text.is_ascii(), "{text}");
        assert_eq!(semel_template::read(&format!("a: {text}")).expect("YAML")["a"], STRANGE);
    }

    #[test]
    fn a_text_is_cut_to_its_bound_in_characters() {
        assert_eq!(cut("Größe", 5), "Größe");
        assert_eq!(cut("Größen", 5), "Größ…");
    }
}
