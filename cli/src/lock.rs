//! One command at a time: whatever builds, deploys or starts an engine holds an exclusive lock on the project first,
//! because they share the build folder, the tools' environments, the engine's home and its usual port.
//!
//! The kernel lets go of the lock however its process ends, so what a dead one left in the file never blocks. The
//! text in the file only tells others whom to ask; the lock itself decides. Programs that are started do not inherit
//! it: an engine that outlives its command does not hold the project.

use std::fs::{File, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::path::PathBuf;

use crate::error::Error;
use crate::project::Project;

/// The project, held by this process until this is dropped.
#[derive(Debug)]
#[must_use = "dropping it lets the next command in"]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the project for `command`, or says who has it.
    pub fn take(project: &Project, command: &str) -> Result<Self, Error> {
        let path = path(project)?;
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(&path).map_err(Error::io("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Error::Busy(Holder::named_in(&mut file))),
            Err(TryLockError::Error(source)) => return Err(Error::Io { doing: "lock", path, source }),
        }
        let text = format!("{} {command}\n", std::process::id());
        file.set_len(0).and_then(|()| file.write_all(text.as_bytes())).map_err(Error::io("write", &path))?;
        Ok(Self { _file: file })
    }

    /// Who holds the project right now, if anybody does.
    pub fn holder(project: &Project) -> Result<Option<Holder>, Error> {
        let path = path(project)?;
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(Error::Io { doing: "open", path, source }),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(None),
            Err(TryLockError::WouldBlock) => Ok(Some(Holder::named_in(&mut file))),
            Err(TryLockError::Error(source)) => Err(Error::Io { doing: "lock", path, source }),
        }
    }
}

fn path(project: &Project) -> Result<PathBuf, Error> {
    Ok(project.state_folder("run")?.join("lock"))
}

/// Who holds a project.
#[derive(Debug, PartialEq, Eq)]
pub enum Holder {
    /// As it wrote itself.
    Named {
        /// Its process.
        pid: u32,
        /// The command, as in `up`.
        command: String,
    },
    /// It has the lock and has not written yet.
    Unnamed,
}

impl Holder {
    fn named_in(file: &mut File) -> Self {
        let mut text = String::new();
        // Who cannot be read is not known; that the project is held stays true.
        let _ = file.read_to_string(&mut text);
        Self::parse(&text)
    }

    fn parse(text: &str) -> Self {
        let named = text.trim_end().split_once(' ');
        match named.and_then(|(pid, command)| Some((pid.parse().ok()?, command.to_owned()))) {
            Some((pid, command)) => Self::Named { pid, command },
            None => Self::Unnamed,
        }
    }

    /// How a person ends it in good order.
    pub fn end(&self) -> String {
        match self {
            Self::Named { pid, .. } => format!("Ctrl-C where it runs, or `kill {pid}`, ends it"),
            Self::Unnamed => "Ctrl-C where it runs ends it".to_owned(),
        }
    }
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Named { pid, command } => write!(f, "`cargo semel {command}` (process {pid})"),
            Self::Unnamed => f.write_str("another `cargo semel`"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holder_says_who_it_is_and_how_to_end_it() {
        let holder = Holder::parse("4711 up\n");
        assert_eq!(holder, Holder::Named { pid: 4711, command: "up".to_owned() });
        assert_eq!(holder.to_string(), "`cargo semel up` (process 4711)");
        assert!(holder.end().contains("kill 4711"));
    }

    #[test]
    fn a_text_that_names_nobody_is_no_error() {
        for text in ["", "\n", "4711", "x up", "-1 up"] {
            assert_eq!(Holder::parse(text), Holder::Unnamed, "{text:?}");
        }
    }
}
