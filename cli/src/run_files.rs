//! The notes that running engines leave in `.semel/run`, so that a later command finds what a crash left behind.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::process;
use crate::project::Project;

const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// One engine that was started.
#[derive(Debug, Serialize, Deserialize, PartialEq, Eq)]
pub struct RunFile {
    /// The engine's process, which leads a group of its own.
    pub engine_pid: i32,
    /// Where it listens on 127.0.0.1.
    pub port: u16,
    /// The launcher it runs, which tells it from an unrelated process that got the same number.
    pub launcher: PathBuf,
}

impl RunFile {
    /// Writes the note of the run called `name`.
    pub fn write(&self, project: &Project, name: &str) -> Result<PathBuf, Error> {
        let path = project.state_folder("run")?.join(format!("{name}.json"));
        let text =
            serde_json::to_string_pretty(self).map_err(|error| Error::Unexpected(error.to_string()))?;
        fs::write(&path, text).map_err(Error::io("write", &path))?;
        Ok(path)
    }

    /// Reads one note; a damaged one counts as none.
    pub fn read(path: &Path) -> Option<Self> {
        serde_json::from_str(&fs::read_to_string(path).ok()?).ok()
    }

    /// Whether the noted process exists and really is the engine.
    pub fn is_running(&self) -> bool {
        // The number may belong to somebody else by now: the command line decides.
        let command_line =
            process::output(Command::new("ps").args(["-o", "args=", "-p", &self.engine_pid.to_string()]));
        command_line.is_some_and(|line| line.contains(&*self.launcher.to_string_lossy()))
    }

    /// Ends the engine, if it is one, and waits until it is gone.
    pub fn stop(&self) {
        let Some(pid) = Pid::from_raw(self.engine_pid) else { return };
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
        let note = RunFile { engine_pid: own, port: 1, launcher: "/nowhere/launch.py".into() };
        assert!(!note.is_running());
        // Must not end this test.
        note.stop();
    }
}
