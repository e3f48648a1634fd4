//! Values that are taken: types, lists of values, bounds, patterns, alternatives.

use serde_json::{Value, json};

use super::{Evolution, Ways, released};

fn currencies(more: &[&str], less: &str) -> Value {
    let released = released();
    let all = released["$defs"]["Currency"]["enum"].as_array().expect("a list of values");
    let kept = all.iter().filter_map(Value::as_str).filter(|code| *code != less);
    json!(kept.chain(more.iter().copied()).collect::<Vec<_>>())
}

#[allow(clippy::too_many_lines, reason = "a list")]
pub fn values() -> Vec<Evolution> {
    let same = |name, edits, ways, breaks| Evolution { name, edits, lenient: ways, strict: ways, breaks };
    vec![
        same(
            "another description",
            vec![("/description", json!("Somebody ordered.")), ("/title", json!("Order"))],
            Ways::Both,
            &[],
        ),
        same(
            "a definition put where it was referred to",
            vec![("/properties/event_id", released()["$defs"]["EventId"].clone())],
            Ways::Both,
            &[],
        ),
        same(
            "a value added to a list of values",
            vec![("/$defs/Currency/enum", currencies(&["XXX"], ""))],
            Ways::Backward,
            &["F #/properties/data/properties/total/properties/currency/enum ENUM_ARRAY_NARROWED"],
        ),
        same(
            "a value taken from a list of values",
            vec![("/$defs/Currency/enum", currencies(&[], "EUR"))],
            Ways::Forward,
            &["B #/properties/data/properties/total/properties/currency/enum ENUM_ARRAY_NARROWED"],
        ),
        same(
            "an alternative of fixed values added",
            vec![("/$defs/ShippingMethod/oneOf/2", json!({"type": "string", "const": "drone"}))],
            Ways::Backward,
            &["F #/properties/data/properties/shipping_method/oneOf SUM_TYPE_NARROWED"],
        ),
        same(
            "an alternative of fixed values exchanged",
            vec![("/$defs/ShippingMethod/oneOf/1", json!({"type": "string", "const": "drone"}))],
            Ways::Neither,
            &[
                "B #/properties/data/properties/shipping_method/oneOf COMBINED_TYPE_SUBSCHEMAS_CHANGED",
                "B #/properties/data/properties/shipping_method/oneOf/1/const ENUM_ARRAY_CHANGED",
                "F #/properties/data/properties/shipping_method/oneOf COMBINED_TYPE_SUBSCHEMAS_CHANGED",
                "F #/properties/data/properties/shipping_method/oneOf/1/const ENUM_ARRAY_CHANGED",
            ],
        ),
        same(
            "another event type",
            vec![("/properties/event_type/const", json!("OrderPlaced"))],
            Ways::Neither,
            &[
                "B #/properties/event_type/const ENUM_ARRAY_CHANGED",
                "F #/properties/event_type/const ENUM_ARRAY_CHANGED",
            ],
        ),
        same(
            "an integer that may be a fraction",
            vec![("/properties/metadata/properties/sequence/type", json!("number"))],
            Ways::Backward,
            &["F #/properties/metadata/properties/sequence/type TYPE_NARROWED"],
        ),
        same(
            "a text that may be null",
            vec![("/$defs/Sku/type", json!(["string", "null"]))],
            Ways::Backward,
            &["F #/properties/data/properties/lines/items/properties/sku/type TYPE_NARROWED"],
        ),
        same(
            "a number where a text was",
            vec![("/$defs/CustomerId", json!({"type": "integer"}))],
            Ways::Neither,
            &[
                "B #/properties/data/properties/customer/properties/customer_id/type TYPE_CHANGED",
                "F #/properties/data/properties/customer/properties/customer_id/type TYPE_CHANGED",
            ],
        ),
        same(
            "a greater bound, one more than 2^53 - 1",
            vec![("/properties/metadata/properties/sequence/maximum", json!(9_007_199_254_740_992_u64))],
            Ways::Backward,
            &["F #/properties/metadata/properties/sequence/maximum MAXIMUM_DECREASED"],
        ),
        same(
            "a higher least number",
            vec![("/properties/metadata/properties/sequence/minimum", json!(1))],
            Ways::Forward,
            &["B #/properties/metadata/properties/sequence/minimum MINIMUM_INCREASED"],
        ),
        same(
            "a longer text",
            vec![("/$defs/CustomerId/maxLength", json!(128))],
            Ways::Backward,
            &[
                "F #/properties/data/properties/customer/properties/customer_id/maxLength MAX_LENGTH_DECREASED",
            ],
        ),
        same(
            "a longer list",
            vec![("/properties/data/properties/lines/maxItems", json!(100))],
            Ways::Backward,
            &["F #/properties/data/properties/lines/maxItems MAX_ITEMS_DECREASED"],
        ),
        same(
            "a list that may be empty",
            vec![("/properties/data/properties/lines/minItems", Value::Null)],
            Ways::Backward,
            &["F #/properties/data/properties/lines/minItems MIN_ITEMS_ADDED"],
        ),
        same(
            "another pattern",
            vec![("/$defs/CustomerId/pattern", json!("^[a-z]+$"))],
            Ways::Neither,
            &[
                "B #/properties/data/properties/customer/properties/customer_id/pattern PATTERN_CHANGED",
                "F #/properties/data/properties/customer/properties/customer_id/pattern PATTERN_CHANGED",
            ],
        ),
        same(
            "no pattern beside a reference",
            vec![("/properties/metadata/properties/version/pattern", Value::Null)],
            Ways::Backward,
            &["F #/properties/metadata/properties/version/pattern PATTERN_CHANGED"],
        ),
        same(
            "a third alternative",
            vec![(
                "/properties/metadata/properties/causation_id/anyOf",
                json!([{"$ref": "#/$defs/EventId"}, {"type": "null"}, {"type": "integer"}]),
            )],
            Ways::Backward,
            &["F #/properties/metadata/properties/causation_id/anyOf SUM_TYPE_NARROWED"],
        ),
    ]
}
