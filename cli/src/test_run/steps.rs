//! The steps of `semel test` and what they share: the toolbox, and an engine with a deployed stack.

use std::process::Command;

use crate::engine;
use crate::error::Error;
use crate::kafka::Artifacts;
use crate::platform::{self, Architecture};
use crate::project::Project;
use crate::samconfig::LocalDeployment;
use crate::toolbox::Toolbox;
use crate::up::Platform;
use crate::{after_deploy, build, check, documents, prerequisites, process, routes, schemas};

use super::dependencies;

/// The name of this command's engine.
const RUN: &str = "test";

/// Receives every line a step prints.
type OnLine<'a> = &'a mut dyn FnMut(&str);

/// One step: the name to select it by, what it does, and how.
pub struct Step {
    /// Selects it on the command line.
    pub name: &'static str,
    /// The command, or what it amounts to.
    pub about: &'static str,
    /// Whether it announces phases of its own.
    pub has_phases: bool,
    /// Does it.
    pub run: fn(&mut Bench, OnLine) -> Result<(), Error>,
}

/// Cheap ones first: the sooner a mistake shows, the better.
pub const ALL: &[Step] = &[
    Step { name: "format", about: "cargo fmt --all --check", has_phases: false, run: format },
    Step { name: "lints", about: "cargo clippy, warnings are errors", has_phases: false, run: lints },
    Step { name: "licences", about: "every dependency against deny.toml", has_phases: false, run: licences },
    Step { name: "template", about: "sam validate --lint", has_phases: false, run: template },
    Step { name: "routes", about: "event patterns against the schemas", has_phases: false, run: routes },
    Step {
        name: "schemas",
        about: "the events' schemas against the released ones (schemas check)",
        has_phases: false,
        run: schemas,
    },
    Step {
        name: "documents",
        about: "AsyncAPI, catalogue and types can be made (documents)",
        has_phases: false,
        run: documents,
    },
    Step { name: "engine", about: "the local engine's mends", has_phases: false, run: engine_tests },
    Step { name: "build", about: "sam build", has_phases: true, run: build_functions },
    Step { name: "tests", about: "cargo test --workspace", has_phases: false, run: tests },
    Step { name: "deploy", about: "start the local engine, sam deploy", has_phases: true, run: deploy_stack },
    // Before the end-to-end tests: they leave dead letters behind on purpose, and this wants none.
    Step {
        name: "acceptance",
        about: "a thousand orders under fire (up --check)",
        has_phases: true,
        run: acceptance,
    },
    Step {
        name: "e2e",
        about: "cargo test of e2e_* on the deployed stack",
        has_phases: false,
        run: end_to_end,
    },
];

/// What the steps work with.
pub struct Bench {
    project: Project,
    toolbox: Toolbox,
    architecture: Architecture,
    deployed: Option<Platform>,
}

impl Bench {
    /// Finds and prepares the tools.
    pub fn new(project: &Project) -> Result<Self, Error> {
        let toolbox = Toolbox::prepare(project, &prerequisites::find()?)?;
        let architecture = platform::architecture()?;
        Ok(Self { project: project.clone(), toolbox, architecture, deployed: None })
    }

    fn cargo(&self) -> Command {
        let mut command = Command::new("cargo");
        command
            .current_dir(self.project.root())
            .env("SEMEL_BUILD_FOLDER", build::output_folder(&self.project));
        if let Some(emulator) = self.toolbox.runtime_emulator(self.architecture) {
            command.env("SEMEL_RUNTIME_EMULATOR", emulator);
        }
        command
    }
}

fn format(bench: &mut Bench, on_line: OnLine) -> Result<(), Error> {
    process::run(bench.cargo().args(["fmt", "--all", "--check"]), on_line)
}

fn lints(bench: &mut Bench, on_line: OnLine) -> Result<(), Error> {
    let arguments =
        ["clippy", "--workspace", "--all-targets", "--all-features", "--locked", "--", "-D", "warnings"];
    process::run(bench.cargo().args(arguments), on_line)
}

fn licences(bench: &mut Bench, on_line: OnLine) -> Result<(), Error> {
    dependencies::check(&bench.project, on_line)
}

fn template(bench: &mut Bench, on_line: OnLine) -> Result<(), Error> {
    let region = LocalDeployment::read(&bench.project)?.region;
    // `sam validate` does not follow a nested stack.
    for template in ["template.yaml", "infra/kafka.yaml", schemas::TEMPLATE] {
        let mut command = bench.toolbox.command("sam");
        let arguments = ["validate", "--lint", "--region", &region, "--template", template];
        process::run(command.current_dir(bench.project.root()).args(arguments), &mut *on_line)?;
    }
    Ok(())
}

fn routes(bench: &mut Bench, on_line: OnLine) -> Result<(), Error> {
    routes::check(&bench.project, on_line)
}

fn schemas(bench: &mut Bench, on_line: OnLine) -> Result<(), Error> {
    schemas::hold(&bench.project, on_line)
}

fn documents(bench: &mut Bench, on_line: OnLine) -> Result<(), Error> {
    documents::check(&bench.project, on_line)
}

fn engine_tests(bench: &mut Bench, on_line: OnLine) -> Result<(), Error> {
    let mut command = Command::new(bench.toolbox.engine_python());
    command
        .current_dir(bench.project.engine_sources())
        .args(["-m", "unittest", "discover", "-s", "tests", "-t", "."]);
    process::run(command.env("PYTHONDONTWRITEBYTECODE", "1"), on_line)
}

fn build_functions(bench: &mut Bench, _on_line: OnLine) -> Result<(), Error> {
    build::run(&bench.project, &bench.toolbox, bench.architecture)
}

fn tests(bench: &mut Bench, on_line: OnLine) -> Result<(), Error> {
    process::run(bench.cargo().args(["test", "--workspace", "--locked", "--no-fail-fast"]), on_line)
}

fn deploy_stack(bench: &mut Bench, _on_line: OnLine) -> Result<(), Error> {
    engine::end_left_over(&bench.project)?;
    let artifacts = Artifacts::prepare(&bench.project)?;
    let platform =
        Platform::start(&bench.project, &bench.toolbox, bench.architecture, Some(&artifacts), RUN)?;
    bench.deployed = Some(platform);
    Ok(())
}

fn acceptance(bench: &mut Bench, on_line: OnLine) -> Result<(), Error> {
    if bench.deployed.is_none() {
        deploy_stack(bench, on_line)?;
    }
    match &bench.deployed {
        Some(Platform { stack, engine, .. }) => {
            after_deploy::fill_catalogue(stack)?;
            check::run(stack, engine.port(), check::ORDERS, None)
        }
        None => Err(Error::Unexpected("there is no stack to check".to_owned())),
    }
}

fn end_to_end(bench: &mut Bench, on_line: OnLine) -> Result<(), Error> {
    if bench.deployed.is_none() {
        deploy_stack(bench, on_line)?;
    }
    let mut command = bench.cargo();
    if let Some(platform) = &bench.deployed {
        platform.describe_to(&bench.project, &mut command)?;
    }
    // Tests run commands of this program, as people do. Not by its path: the step before builds another one there.
    command.env("SEMEL_COMMAND", format!("/proc/{}/exe", std::process::id()));
    // The whole workspace, as in the step before: with other features the SDK would be compiled once more.
    let arguments = ["test", "--workspace", "--features", "semel-tests/e2e", "--test", "e2e_*"];
    command.args(arguments).args(["--test", "real_broker", "--locked", "--no-fail-fast"]);
    // The Kafka client's tests are ignored wherever no broker is: here is one.
    process::run(command.args(["--", "--include-ignored"]), on_line)
}
