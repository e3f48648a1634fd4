//! `semel test`: everything that CI runs, as an ordered list of steps; goes on after a failure.

mod counts;
mod dependencies;
mod steps;

use std::time::{Duration, Instant};

use clap::Args;

use crate::error::Error;
use crate::lock::Lock;
use crate::phase::{self, Phase};
use crate::project::Project;

use counts::{Counts, failed_test};

/// What to run.
#[derive(Args)]
pub struct Options {
    /// Run only these steps (see --list)
    #[arg(value_name = "STEP")]
    only: Vec<String>,
    /// Name the steps and their commands, and run nothing
    #[arg(long)]
    list: bool,
}

/// How one step went.
struct Outcome {
    name: &'static str,
    counts: Counts,
    /// The tests that failed, by name.
    failed: Vec<String>,
    time: Duration,
    error: Option<Error>,
}

/// Runs the steps and ends with the line `N passed, N failed`.
pub fn run(project: &Project, options: &Options) -> Result<(), Error> {
    if options.list {
        for step in steps::ALL {
            println!("{:<10} {}", step.name, step.about);
        }
        return Ok(());
    }
    for name in &options.only {
        if !steps::ALL.iter().any(|step| step.name == name) {
            return Err(Error::Unexpected(format!(
                "no step is called {name}; `semel test --list` names them"
            )));
        }
    }
    let _lock = Lock::take(project, "test")?;
    let mut bench = steps::Bench::new(project)?;
    let mut outcomes = Vec::new();
    for step in steps::ALL {
        if options.only.is_empty() || options.only.iter().any(|name| name == step.name) {
            let outcome = run_step(&mut bench, step);
            if matches!(outcome.error, Some(Error::Interrupted)) {
                return Err(Error::Interrupted);
            }
            outcomes.push(outcome);
        }
    }
    drop(bench);
    summarise(&outcomes)
}

fn run_step(bench: &mut steps::Bench, step: &steps::Step) -> Outcome {
    let started = Instant::now();
    let mut counts = Counts::default();
    let mut failed = Vec::new();
    let error = if step.has_phases {
        (step.run)(bench, &mut |_| {}).err()
    } else {
        Phase::run(format!("{}: {}", step.name, step.about), |phase| {
            (step.run)(bench, &mut |line| {
                counts.read(line);
                failed.extend(failed_test(line).map(str::to_owned));
                phase.flicker(line);
            })
        })
        .err()
    };
    if let Some(error) = &error {
        error.print();
    }
    counts.settle(error.is_some());
    Outcome { name: step.name, counts, failed, time: started.elapsed(), error }
}

fn summarise(outcomes: &[Outcome]) -> Result<(), Error> {
    let mut total = Counts::default();
    println!();
    for outcome in outcomes {
        let mark = if outcome.error.is_some() || outcome.counts.failed > 0 { "FAILED" } else { "ok" };
        let time = phase::seconds(outcome.time);
        println!(
            "{:<10} {mark:<6} {:>5} passed {:>3} failed  {time}",
            outcome.name, outcome.counts.passed, outcome.counts.failed
        );
        for test in &outcome.failed {
            println!("{:<10} {test}", "");
        }
        total.add(outcome.counts);
    }
    println!();
    println!("{} passed, {} failed", total.passed, total.failed);
    if total.failed == 0 { Ok(()) } else { Err(Error::Failed("not everything passed".to_owned())) }
}
