//! Building every function with the real `sam build`; cargo, with its shared target folder, is the cache.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use crate::error::Error;
use crate::phase::Phase;
use crate::platform::Architecture;
use crate::process;
use crate::project::Project;
use crate::samconfig::{ENVIRONMENT, LocalDeployment};
use crate::toolbox::Toolbox;

const COUNT_EVERY: Duration = Duration::from_millis(500);

/// Where `sam build` puts each function's `bootstrap`, one folder for each logical id.
pub fn output_folder(project: &Project) -> PathBuf {
    project.path(".aws-sam/build")
}

/// Builds for this machine. A build without changes takes seconds.
pub fn run(project: &Project, toolbox: &Toolbox, architecture: Architecture) -> Result<(), Error> {
    let deployment = LocalDeployment::read(project)?;
    Phase::run("build every function (sam build)", |phase| {
        let mut command = toolbox.command("sam");
        command
            .current_dir(project.root())
            .args(["build", "--config-env", ENVIRONMENT, "--parameter-overrides"])
            .args(deployment.parameters_for(architecture.template));
        thread::scope(|scope| {
            let units = project.path("target").join(architecture.target).join("release/.fingerprint");
            let (names, receiver) = mpsc::channel();
            // SAM hides cargo's output until it ends, so the minutes of a first build would look like a hang.
            scope.spawn(move || count_units(phase, &units, &receiver));
            let mut built = 0;
            process::run(&mut command, |line| {
                if let Some(function) = function_of(line) {
                    built += 1;
                    phase.detail(&format!("{built}: {function}"));
                    let _ = names.send(function.to_owned());
                }
            })
        })
    })
}

/// The function that a line of SAM's says is being built.
fn function_of(line: &str) -> Option<&str> {
    line.contains("Building codeuri").then(|| line.split("functions: ").nth(1)).flatten()
}

/// Shows the number of compiled units beside the function's name until `names` closes.
fn count_units(phase: &Phase, folder: &Path, names: &mpsc::Receiver<String>) {
    let before = count_entries(folder);
    let mut current = String::new();
    loop {
        match names.recv_timeout(COUNT_EVERY) {
            Ok(name) => current = name,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        let compiled = count_entries(folder).saturating_sub(before);
        if compiled > 0 {
            phase.flicker(&format!("{current}: {compiled} crates compiled so far"));
        }
    }
}

fn count_entries(folder: &Path) -> usize {
    fs::read_dir(folder).map_or(0, Iterator::count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_function_in_sams_line() {
        let line = "Building codeuri: /x/functions/orders runtime: provided.al2023 architecture: x86_64 functions: OrdersFunction";
        assert_eq!(function_of(line), Some("OrdersFunction"));
        assert_eq!(function_of("Build Succeeded"), None);
    }
}
