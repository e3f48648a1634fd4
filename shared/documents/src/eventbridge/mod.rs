//! The released schemas as `EventBridge`'s schema registry takes them, and the template that puts them there.
//!
//! The format is JSON Schema Draft 4. The registry takes that or `OpenAPI` 3, and makes code bindings of both; AWS
//! recommends JSON Schema where events are validated
//! (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-schema-create.html>), and `OpenAPI` 3.0 cannot say all
//! that the released schemas say: it has no `null` among the types.
//!
//! An event of the bus is described as `EventBridge` hands it over, with the envelope as its detail, under the name that
//! a discovered schema would have. What never travels on the bus is described as its carrier has it.

mod draft4;
mod draft7;
mod template;
mod text;

use std::collections::BTreeMap;

use semel_registry::{EventTypeRecord, RegisteredType, Registry, Release};
use serde_json::{Map, Value, json};

use crate::Fault;
use crate::definitions::{Definitions, PREFIX, keywords};
use crate::platform::Platform;

pub use draft7::as_draft7;
pub use template::template;

/// Characters of a schema, by the service's own model (`CreateSchema`, `Content`).
pub const CONTENT_CHARACTERS_MAX: usize = 100_000;

/// Characters of a schema's or a registry's description, by the same.
pub const DESCRIPTION_CHARACTERS_MAX: usize = 256;

/// Characters of a schema's name: letters, digits, and `.`, `-`, `_`, `@`. The console says so; the model does not.
pub const NAME_CHARACTERS_MAX: usize = 385;

/// The tag that holds the release's version.
pub const VERSION_TAG: &str = "version";

/// The tag that holds the release's id: the hash of its file.
pub const ID_TAG: &str = "schema-id";

/// The tag that holds who answers for the event type.
pub const OWNER_TAG: &str = "owner";

/// A release as the registry takes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventBridgeSchema {
    /// The event type.
    pub event_type: String,
    /// The version of the release.
    pub version: String,
    /// Its name in the registry: `<source>@<event type>`.
    pub name: String,
    /// What it says of itself, cut to what the registry takes.
    pub description: String,
    /// The schema: JSON Schema Draft 4, as text that is the same for the same release.
    pub content: String,
    /// Whose it is, and which release: [`VERSION_TAG`], [`ID_TAG`], [`OWNER_TAG`].
    pub tags: BTreeMap<String, String>,
}

/// The newest release of every event type, by name.
pub fn newest(platform: &Platform, registry: &Registry) -> Result<Vec<EventBridgeSchema>, Fault> {
    let mut schemas = Vec::new();
    for found in registry.list() {
        if let Some(release) = found.latest() {
            schemas.push(of(platform, found, release)?);
        }
    }
    schemas.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(schemas)
}

/// One release. An event type of which the platform puts nothing on a bus is described without the bus's frame.
pub fn of(
    platform: &Platform,
    found: &RegisteredType,
    release: &Release,
) -> Result<EventBridgeSchema, Fault> {
    let record = &found.record;
    let on_bus = platform.on_bus().contains(record.event_type.as_str());
    let content = text::json(&document(record, release, on_bus)?);
    let name = format!("{}@{}", record.source, record.event_type);
    let limits = [
        ("schema", content.chars().count(), CONTENT_CHARACTERS_MAX),
        ("name", name.chars().count(), NAME_CHARACTERS_MAX),
    ];
    for (what, characters, max) in limits {
        if characters > max {
            let event_type = record.event_type.clone();
            return Err(Fault::TooLong { event_type, what, characters, max });
        }
    }
    let version = release.record.version.to_string();
    let tags = [
        (VERSION_TAG, version.clone()),
        (ID_TAG, release.record.id.to_string()),
        (OWNER_TAG, record.owner.clone()),
    ];
    let id = release.record.id.as_str();
    let described = format!("{version} ({}): {}", id.get(..12).unwrap_or(id), record.description);
    Ok(EventBridgeSchema {
        event_type: record.event_type.clone(),
        version,
        name,
        description: text::cut(&described, DESCRIPTION_CHARACTERS_MAX),
        content,
        tags: tags.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
    })
}

/// The schema that stands alone: its definitions are its own.
fn document(record: &EventTypeRecord, release: &Release, on_bus: bool) -> Result<Value, Fault> {
    let event_type = record.event_type.as_str();
    let refused =
        |at: String, keyword: String| Fault::Draft4 { event_type: event_type.to_owned(), at, keyword };
    let table = Definitions::of(&[(event_type, release.schema.value())]).map_err(|fault| match fault {
        Fault::Keyword { at, keyword, .. } => refused(at, keyword),
        other @ (Fault::Reference { .. }
        | Fault::Twice { .. }
        | Fault::Name { .. }
        | Fault::Draft4 { .. }
        | Fault::TooLong { .. }
        | Fault::Template { .. }) => other,
    })?;
    let mut definitions = Map::new();
    for (name, schema) in table.iter() {
        let schema = draft4::translated(schema, release.schema.dialect(), &format!("#/definitions/{name}"))
            .map_err(|unsayable| refused(unsayable.at, unsayable.keyword))?;
        let own = |reference: &str| match reference.strip_prefix(PREFIX) {
            Some(name) => format!("#/definitions/{name}"),
            None => reference.to_owned(),
        };
        definitions.insert(name.to_owned(), keywords::rename(&schema, &own));
    }
    let mut document = if on_bus {
        on_the_bus(record)
    } else {
        match definitions.remove(event_type) {
            // What stands beside a reference would not count, and the definitions have to.
            Some(Value::Object(root)) if !root.contains_key("$ref") => root,
            root => Map::from_iter([("allOf".to_owned(), Value::Array(root.into_iter().collect()))]),
        }
    };
    document.insert("$schema".to_owned(), json!("http://json-schema.org/draft-04/schema#"));
    document.insert("title".to_owned(), json!(event_type));
    document.insert("description".to_owned(), json!(record.description));
    document.insert("definitions".to_owned(), Value::Object(definitions));
    Ok(Value::Object(document))
}

/// An event of the bus, as AWS's own schemas describe theirs.
fn on_the_bus(record: &EventTypeRecord) -> Map<String, Value> {
    let text = json!({ "type": "string" });
    let only = |value: &str| json!({ "type": "string", "enum": [value] });
    let required =
        ["version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"];
    let properties = json!({
        "version": only("0"),
        "id": text,
        "detail-type": only(&record.event_type),
        "source": only(&record.source),
        "account": text,
        "time": { "type": "string", "format": "date-time" },
        "region": text,
        "resources": { "type": "array", "items": text },
        "detail": { "$ref": format!("#/definitions/{}", record.event_type) },
    });
    Map::from_iter([
        ("type".to_owned(), json!("object")),
        ("required".to_owned(), json!(required)),
        ("properties".to_owned(), properties),
        ("x-amazon-events-detail-type".to_owned(), json!(record.event_type)),
        ("x-amazon-events-source".to_owned(), json!(record.source)),
    ])
}
