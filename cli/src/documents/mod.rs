//! `semel documents`: writes what tells people, tools and other languages about the events.
//!
//! Owns the command's forms, where the input is and where the files go. What the documents say is made by
//! `semel-documents`.

#[cfg(test)]
mod tests;

use std::fs;
use std::path::PathBuf;

use clap::Args;
use semel_documents::{Fault, Input, KafkaTopic, Platform, Route};
use semel_registry::Registry;
use serde::Serialize;

use crate::error::Error;
use crate::kafka::topics;
use crate::project::Project;
use crate::routes::template as routing;
use crate::schemas;

const CATALOGUE: &str = "catalogue.html";

/// What to write.
#[derive(Args)]
pub struct Options {
    /// The folder to write to, made if it is not there; .semel/documents if none is given
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Print JSON: an array of objects with path, about and bytes
    #[arg(long)]
    json: bool,
}

/// One document.
struct Document {
    file: &'static str,
    about: &'static str,
    text: String,
}

#[derive(Serialize)]
struct Written {
    path: PathBuf,
    about: &'static str,
    bytes: usize,
}

/// Writes the documents and prints where they are.
pub fn run(project: &Project, options: &Options) -> Result<(), Error> {
    let documents = made(project)?;
    let folder = match &options.out {
        Some(folder) => {
            fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
            folder.clone()
        }
        None => project.state_folder("documents")?,
    };
    let mut written = Vec::new();
    for Document { file, about, text } in documents {
        let path = folder.join(file);
        fs::write(&path, &text).map_err(Error::io("write", &path))?;
        written.push(Written { path, about, bytes: text.len() });
    }
    if options.json {
        return schemas::print_json(&written);
    }
    for Written { path, about, .. } in &written {
        println!("{:<60} {about}", path.display());
    }
    Ok(())
}

/// The catalogue, for a browser.
pub fn catalogue(project: &Project) -> Result<String, Error> {
    Ok(semel_documents::catalogue(&platform_of(project, &schemas::open(project)?)?))
}

/// Writes the catalogue to where the documents go, and tells where that is.
pub fn write_catalogue(project: &Project) -> Result<PathBuf, Error> {
    let path = project.state_folder("documents")?.join(CATALOGUE);
    fs::write(&path, catalogue(project)?).map_err(Error::io("write", &path))?;
    Ok(path)
}

/// The platform that the project's template makes, with the releases of a registry.
pub fn platform_of(project: &Project, registry: &Registry) -> Result<Platform, Error> {
    platform(project, &template(project)?, registry)
}

/// Makes the documents without writing them, and fails if the template or a schema stands in the way.
pub fn check(project: &Project, on_line: &mut dyn FnMut(&str)) -> Result<(), Error> {
    for Document { file, about, text } in made(project)? {
        on_line(&format!("{file} can be made: {about}, {} bytes", text.len()));
    }
    Ok(())
}

fn made(project: &Project) -> Result<Vec<Document>, Error> {
    made_of(project, &template(project)?)
}

fn template(project: &Project) -> Result<String, Error> {
    let path = project.path("template.yaml");
    fs::read_to_string(&path).map_err(Error::io("read", &path))
}

/// The platform that a template makes of the project.
fn platform(project: &Project, template: &str, registry: &Registry) -> Result<Platform, Error> {
    let in_template = |reason: String| Error::Unexpected(format!("template.yaml: {reason}"));
    let mut routes = Vec::new();
    for route in routing::routes(template).map_err(in_template)? {
        let pattern = route.parse().map_err(|refused| in_template(format!("{}: {refused}", route.name)))?;
        let routing::Route { name, carrier, pattern: written, targets } = route;
        routes.push(Route { name, carrier, written, pattern, targets });
    }
    let mut kafka_topics = Vec::new();
    for topics::Topic { name, partitions, config } in topics::read(project)? {
        let partitions = u32::try_from(partitions)
            .map_err(|_| Error::Unexpected(format!("topic {name} has {partitions} partitions")))?;
        kafka_topics.push(KafkaTopic { name, partitions, config });
    }
    let platform = Platform::read(&Input {
        title: "Semel",
        version: env!("CARGO_PKG_VERSION"),
        template: &routing::json(template).map_err(in_template)?,
        registry,
        routes: &routes,
        topics: &kafka_topics,
    });
    platform.map_err(|fault: Fault| Error::Failed(fault.to_string()))
}

/// The documents that another template would make of the project.
fn made_of(project: &Project, template: &str) -> Result<Vec<Document>, Error> {
    let platform = platform(project, template, &schemas::open(project)?)?;
    let asyncapi = serde_json::to_string_pretty(&semel_documents::asyncapi(&platform))
        .map_err(|error| Error::chain("cannot write JSON", &error))?;
    let document = |file, about, text| Document { file, about, text };
    Ok(vec![
        document("asyncapi.json", "AsyncAPI 3.0: channels, messages, operations", asyncapi + "\n"),
        document(CATALOGUE, "the catalogue, for a browser", semel_documents::catalogue(&platform)),
        document("events.d.ts", "types for TypeScript", semel_documents::typescript(&platform)),
        document("events.py", "types for Python 3.11 and later", semel_documents::python(&platform)),
    ])
}
