//! `semel up`: from a clone to a running platform, and down again.

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;

use crate::engine::{self, Engine};
use crate::error::Error;
use crate::lock::Lock;
use crate::phase::{self, Phase};
use crate::project::Project;
use crate::stack::Stack;
use crate::toolbox::Toolbox;
use crate::{after_deploy, build, check, deploy, interrupt, platform, prerequisites};

const POLL: Duration = Duration::from_millis(100);

/// How to come up.
#[derive(Args)]
pub struct Options {
    /// Run the acceptance run instead of staying up; exits non-zero if any figure is wrong
    #[arg(long)]
    check: bool,
    /// Orders of the acceptance run
    #[arg(long, value_name = "COUNT", default_value_t = check::ORDERS, requires = "check")]
    orders: usize,
    /// Write the acceptance run's report to this file
    #[arg(long, value_name = "FILE", requires = "check")]
    json: Option<PathBuf>,
}

/// Comes up, stays up (or checks), and stops what it started.
pub fn run(project: &Project, options: &Options) -> Result<(), Error> {
    let started = Instant::now();
    let _lock = Lock::take(project, "up")?;
    let (mut engine, stack) = come_up(project, "up")?;
    eprintln!("  up after {}", phase::seconds(started.elapsed()));
    after_deploy::fill_catalogue(&stack)?;
    if options.check {
        check::run(&stack, engine.port(), options.orders, options.json.as_deref())?;
    } else {
        after_deploy::first_order(&stack)?;
        stay(&mut engine)?;
    }
    Phase::run("stop the local engine", |_| {
        drop(engine);
        Ok(())
    })
}

/// Builds, starts an engine for the run called `name` and deploys into it. The caller holds the project's lock.
pub fn come_up(project: &Project, name: &str) -> Result<(Engine, Stack), Error> {
    let architecture = platform::architecture()?;
    engine::end_left_over(project)?;
    let toolbox = Toolbox::prepare(project, &prerequisites::find()?)?;
    build::run(project, &toolbox, architecture)?;
    let engine = Engine::start(project, &toolbox, name)?;
    let stack = deploy::run(project, &toolbox, &engine, architecture)?;
    Ok((engine, stack))
}

fn stay(engine: &mut Engine) -> Result<(), Error> {
    println!("  Ctrl-C stops everything. The engine's log: {}", engine.log().display());
    while !interrupt::is_requested() {
        engine.check_running()?;
        thread::sleep(POLL);
    }
    Ok(())
}
