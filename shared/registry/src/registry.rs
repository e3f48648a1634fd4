//! All event types with all their releases: found by id, by type and version, and added to.
//!
//! Knows the rules of a release; how it lies on disk is next door.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::compatibility::{self, Mode, Policy, Report};
use crate::files::{self, METADATA, RegisteredType, Release};
use crate::release::{ContentId, Day, EventTypeRecord, ReleaseRecord};
use crate::{RegistryError, SchemaDocument, Version, Violation};

/// What is to be released.
#[derive(Debug, Clone)]
pub struct NewRelease {
    /// The service that emits it.
    pub source: String,
    /// The event type.
    pub event_type: String,
    /// The version; it must come after those that there are.
    pub version: Version,
    /// The day.
    pub created: Day,
    /// What is new in it.
    pub description: String,
    /// The schema, as it will lie on disk.
    pub schema: String,
    /// The golden sample, as it will lie on disk.
    pub sample: String,
    /// What the event type promises; needed with its first release, and refused afterwards.
    pub promise: Option<Promise>,
}

/// What an event type promises with its first release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promise {
    /// What it says.
    pub description: String,
    /// Who answers for it.
    pub owner: String,
    /// What a new release must be compatible with.
    pub compatibility: Mode,
    /// How undeclared fields are seen.
    pub policy: Policy,
}

/// The released schemas of a folder.
#[derive(Debug)]
pub struct Registry {
    folder: PathBuf,
    types: BTreeMap<(String, String), RegisteredType>,
    ids: BTreeMap<ContentId, String>,
}

impl Registry {
    /// Reads a registry, and refuses one in which anything is not as it was released. A folder that is not there is an
    /// empty registry.
    pub fn open(folder: &Path) -> Result<Self, RegistryError> {
        let (mut types, mut ids) = (BTreeMap::new(), BTreeMap::new());
        for source in files::names(folder)? {
            for event_type in files::names(&folder.join(&source))? {
                let found = files::read_type(&folder.join(&source).join(&event_type), &mut ids)?;
                types.insert((source.clone(), event_type), found);
            }
        }
        Ok(Self { folder: folder.to_owned(), types, ids })
    }

    /// Every event type, by source and name.
    pub fn list(&self) -> impl Iterator<Item = &RegisteredType> {
        self.types.values()
    }

    /// An event type.
    pub fn find(&self, source: &str, event_type: &str) -> Option<&RegisteredType> {
        self.types.get(&(source.to_owned(), event_type.to_owned()))
    }

    /// The newest release of an event type.
    pub fn latest(&self, source: &str, event_type: &str) -> Option<&Release> {
        self.find(source, event_type)?.latest()
    }

    /// One version of an event type.
    pub fn get(&self, source: &str, event_type: &str, version: Version) -> Option<&Release> {
        self.find(source, event_type)?.releases.iter().find(|release| release.record.version == version)
    }

    /// The release of this id.
    pub fn by_id(&self, id: &ContentId) -> Option<&Release> {
        self.types.values().flat_map(|found| &found.releases).find(|release| release.record.id == *id)
    }

    /// What an event breaks of a release.
    pub fn validate(
        &self,
        source: &str,
        event_type: &str,
        version: Version,
        event: &Value,
    ) -> Result<Vec<Violation>, RegistryError> {
        let release = self.get(source, event_type, version);
        Ok(release.ok_or_else(|| unknown(source, event_type))?.schema.violations(event))
    }

    /// Whether a schema may follow the releases of its event type, in its major version.
    pub fn check(
        &self,
        source: &str,
        event_type: &str,
        major: u16,
        schema: &SchemaDocument,
    ) -> Result<Report, RegistryError> {
        let found = self.find(source, event_type).ok_or_else(|| unknown(source, event_type))?;
        Ok(check(&found.record, schema, &in_major(&found.releases, major)))
    }

    /// Every release that breaks what its event type promises towards those before it, as `(type, version, report)`.
    pub fn broken_promises(&self) -> Vec<(&RegisteredType, Version, Report)> {
        let mut broken = Vec::new();
        for found in self.types.values() {
            for (index, release) in found.releases.iter().enumerate() {
                let before = in_major(&found.releases[..index], release.record.version.major);
                let report = check(&found.record, &release.schema, &before);
                if !report.is_compatible() {
                    broken.push((found, release.record.version, report));
                }
            }
        }
        broken
    }

    /// Releases a schema: checks it, and writes its files.
    pub fn register(&mut self, new: &NewRelease) -> Result<&Release, RegistryError> {
        let folder = self.folder.join(&new.source).join(&new.event_type);
        let file = folder.join(METADATA);
        let refuse = |field: &str, why: &str| {
            let (field, why) = (field.to_owned(), why.to_owned());
            Err(RegistryError::Metadata { file: file.clone(), field, why })
        };
        for (field, name) in [("source", &new.source), ("event_type", &new.event_type)] {
            if !files::is_name(name) {
                return refuse(field, "is no name: letters, digits, and . - _ @ after the first");
            }
        }
        let key = (new.source.clone(), new.event_type.clone());
        let mut record = match (self.types.get(&key), &new.promise) {
            (Some(found), None) => found.record.clone(),
            (Some(_), Some(_)) => return refuse("compatibility", "was promised with the first release"),
            (None, None) => return refuse("compatibility", "must be promised with the first release"),
            (None, Some(promise)) => first(new, promise),
        };
        let release = ReleaseRecord {
            version: new.version,
            id: ContentId::of(&new.schema),
            sample: ContentId::of(&new.sample),
            created: new.created.clone(),
            description: new.description.clone(),
        };
        let field = format!("releases[{}]", record.releases.len());
        files::follows(&file, &field, record.releases.last(), &release)?;
        if let Some(other) = self.ids.get(&release.id) {
            let (field, id, other) = (format!("{field}.id"), release.id, other.clone());
            return Err(RegistryError::IdClash { file, field, id, other });
        }
        let schema_file = files::schema_file(&folder, &release);
        let schema = files::parse_schema(&schema_file, &new.schema)?;
        let sample = files::check_sample(&files::sample_file(&folder, &release), &new.sample, &schema)?;
        let released = self.types.get(&key).map_or(&[][..], |found| &found.releases);
        let report = check(&record, &schema, &in_major(released, new.version.major));
        if !report.is_compatible() {
            return Err(RegistryError::Incompatible { file: schema_file, version: new.version, report });
        }
        record.releases.push(release.clone());
        files::write(&folder, &record, &new.schema, &new.sample)?;
        self.ids.insert(release.id.clone(), format!("{}/{} {}", new.source, new.event_type, new.version));
        let found = self
            .types
            .entry(key)
            .or_insert_with(|| RegisteredType { record: record.clone(), releases: Vec::new() });
        found.record = record;
        found.releases.push(Release { record: release, schema, text: new.schema.clone(), sample });
        found.latest().ok_or_else(|| unknown(&new.source, &new.event_type))
    }
}

fn first(new: &NewRelease, promise: &Promise) -> EventTypeRecord {
    EventTypeRecord {
        source: new.source.clone(),
        event_type: new.event_type.clone(),
        description: promise.description.clone(),
        owner: promise.owner.clone(),
        compatibility: promise.compatibility,
        policy: promise.policy,
        unrouted: None,
        releases: Vec::new(),
    }
}

fn unknown(source: &str, event_type: &str) -> RegistryError {
    RegistryError::Unknown { source_name: source.to_owned(), event_type: event_type.to_owned() }
}

/// A new major version is how a break is announced: it promises nothing towards those before it.
fn in_major(releases: &[Release], major: u16) -> Vec<(String, &SchemaDocument)> {
    let of_major = releases.iter().filter(|release| release.record.version.major == major);
    of_major.map(|release| (release.record.version.to_string(), &release.schema)).collect()
}

fn check(record: &EventTypeRecord, schema: &SchemaDocument, before: &[(String, &SchemaDocument)]) -> Report {
    compatibility::check(record.compatibility, record.policy, schema, before)
}
