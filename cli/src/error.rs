//! What can go wrong, in words a person can act on, and the exit status that says so to a program.

use std::io;
use std::path::PathBuf;

use crate::lock::Holder;

/// Everything a command can end with.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Something that must be on the machine is not.
    #[error("{what} is missing\n  install it with: {install}")]
    Missing {
        /// What was looked for, and why it is needed.
        what: String,
        /// The command, or the place, that brings it.
        install: String,
    },
    /// A command of somebody else's failed.
    #[error("{command} failed ({status})")]
    Command {
        /// The command line.
        command: String,
        /// How it ended.
        status: String,
        /// The end of what it printed.
        tail: Vec<String>,
    },
    /// The operating system refused something.
    #[error("cannot {doing} {path}", path = .path.display())]
    Io {
        /// The verb, as in "read".
        doing: &'static str,
        /// What it was done to.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Another command is at work in the project.
    #[error("{0} is at work in this project, and only one command can be\n  {end}", end = .0.end())]
    Busy(Holder),
    /// A file or an answer does not hold what it should.
    #[error("{0}")]
    Unexpected(String),
    /// The local engine did not do its part.
    #[error("{message}\n  its log: {log}", log = .log.display())]
    Engine {
        /// What went wrong.
        message: String,
        /// Where it says more.
        log: PathBuf,
    },
    /// A check or a test failed; the details are already printed.
    #[error("{0}")]
    Failed(String),
    /// Something is to be done, and nobody said that it may be.
    #[error("{0}")]
    Pending(String),
    /// Ctrl-C before the work was done.
    #[error("interrupted")]
    Interrupted,
}

impl Error {
    /// An operation on a path that the system refused.
    pub fn io(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { doing, path, source }
    }

    /// A failure of the platform's own code, with its causes in one line.
    pub fn chain(what: &str, error: &dyn std::error::Error) -> Self {
        let mut text = format!("{what}: {error}");
        let mut cause = error.source();
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        Self::Unexpected(text)
    }

    /// 130 after Ctrl-C, as shells have it; 3 if something waits for a yes (2 is a wrong command line); 1 otherwise.
    pub fn exit_status(&self) -> u8 {
        match self {
            Self::Interrupted => 130,
            Self::Pending(_) => 3,
            Self::Missing { .. }
            | Self::Command { .. }
            | Self::Io { .. }
            | Self::Busy(_)
            | Self::Unexpected(_)
            | Self::Engine { .. }
            | Self::Failed(_) => 1,
        }
    }

    /// Writes the error, its causes and the failed command's last words to standard error.
    pub fn print(&self) {
        if let Self::Command { tail, .. } = self {
            for line in tail {
                eprintln!("  | {line}");
            }
        }
        eprintln!("error: {self}");
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            eprintln!("  because: {error}");
            cause = error.source();
        }
    }
}
