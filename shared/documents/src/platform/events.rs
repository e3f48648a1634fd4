//! The event types, from the registry.

use semel_registry::Registry;
use semel_registry::compatibility::Mode;
use serde_json::Value;

use crate::Fault;

/// An event type as it is documented: the newest release, and a list of all.
#[derive(Debug, Clone)]
pub struct EventType {
    /// Its name.
    pub name: String,
    /// Its source on the bus.
    pub source: String,
    /// What it says.
    pub description: String,
    /// Who answers for it, and emits it.
    pub owner: String,
    /// What a new release must be compatible with.
    pub compatibility: Mode,
    /// Its releases, newest first.
    pub releases: Vec<Released>,
    /// The schema of the newest.
    pub schema: Value,
    /// The golden sample of the newest.
    pub sample: Value,
}

/// One release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Released {
    /// Its version.
    pub version: String,
    /// The day.
    pub created: String,
    /// The hash of its schema's file.
    pub id: String,
    /// What was new in it.
    pub description: String,
}

impl EventType {
    /// The newest version.
    pub fn version(&self) -> &str {
        self.releases.first().map_or("", |release| &release.version)
    }
}

/// All event types, by name.
pub fn read(registry: &Registry) -> Result<Vec<EventType>, Fault> {
    let mut events: Vec<EventType> = Vec::new();
    for found in registry.list() {
        let Some(latest) = found.latest() else { continue };
        let record = &found.record;
        if let Some(other) = events.iter().find(|event| event.name == record.event_type) {
            return Err(Fault::Twice {
                event_type: record.event_type.clone(),
                first: other.source.clone(),
                second: record.source.clone(),
            });
        }
        let releases = found.releases.iter().rev().map(|release| Released {
            version: release.record.version.to_string(),
            created: release.record.created.as_str().to_owned(),
            id: release.record.id.to_string(),
            description: release.record.description.clone(),
        });
        events.push(EventType {
            name: record.event_type.clone(),
            source: record.source.clone(),
            description: record.description.clone(),
            owner: record.owner.clone(),
            compatibility: record.compatibility,
            releases: releases.collect(),
            schema: latest.schema.value().clone(),
            sample: latest.sample.clone(),
        });
    }
    events.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(events)
}
