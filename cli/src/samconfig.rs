//! What samconfig.toml says about the environment `local`: the stack's name, its region, its parameters.

use std::fs;

use serde::Deserialize;

use crate::error::Error;
use crate::project::Project;

/// The environment that the local engine is deployed with.
pub const ENVIRONMENT: &str = "local";

/// The part of samconfig.toml that this program has to know as well.
#[derive(Debug, Deserialize)]
pub struct LocalDeployment {
    /// The stack's name.
    pub stack_name: String,
    /// The region that names and ARNs carry.
    #[serde(default = "default_region")]
    pub region: String,
    /// `Name=value` for every parameter that is set.
    #[serde(default)]
    pub parameter_overrides: Vec<String>,
}

fn default_region() -> String {
    "us-east-1".to_owned()
}

#[derive(Deserialize)]
struct File {
    local: Environment,
}

#[derive(Deserialize)]
struct Environment {
    deploy: Section,
}

#[derive(Deserialize)]
struct Section {
    parameters: LocalDeployment,
}

impl LocalDeployment {
    /// Reads it.
    pub fn read(project: &Project) -> Result<Self, Error> {
        let path = project.path("samconfig.toml");
        let text = fs::read_to_string(&path).map_err(Error::io("read", &path))?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Result<Self, Error> {
        toml::from_str::<File>(text)
            .map(|file| file.local.deploy.parameters)
            .map_err(|error| Error::Unexpected(format!("samconfig.toml, [local.deploy.parameters]: {error}")))
    }

    /// What a parameter is set to, if it is.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameter_overrides.iter().find_map(|each| each.strip_prefix(name)?.strip_prefix('='))
    }

    /// Points the stack at a Kafka cluster, or takes everything of Kafka out of it.
    pub fn set_brokers(&mut self, brokers: Option<&str>) {
        if let Some(brokers) = brokers {
            self.set("KafkaBootstrapServers", brokers);
        } else {
            self.parameter_overrides.retain(|each| !each.starts_with("Kafka"));
            self.set("KafkaMode", "none");
        }
    }

    fn set(&mut self, name: &str, value: &str) {
        self.parameter_overrides.retain(|each| each.split('=').next() != Some(name));
        self.parameter_overrides.push(format!("{name}={value}"));
    }

    /// The parameters with the machine's own architecture, whatever the file says.
    pub fn parameters_for(&self, architecture: &str) -> Vec<String> {
        let mut parameters: Vec<String> = self
            .parameter_overrides
            .iter()
            .filter(|parameter| !parameter.starts_with("Architecture="))
            .cloned()
            .collect();
        parameters.push(format!("Architecture={architecture}"));
        parameters
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_name_region_and_parameters() {
        let text = "version = 0.1\n[local.deploy.parameters]\nstack_name = \"shop\"\nregion = \"eu-west-1\"\n\
                    parameter_overrides = [\"Stage=local\", \"Architecture=x86_64\"]\n";
        let read = LocalDeployment::parse(text).expect("a valid file");
        assert_eq!((read.stack_name.as_str(), read.region.as_str()), ("shop", "eu-west-1"));
        assert_eq!((read.parameter("Stage"), read.parameter("Sta")), (Some("local"), None));
        assert_eq!(read.parameters_for("arm64"), ["Stage=local", "Architecture=arm64"]);
    }

    #[test]
    fn brokers_are_where_they_were_started_or_nowhere() {
        let with = |brokers| {
            let text = "[local.deploy.parameters]\nstack_name = \"shop\"\nparameter_overrides = [\"Stage=local\", \
                        \"KafkaMode=existing\", \"KafkaBootstrapServers=127.0.0.1:9092\"]\n";
            let mut deployment = LocalDeployment::parse(text).expect("a valid file");
            deployment.set_brokers(brokers);
            deployment.parameter_overrides
        };
        let expected = ["Stage=local", "KafkaMode=existing", "KafkaBootstrapServers=127.0.0.1:4711"];
        assert_eq!(with(Some("127.0.0.1:4711")), expected);
        assert_eq!(with(None), ["Stage=local", "KafkaMode=none"]);
    }

    #[test]
    fn a_missing_name_is_named() {
        let error = LocalDeployment::parse("[local.deploy.parameters]\nregion = \"eu-west-1\"\n")
            .expect_err("no name");
        assert!(error.to_string().contains("stack_name"), "{error}");
    }
}
