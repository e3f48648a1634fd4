//! The working schemas: what the types say now, in `schemas/<source>/<event type>/<major version>.json`.

use std::fs;
use std::path::Path;

use semel_registry::SchemaDocument;

use crate::error::Error;
use crate::project::Project;

/// The schema of one major version of an event type, as the working tree has it.
pub struct WorkingSchema {
    /// Who emits it.
    pub source: String,
    /// The event type.
    pub event_type: String,
    /// Which major version.
    pub major: u16,
    /// The file.
    pub text: String,
    /// What the file says.
    pub schema: SchemaDocument,
}

/// Every working schema, by source and name.
pub fn read(project: &Project) -> Result<Vec<WorkingSchema>, Error> {
    let root = project.path("schemas");
    let mut found = Vec::new();
    for source in names(&root)?.into_iter().filter(|name| name != "released") {
        for event_type in names(&root.join(&source))? {
            let folder = root.join(&source).join(&event_type);
            for file in names(&folder)? {
                let path = folder.join(&file);
                let Some(major) = file.strip_suffix(".json").and_then(|name| name.parse().ok()) else {
                    let what = format!("{} is not named after a major version, as 1.json is", path.display());
                    return Err(Error::Failed(what));
                };
                let text = fs::read_to_string(&path).map_err(Error::io("read", &path))?;
                let schema = SchemaDocument::parse(&text)
                    .map_err(|fault| Error::Failed(format!("{} {fault}", path.display())))?;
                let (source, event_type) = (source.clone(), event_type.clone());
                found.push(WorkingSchema { source, event_type, major, text, schema });
            }
        }
    }
    Ok(found)
}

fn names(folder: &Path) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(Error::io("read", folder))? {
        let entry = entry.map_err(Error::io("read", folder))?;
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}
