//! Another program that does the same work, to compare with: `--peer PROGRAM SCRIPT`.
//!
//! It gets the folder of payloads as its argument, says in one line who it is, and for each line on its standard input
//! works through all of them and answers with its events a second. So each of its rounds comes right after one of ours,
//! and on the same core: what the machine does to one of the two it does to the other.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use semel_bench::Spread;
use serde::{Deserialize, Serialize};

/// Who it is.
#[derive(Serialize, Deserialize)]
pub struct About {
    version: String,
    python: String,
    events: usize,
}

/// What it came to.
#[derive(Serialize)]
pub struct Compared {
    #[serde(flatten)]
    about: About,
    events_per_second: Spread,
    /// How many times as fast ours is, round by round.
    times: Spread,
}

pub struct Peer {
    process: Child,
    asks: ChildStdin,
    answers: BufReader<ChildStdout>,
    about: About,
}

impl Peer {
    /// Starts it.
    pub fn start(program: &str, script: &str, payloads: &str) -> Self {
        let mut command = Command::new(program);
        command.args([script, payloads]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap_or_else(|error| panic!("cannot start {program}: {error}"));
        let asks = process.stdin.take().expect("it is piped");
        let mut answers = BufReader::new(process.stdout.take().expect("it is piped"));
        let about = serde_json::from_str(&line(&mut answers)).expect("it says who it is");
        Self { process, asks, answers, about }
    }

    /// Has it do a round; answers with its events a second.
    pub fn round(&mut self) -> f64 {
        self.asks.write_all(b"\n").expect("it listens");
        line(&mut self.answers).trim().parse().expect("it answers with a number")
    }

    /// Ends it. `rounds` are ours and its, in events a second.
    pub fn end(self, rounds: &[(f64, f64)]) -> Compared {
        let Self { mut process, asks, about, .. } = self;
        drop(asks);
        let status = process.wait().expect("it ends");
        assert!(status.success(), "it ended with {status}");
        let spread = |figure: fn(&(f64, f64)) -> f64| Spread::of(rounds.iter().map(figure));
        Compared {
            about,
            events_per_second: spread(|(_, its)| *its).expect("there are rounds"),
            times: spread(|(ours, its)| ours / its).expect("there are rounds"),
        }
    }
}

fn line(answers: &mut impl BufRead) -> String {
    let mut line = String::new();
    let length = answers.read_line(&mut line).expect("it answers in UTF-8");
    assert!(length > 0, "it ended; why is above");
    line
}
