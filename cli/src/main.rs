//! `semel`: builds, deploys and runs the platform on one machine, and tests it.
//!
//! This file owns the command line and the exit status. It must not know how anything is done: each command is a
//! module, and the modules below them own one tool each (the SAM CLI, the engine, the toolbox).

mod acceptance;
mod after_deploy;
mod bench;
mod build;
mod check;
mod consent;
mod deploy;
mod devices;
mod documents;
mod down;
mod engine;
mod engine_http;
mod error;
mod interrupt;
mod kafka;
mod lock;
mod page;
mod phase;
mod platform;
mod prerequisites;
mod process;
mod project;
mod reader;
mod routes;
mod run_files;
mod running;
mod runtime;
mod samconfig;
mod schemas;
mod shop;
mod stack;
mod test_run;
mod toolbox;
mod up;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::error::Error;
use crate::project::Project;

/// Builds, deploys and runs the platform on this machine, without Docker and without an AWS account.
#[derive(Parser)]
#[command(name = "semel", bin_name = "cargo semel", version, propagate_version = true)]
struct Arguments {
    /// The project to work on, when it is not the one this command was built from
    #[arg(long, global = true, env = "SEMEL_ROOT", value_name = "DIRECTORY", hide_env_values = true)]
    root: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build every function, start the local engine, deploy, and stay up until Ctrl-C
    ///
    /// Builds with `sam build`, deploys with `sam deploy` (environment `local` of samconfig.toml) into an AWS
    /// emulator that runs on 127.0.0.1 only. The first run downloads the tools into .semel/ and compiles
    /// everything; later runs take seconds. Everything that was started is stopped at the end. Only one of `up`,
    /// `test` and `bench` can be at work in a project.
    Up(up::Options),
    /// Show how far the functions are behind the Kafka topics of the running stack
    ///
    /// A line for each consumer group, topic and partition: the committed offset, the end, and what lies between.
    Lag(kafka::lag::Options),
    /// Carry records from Kafka to functions, as Lambda's poller does on AWS; `up` starts it
    #[command(hide = true)]
    Bridge(kafka::bridge::Options),
    /// Play warehouse scanners, shelf sensors, browsers and phones that send telemetry
    ///
    /// Clients send to `POST /events`; devices send messages to the rule for devices where the local stack runs, else
    /// over HTTP. Ends with what was answered, and not with 0 if an event was rejected or nobody took it.
    Devices(devices::Options),
    /// Serve the page that is a web client and a mobile client, until Ctrl-C
    Page(page::Options),
    /// Stop what an earlier `up` or `test` left behind after a crash
    ///
    /// Ends a process only after making sure that it is this project's.
    Down,
    /// Write documents of the events: for tools, for people, and types for TypeScript and Python
    ///
    /// Makes asyncapi.json, catalogue.html, events.d.ts and events.py from template.yaml and the released schemas.
    Documents(documents::Options),
    /// List what routes events, test where one would go, and check that patterns fit the schemas
    Routes(routes::Options),
    /// Run everything that CI runs; ends with the line `N passed, N failed`
    ///
    /// Format, lints, licences, unit and contract tests, the engine's own tests, the template's validation, and
    /// the end-to-end tests on a freshly deployed stack. Goes on after a failure, so that one run shows all.
    Test(test_run::Options),
    /// Compare the events' schemas with the released ones, list these, and release another
    ///
    /// A release never changes. A new version of the same major one must be compatible as its event type promises, by
    /// the rules of Confluent's schema registry; what breaks is named with its place and the reason.
    Schemas(schemas::Options),
    /// Measure what an order costs and how fast the functions are; asserts nothing
    ///
    /// Handler time without IO next to a floor of the same run, DynamoDB requests and write units of an order's life,
    /// and each function's size and cold start under the Lambda runtime emulator. Of the Kafka path: the hot path next
    /// to a floor and to Powertools for Python, events a second through the analytics function's own binary, our
    /// publisher next to kafka-producer-perf-test, and from publishing to the committed effect at a steady rate. The
    /// requests to AWS per order of a whole run are in the report of `up --check`.
    Bench(bench::Options),
}

fn run(arguments: Arguments) -> Result<(), Error> {
    let project = Project::locate(arguments.root)?;
    interrupt::listen()?;
    match arguments.command {
        Command::Up(options) => up::run(&project, &options),
        Command::Devices(options) => devices::run(&project, &options),
        Command::Page(options) => page::run(&project, &options),
        Command::Documents(options) => documents::run(&project, &options),
        Command::Down => down::run(&project),
        Command::Lag(options) => kafka::lag::run(&project, &options),
        Command::Bridge(options) => kafka::bridge::run(&options),
        Command::Routes(options) => routes::run(&project, &options),
        Command::Test(options) => test_run::run(&project, &options),
        Command::Schemas(options) => schemas::run(&project, &options),
        Command::Bench(options) => bench::run(&project, &options),
    }
}

fn main() -> ExitCode {
    reader::may_leave();
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error.print();
            ExitCode::from(error.exit_status())
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Arguments;

    /// Clap looks at a command when it is given; this looks at all of them, at their names and at their defaults.
    #[test]
    fn every_command_is_sound() {
        Arguments::command().debug_assert();
    }
}
