//! `semel schemas template`: the nested stack that puts the newest releases into `EventBridge`'s schema registry.

use std::fs;
use std::path::Path;

use semel_documents::eventbridge::{self, EventBridgeSchema};

use crate::documents;
use crate::error::Error;
use crate::project::Project;

/// Where it is, from the project's root.
pub const FILE: &str = "infra/schemas.yaml";

/// Writes it.
pub fn run(project: &Project) -> Result<(), Error> {
    let schemas = newest(project)?;
    let text = made_of(&schemas)?;
    let path = project.path(FILE);
    fs::write(&path, &text).map_err(Error::io("write", &path))?;
    println!("{FILE}: {} schemas, {} bytes", schemas.len(), text.len());
    Ok(())
}

/// Fails if it is not what the releases make of it.
pub fn hold(project: &Project) -> Result<(), Error> {
    let text = made_of(&newest(project)?)?;
    let path = project.path(FILE);
    let kept = fs::read_to_string(&path).map_err(Error::io("read", &path))?;
    if kept == text {
        return Ok(());
    }
    let at = kept.lines().zip(text.lines()).take_while(|(kept, made)| kept == made).count() + 1;
    Err(Error::Failed(format!(
        "{}:{at} is not what the releases make of it: `cargo semel schemas template` writes it anew",
        Path::new(FILE).display()
    )))
}

/// The newest release of every event type, as the registry takes it.
pub fn newest(project: &Project) -> Result<Vec<EventBridgeSchema>, Error> {
    let registry = super::open(project)?;
    eventbridge::newest(&documents::platform_of(project, &registry)?, &registry)
        .map_err(|fault| Error::Failed(fault.to_string()))
}

fn made_of(schemas: &[EventBridgeSchema]) -> Result<String, Error> {
    eventbridge::template(schemas).map_err(|fault| Error::Failed(fault.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_template_is_what_the_releases_make_of_it() {
        let project = Project::locate(None).expect("the project");
        hold(&project).unwrap_or_else(|error| panic!("{error}"));
    }
}
