//! Fields that come, go, and change their names.

use serde_json::{Value, json};

use super::{Evolution, Ways};

const REQUIRED: &str = "/properties/data/required";

fn required(more: &[&str], less: &str) -> Value {
    let all = ["order_id", "customer", "lines", "total", "shipping_method", "payment_method"];
    json!(all.iter().filter(|name| **name != less).chain(more).collect::<Vec<_>>())
}

pub fn fields() -> Vec<Evolution> {
    let gift = ("/properties/data/properties/gift", json!({"type": "string"}));
    vec![
        Evolution {
            name: "a new optional field",
            edits: vec![gift.clone()],
            lenient: Ways::Both,
            strict: Ways::Forward,
            breaks: &["B #/properties/data/properties/gift OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL"],
        },
        Evolution {
            name: "a new required field",
            edits: vec![gift.clone(), (REQUIRED, required(&["gift"], ""))],
            lenient: Ways::Forward,
            strict: Ways::Forward,
            breaks: &["B #/properties/data/properties/gift REQUIRED_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL"],
        },
        Evolution {
            name: "a new required field with a default",
            edits: vec![
                (gift.0, json!({"type": "string", "default": "no"})),
                (REQUIRED, required(&["gift"], "")),
            ],
            lenient: Ways::Both,
            strict: Ways::Forward,
            breaks: &[
                "B #/properties/data/properties/gift REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_OPEN_CONTENT_MODEL",
            ],
        },
        Evolution {
            name: "an optional field removed",
            edits: vec![("/properties/metadata/properties/causation_id", Value::Null)],
            lenient: Ways::Both,
            strict: Ways::Backward,
            breaks: &[
                "F #/properties/metadata/properties/causation_id OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL",
            ],
        },
        Evolution {
            name: "a required field removed",
            edits: vec![
                ("/properties/data/properties/total", Value::Null),
                (REQUIRED, required(&[], "total")),
            ],
            lenient: Ways::Backward,
            strict: Ways::Backward,
            breaks: &["F #/properties/data/properties/total REQUIRED_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL"],
        },
        Evolution {
            name: "a required field renamed",
            edits: vec![
                ("/properties/data/properties/total", Value::Null),
                ("/properties/data/properties/amount", json!({"$ref": "#/$defs/Money"})),
                (REQUIRED, required(&["amount"], "total")),
            ],
            lenient: Ways::Neither,
            strict: Ways::Neither,
            breaks: &[
                "B #/properties/data/properties/amount REQUIRED_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL",
                "F #/properties/data/properties/total REQUIRED_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL",
            ],
        },
        Evolution {
            name: "a required field made optional",
            edits: vec![(REQUIRED, required(&[], "payment_method"))],
            lenient: Ways::Backward,
            strict: Ways::Backward,
            breaks: &["F #/properties/data/required/payment_method REQUIRED_ATTRIBUTE_ADDED"],
        },
        Evolution {
            name: "undeclared fields forbidden",
            edits: vec![("/properties/data/additionalProperties", json!(false))],
            lenient: Ways::Both,
            strict: Ways::Forward,
            breaks: &["B #/properties/data/additionalProperties ADDITIONAL_PROPERTIES_REMOVED"],
        },
        Evolution {
            name: "the first alternative alone of a field that may be null",
            edits: vec![(
                "/properties/metadata/properties/causation_id/anyOf",
                json!([{"$ref": "#/$defs/EventId"}]),
            )],
            lenient: Ways::Forward,
            strict: Ways::Forward,
            breaks: &["B #/properties/metadata/properties/causation_id/anyOf SUM_TYPE_NARROWED"],
        },
    ]
}
