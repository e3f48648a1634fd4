//! Commands that want the same project at once: real processes, of which one gets it and the others say who has it.
//!
//! Each `up` stops at the first prerequisite that it asks for, a stand-in for Python that announces itself and then
//! waits until the test is over. By then it holds the project, and nothing has been built or started.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const BOUND: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(10);

/// Ends by itself when its folder goes, or after about a minute when nobody removes it.
const PYTHON: &str = r#"#!/bin/sh
here=$(dirname "$0")
: > "$here/waiting.$PPID"
left=1200
while [ -e "$here/python3" ] && [ "$left" -gt 0 ]; do sleep 0.05; left=$((left - 1)); done
"#;

/// A project with nothing in it, and the stand-in first on the path.
struct Clone {
    root: PathBuf,
    commands: Vec<Child>,
}

impl Clone {
    fn new(name: &str) -> Self {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.{}", std::process::id()));
        let bin = root.join("bin");
        fs::create_dir_all(&bin).expect("a folder");
        for file in ["template.yaml", "samconfig.toml"] {
            fs::write(root.join(file), "").expect("a file");
        }
        fs::write(bin.join("python3"), PYTHON).expect("the stand-in");
        fs::set_permissions(bin.join("python3"), fs::Permissions::from_mode(0o755)).expect("executable");
        Self { root, commands: Vec::new() }
    }

    fn semel(&self, arguments: &[&str]) -> Command {
        let own = std::env::var_os("PATH").unwrap_or_default();
        let folders = [self.root.join("bin")].into_iter().chain(std::env::split_paths(&own));
        let mut command = Command::new(env!("CARGO_BIN_EXE_semel"));
        command
            .args(arguments)
            .arg("--root")
            .arg(&self.root)
            .env("PATH", std::env::join_paths(folders).expect("a path"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.semel(arguments).output().expect("semel runs")
    }

    /// Starts an `up`; answers its process.
    fn start_up(&mut self) -> u32 {
        let child = self.semel(&["up"]).spawn().expect("semel starts");
        let pid = child.id();
        self.commands.push(child);
        pid
    }

    /// Starts an `up` and waits until it holds the project.
    fn hold(&mut self) -> u32 {
        let pid = self.start_up();
        wait_for("the first prerequisite", || self.is_waiting(pid));
        pid
    }

    fn is_waiting(&self, pid: u32) -> bool {
        self.root.join("bin").join(format!("waiting.{pid}")).exists()
    }
}

impl Drop for Clone {
    fn drop(&mut self) {
        for command in &mut self.commands {
            let _ = command.kill();
            let _ = command.wait();
        }
        // This ends the stand-ins as well.
        let _ = fs::remove_dir_all(&self.root);
    }
}

fn wait_for(what: &str, mut happened: impl FnMut() -> bool) {
    let deadline = Instant::now() + BOUND;
    while !happened() {
        assert!(Instant::now() < deadline, "{what} did not happen in time");
        thread::sleep(POLL);
    }
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn whoever_comes_second_is_told_who_is_at_work_and_how_to_end_it() {
    let mut clone = Clone::new("second");
    let holder = clone.hold();
    for arguments in [&["up"][..], &["up", "--check"], &["test"], &["test", "e2e"], &["bench"]] {
        let refused = clone.run(arguments);
        assert_eq!(refused.status.code(), Some(1), "{arguments:?}: {}", words(&refused));
        assert!(words(&refused).contains(&format!("`cargo semel up` (process {holder})")), "{refused:?}");
        assert!(words(&refused).contains(&format!("`kill {holder}`")), "{refused:?}");
    }
}

#[test]
fn of_several_at_the_same_moment_one_goes_ahead() {
    let mut clone = Clone::new("several");
    let started: Vec<u32> = (0..6).map(|_| clone.start_up()).collect();
    wait_for("five refusals", || {
        let ended = clone.commands.iter_mut().filter_map(|each| each.try_wait().expect("a child")).count();
        ended == started.len() - 1
    });
    let mut at_work = Vec::new();
    for (command, pid) in clone.commands.iter_mut().zip(&started) {
        match command.try_wait().expect("a child") {
            Some(status) => assert_eq!(status.code(), Some(1)),
            None => at_work.push(*pid),
        }
    }
    let [holder] = at_work[..] else { panic!("{at_work:?} are at work") };
    wait_for("the first prerequisite", || clone.is_waiting(holder));
    let others = started.iter().filter(|pid| **pid != holder);
    assert!(others.clone().all(|pid| !clone.is_waiting(*pid)), "who is refused does nothing");
}

#[test]
fn who_was_killed_leaves_the_project_to_the_next() {
    let mut clone = Clone::new("killed");
    let killed = clone.hold();
    let mut first = clone.commands.remove(0);
    first.kill().expect("killed without a chance to clean up");
    first.wait().expect("it is gone");
    let note = fs::read_to_string(clone.root.join(".semel/run/lock")).expect("what it wrote is still there");
    assert!(note.starts_with(&killed.to_string()));
    let down = clone.run(&["down"]);
    assert!(down.status.success(), "{}", words(&down));
    assert_eq!(String::from_utf8_lossy(&down.stdout), "nothing is running\n");
    clone.hold();
}

#[test]
fn down_says_who_is_at_work_and_ends_nobody() {
    let mut clone = Clone::new("down");
    let holder = clone.hold();
    let down = clone.run(&["down"]);
    assert!(down.status.success(), "{}", words(&down));
    let said = String::from_utf8_lossy(&down.stdout).into_owned();
    assert!(said.contains(&format!("`cargo semel up` (process {holder}) is at work")), "{said}");
    assert_eq!(clone.commands[0].try_wait().expect("a child"), None);
}

#[test]
fn what_needs_no_engine_is_not_refused() {
    let mut clone = Clone::new("list");
    clone.hold();
    let listed = clone.run(&["test", "--list"]);
    assert!(listed.status.success(), "{}", words(&listed));
}
