//! Running other people's commands: lines as they come, Ctrl-C obeyed, the last lines kept for the error.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::error::Error;
use crate::interrupt;

const TAIL_LINES_MAX: usize = 120;
const INTERRUPT_POLL: Duration = Duration::from_millis(100);
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// Runs a command to its end and hands every line it prints to `on_line`.
///
/// The command gets a process group of its own: Ctrl-C reaches this program only, which then ends the whole group.
pub fn run(command: &mut Command, mut on_line: impl FnMut(&str)) -> Result<(), Error> {
    let shown = describe(command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
        .map_err(Error::io("start", command.get_program()))?;
    let lines = read_lines(&mut child);
    let mut tail = VecDeque::with_capacity(TAIL_LINES_MAX);
    loop {
        match lines.recv_timeout(INTERRUPT_POLL) {
            Ok(line) => {
                on_line(&line);
                if tail.len() == TAIL_LINES_MAX {
                    tail.pop_front();
                }
                tail.push_back(line);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if interrupt::is_requested() {
            stop_group(&mut child);
            return Err(Error::Interrupted);
        }
    }
    let status = child.wait().map_err(Error::io("wait for", command.get_program()))?;
    interrupt::check()?;
    if status.success() {
        Ok(())
    } else {
        Err(Error::Command { command: shown, status: status.to_string(), tail: tail.into() })
    }
}

/// What a command prints on standard output, or None when it cannot be run or fails.
pub fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Ends a child that leads its own process group: SIGTERM, and SIGKILL when that is not obeyed in time.
pub fn stop_group(child: &mut Child) {
    let pid = Pid::from_child(child);
    // A group that is already gone is what was wanted.
    let _ = kill_process_group(pid, Signal::TERM);
    if wait_at_most(child, STOP_TIMEOUT).is_none() {
        let _ = kill_process_group(pid, Signal::KILL);
        let _ = child.wait();
    }
}

fn wait_at_most(child: &mut Child, timeout: Duration) -> Option<ExitStatus> {
    let deadline = Instant::now() + timeout;
    while Instant::now() < deadline {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) => thread::sleep(Duration::from_millis(20)),
            Err(_) => return None,
        }
    }
    None
}

fn read_lines(child: &mut Child) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        forward(stdout, sender.clone());
    }
    if let Some(stderr) = child.stderr.take() {
        forward(stderr, sender);
    }
    receiver
}

fn forward(stream: impl Read + Send + 'static, lines: Sender<String>) {
    thread::spawn(move || {
        for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line);
            // Tools redraw a line with carriage returns; only its last state counts.
            let last = line.trim_end().rsplit('\r').next().unwrap_or_default();
            if lines.send(last.to_owned()).is_err() {
                break;
            }
        }
    });
}

/// The command line, with the program's name instead of its path.
pub fn describe(command: &Command) -> String {
    let program = std::path::Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned();
    command.get_args().fold(name, |line, argument| line + " " + &argument.to_string_lossy())
}
