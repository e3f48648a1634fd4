//! Showing what goes on: a spinner with the latest line on a terminal, plain lines elsewhere. Times each phase.
//!
//! Everything here goes to standard error; standard output is for results.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use crate::error::Error;

const REDRAW: Duration = Duration::from_millis(120);

/// One phase of a command, from its announcement to its time.
pub struct Phase {
    title: String,
    started: Instant,
    spinner: Option<ProgressBar>,
}

impl Phase {
    /// Announces a phase.
    pub fn start(title: impl Into<String>) -> Self {
        let title = title.into();
        let spinner = std::io::stderr().is_terminal().then(|| {
            let spinner = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {prefix}  {elapsed}  {wide_msg:.dim}")
            {
                spinner.set_style(style);
            }
            spinner.set_prefix(title.clone());
            spinner.enable_steady_tick(REDRAW);
            spinner
        });
        if spinner.is_none() {
            eprintln!("==> {title}");
        }
        Self { title, started: Instant::now(), spinner }
    }

    /// Says what is being done right now.
    pub fn detail(&self, line: &str) {
        let line = line.trim();
        match &self.spinner {
            _ if line.is_empty() => {}
            Some(spinner) => spinner.set_message(line.to_owned()),
            None => eprintln!("    {line}"),
        }
    }

    /// Says what is being done where a spinner can show it; in a plain log it would be noise.
    pub fn flicker(&self, line: &str) {
        if self.spinner.is_some() {
            self.detail(line);
        }
    }

    /// Ends the phase with its result, and says how long it took.
    pub fn end<T>(self, result: Result<T, Error>) -> Result<T, Error> {
        let elapsed = seconds(self.started.elapsed());
        if let Some(spinner) = &self.spinner {
            spinner.finish_and_clear();
        }
        let mark = if result.is_ok() { "done" } else { "FAILED" };
        match self.spinner {
            Some(_) => eprintln!("{mark:>6}  {}  {elapsed}", self.title),
            None => eprintln!("    {mark} in {elapsed}"),
        }
        result
    }

    /// Runs `work` as a phase.
    pub fn run<T>(
        title: impl Into<String>,
        work: impl FnOnce(&Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let phase = Self::start(title);
        let result = work(&phase);
        phase.end(result)
    }
}

/// A duration for people: `4.2 s`, `3 min 12 s`.
pub fn seconds(duration: Duration) -> String {
    if duration < Duration::from_mins(1) {
        format!("{:.1} s", duration.as_secs_f64())
    } else {
        format!("{} min {} s", duration.as_secs() / 60, duration.as_secs() % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        assert_eq!(seconds(Duration::from_millis(4230)), "4.2 s");
        assert_eq!(seconds(Duration::from_secs(192)), "3 min 12 s");
    }
}
