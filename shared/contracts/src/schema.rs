//! The JSON Schema (draft 2020-12) of every event type's envelope, made from the types themselves.
//!
//! A schema and [`decode`](crate::decode) or [`decode_telemetry`](crate::decode_telemetry) accept the same events,
//! but for what a schema cannot say: `metadata.aggregate_id` must equal the field of the data that names the aggregate
//! (`order_id`, `session_id`, `device_id`), no field may be there twice, and an integer is written without a fraction
//! (`1.0` is an integer to JSON Schema and not to us).
//!
//! A file holds one major version and is named after it: minor versions only add fields that a reader may ignore,
//! so one file describes them all.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use crate::{EventId, EventType, Kind, Metadata, TelemetryType, Timestamp};

/// One file of the `schemas` folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaFile {
    /// Where it is, from that folder: `<source>/<event type>/<major version>.json`.
    pub path: String,
    /// What it holds, ready to be written.
    pub text: String,
}

/// Every schema file there must be.
pub fn files() -> Vec<SchemaFile> {
    let events = EventType::ALL.iter().map(|&event_type| file(event_type));
    events.chain(TelemetryType::ALL.iter().map(|&event_type| file(event_type))).collect()
}

fn file(event_type: impl Kind) -> SchemaFile {
    SchemaFile { path: path(event_type), text: text(&of(event_type)) }
}

/// Where the schema of an event type is, from the `schemas` folder.
pub fn path(event_type: impl Kind) -> String {
    format!("{}/{event_type}/{}.json", event_type.origin(), event_type.newest().major)
}

/// The schema of a whole envelope with an event of this type.
pub fn of(event_type: impl Kind) -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut data = event_type.data_schema(&mut generator);
    let title = format!("{event_type} {}.x", event_type.newest().major);
    let description = data.remove("description").unwrap_or_default();
    let version_pattern = format!(r"^{}\.", event_type.newest().major);

    let mut metadata = described(&mut generator, Metadata::json_schema, "Where the event came from.");
    // On top of the shape of any version: this file describes one major version.
    if let Some(version) = metadata.pointer_mut("/properties/version").and_then(Value::as_object_mut) {
        version.insert("pattern".to_owned(), json!(version_pattern));
    }
    let mut schema = json_schema!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("urn:semel:schema:{}:{event_type}:{}", event_type.origin(), event_type.newest().major),
        "title": title,
        "description": description,
        "type": "object",
        "required": ["event_id", "event_type", "timestamp", "data", "metadata"],
        "properties": {
            "event_id": generator.subschema_for::<EventId>(),
            "event_type": { "const": event_type.name(), "description": "What type of event the data is." },
            "timestamp": generator.subschema_for::<Timestamp>(),
            "data": data,
            "metadata": metadata,
        },
    });
    let definitions = generator.take_definitions(true);
    schema.insert("$defs".to_owned(), Value::Object(definitions));
    schema.to_value()
}

fn described(
    generator: &mut SchemaGenerator,
    make: fn(&mut SchemaGenerator) -> Schema,
    description: &str,
) -> Schema {
    let mut schema = make(generator);
    schema.insert("description".to_owned(), json!(description));
    schema
}

/// Indented, with the keys in one order whatever map `serde_json` was built with: what says what it is comes first,
/// the definitions come last.
fn text(schema: &Value) -> String {
    let mut text = String::new();
    write(schema, 0, &mut text);
    text.push('\n');
    text
}

fn write(value: &Value, depth: usize, text: &mut String) {
    let items: Vec<(Option<&String>, &Value)> = match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().map(|(key, value)| (Some(key), value)).collect();
            fields.sort_by_key(|(key, _)| (key.map(|key| rank(key)), *key));
            fields
        }
        Value::Array(items) if items.iter().any(Value::is_object) => {
            items.iter().map(|item| (None, item)).collect()
        }
        // A list of words stays on one line.
        Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            text.push_str(&value.to_string());
            return;
        }
    };
    let (open, close) = if value.is_object() { ('{', '}') } else { ('[', ']') };
    text.push(open);
    for (index, (key, item)) in items.iter().enumerate() {
        text.push_str(if index == 0 { "\n" } else { ",\n" });
        text.push_str(&"  ".repeat(depth + 1));
        if let Some(key) = key {
            text.push_str(&json!(key).to_string());
            text.push_str(": ");
        }
        write(item, depth + 1, text);
    }
    text.push('\n');
    text.push_str(&"  ".repeat(depth));
    text.push(close);
}

fn rank(key: &str) -> u8 {
    match key {
        "$schema" => 0,
        "$id" => 1,
        "title" => 2,
        "description" => 3,
        "type" => 4,
        "required" => 5,
        "$defs" => 7,
        _ => 6,
    }
}
