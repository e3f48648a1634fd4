//! Putting the built template into the engine with the real `sam deploy`, and the environment that leads it there.

use std::process::Command;

use crate::engine::Engine;
use crate::error::Error;
use crate::phase::Phase;
use crate::platform::Architecture;
use crate::process;
use crate::project::Project;
use crate::samconfig::{ENVIRONMENT, LocalDeployment};
use crate::stack::Stack;
use crate::toolbox::Toolbox;

/// Points a command at the engine, and away from any AWS account of the user's.
pub fn target_engine<'a>(command: &'a mut Command, endpoint: &str, region: &str) -> &'a mut Command {
    for name in ["AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_ROLE_ARN"] {
        command.env_remove(name);
    }
    command
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_REGION", region)
        .env("AWS_DEFAULT_REGION", region)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
}

/// Deploys and reads back what was deployed. Without `brokers` the stack has no Kafka.
pub fn run(
    project: &Project,
    toolbox: &Toolbox,
    engine: &Engine,
    architecture: Architecture,
    brokers: Option<&str>,
) -> Result<Stack, Error> {
    let mut deployment = LocalDeployment::read(project)?;
    deployment.set_brokers(brokers);
    Phase::run("deploy the template (sam deploy)", |phase| {
        let mut command = toolbox.command("sam");
        command
            .current_dir(project.root())
            .args(["deploy", "--config-env", ENVIRONMENT, "--no-progressbar", "--parameter-overrides"])
            .args(deployment.parameters_for(architecture.template));
        target_engine(&mut command, &engine.endpoint(), &deployment.region);
        process::run(&mut command, |line| phase.flicker(line))?;
        let stack = Stack::read(engine.port(), &deployment)?;
        phase.detail(&format!("stack {} has {} resources", stack.name, stack.resources.len()));
        Ok(stack)
    })
}
