//! `semel routes apply`: rules and targets made or changed at run time, from a file, after its plan was shown.
//!
//! Owns the command's forms and the order of its stages: read, check, look, plan, show, ask, send. What each means is in
//! the modules below. Rules of the template are left alone: template.yaml is their only place.

mod access;
mod faults;
pub mod file;
mod plan;
mod show;
#[cfg(test)]
mod tests;
mod wanted;
mod warnings;

use std::path::PathBuf;

use clap::Args;
use semel_aws::AwsError;
use semel_aws::operator::Operator;

use crate::consent::Consent;
use crate::error::Error;
use crate::interrupt;
use crate::project::Project;
use crate::running;
use crate::runtime;
use crate::samconfig::LocalDeployment;

use super::{kinds, template};

use self::plan::{Foreign, Request, Step};
use self::show::Shown;

pub use self::wanted::rule_arn;

/// What to apply, and where.
#[derive(Args)]
pub struct Options {
    /// The file with the rules, YAML or JSON (docs/routing.md says what it may hold)
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The bus; else the one that the file names, else the running local stack's
    #[arg(long)]
    bus: Option<String>,
    /// Work on AWS, in this region, with the credentials that the AWS CLI would use
    #[arg(long)]
    region: Option<String>,
    /// Work on what answers at this address instead of AWS
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    /// Also remove the rules that an earlier version of this file made and that it does not have any more
    #[arg(long)]
    prune: bool,
    #[command(flatten)]
    consent: Consent,
    /// Apply patterns that do not fit the schemas, too
    #[arg(long)]
    unchecked: bool,
    /// Print JSON: an object with bus, plan (rule, action, differences), warnings and applied
    #[arg(long)]
    json: bool,
}

/// A bus, and who answers for which of its rules.
struct Place {
    operator: Operator,
    bus: String,
    foreign: Foreign,
}

/// Does it. Ends with [`Error::Pending`] if there is something to do and nobody says yes.
pub fn run(project: &Project, options: &Options) -> Result<(), Error> {
    let rules = file::read(&options.file)?;
    let faults = rules.faults();
    if !faults.is_empty() {
        return Err(Error::Failed(faults.join("\n")));
    }
    if !options.unchecked {
        let misfits = wanted::misfits(&rules, &kinds::read(&project.path("schemas"))?);
        if !misfits.is_empty() {
            let lines = misfits.join("\n");
            return Err(Error::Failed(format!("{lines}\n--unchecked applies the file all the same")));
        }
    }
    let runtime = runtime::new()?;
    runtime.block_on(apply(project, options, &rules))
}

async fn apply(project: &Project, options: &Options, file: &file::RulesFile) -> Result<(), Error> {
    let place = place(project, options, file.bus.as_deref()).await?;
    let bus_arn = place.operator.bus_arn(&place.bus).await.map_err(|error| {
        if error.code.ends_with("ResourceNotFoundException") {
            return Error::Failed(format!("there is no bus {}", place.bus));
        }
        failed(&error)
    })?;
    let wanted = wanted::rules(file, &bus_arn);
    let present = place.operator.rules(&place.bus).await.map_err(|error| failed(&error))?;
    let steps = plan::plan(&file.name, &wanted, &present, &place.foreign, options.prune)
        .map_err(|refusals| Error::Failed(refusals.join("\n")))?;
    let warnings = warnings::of(&place.operator, &wanted).await?;
    let changes = steps.iter().filter(|step| !matches!(step, Step::Keep(_))).count();
    let mut shown = Shown { bus: &place.bus, steps: &steps, warnings: &warnings, applied: false };
    if !options.json {
        print!("{}", shown.text());
    }
    let consent = options.consent.to(changes, options.json);
    if changes > 0 && consent.is_ok() {
        send(&place, &steps).await?;
        shown.applied = true;
    }
    if options.json {
        println!("{}", shown.json());
    } else if shown.applied {
        println!("applied");
    }
    consent
}

/// Sends every request, one after the other. An error says what was done before it.
async fn send(place: &Place, steps: &[Step]) -> Result<(), Error> {
    let mut done: Vec<String> = Vec::new();
    let stopped = |done: &[String], why: String| {
        let done = if done.is_empty() { "nothing".to_owned() } else { done.join(", ") };
        Error::Failed(format!("{why}\n  done before: {done}\n  the same command again does the rest"))
    };
    for request in steps.iter().flat_map(Step::requests) {
        if interrupt::is_requested() {
            return Err(stopped(&done, "interrupted".to_owned()));
        }
        let sent = send_one(place, &request).await;
        sent.map_err(|error| stopped(&done, format!("{}: {error}", request.summary())))?;
        done.push(request.summary());
    }
    Ok(())
}

async fn send_one(place: &Place, request: &Request) -> Result<(), AwsError> {
    let (operator, bus) = (&place.operator, place.bus.as_str());
    match request {
        Request::PutRule(rule) => operator.put_rule(bus, rule).await.map(drop),
        Request::PutTargets(rule, targets) => operator.put_targets(bus, rule, targets).await,
        Request::RemoveTargets(rule, ids) => operator.remove_targets(bus, rule, ids).await,
        Request::EnableRule(rule) => operator.enable_rule(bus, rule).await,
        Request::DeleteRule(rule) => operator.delete_rule(bus, rule).await,
    }
}

async fn place(project: &Project, options: &Options, in_file: Option<&str>) -> Result<Place, Error> {
    let bus = options.bus.as_deref().or(in_file).map(str::to_owned);
    if options.region.is_none() && options.endpoint.is_none() {
        let stack = running::stack(project, "and --region names one on AWS")?;
        let foreign = template::rule_ids(project)?.into_iter().filter_map(|id| {
            // A rule of another bus than the default one is called by both names.
            let name = stack.resources.get(&id)?.rsplit('|').next()?.to_owned();
            Some((name, id))
        });
        return Ok(Place {
            operator: Operator::connect(&stack.region, Some(&stack.endpoint)).await,
            bus: bus.map_or_else(|| stack.output("BusName").map(str::to_owned), Ok)?,
            foreign: foreign.collect(),
        });
    }
    let bus = bus.ok_or_else(|| Error::Failed("--bus, or bus in the file, must say which bus".to_owned()))?;
    let region = match &options.region {
        Some(region) => region.clone(),
        None => LocalDeployment::read(project)?.region,
    };
    let operator = Operator::connect(&region, options.endpoint.as_deref()).await;
    // On AWS the tags of CloudFormation tell which rules are of a stack.
    Ok(Place { operator, bus, foreign: Foreign::new() })
}

fn failed(error: &AwsError) -> Error {
    Error::Unexpected(error.to_string())
}
