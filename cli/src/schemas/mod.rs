//! `semel schemas`: what was released of the events' schemas, whether the working ones may follow, and a new release.
//!
//! Knows where schemas lie in the project; the rules are the registry's.

mod at_revision;
mod check;
mod deployed;
mod discover;
mod list;
mod publish;
mod release;
mod remote;
mod template;
mod working;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use semel_registry::Registry;

use crate::error::Error;
use crate::project::Project;

pub use template::FILE as TEMPLATE;

/// Which command.
#[derive(Args)]
pub struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Compare the working tree's schemas with the released ones; not 0 if one breaks its type's promise
    Check(check::Options),
    /// Compare what is on the bus with the released schemas; not 0 if something is undocumented or has another type
    ///
    /// Looks at the events that the bus's archive recorded, without any consumer seeing them again, at what AWS's schema
    /// discovery found, or at a file of events. Prints paths, types and counts, and never a value.
    Discover(discover::Options),
    /// Show every release: version, day, owner, compatibility mode and id
    List(list::Options),
    /// Put the newest releases into a schema registry of EventBridge, after showing the plan
    ///
    /// Asks before it does anything, unless --yes is given. Where nobody can be asked, it only shows the plan, and ends
    /// with status 3 if something is to be done. After a failure the same command does the rest.
    Publish(publish::Options),
    /// Release a working schema as a new version, with a golden sample
    Release(release::Options),
    /// Write infra/schemas.yaml, the stack that puts the newest releases into EventBridge's schema registry
    Template,
}

/// Runs one of the commands.
pub fn run(project: &Project, options: &Options) -> Result<(), Error> {
    match &options.command {
        Command::Check(options) => check::run(project, options),
        Command::Discover(options) => discover::run(project, options),
        Command::List(options) => list::run(project, options),
        Command::Publish(options) => publish::run(project, options),
        Command::Release(options) => release::run(project, options),
        Command::Template => template::run(project),
    }
}

/// Where the project's releases are, from its root.
const RELEASED: &str = "schemas/released";

fn folder(project: &Project) -> PathBuf {
    project.path(RELEASED)
}

/// Fails if a working schema breaks what its type promises, or if the committed template is not what the releases make.
pub fn hold(project: &Project, on_line: &mut dyn FnMut(&str)) -> Result<(), Error> {
    check::hold(project, on_line)?;
    template::hold(project)?;
    on_line(&format!("{TEMPLATE} is what the releases make of it"));
    Ok(())
}

/// The releases of the project.
pub fn open(project: &Project) -> Result<Registry, Error> {
    Registry::open(&folder(project)).map_err(|error| Error::Failed(error.to_string()))
}

/// Prints JSON for programs.
pub fn print_json(value: &impl serde::Serialize) -> Result<(), Error> {
    let text = serde_json::to_string_pretty(value);
    println!("{}", text.map_err(|error| Error::chain("cannot write JSON", &error))?);
    Ok(())
}
