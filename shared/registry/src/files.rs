//! How the registry lies on disk, and that what is there is what was released.
//!
//! ```text
//! <folder>/<source>/<event type>/type.json        what the event type promises, and its releases
//! <folder>/<source>/<event type>/1.0.json         a released schema
//! <folder>/<source>/<event type>/1.0.sample.json  its golden sample
//! ```
//!
//! A release adds two files and changes one; nothing is ever written twice. Knows no rules of compatibility.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde_json::Value;

use crate::release::{ContentId, EventTypeRecord, ReleaseRecord};
use crate::{RegistryError, SchemaDocument};

/// The metadata file of an event type.
pub(crate) const METADATA: &str = "type.json";

/// A release, read and checked.
#[derive(Debug)]
pub struct Release {
    /// Its metadata.
    pub record: ReleaseRecord,
    /// Its schema.
    pub schema: SchemaDocument,
    /// The schema's file.
    pub text: String,
    /// An event that the schema describes, and that every later version must be able to read.
    pub sample: Value,
}

/// An event type with all that was released of it.
#[derive(Debug)]
pub struct RegisteredType {
    /// Its metadata.
    pub record: EventTypeRecord,
    /// Its releases, oldest first; one at least.
    pub releases: Vec<Release>,
}

impl RegisteredType {
    /// The newest release.
    pub fn latest(&self) -> Option<&Release> {
        self.releases.last()
    }
}

pub(crate) fn schema_file(folder: &Path, record: &ReleaseRecord) -> PathBuf {
    folder.join(format!("{}.json", record.version))
}

pub(crate) fn sample_file(folder: &Path, record: &ReleaseRecord) -> PathBuf {
    folder.join(format!("{}.sample.json", record.version))
}

pub(crate) fn read(file: &Path) -> Result<String, RegistryError> {
    fs::read_to_string(file).map_err(|source| RegistryError::Io {
        file: file.to_owned(),
        doing: "read",
        source,
    })
}

/// The names in a folder, sorted; none if there is no folder.
pub(crate) fn names(folder: &Path) -> Result<Vec<String>, RegistryError> {
    let failed = |source| RegistryError::Io { file: folder.to_owned(), doing: "read", source };
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut names = entries
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<io::Result<Vec<String>>>()
        .map_err(failed)?;
    names.sort();
    Ok(names)
}

/// Whether a name can be that of a folder and of nothing else.
pub(crate) fn is_name(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'@');
    (1..=128).contains(&text.len()) && !text.starts_with('.') && text.bytes().all(is_allowed)
}

/// Reads an event type's folder.
pub(crate) fn read_type(
    folder: &Path,
    ids: &mut BTreeMap<ContentId, String>,
) -> Result<RegisteredType, RegistryError> {
    let file = folder.join(METADATA);
    let record = read_metadata(&file)?;
    let bad = |field: &str, why: String| RegistryError::Metadata {
        file: file.clone(),
        field: field.to_owned(),
        why,
    };
    let steps: Vec<String> =
        folder.iter().rev().take(2).map(|step| step.to_string_lossy().into_owned()).collect();
    for (field, value, step) in [("event_type", &record.event_type, 0), ("source", &record.source, 1)] {
        if steps.get(step) != Some(value) {
            let wanted = steps.get(step).map_or("", String::as_str);
            return Err(bad(field, format!("is {value} in the folder of {wanted}")));
        }
    }
    let texts = [("description", &record.description), ("owner", &record.owner)];
    for (field, value) in texts.into_iter().chain(record.unrouted.iter().map(|because| ("unrouted", because)))
    {
        if value.trim().is_empty() {
            return Err(bad(field, "is empty".to_owned()));
        }
    }
    if record.releases.is_empty() {
        return Err(bad("releases", "is empty: an event type comes with its first release".to_owned()));
    }
    let mut known = BTreeSet::from([METADATA.to_owned()]);
    let mut releases: Vec<Release> = Vec::new();
    for (index, release) in record.releases.iter().enumerate() {
        let field = format!("releases[{index}]");
        follows(&file, &field, releases.last().map(|release| &release.record), release)?;
        let name = format!("{}/{} {}", record.source, record.event_type, release.version);
        if let Some(other) = ids.insert(release.id.clone(), name) {
            let (file, field) = (file.clone(), format!("{field}.id"));
            return Err(RegistryError::IdClash { file, field, id: release.id.clone(), other });
        }
        known.extend([format!("{}.json", release.version), format!("{}.sample.json", release.version)]);
        releases.push(read_release(folder, &field, release)?);
    }
    match names(folder)?.into_iter().find(|name| !known.contains(name)) {
        Some(stray) => Err(RegistryError::Stray { file: folder.join(stray) }),
        None => Ok(RegisteredType { record, releases }),
    }
}

/// Whether a release may come after another.
pub(crate) fn follows(
    file: &Path,
    field: &str,
    before: Option<&ReleaseRecord>,
    release: &ReleaseRecord,
) -> Result<(), RegistryError> {
    let Some(before) = before else { return Ok(()) };
    if release.version <= before.version {
        return Err(RegistryError::VersionGoesBack {
            file: file.to_owned(),
            field: format!("{field}.version"),
            version: release.version,
            latest: before.version,
        });
    }
    if release.created < before.created {
        let (created, earlier) = (release.created.as_str(), before.created.as_str());
        return Err(RegistryError::Metadata {
            file: file.to_owned(),
            field: format!("{field}.created"),
            why: format!("{created} is before {earlier}, the day of the release before"),
        });
    }
    Ok(())
}

fn read_metadata(file: &Path) -> Result<EventTypeRecord, RegistryError> {
    let text = read(file)?;
    let mut deserializer = serde_json::Deserializer::from_str(&text);
    let bad = |field: String, why: String| RegistryError::Metadata { file: file.to_owned(), field, why };
    let record = serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| bad(error.path().to_string(), error.inner().to_string()))?;
    deserializer.end().map_err(|error| bad("the end".to_owned(), error.to_string()))?;
    Ok(record)
}

fn read_release(folder: &Path, field: &str, record: &ReleaseRecord) -> Result<Release, RegistryError> {
    let file = schema_file(folder, record);
    let text = read(&file)?;
    unchanged(&file, &format!("{field}.id"), &text, &record.id)?;
    let schema = parse_schema(&file, &text)?;
    let file = sample_file(folder, record);
    let sample_text = read(&file)?;
    unchanged(&file, &format!("{field}.sample"), &sample_text, &record.sample)?;
    let sample = check_sample(&file, &sample_text, &schema)?;
    Ok(Release { record: record.clone(), schema, text, sample })
}

fn unchanged(file: &Path, field: &str, text: &str, released: &ContentId) -> Result<(), RegistryError> {
    let actual = ContentId::of(text);
    if actual == *released {
        return Ok(());
    }
    let (file, field) = (file.to_owned(), format!("{field} in {METADATA}"));
    Err(RegistryError::Changed { file, field, released: released.clone(), actual })
}

pub(crate) fn parse_schema(file: &Path, text: &str) -> Result<SchemaDocument, RegistryError> {
    SchemaDocument::parse(text).map_err(|fault| RegistryError::Schema { file: file.to_owned(), fault })
}

pub(crate) fn check_sample(file: &Path, text: &str, schema: &SchemaDocument) -> Result<Value, RegistryError> {
    let sample = serde_json::from_str(text).map_err(|error| RegistryError::Metadata {
        file: file.to_owned(),
        field: "the golden sample".to_owned(),
        why: format!("is not JSON: {error}"),
    })?;
    let violations = schema.violations(&sample);
    if violations.is_empty() {
        Ok(sample)
    } else {
        Err(RegistryError::Sample { file: file.to_owned(), violations })
    }
}

/// Writes a release: its files first, so that the metadata never list what is not there.
pub(crate) fn write(
    folder: &Path,
    record: &EventTypeRecord,
    schema: &str,
    sample: &str,
) -> Result<(), RegistryError> {
    let failed = |file: &Path| {
        let file = file.to_owned();
        move |source| RegistryError::Io { file, doing: "written", source }
    };
    fs::create_dir_all(folder).map_err(failed(folder))?;
    if let Some(release) = record.releases.last() {
        for (file, text) in [(schema_file(folder, release), schema), (sample_file(folder, release), sample)] {
            write_new(&file, text).map_err(failed(&file))?;
        }
    }
    let (file, new) = (folder.join(METADATA), folder.join(".type.json.new"));
    let text = serde_json::to_string_pretty(record).map_err(io::Error::from).map_err(failed(&file))?;
    fs::write(&new, text + "\n").map_err(failed(&new))?;
    fs::rename(&new, &file).map_err(failed(&file))
}

/// Never overwrites, but for what a release left behind that broke off before its metadata were written.
fn write_new(file: &Path, text: &str) -> io::Result<()> {
    match fs::OpenOptions::new().write(true).create_new(true).open(file) {
        Ok(mut created) => created.write_all(text.as_bytes()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists && fs::read_to_string(file)? == text => Ok(()),
        Err(error) => Err(error),
    }
}
