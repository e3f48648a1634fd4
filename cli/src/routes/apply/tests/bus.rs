//! A bus as `EventBridge` keeps it, as far as rules go.

use std::collections::BTreeMap;

use semel_aws::operator::Rule;

use super::super::faults::TARGETS_MAX;
use super::super::plan::Request;

/// Rules by name.
#[derive(Debug, Clone, Default)]
pub struct Bus(BTreeMap<String, Rule>);

impl Bus {
    pub fn with(rules: &[Rule]) -> Self {
        Self(rules.iter().map(|rule| (rule.name.clone(), rule.clone())).collect())
    }

    pub fn rules(&self) -> Vec<Rule> {
        self.0.values().cloned().collect()
    }

    pub fn rule(&self, name: &str) -> Option<&Rule> {
        self.0.get(name)
    }

    /// Does what a request says, and panics where the service would refuse it.
    pub fn take(&mut self, request: &Request) {
        match request {
            Request::PutRule(rule) => {
                let found = self.0.entry(rule.name.clone()).or_insert_with(|| Rule {
                    name: rule.name.clone(),
                    tags: rule.tags.clone(),
                    ..Rule::default()
                });
                found.description.clone_from(&rule.description);
                found.pattern.clone_from(&rule.pattern);
                found.is_enabled = rule.is_enabled;
            }
            Request::PutTargets(name, targets) => {
                let rule = self.0.get_mut(name).expect("the rule is there");
                for target in targets {
                    rule.targets.retain(|other| other.id != target.id);
                    rule.targets.push(target.clone());
                }
                assert!(rule.targets.len() <= TARGETS_MAX, "{rule:?}");
            }
            Request::RemoveTargets(name, ids) => {
                let rule = self.0.get_mut(name).expect("the rule is there");
                rule.targets.retain(|target| !ids.contains(&target.id));
            }
            Request::EnableRule(name) => self.0.get_mut(name).expect("the rule is there").is_enabled = true,
            Request::DeleteRule(name) => {
                let rule = self.0.remove(name).expect("the rule is there");
                assert!(rule.targets.is_empty(), "a rule with targets cannot be deleted: {rule:?}");
            }
        }
    }
}
