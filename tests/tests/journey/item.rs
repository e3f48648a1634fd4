//! What an item weighs and what writing it costs, by the rules that DynamoDB publishes.
//!
//! Sizes: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>.
//! Write units: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html>.
//! Units of indexes: <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html>, section
//! "Provisioned throughput considerations for Global Secondary Indexes".

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// One write unit writes as much.
pub const UNIT_BYTES: usize = 1024;

/// The bytes of an item given in DynamoDB's JSON: names and values. Text counts in UTF-8; a number a byte for two
/// significant digits and one more; binary its bytes.
pub fn bytes(item: &Value) -> usize {
    let attributes = item.as_object().into_iter().flatten();
    attributes.map(|(name, value)| name.len() + value_bytes(value)).sum()
}

fn value_bytes(value: &Value) -> usize {
    let text = |kind: &str| value[kind].as_str();
    if let Some(text) = text("S") {
        return text.len();
    }
    if let Some(digits) = text("N") {
        return number_bytes(digits);
    }
    if let Some(base64) = text("B") {
        return STANDARD.decode(base64).expect("binary is base64").len();
    }
    panic!("no item of ours has an attribute like {value}");
}

/// Of a whole number. Leading and trailing zeros are no significant digits; a sign takes a byte.
fn number_bytes(digits: &str) -> usize {
    let sign = usize::from(digits.starts_with('-'));
    let significant = digits.trim_start_matches('-').trim_matches('0').len();
    significant.div_ceil(2) + 1 + sign
}

/// Units of a write of the item itself: the larger of what is there before and after, in kilobytes.
pub fn units(new: &Value, old: Option<&Value>) -> usize {
    bytes(new).max(old.map_or(0, bytes)).div_ceil(UNIT_BYTES).max(1)
}

/// An index that projects keys only.
#[derive(Debug, Clone)]
pub struct KeysOnly {
    /// Its name.
    pub name: String,
    /// The attributes that are its key.
    pub attributes: Vec<String>,
}

impl KeysOnly {
    /// Units that a write of the item costs in this index, whose entries are below a kilobyte: one to put an entry
    /// or to take it away, two to move it, none if it stays as it is.
    pub fn units(&self, new: &Value, old: Option<&Value>) -> usize {
        match (old.and_then(|old| self.entry(old)), self.entry(new)) {
            (None, None) => 0,
            (Some(before), Some(after)) if before == after => 0,
            (Some(_), Some(_)) => 2,
            (Some(_), None) | (None, Some(_)) => 1,
        }
    }

    /// An item without one of the attributes has no entry.
    fn entry<'a>(&self, item: &'a Value) -> Option<Vec<&'a Value>> {
        self.attributes.iter().map(|attribute| item.get(attribute)).collect()
    }
}

/// The indexes of a table of template.yaml.
pub fn indexes(table: &str) -> Vec<KeysOnly> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../template.yaml");
    let text = std::fs::read_to_string(path).expect("template.yaml");
    let template = semel_template::read(&text).expect("a template");
    let properties = &template["Resources"][table]["Properties"];
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let indexes = properties["GlobalSecondaryIndexes"].as_array().into_iter().flatten();
    indexes
        .map(|index| {
            let projection = text(&index["Projection"]["ProjectionType"]);
            assert_eq!(projection, "KEYS_ONLY", "{table}: another projection costs otherwise");
            let keys = index["KeySchema"].as_array().expect("a key");
            let attributes = keys.iter().map(|key| text(&key["AttributeName"])).collect();
            KeysOnly { name: text(&index["IndexName"]), attributes }
        })
        .collect()
}
