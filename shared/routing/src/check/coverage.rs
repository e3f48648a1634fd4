//! Whether the rules of one target leave out a value of a field that they divide events by.
//!
//! Two rules that take standard and express orders to one queue take all orders there. Without one of them half of the
//! orders are lost, though some rule routes the event.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{EventKind, Finding, Rule};
use crate::condition::Scalar;
use crate::pattern::{Branch, Field};

/// Checks the rules that take events of this kind to each target.
pub fn check<'r>(kind: &EventKind, rules: impl Iterator<Item = &'r Rule>, findings: &mut BTreeSet<Finding>) {
    let mut by_target: BTreeMap<&str, Vec<(&Rule, &Branch)>> = BTreeMap::new();
    for rule in rules {
        let branches = rule.pattern.branches().iter().filter(|each| kind.may_match(rule.carrier, each));
        for branch in branches {
            for target in &rule.targets {
                by_target.entry(target).or_default().push((rule, branch));
            }
        }
    }
    for (target, branches) in by_target {
        check_target(kind, target, &branches, findings);
    }
}

fn check_target(
    kind: &EventKind,
    target: &str,
    branches: &[(&Rule, &Branch)],
    findings: &mut BTreeSet<Finding>,
) {
    let mut seen = BTreeSet::new();
    for (rule, field) in
        branches.iter().flat_map(|(rule, branch)| branch.fields.iter().map(move |field| (rule, field)))
    {
        if !seen.insert((field.path.as_str(), rule.carrier as u8)) {
            continue;
        }
        let alike = || branches.iter().filter(|(other, _)| other.carrier == rule.carrier);
        for value in values(kind, rule, field) {
            if !alike().any(|(_, branch)| lets_through(branch, &field.path, value)) {
                let detail_type = &kind.detail_type;
                findings.insert(Finding::Field {
                    rule: rule.name.clone(),
                    path: field.path.clone(),
                    reason: format!(
                        "no rule takes {detail_type} with {value} to {target}, and this takes others there"
                    ),
                });
            }
        }
    }
}

/// Every value that the field can have, if they are listed.
fn values<'k>(kind: &'k EventKind, rule: &Rule, field: &Field) -> Vec<&'k Value> {
    let nodes = kind.node(rule.carrier).at(&field.path);
    let listed: Option<Vec<Vec<&Value>>> = nodes.into_iter().map(super::schema::Node::values).collect();
    listed.unwrap_or_default().into_iter().flatten().collect()
}

fn lets_through(branch: &Branch, path: &str, value: &Value) -> bool {
    let Some(scalar) = Scalar::of_json(value) else { return true };
    let mut fields = branch.fields.iter().filter(|field| field.path == path);
    fields.all(|field| field.conditions.iter().any(|condition| condition.holds(&scalar)))
}
