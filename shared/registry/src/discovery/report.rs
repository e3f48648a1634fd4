//! What was observed of each event type, and the report that comes of it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use super::compare;
use super::contract::Contract;
use super::finding::{Finding, What};
use super::path;
use super::shape::Shape;
use crate::document::{SchemaDocument, Violation};
use crate::registry::Registry;
use crate::{RegisteredType, Version};

/// Versions of one event type that are told apart; further ones are as little released as those.
const MAX_VERSIONS: usize = 100;

/// Rules broken in one major version of an event type that are told apart.
const MAX_RULES: usize = 1_000;

/// Keywords that fail when a schema inside them does.
const COMBINED: [&str; 6] = ["anyOf", "oneOf", "not", "then", "else", "contains"];

/// Keywords that fail where there is a field that they do not know.
const CLOSED: [&str; 2] = ["additionalProperties", "unevaluatedProperties"];

/// An event type, with who emits it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct TypeName {
    /// The source.
    pub source: String,
    /// The event type.
    pub event_type: String,
}

/// An event type that was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SeenType {
    /// Which.
    #[serde(flatten)]
    pub name: TypeName,
    /// Events of it; 0 if only a document of it was seen.
    pub events: u64,
    /// How many events said which version.
    pub versions: BTreeMap<Version, u64>,
}

/// What is on the bus, next to the contracts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Events, or documents, that were looked at.
    pub examined: u64,
    /// Those of AWS's own sources, which are not compared.
    pub ignored: u64,
    /// Those of event types beyond [`super::MAX_TYPES`].
    pub beyond: u64,
    /// Every event type that was seen.
    pub seen: Vec<SeenType>,
    /// What is wrong, by event type and place.
    pub findings: Vec<Finding>,
    /// Documented event types that were not seen, which is no fault.
    pub unseen: Vec<TypeName>,
}

/// What was observed of one event type.
#[derive(Debug, Default)]
pub(super) struct Observed {
    pub events: u64,
    /// What a document said of it.
    pub described: Option<Shape>,
    versions: BTreeMap<Version, u64>,
    /// What events looked like, by major version; only of documented types.
    held: BTreeMap<u16, Held>,
}

/// The events of one major version.
#[derive(Debug, Default)]
struct Held {
    shape: Shape,
    broken: BTreeMap<Rule, u64>,
}

/// A rule of a schema in one place of an event.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Rule {
    path: String,
    keyword: String,
    missing: Option<String>,
}

impl Observed {
    /// Counts an event of this version.
    pub fn version(&mut self, version: Version) {
        if self.versions.len() < MAX_VERSIONS || self.versions.contains_key(&version) {
            *self.versions.entry(version).or_default() += 1;
        }
    }

    /// Takes in an event, and what it breaks of the schema.
    pub fn hold(&mut self, major: u16, event: &Value, schema: &SchemaDocument) {
        let held = self.held.entry(major).or_default();
        held.shape.add(event);
        if schema.is_valid(event) {
            return;
        }
        for violation in schema.violations(event) {
            let rule = rule(event, &violation);
            if held.broken.len() < MAX_RULES || held.broken.contains_key(&rule) {
                *held.broken.entry(rule).or_default() += 1;
            }
        }
    }
}

fn rule(event: &Value, violation: &Violation) -> Rule {
    let keyword = violation.schema_path.rsplit('/').next().unwrap_or_default().to_owned();
    // The reason may name the value, which is not to be kept; that of a missing field names the schema's field.
    let quoted = violation.reason.strip_suffix(" is a required property").filter(|_| keyword == "required");
    let missing = quoted.and_then(|name| serde_json::from_str(name).ok());
    Rule { path: path::of_pointer(event, &violation.instance_path), keyword, missing }
}

/// The report on everything that was observed.
pub(super) fn of(
    registry: &Registry,
    observed: &BTreeMap<TypeName, Observed>,
    [examined, ignored, beyond]: [u64; 3],
) -> Report {
    let mut findings: Vec<Finding> = Vec::new();
    for (name, observed) in observed {
        let found = findings_of(registry, name, observed);
        let (source, event_type) = (&name.source, &name.event_type);
        findings.extend(found.into_iter().map(|what| Finding {
            source: source.clone(),
            event_type: event_type.clone(),
            what,
        }));
    }
    findings.sort();
    let seen = observed.iter().map(|(name, observed)| SeenType {
        name: name.clone(),
        events: observed.events,
        versions: observed.versions.clone(),
    });
    let documented = registry.list().map(|found| TypeName {
        source: found.record.source.clone(),
        event_type: found.record.event_type.clone(),
    });
    let unseen = documented.filter(|name| !observed.contains_key(name)).collect();
    Report { examined, ignored, beyond, seen: seen.collect(), findings, unseen }
}

fn findings_of(registry: &Registry, name: &TypeName, observed: &Observed) -> BTreeSet<What> {
    let events = observed.events;
    let Some(found) = registry.find(&name.source, &name.event_type) else {
        let same = registry.list().filter(|found| found.record.event_type == name.event_type);
        let documented: Vec<String> = same.map(|found| found.record.source.clone()).collect();
        return BTreeSet::from([if documented.is_empty() {
            What::UndocumentedType { events }
        } else {
            What::WrongSource { documented, events }
        }]);
    };
    let mut all = BTreeSet::new();
    all.extend(unreleased(found, &observed.versions));
    for (major, held) in &observed.held {
        if let Some(release) = super::newest_of(found, *major) {
            let differences = compare::differences(&held.shape, &Contract::of([&release.schema]));
            all.extend(violations(&held.broken, &differences));
            all.extend(differences);
        }
    }
    if let Some(shape) = &observed.described {
        // A document does not say which version it saw.
        let majors: BTreeSet<u16> =
            found.releases.iter().map(|release| release.record.version.major).collect();
        let newest = majors.into_iter().filter_map(|major| super::newest_of(found, major));
        all.extend(compare::differences(shape, &Contract::of(newest.map(|release| &release.schema))));
    }
    all
}

fn unreleased(found: &RegisteredType, versions: &BTreeMap<Version, u64>) -> impl Iterator<Item = What> {
    let is_released =
        |version: &Version| found.releases.iter().any(|release| release.record.version == *version);
    let newest = found.latest().map(|release| release.record.version);
    versions.iter().filter(move |(version, _)| !is_released(version)).filter_map(move |(version, events)| {
        Some(What::UnreleasedVersion { version: *version, newest: newest?, events: *events })
    })
}

/// The broken rules, without those that break only because of a difference that is told already.
fn violations(broken: &BTreeMap<Rule, u64>, differences: &[What]) -> Vec<What> {
    let is_told = |rule: &Rule| {
        differences.iter().any(|what| match what {
            What::TypeConflict { path, .. } => {
                let is_combined = COMBINED.contains(&rule.keyword.as_str());
                *path == rule.path || (is_combined && path::is_inside(path, &rule.path))
            }
            What::UndocumentedField { path, .. } => {
                let is_closed = CLOSED.contains(&rule.keyword.as_str());
                is_closed && path::is_inside(path, &rule.path)
            }
            What::UndocumentedType { .. }
            | What::WrongSource { .. }
            | What::UnreleasedVersion { .. }
            | What::Violation { .. } => false,
        })
    };
    let told = broken.iter().filter(|(rule, _)| !is_told(rule));
    told.map(|(rule, values)| What::Violation {
        path: rule.path.clone(),
        rule: rule.keyword.clone(),
        missing: rule.missing.clone(),
        values: *values,
    })
    .collect()
}
