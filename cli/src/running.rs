//! The stack that an `up` in another terminal keeps running.

use crate::error::Error;
use crate::project::Project;
use crate::run_files::{self, Kind};
use crate::samconfig::LocalDeployment;
use crate::stack::Stack;

/// Reads the running stack, or says how to get one: `otherwise` is what a person can do instead of starting it.
pub fn stack(project: &Project, otherwise: &str) -> Result<Stack, Error> {
    let notes = run_files::all(project)?;
    let engine =
        notes.into_iter().map(|(_, note)| note).find(|note| note.kind == Kind::Engine && note.is_running());
    let engine = engine.ok_or_else(|| {
        Error::Failed(format!("nothing is running; `cargo semel up` starts the stack, {otherwise}"))
    })?;
    Stack::read(engine.port, &LocalDeployment::read(project)?)
}
