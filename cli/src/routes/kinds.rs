//! The types of events that there are, from the folder of schemas: `<source>/<DetailType>/<major version>.json`. Which of
//! them need not be routed is said where they are released.

use std::fs;
use std::path::{Path, PathBuf};

use semel_registry::Registry;
use semel_routing::check::EventKind;
use serde_json::{Value, json};

use crate::error::Error;

/// Every type of event, in its newest version.
pub fn read(schemas: &Path) -> Result<Vec<EventKind>, Error> {
    let released =
        Registry::open(&schemas.join("released")).map_err(|error| Error::Failed(error.to_string()))?;
    let mut kinds = Vec::new();
    for source in folders(schemas)? {
        for detail_type in folders(&source)? {
            if let Some(newest) = newest(&detail_type)? {
                kinds.push(kind(&released, &name(&source), &name(&detail_type), &schema(&newest)?));
            }
        }
    }
    if kinds.is_empty() {
        return Err(Error::Unexpected(format!("{} holds no schemas", schemas.display())));
    }
    Ok(kinds)
}

fn kind(released: &Registry, source: &str, detail_type: &str, schema: &Value) -> EventKind {
    // The only attribute that the relay's messages carry.
    let attributes = json!({
        "type": "object",
        "required": ["event_type"],
        "properties": { "event_type": { "const": detail_type } },
    });
    let kind = EventKind::new(source, detail_type, schema, attributes);
    let record = released.find(source, detail_type).map(|found| &found.record);
    match record.and_then(|record| record.unrouted.as_deref()) {
        Some(because) => kind.unrouted(because),
        None => kind,
    }
}

fn schema(path: &Path) -> Result<Value, Error> {
    let text = fs::read_to_string(path).map_err(Error::io("read", path))?;
    serde_json::from_str(&text).map_err(|error| Error::Unexpected(format!("{}: {error}", path.display())))
}

/// The file with the highest number.
fn newest(folder: &Path) -> Result<Option<PathBuf>, Error> {
    let version = |path: &PathBuf| {
        let is_json = path.extension().is_some_and(|extension| extension == "json");
        path.file_stem().filter(|_| is_json)?.to_str()?.parse::<u32>().ok()
    };
    let numbered = entries(folder)?.into_iter().filter_map(|path| Some((version(&path)?, path)));
    Ok(numbered.max().map(|(_, path)| path))
}

fn folders(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    Ok(entries(folder)?.into_iter().filter(|path| path.is_dir()).collect())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let entries = fs::read_dir(folder).map_err(Error::io("read", folder))?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let mut paths = paths.collect::<Result<Vec<_>, _>>().map_err(Error::io("read", folder))?;
    paths.sort();
    Ok(paths)
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
