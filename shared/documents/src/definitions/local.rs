//! One event's schema, taken apart: the event itself, and its parts, each under a key of its own.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::keywords::{self, Place};
use crate::Fault;

/// A part of one event's schema.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// What it would like to be called.
    pub wish: String,
    /// Its schema, whose references are keys of other parts.
    pub schema: Value,
}

/// One event's schema.
#[derive(Debug, Clone, PartialEq)]
pub struct Local {
    /// The event type.
    pub event_type: String,
    /// The event itself; its references are keys of parts.
    pub root: Value,
    /// By key: definitions, and objects that stood inside others.
    pub parts: BTreeMap<String, Part>,
}

impl Local {
    /// Takes a schema apart.
    pub fn read(event_type: &str, schema: &Value) -> Result<Self, Fault> {
        if !is_name(event_type) {
            return Err(Fault::Name { event_type: event_type.to_owned() });
        }
        let mut reader = Reader {
            event_type,
            ignores_neighbours: schema["$schema"].as_str().is_some_and(|name| name.contains("draft-07")),
            keys: BTreeMap::new(),
            parts: BTreeMap::new(),
        };
        let mut root = schema.as_object().cloned().unwrap_or_default();
        let mut definitions = Vec::new();
        for group in ["$defs", "definitions"] {
            let Some(Value::Object(found)) = root.remove(group) else { continue };
            for (name, schema) in found {
                let key = reader.free(&name);
                reader.keys.insert(format!("#/{group}/{name}"), key.clone());
                reader
                    .parts
                    .insert(key.clone(), Part { wish: capitalised(&name), schema: Value::Bool(true) });
                definitions.push((key, format!("#/{group}/{name}"), schema));
            }
        }
        for dropped in ["$schema", "$id"] {
            root.remove(dropped);
        }
        for (key, at, schema) in definitions {
            let wish = capitalised(&key);
            let schema = reader.walk(&schema, &at, &wish)?;
            reader.parts.insert(key, Part { wish, schema });
        }
        let root = reader.walk(&Value::Object(root), "#", event_type)?;
        Ok(Self { event_type: event_type.to_owned(), root, parts: reader.parts })
    }
}

struct Reader<'a> {
    event_type: &'a str,
    /// Draft-07 says that what stands beside a reference does not count.
    ignores_neighbours: bool,
    /// From a reference to the key of its part.
    keys: BTreeMap<String, String>,
    parts: BTreeMap<String, Part>,
}

impl Reader<'_> {
    fn walk(&mut self, schema: &Value, at: &str, wish: &str) -> Result<Value, Fault> {
        let Some(members) = schema.as_object() else { return Ok(schema.clone()) };
        if let Some(keyword) = keywords::foreign(members) {
            let (event_type, at) = (self.event_type.to_owned(), at.to_owned());
            return Err(Fault::Keyword { event_type, at, keyword: keyword.to_owned() });
        }
        let mut walked = keywords::map(members, &mut |place, step, inner| {
            let at = format!("{at}/{step}");
            let wish = match place {
                // The envelope is the same everywhere; what is in it is each event's own.
                Place::Property("data") if at == "#/properties/data" => format!("{}Data", self.event_type),
                Place::Property(name) => capitalised(name),
                Place::Items => format!("{wish}Item"),
                Place::Alternative | Place::Other => wish.to_owned(),
            };
            let inner = self.walk(inner, &at, &wish)?;
            let has_fields = inner.get("properties").is_some_and(|fields| fields != &json!({}));
            Ok(match place {
                Place::Property(_) | Place::Items | Place::Alternative if has_fields => {
                    self.taken_out(wish, inner)
                }
                Place::Property(_) | Place::Items | Place::Alternative | Place::Other => inner,
            })
        })?;
        let Some(reference) = walked.remove("$ref") else { return Ok(Value::Object(walked)) };
        let reference = reference.as_str().unwrap_or_default();
        let Some(key) = self.keys.get(&reference.replace("~1", "/").replace("~0", "~")) else {
            let (event_type, at) = (self.event_type.to_owned(), at.to_owned());
            return Err(Fault::Reference { event_type, at, reference: reference.to_owned() });
        };
        Ok(beside(key, walked, self.ignores_neighbours))
    }

    fn taken_out(&mut self, wish: String, schema: Value) -> Value {
        let key = self.free(&wish);
        self.parts.insert(key.clone(), Part { wish, schema });
        json!({ "$ref": key })
    }

    /// The name, or if it is taken the name with the first number that makes it new.
    fn free(&self, name: &str) -> String {
        if !self.parts.contains_key(name) {
            return name.to_owned();
        }
        let mut number = 2;
        while self.parts.contains_key(&format!("{name}{number}")) {
            number += 1;
        }
        format!("{name}{number}")
    }
}

/// A reference and what stands beside it, which counts in draft 2020-12 and not in draft-07.
fn beside(key: &str, mut neighbours: Map<String, Value>, ignored: bool) -> Value {
    let reference = json!({ "$ref": key });
    if ignored {
        neighbours.retain(|keyword, _| keyword == "description");
    }
    if neighbours.is_empty() {
        return reference;
    }
    let mut all = vec![reference];
    if let Some(Value::Array(others)) = neighbours.remove("allOf") {
        all.extend(others);
    }
    neighbours.insert("allOf".to_owned(), Value::Array(all));
    Value::Object(neighbours)
}

fn is_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|each| each.is_ascii_alphanumeric() || each == '_')
}

/// `line item` and `line_item` as `LineItem`, a name in every language.
fn capitalised(name: &str) -> String {
    let words = name.split(|each: char| !each.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let capitalised: String = words
        .map(|word| {
            let (first, rest) = word.split_at(1);
            first.to_ascii_uppercase() + rest
        })
        .collect();
    if capitalised.starts_with(|first: char| first.is_ascii_alphabetic()) {
        capitalised
    } else {
        format!("Type{capitalised}")
    }
}
