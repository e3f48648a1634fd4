//! What is on the bus next to what the contracts say: undocumented event types, undocumented fields, other types than
//! documented, versions that were never released, and rules that events break.
//!
//! [`Discovery`] takes recorded events one by one, or the `OpenAPI` documents that AWS's schema discovery writes, and
//! [`Discovery::report`] answers the findings. Events of a documented type are held against the newest release of
//! their major version.
//!
//! Knows nothing of where events come from, and fetches nothing. Values may be personal and are never kept: only
//! paths, types and counts are. Whatever the events hold, memory is bounded; every bound says what happens beyond it.

mod compare;
mod contract;
mod event;
mod finding;
mod openapi;
mod path;
mod report;
mod shape;
mod types;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::registry::Registry;
use crate::{RegisteredType, Version};

use event::Seen;
use report::Observed;

pub use event::NotAnEvent;
pub use finding::{Finding, What};
pub use openapi::NotDescribed;
pub use report::{Report, SeenType, TypeName};
pub use shape::{MAX_DEPTH, MAX_NAMES, MAX_PLACES};
pub use types::JsonType;

/// Event types that are told apart; events of further ones are only counted, in [`Report::beyond`].
pub const MAX_TYPES: usize = 1_000;

/// Sources that belong to AWS itself, which documents their events.
const AWS: &str = "aws.";

/// Looks at events and remembers what they are like.
#[derive(Debug)]
pub struct Discovery<'a> {
    registry: &'a Registry,
    observed: BTreeMap<TypeName, Observed>,
    examined: u64,
    ignored: u64,
    beyond: u64,
}

impl<'a> Discovery<'a> {
    /// Will compare with the releases of a registry.
    pub fn new(registry: &'a Registry) -> Self {
        Self { registry, observed: BTreeMap::new(), examined: 0, ignored: 0, beyond: 0 }
    }

    /// Takes a recorded event: as it was on the bus, or the bare envelope. Of a bare one, which does not say its source,
    /// the documented source of its type is taken. Events of AWS's own sources are counted as ignored.
    pub fn event(&mut self, event: &Value) -> Result<(), NotAnEvent> {
        let seen = event::read(event, self.registry)?;
        self.examined += 1;
        let found = self.registry.find(&seen.name.source, &seen.name.event_type);
        if let Some(observed) = self.observed(&seen.name) {
            observed.events += 1;
            if let Some(found) = found {
                observe(observed, found, &seen);
            }
        }
        Ok(())
    }

    /// Takes an `OpenAPI` 3 document as AWS's schema discovery writes it.
    pub fn document(&mut self, document: &Value) -> Result<(), NotDescribed> {
        let (name, shape) = openapi::read(document)?;
        self.examined += 1;
        if let Some(observed) = self.observed(&name) {
            observed.described = Some(shape);
        }
        Ok(())
    }

    /// How many events or documents were taken, the ignored ones among them.
    pub fn examined(&self) -> u64 {
        self.examined
    }

    /// What was found, in an order that does not depend on that of the events.
    pub fn report(&self) -> Report {
        report::of(self.registry, &self.observed, [self.examined, self.ignored, self.beyond])
    }

    /// Where a type's observations are kept, unless it is none of ours or one too many.
    fn observed(&mut self, name: &TypeName) -> Option<&mut Observed> {
        if name.source.starts_with(AWS) {
            self.ignored += 1;
            return None;
        }
        if self.observed.len() >= MAX_TYPES && !self.observed.contains_key(name) {
            self.beyond += 1;
            return None;
        }
        Some(self.observed.entry(name.clone()).or_default())
    }
}

/// Holds an event of a documented type against the release that it should keep to.
fn observe(observed: &mut Observed, found: &RegisteredType, seen: &Seen<'_>) {
    if let Some(version) = seen.version {
        observed.version(version);
    }
    let Some(latest) = found.latest() else { return };
    // An event that does not say its version is judged as a new one.
    let major = seen.version.map_or(latest.record.version.major, |version: Version| version.major);
    // What no release describes cannot be compared: that its version was never released is the finding.
    if let Some(release) = newest_of(found, major) {
        observed.hold(major, seen.detail, &release.schema);
    }
}

/// The newest release of a major version.
fn newest_of(found: &RegisteredType, major: u16) -> Option<&crate::Release> {
    found.releases.iter().rfind(|release| release.record.version.major == major)
}
