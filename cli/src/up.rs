//! `semel up`: from a clone to a running platform, and down again.

use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use clap::Args;

use crate::engine::{self, Engine};
use crate::error::Error;
use crate::kafka::{Artifacts, Kafka};
use crate::lock::Lock;
use crate::phase::{self, Phase};
use crate::platform::Architecture;
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
    /// Leave Kafka out: no broker, no bridge, and the template's `KafkaMode` is none. Needs no Java
    #[arg(long)]
    without_kafka: bool,
}

/// A deployed platform. Dropping it stops everything.
pub struct Platform {
    /// Kafka, unless it was left out. Before the engine, so that the bridge ends while there is one.
    pub kafka: Option<Kafka>,
    /// The engine.
    pub engine: Engine,
    /// What was deployed.
    pub stack: Stack,
    name: String,
}

impl Platform {
    /// Starts everything for the run called `name`, and deploys what was built. Without `artifacts` without Kafka.
    pub fn start(
        project: &Project,
        toolbox: &Toolbox,
        architecture: Architecture,
        artifacts: Option<&Artifacts>,
        name: &str,
    ) -> Result<Self, Error> {
        let mut kafka = artifacts.map(|artifacts| Kafka::start(project, artifacts, name)).transpose()?;
        let engine = Engine::start(project, toolbox, name)?;
        let brokers = kafka.as_ref().map(Kafka::brokers);
        let stack = deploy::run(project, toolbox, &engine, architecture, brokers.as_deref())?;
        if let Some(kafka) = &mut kafka {
            kafka.bridge_to(project, &stack, name)?;
        }
        Ok(Self { kafka, engine, stack, name: name.to_owned() })
    }

    /// Gives a command what a test or a tool needs to work on this platform.
    pub fn describe_to(&self, project: &Project, command: &mut Command) -> Result<(), Error> {
        self.stack.describe_to(command)?;
        if let Some(kafka) = &self.kafka {
            let run = project.state_folder("run")?;
            command
                .env("SEMEL_BROKERS", kafka.brokers())
                .env("SEMEL_BROKER_NOTE", run.join(format!("{}-kafka.json", self.name)))
                .env("SEMEL_BRIDGE_NOTE", run.join(format!("{}-bridge.json", self.name)));
        }
        Ok(())
    }

    fn check_running(&mut self) -> Result<(), Error> {
        self.engine.check_running()?;
        self.kafka.as_mut().map_or(Ok(()), Kafka::check_running)
    }
}

/// Comes up, stays up (or checks), and stops what it started.
pub fn run(project: &Project, options: &Options) -> Result<(), Error> {
    let started = Instant::now();
    let _lock = Lock::take(project, "up")?;
    let mut platform = come_up(project, "up", !options.without_kafka)?;
    eprintln!("  up after {}", phase::seconds(started.elapsed()));
    after_deploy::fill_catalogue(&platform.stack)?;
    if options.check {
        check::run(&platform.stack, platform.engine.port(), options.orders, options.json.as_deref())?;
    } else {
        after_deploy::first_order(project, &platform.stack)?;
        stay(&mut platform)?;
    }
    Phase::run("stop the local engine", |_| {
        drop(platform);
        Ok(())
    })
}

/// Builds and starts everything for the run called `name`. The caller holds the project's lock.
pub fn come_up(project: &Project, name: &str, with_kafka: bool) -> Result<Platform, Error> {
    let architecture = platform::architecture()?;
    engine::end_left_over(project)?;
    let toolbox = Toolbox::prepare(project, &prerequisites::find()?)?;
    // Before the build, which takes minutes: what is missing is to be said now.
    let artifacts = with_kafka.then(|| Artifacts::prepare(project)).transpose()?;
    build::run(project, &toolbox, architecture)?;
    Platform::start(project, &toolbox, architecture, artifacts.as_ref(), name)
}

fn stay(platform: &mut Platform) -> Result<(), Error> {
    if let Some(kafka) = &platform.kafka {
        println!("  Kafka      {}   (plaintext)", kafka.brokers());
        println!("  topics     {}", kafka.topics());
        println!("  lag        cargo semel lag");
        println!();
    }
    println!("  Ctrl-C stops everything. The engine's log: {}", platform.engine.log().display());
    while !interrupt::is_requested() {
        platform.check_running()?;
        thread::sleep(POLL);
    }
    Ok(())
}
