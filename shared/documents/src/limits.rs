//! What schemas say of values that no type says: lengths, bounds, forms.

use serde_json::Value;

/// The rules of a schema that its type does not say, in words.
pub fn of(schema: &Value) -> Vec<String> {
    let mut limits = Vec::new();
    let ranges = [
        ("minimum", "maximum", ""),
        ("exclusiveMinimum", "exclusiveMaximum", " exclusive"),
        ("minLength", "maxLength", " characters"),
        ("minItems", "maxItems", " elements"),
        ("minProperties", "maxProperties", " fields"),
    ];
    for (low, high, unit) in ranges {
        match (schema.get(low), schema.get(high)) {
            (Some(low), Some(high)) if low == high => limits.push(format!("{low}{unit}")),
            (Some(low), Some(high)) => limits.push(format!("{low} to {high}{unit}")),
            (Some(low), None) => limits.push(format!("at least {low}{unit}")),
            (None, Some(high)) => limits.push(format!("at most {high}{unit}")),
            (None, None) => {}
        }
    }
    if let Some(step) = schema.get("multipleOf") {
        limits.push(format!("a multiple of {step}"));
    }
    if schema["uniqueItems"] == true {
        limits.push("each element once".to_owned());
    }
    for (keyword, words) in [("format", "format"), ("pattern", "pattern")] {
        if let Some(text) = schema[keyword].as_str() {
            limits.push(format!("{words} {text}"));
        }
    }
    limits
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn limits_are_words() {
        let schema = json!({ "minLength": 2, "maxLength": 2, "pattern": "^[A-Z]{2}$", "minimum": 1, "uniqueItems": true });
        assert_eq!(of(&schema), ["at least 1", "2 characters", "each element once", "pattern ^[A-Z]{2}$"]);
    }
}
