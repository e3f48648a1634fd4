//! A registry of `EventBridge`: which one is meant, who owns it, and what its refusals mean for a person.

use std::collections::BTreeMap;

use clap::Args;
use semel_aws::AwsError;
use semel_aws::operator::Operator;

use crate::error::Error;

/// Characters that a registry's name may have; the console says so.
const NAME_CHARACTERS_MAX: usize = 64;

/// Which registry.
#[derive(Debug, Clone, Args)]
pub struct Remote {
    /// The registry in EventBridge; of a deployed stack it has the stack's name
    #[arg(long, value_name = "NAME", default_value = "semel", value_parser = name)]
    pub registry: String,
    /// Its region, if the environment names none or another one
    #[arg(long, env = "AWS_REGION", hide_env_values = true)]
    pub region: Option<String>,
    /// A stand-in for AWS at this address, which takes any credentials
    #[arg(long, value_name = "URL")]
    pub endpoint: Option<String>,
}

fn name(text: &str) -> Result<String, String> {
    let is_of_name = |each: char| each.is_ascii_alphanumeric() || ".-_@".contains(each);
    if text.is_empty() || text.len() > NAME_CHARACTERS_MAX || !text.chars().all(is_of_name) {
        return Err(format!("a registry's name has 1 to {NAME_CHARACTERS_MAX} letters, digits, and . - _ @"));
    }
    Ok(text.to_owned())
}

impl Remote {
    /// Connects; no request is made yet.
    pub async fn connect(&self) -> Result<Operator, Error> {
        Ok(Operator::connect(&region(self.region.as_deref())?, self.endpoint.as_deref()).await)
    }

    /// What a failed request means.
    pub fn explained(&self, error: &AwsError) -> Error {
        let (name, action) = (&self.registry, error.operation.replace(' ', ":").to_lowercase());
        let said = match error.code.as_str() {
            "AccessDeniedException" | "ForbiddenException" | "UnauthorizedException" => {
                format!("not allowed: the credentials need the right {action} on registry {name}")
            }
            "UnrecognizedClientException" | "InvalidSignatureException" | "ExpiredTokenException" => {
                "AWS does not take the credentials".to_owned()
            }
            "NotFoundException" => self.missing(),
            "DispatchFailure" | "Timeout" => format!(
                "EventBridge's schema registry cannot be asked: there are no credentials, no network, or no such \
                 service in region {}",
                self.region.as_deref().unwrap_or("of AWS_DEFAULT_REGION")
            ),
            _ => format!("registry {name}"),
        };
        // Behind the causes in words stand the same for programmers.
        let causes = error.message.split(" (").next().unwrap_or_default();
        Error::Failed(format!("{said}\n  {}: {}: {causes}", error.operation, error.code))
    }

    /// What to say when there is no such registry.
    pub fn missing(&self) -> String {
        format!(
            "there is no registry {}: deploy with SchemaRegistry=eventbridge, or put the schemas there with `cargo semel \
             schemas publish`",
            self.registry
        )
    }
}

/// The region that is named, else the environment's.
pub fn region(named: Option<&str>) -> Result<String, Error> {
    let otherwise = || std::env::var("AWS_DEFAULT_REGION").ok();
    let missing = || Error::Failed("no region: give --region, or set AWS_REGION".to_owned());
    named.map(str::to_owned).or_else(otherwise).ok_or_else(missing)
}

/// The stack that owns what has these tags.
pub fn stack(tags: &BTreeMap<String, String>) -> Option<&str> {
    tags.get("aws:cloudformation:stack-name").map(String::as_str)
}
