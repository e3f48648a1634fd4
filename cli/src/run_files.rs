//! The notes that running processes leave in `.semel/run`, so that a later command finds what a crash left behind.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::process;
use crate::project::Project;

const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// What a noted process is.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The local engine.
    Engine,
    /// The Kafka broker.
    Broker,
    /// The bridge from Kafka to functions, which listens nowhere.
    Bridge,
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Engine => "engine",
            Self::Broker => "Kafka broker",
            Self::Bridge => "event source bridge",
        })
    }
}

/// One process that was started.
#[derive(Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct RunFile {
    /// What it is.
    pub kind: Kind,
    /// Its number; it leads a group of its own.
    pub pid: i32,
    /// Where it listens on 127.0.0.1; 0 if nowhere.
    pub port: u16,
    /// A part of its command line, which tells it from an unrelated process that got the same number.
    pub marker: String,
}

impl RunFile {
    /// The note of a child that was just started.
    pub fn of(kind: Kind, child: &Child, port: u16, marker: String) -> Self {
        Self { kind, pid: i32::try_from(child.id()).unwrap_or_default(), port, marker }
    }

    /// Writes the note called `name`.
    pub fn write(&self, project: &Project, name: &str) -> Result<PathBuf, Error> {
        let path = project.state_folder("run")?.join(format!("{name}.json"));
        self.write_to(&path)?;
        Ok(path)
    }

    /// Writes the note to a file.
    pub fn write_to(&self, path: &Path) -> Result<(), Error> {
        let text =
            serde_json::to_string_pretty(self).map_err(|error| Error::Unexpected(error.to_string()))?;
        fs::write(path, text).map_err(Error::io("write", path))
    }

    /// Reads one note; a damaged one counts as none.
    pub fn read(path: &Path) -> Option<Self> {
        serde_json::from_str(&fs::read_to_string(path).ok()?).ok()
    }

    /// Whether the noted process exists and really is what the note says.
    pub fn is_running(&self) -> bool {
        // The number may belong to somebody else by now: the command line decides.
        let command_line =
            process::output(Command::new("ps").args(["-o", "args=", "-p", &self.pid.to_string()]));
        command_line.is_some_and(|line| line.contains(&self.marker))
    }

    /// Ends the process, if it is that one, and waits until it is gone.
    pub fn stop(&self) {
        let Some(pid) = Pid::from_raw(self.pid) else { return };
        for signal in [Signal::TERM, Signal::KILL] {
            if !self.is_running() {
                return;
            }
            let _ = kill_process_group(pid, signal);
            let deadline = Instant::now() + STOP_TIMEOUT;
            while self.is_running() && Instant::now() < deadline {
                thread::sleep(Duration::from_millis(50));
            }
        }
    }
}

/// All notes there are, with their paths.
pub fn all(project: &Project) -> Result<Vec<(PathBuf, RunFile)>, Error> {
    let folder = project.state_folder("run")?;
    let entries = fs::read_dir(&folder).map_err(Error::io("read", &folder))?;
    Ok(entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .filter_map(|path| RunFile::read(&path).map(|note| (path, note)))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_process_with_the_same_number_is_not_ours() {
        let own = i32::try_from(std::process::id()).expect("a process id");
        let note = RunFile { kind: Kind::Engine, pid: own, port: 1, marker: "/nowhere/launch.py".to_owned() };
        assert!(!note.is_running());
        // Must not end this test.
        note.stop();
    }
}
