//! `semel routes test`: which rules and subscriptions an event would match, why not the others, and what targets would
//! receive. Owns the command's forms; asks neither AWS nor the local engine.

use std::path::{Path, PathBuf};

use clap::Args;
use semel_aws::SystemClock;
use semel_exactly_once::Clock;
use semel_routing::Pattern;
use semel_routing::check::Carrier;
use semel_routing::input::{Input, Matched};
use serde_json::{Value, json};

use crate::error::Error;
use crate::project::Project;

use super::apply::{file, rule_arn};
use super::event::Sample;
use super::{inputs, template};

/// What to test.
#[derive(Args)]
pub struct Options {
    /// The file with the event
    #[arg(value_name = "EVENT.json")]
    event: PathBuf,
    /// Test the rules of this file (as `routes apply` takes it) instead of those of template.yaml
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// Print JSON: an array of objects with rule, matches, failures and targets (target, receives, remarks)
    #[arg(long)]
    json: bool,
}

/// A rule or subscription to hold against the event.
struct Candidate {
    name: String,
    carrier: Carrier,
    pattern: Pattern,
    targets: Vec<(String, Input)>,
    is_enabled: bool,
}

/// Holds every rule against the event.
pub fn run(project: &Project, options: &Options) -> Result<(), Error> {
    let sample = Sample::read(&options.event)?;
    let candidates = match &options.rules {
        Some(path) => of_file(path)?,
        None => of_template(project)?,
    };
    let mut tried = Vec::new();
    for candidate in &candidates {
        let result = candidate.tried(&sample);
        tried.push(
            result.map_err(|reason| Error::Unexpected(format!("{}: {reason}", options.event.display())))?,
        );
    }
    if options.json {
        println!("{}", Value::Array(tried));
    } else {
        for line in lines(&tried) {
            println!("{line}");
        }
    }
    Ok(())
}

fn of_template(project: &Project) -> Result<Vec<Candidate>, Error> {
    let mut inputs = template::of_project(project, inputs::inputs)?;
    let mut candidates = Vec::new();
    for route in template::read(project)? {
        let pattern =
            route.parse().map_err(|refused| Error::Unexpected(format!("{}: {refused}", route.name)))?;
        let as_it_is = || route.targets.iter().map(|name| (name.clone(), Input::Event)).collect();
        let targets = inputs.remove(&route.name).filter(|_| !route.targets.is_empty());
        candidates.push(Candidate {
            targets: targets.unwrap_or_else(as_it_is),
            name: route.name,
            carrier: route.carrier,
            pattern,
            is_enabled: true,
        });
    }
    Ok(candidates)
}

fn of_file(path: &Path) -> Result<Vec<Candidate>, Error> {
    let file = file::read(path)?;
    let mut candidates = Vec::new();
    let mut faults = file.faults();
    for entry in file.rules {
        let targets = entry.targets.iter().map(|target| Ok((target.id.clone(), target.received()?)));
        match (entry.parsed(), targets.collect::<Result<Vec<_>, String>>()) {
            (Ok(pattern), Ok(targets)) => candidates.push(Candidate {
                name: entry.name,
                carrier: Carrier::Bus,
                pattern,
                targets,
                is_enabled: entry.state == file::State::Enabled,
            }),
            // It is among the faults.
            (Err(fault), _) | (_, Err(fault)) if faults.is_empty() => faults.push(fault),
            (Err(_), _) | (_, Err(_)) => {}
        }
    }
    if faults.is_empty() { Ok(candidates) } else { Err(Error::Failed(faults.join("\n"))) }
}

impl Candidate {
    fn tried(&self, sample: &Sample) -> Result<Value, String> {
        let event = sample.seen_by(self.carrier);
        let failures = self.pattern.explain(event).map_err(|error| error.to_string())?;
        let failures: Vec<String> = failures.iter().map(ToString::to_string).collect();
        let matches = failures.is_empty();
        let targets: Vec<Value> = match (matches, self.carrier) {
            (true, Carrier::Bus) => self.received(event),
            (true, Carrier::MessageAttributes | Carrier::MessageBody) => {
                self.targets.iter().map(|(name, _)| json!({ "target": name })).collect()
            }
            (false, _) => Vec::new(),
        };
        Ok(json!({
            "rule": self.name,
            "matches": matches,
            "is_enabled": self.is_enabled,
            "failures": failures,
            "targets": targets,
        }))
    }

    fn received(&self, event: &Value) -> Vec<Value> {
        let text = |field: &str, otherwise: &str| event[field].as_str().unwrap_or(otherwise).to_owned();
        // Which bus it will be is not known here; the ARN of a rule says it.
        let (region, account) = (text("region", "us-east-1"), text("account", "000000000000"));
        let arn = rule_arn(&format!("arn:aws:events:{region}:{account}:event-bus/BUS"), &self.name);
        let now = SystemClock.now().to_string();
        let matched = Matched { rule_name: &self.name, rule_arn: &arn, ingestion_time: &now };
        let target = |(name, input): &(String, Input)| {
            if *input == Input::Event {
                return json!({ "target": name });
            }
            let rendered = input.render(event, matched);
            let remarks: Vec<String> = rendered.remarks.iter().map(ToString::to_string).collect();
            json!({ "target": name, "receives": rendered.text, "remarks": remarks })
        };
        self.targets.iter().map(target).collect()
    }
}

/// For people: what matches first.
fn lines(tried: &[Value]) -> Vec<String> {
    let texts = |value: &Value| -> Vec<String> {
        let texts = value.as_array().into_iter().flatten();
        texts.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let mut lines = Vec::new();
    let mut missed = Vec::new();
    for each in tried {
        let name = each["rule"].as_str().unwrap_or_default();
        if each["matches"] != true {
            missed.push(format!("{name} does not match:"));
            missed.extend(texts(&each["failures"]).iter().map(|failure| format!("  {failure}")));
            continue;
        }
        let targets = each["targets"].as_array().into_iter().flatten();
        let names: Vec<&str> = targets.clone().filter_map(|target| target["target"].as_str()).collect();
        let names = if names.is_empty() { "nobody".to_owned() } else { names.join(", ") };
        let disabled = if each["is_enabled"] == true { "" } else { ", once it is enabled" };
        lines.push(format!("{name} matches: to {names}{disabled}"));
        for target in targets {
            if let (Some(name), Some(text)) = (target["target"].as_str(), target["receives"].as_str()) {
                lines.push(format!("  {name} receives {text}"));
                lines.extend(texts(&target["remarks"]).iter().map(|remark| format!("    {remark}")));
            }
        }
    }
    lines.extend(missed);
    lines
}
