//! A plan for people, and for programs.

use std::fmt::Write;

use semel_aws::operator::{Rule, TargetInput};
use serde_json::{Value, json};

use super::plan::{Request, Step};
use super::warnings::Warning;

/// What is shown.
pub struct Shown<'s> {
    /// The bus.
    pub bus: &'s str,
    /// What each rule needs.
    pub steps: &'s [Step],
    /// What has to be done elsewhere.
    pub warnings: &'s [Warning],
    /// Whether it was done.
    pub applied: bool,
}

impl Shown<'_> {
    /// For people.
    pub fn text(&self) -> String {
        let mut text = format!("bus {}\n", self.bus);
        let mut line = |line: String| {
            // Writing into a text does not fail.
            let _ = writeln!(text, "{line}");
        };
        let mut counts = [0_usize; 4];
        for step in self.steps {
            let name = step.name();
            match step {
                Step::Create(rule) => {
                    counts[0] += 1;
                    line(format!("+ {name}: create"));
                    for field in described(rule) {
                        line(format!("    {field}"));
                    }
                }
                Step::Change { differences, .. } => {
                    counts[1] += 1;
                    line(format!("~ {name}: change"));
                    for each in differences {
                        line(format!("    {}: {} -> {}", each.field, each.old, each.new));
                    }
                }
                Step::Keep(_) => {
                    counts[2] += 1;
                    line(format!("= {name}: unchanged"));
                }
                Step::Remove(_) => {
                    counts[3] += 1;
                    line(format!("- {name}: remove"));
                }
            }
        }
        for warning in self.warnings {
            line(format!("warning: {}: target {}: {}", warning.rule, warning.target, warning.reason));
            if let Some(statement) = &warning.statement {
                line(format!("    {statement}"));
            }
        }
        let [create, change, keep, remove] = counts;
        line(format!("{create} to create, {change} to change, {remove} to remove, {keep} unchanged"));
        text
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let plan = self.steps.iter().map(|step| {
            let (action, differences) = match step {
                Step::Create(_) => ("create", Vec::new()),
                Step::Change { differences, .. } => ("change", differences.clone()),
                Step::Keep(_) => ("unchanged", Vec::new()),
                Step::Remove(_) => ("remove", Vec::new()),
            };
            json!({ "rule": step.name(), "action": action, "differences": differences })
        });
        let plan: Vec<Value> = plan.collect();
        json!({ "bus": self.bus, "plan": plan, "warnings": self.warnings, "applied": self.applied })
    }
}

/// A new rule, field by field.
fn described(rule: &Rule) -> Vec<String> {
    let mut fields = Vec::new();
    if !rule.description.is_empty() {
        fields.push(format!("description: {}", rule.description));
    }
    fields.push(format!("state: {}", if rule.is_enabled { "ENABLED" } else { "DISABLED" }));
    fields.push(format!("pattern: {}", rule.pattern));
    for target in &rule.targets {
        let receives = match &target.input {
            TargetInput::Event => "the event".to_owned(),
            TargetInput::Constant(text) => format!("always {text}"),
            TargetInput::Path(path) => format!("what is at {path}"),
            TargetInput::Transformer { template, .. } => format!("the template {template}"),
        };
        fields.push(format!("target {}: {} receives {receives}", target.id, target.arn));
    }
    fields
}

impl Request {
    /// A few words, such as `PutTargets feed`.
    pub fn summary(&self) -> String {
        match self {
            Self::PutRule(rule) => format!("PutRule {}", rule.name),
            Self::PutTargets(rule, _) => format!("PutTargets {rule}"),
            Self::RemoveTargets(rule, _) => format!("RemoveTargets {rule}"),
            Self::EnableRule(rule) => format!("EnableRule {rule}"),
            Self::DeleteRule(rule) => format!("DeleteRule {rule}"),
        }
    }
}
