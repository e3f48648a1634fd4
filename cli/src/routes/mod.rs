//! `semel routes`: what routes events, whether it fits them, and where an event would go.
//!
//! Owns the command's forms. What is routed is read from template.yaml and from schemas/, and judged by
//! `semel-routing`. Only [`apply`] asks AWS or the local engine.

mod apply;
mod event;
mod inputs;
mod kinds;
pub mod template;
#[cfg(test)]
mod tests;
mod topic;
mod trial;

use clap::{Args, Subcommand};
use semel_routing::check::{self, Rule};

use crate::error::Error;
use crate::project::Project;

use self::template::Route;

/// What to do.
#[derive(Args)]
pub struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List every rule and subscription of template.yaml: what it lets through, and where to
    List,
    /// Show which rules and subscriptions an event would match, and why it does not match the others
    ///
    /// Takes an event as it is on the bus, or an envelope as it is in a message's body. For each rule that does not
    /// match, the first condition that failed is shown, with what was expected and what was found. For each rule that
    /// does, what its targets would receive, where that is not the event as it is.
    Test(trial::Options),
    /// Make or change rules and their targets at run time, from a file, after showing the plan
    ///
    /// Rules that are new, differ, or with --prune are no longer in the file. Rules of template.yaml are refused: change
    /// them there. Asks before it does anything, unless --yes is given. Where nobody can be asked, it only shows the
    /// plan, and ends with status 3 if something is to be done. After a failure the same command does the rest.
    Apply(apply::Options),
    /// Hold every pattern of template.yaml against the schemas
    ///
    /// Finds patterns that EventBridge or SNS would refuse, fields that no schema has, values that a field cannot take,
    /// values that the rules of one target leave out, and events that nothing routes.
    Check,
}

/// Does it.
pub fn run(project: &Project, options: &Options) -> Result<(), Error> {
    match &options.command {
        Command::List => list(project),
        Command::Test(options) => trial::run(project, options),
        Command::Apply(options) => apply::run(project, options),
        Command::Check => check(project, &mut |line| println!("{line}")),
    }
}

fn list(project: &Project) -> Result<(), Error> {
    for route in template::read(project)? {
        println!("{} ({})", route.name, route.kind());
        println!("  takes {}", route.pattern);
        println!("  to    {}", route.receivers());
    }
    Ok(())
}

/// Prints every finding, and fails if there is one.
pub fn check(project: &Project, on_line: &mut dyn FnMut(&str)) -> Result<(), Error> {
    let routes = template::read(project)?;
    let kinds = kinds::read(&project.path("schemas"))?;
    let mut findings = findings(&routes, &kinds);
    findings.extend(template::of_project(project, topic::delivery_faults)?);
    // An input that EventBridge would refuse is said here, before it is deployed.
    template::of_project(project, inputs::inputs)?;
    for finding in &findings {
        on_line(finding);
    }
    match findings.len() {
        0 => {
            on_line(&format!("{} patterns fit the schemas of {} event types", routes.len(), kinds.len()));
            Ok(())
        }
        1 => Err(Error::Failed("a pattern or an event type needs attention".to_owned())),
        many => Err(Error::Failed(format!("{many} patterns or event types need attention"))),
    }
}

/// Everything that is wrong, as lines that name the rule and the field.
fn findings(routes: &[Route], kinds: &[check::EventKind]) -> Vec<String> {
    let mut refused = Vec::new();
    let mut rules = Vec::new();
    for route in routes {
        match route.parse() {
            Ok(pattern) => rules.push(Rule {
                name: route.name.clone(),
                carrier: route.carrier,
                pattern,
                targets: route.targets.clone(),
            }),
            Err(why) => refused.push(format!("{}: {why}", route.name)),
        }
    }
    refused.into_iter().chain(check::check(&rules, kinds).iter().map(ToString::to_string)).collect()
}
