//! The rules of a file as they should be on a bus, and whether they fit the schemas.

use semel_aws::operator::{Retry, Rule, Target, TargetInput};
use semel_routing::check::{self, Carrier, EventKind};

use super::file::{RetryEntry, RuleEntry, RulesFile, State, TargetEntry};
use super::plan::OWNER;

/// The rules for a bus of this ARN. The file must have no faults.
pub fn rules(file: &RulesFile, bus_arn: &str) -> Vec<Rule> {
    let rule = |entry: &RuleEntry| Rule {
        name: entry.name.clone(),
        arn: rule_arn(bus_arn, &entry.name),
        description: entry.description.clone(),
        is_enabled: entry.state == State::Enabled,
        pattern: entry.pattern.to_string(),
        targets: entry.targets.iter().map(|entry| target(entry, bus_arn)).collect(),
        tags: [(OWNER.to_owned(), file.name.clone())].into(),
        managed_by: None,
    };
    file.rules.iter().map(rule).collect()
}

fn target(entry: &TargetEntry, bus_arn: &str) -> Target {
    let input = match (&entry.input, &entry.input_path, &entry.input_transformer) {
        (Some(value), ..) => TargetInput::Constant(value.to_string()),
        (None, Some(path), _) => TargetInput::Path(path.clone()),
        (None, None, Some(entry)) => TargetInput::Transformer {
            paths: entry.input_paths.clone(),
            template: entry.input_template.clone(),
        },
        (None, None, None) => TargetInput::Event,
    };
    Target {
        id: entry.id.clone(),
        arn: entry.arn(bus_arn),
        input,
        dead_letter: entry.dead_letter.clone(),
        retry: entry.retry.map_or_else(Retry::default, retry),
        message_group_id: entry.message_group_id.clone(),
        role_arn: entry.role.clone(),
        has_more: false,
    }
}

fn retry(entry: RetryEntry) -> Retry {
    let usual = Retry::default();
    Retry {
        maximum_event_age_seconds: entry.maximum_event_age_seconds.unwrap_or(usual.maximum_event_age_seconds),
        maximum_attempts: entry.maximum_attempts.unwrap_or(usual.maximum_attempts),
    }
}

/// The ARN of a rule of a bus. Rules of the default bus do not name it.
pub fn rule_arn(bus_arn: &str, rule: &str) -> String {
    let (before, bus) = bus_arn.split_once(":event-bus/").unwrap_or((bus_arn, "default"));
    if bus == "default" { format!("{before}:rule/{rule}") } else { format!("{before}:rule/{bus}/{rule}") }
}

/// Fields that no schema has, and values that no field can take.
pub fn misfits(file: &RulesFile, kinds: &[EventKind]) -> Vec<String> {
    let rule = |entry: &RuleEntry| {
        let pattern = entry.parsed().ok()?;
        Some(check::Rule { name: entry.name.clone(), carrier: Carrier::Bus, pattern, targets: Vec::new() })
    };
    let rules: Vec<check::Rule> = file.rules.iter().filter_map(rule).collect();
    check::check_patterns(&rules, kinds).iter().map(ToString::to_string).collect()
}
