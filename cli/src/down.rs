//! `semel down`: ends what a crash left running.

use std::fs;

use crate::error::Error;
use crate::lock::Lock;
use crate::project::Project;
use crate::run_files::{self, RunFile};

/// Stops every process of this project and removes its note.
pub fn run(project: &Project) -> Result<(), Error> {
    let notes = run_files::all(project)?;
    for (path, note) in &notes {
        if note.is_running() {
            note.stop();
            println!("stopped the {}", describe(note));
        } else {
            println!("the {} was already gone", describe(note));
        }
        match fs::remove_file(path) {
            // Its owner may have seen the engine end and removed the note itself.
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::Io { doing: "remove", path: path.clone(), source: error });
            }
            Ok(()) | Err(_) => {}
        }
    }
    match Lock::holder(project)? {
        // It sees for itself that its engine has ended.
        Some(_) if !notes.is_empty() => {}
        Some(holder) => println!("no engine is running; {holder} is at work: {}", holder.end()),
        None if notes.is_empty() => println!("nothing is running"),
        None => {}
    }
    Ok(())
}

fn describe(note: &RunFile) -> String {
    match note.port {
        0 => note.kind.to_string(),
        port => format!("{} on port {port}", note.kind),
    }
}
