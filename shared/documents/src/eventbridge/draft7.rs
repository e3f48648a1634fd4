//! The way back from JSON Schema Draft 4, for comparing what is registered with what was released.

use serde_json::{Map, Value, json};

use crate::definitions::keywords;

/// A schema of Draft 4 in the words of draft-07, which the rules of compatibility know.
pub fn as_draft7(schema: &Value) -> Value {
    let Some(root) = schema.as_object() else { return schema.clone() };
    let mut root = later(root);
    if let Some(Value::Object(definitions)) = root.get_mut("definitions") {
        for definition in definitions.values_mut() {
            if let Value::Object(members) = definition {
                *members = later(members);
            }
        }
    }
    root.insert("$schema".to_owned(), json!("http://json-schema.org/draft-07/schema#"));
    Value::Object(root)
}

/// Only bounds are written in another way.
fn later(schema: &Map<String, Value>) -> Map<String, Value> {
    let mapped = keywords::map(schema, &mut |_, _, inner| {
        Ok::<_, std::convert::Infallible>(match inner {
            Value::Object(members) => Value::Object(later(members)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                inner.clone()
            }
        })
    });
    let mut schema = mapped.unwrap_or_else(|never| match never {});
    for (exclusive, bound) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
        match schema.get(exclusive) {
            Some(Value::Bool(true)) => {
                if let Some(limit) = schema.remove(bound) {
                    schema.insert(exclusive.to_owned(), limit);
                } else {
                    schema.remove(exclusive);
                }
            }
            Some(Value::Bool(false)) => {
                schema.remove(exclusive);
            }
            Some(_) | None => {}
        }
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_translated_can_be_compared_by_the_rules_of_later_drafts() {
        let schema = json!({
            "definitions": { "A": { "minimum": 1, "exclusiveMinimum": true, "items": { "maximum": 2, "exclusiveMaximum": false } } },
            "not": { "exclusiveMaximum": true },
        });
        let expected = json!({
            "$schema": "http://json-schema.org/draft-07/schema#",
            "definitions": { "A": { "exclusiveMinimum": 1, "items": { "maximum": 2 } } },
            "not": {},
        });
        assert_eq!(as_draft7(&schema), expected);
        assert_eq!(as_draft7(&json!(7)), json!(7));
    }
}
