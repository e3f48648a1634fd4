//! The deployed stack: what it is called, what it put out, what it is made of.

use std::collections::BTreeMap;
use std::process::Command;

use serde::Deserialize;

use crate::deploy;
use crate::engine_http;
use crate::error::Error;
use crate::samconfig::LocalDeployment;

/// A stack that was deployed into the local engine.
#[derive(Debug, Clone)]
pub struct Stack {
    /// Its name.
    pub name: String,
    /// The region it believes to be in.
    pub region: String,
    /// Where AWS's interfaces are.
    pub endpoint: String,
    /// The template's outputs.
    pub outputs: BTreeMap<String, String>,
    /// Physical ids by logical id.
    pub resources: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Answer {
    status: String,
    outputs: BTreeMap<String, String>,
    resources: BTreeMap<String, Option<String>>,
}

impl Stack {
    /// Reads the deployed stack from the engine.
    pub fn read(port: u16, deployment: &LocalDeployment) -> Result<Self, Error> {
        let path = format!("/_semel/stack?name={}", deployment.stack_name);
        let answer = engine_http::get(port, &path)
            .and_then(|value| serde_json::from_value::<Answer>(value).map_err(Into::into))
            .map_err(|error| {
                Error::Unexpected(format!("cannot read stack {}: {error}", deployment.stack_name))
            })?;
        if !answer.status.ends_with("_COMPLETE") || answer.status.contains("ROLLBACK") {
            return Err(Error::Unexpected(format!("stack {} is {}", deployment.stack_name, answer.status)));
        }
        Ok(Self {
            name: deployment.stack_name.clone(),
            region: deployment.region.clone(),
            endpoint: format!("http://127.0.0.1:{port}"),
            outputs: answer.outputs,
            resources: answer.resources.into_iter().filter_map(|(id, name)| Some((id, name?))).collect(),
        })
    }

    /// An output of the template, or an error that names it.
    pub fn output(&self, name: &str) -> Result<&str, Error> {
        self.outputs
            .get(name)
            .map(String::as_str)
            .ok_or_else(|| Error::Unexpected(format!("the stack has no output {name}")))
    }

    /// Where the HTTP API answers on this machine; the output of the template is AWS's own address.
    pub fn api_url(&self) -> Result<String, Error> {
        Ok(format!("{}/_aws/execute-api/{}", self.endpoint, self.output("ApiId")?))
    }

    /// Gives a command what a test or a tool needs to work on this stack.
    pub fn describe_to<'a>(&self, command: &'a mut Command) -> Result<&'a mut Command, Error> {
        let json = |map| serde_json::to_string(map).map_err(|error| Error::Unexpected(error.to_string()));
        deploy::target_engine(command, &self.endpoint, &self.region)
            .env("SEMEL_ENDPOINT", &self.endpoint)
            .env("SEMEL_STACK", &self.name)
            .env("SEMEL_API_URL", self.api_url()?)
            .env("SEMEL_OUTPUTS", json(&self.outputs)?)
            .env("SEMEL_RESOURCES", json(&self.resources)?);
        Ok(command)
    }
}
