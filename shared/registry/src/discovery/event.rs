//! A recorded event, as it was on the bus or as a bare envelope.

use serde_json::Value;

use super::path;
use super::report::TypeName;
use crate::Version;
use crate::registry::Registry;

/// What is written where nothing says the source of an event.
const NO_SOURCE: &str = "-";

/// This is no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is neither an event of the bus (source, detail-type, detail) nor an envelope (event_type, data)")]
pub struct NotAnEvent;

/// What matters of an event.
pub(super) struct Seen<'a> {
    pub name: TypeName,
    /// The envelope.
    pub detail: &'a Value,
    /// The version that it says, if it is one.
    pub version: Option<Version>,
}

/// Reads an event.
pub(super) fn read<'a>(event: &'a Value, registry: &Registry) -> Result<Seen<'a>, NotAnEvent> {
    let text = |field: &str| event.get(field).and_then(Value::as_str);
    let on_bus = (text("source"), text("detail-type"), event.get("detail"));
    let (source, event_type, detail) = if let (Some(source), Some(event_type), Some(detail)) = on_bus {
        (source, event_type, detail)
    } else {
        let event_type = text("event_type").ok_or(NotAnEvent)?;
        (documented_source(registry, event_type), event_type, event)
    };
    let version = detail.pointer("/metadata/version").and_then(Value::as_str);
    let name = TypeName { source: path::kept(source), event_type: path::kept(event_type) };
    Ok(Seen { name, detail, version: version.and_then(|text| text.parse().ok()) })
}

fn documented_source<'a>(registry: &'a Registry, event_type: &str) -> &'a str {
    let found = registry.list().find(|found| found.record.event_type == event_type);
    found.map_or(NO_SOURCE, |found| &found.record.source)
}
