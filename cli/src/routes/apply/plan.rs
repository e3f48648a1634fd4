//! What has to be done so that a bus has the rules of a file: pure, from the rules that there are and those wanted.
//!
//! The order of requests is chosen so that no event is lost and none meets half a rule:
//!
//! - a new rule is put disabled, gets its targets, and only then is enabled;
//! - of a rule that stays enabled, new and changed targets are put first, then the rule itself, and only then what is
//!   no longer wanted is taken away: meanwhile an event may reach the old and the new target, never neither;
//! - a rule that is or becomes disabled is put (disabled) first and enabled last.
//!
//! After any of these requests a second plan leads to the same end.

use std::collections::{BTreeMap, BTreeSet};

use semel_aws::operator::{Rule, Target, TargetInput};
use serde::Serialize;
use serde_json::{Value, json};

use super::faults::TARGETS_MAX;

/// The tag that says which file a rule is of.
pub const OWNER: &str = "semel:routes";
/// The tag that `CloudFormation` puts on what it makes.
const STACK: &str = "aws:cloudformation:stack-name";

/// What one rule needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// It is not there.
    Create(Rule),
    /// It is there, and differs.
    Change {
        /// As it is.
        before: Box<Rule>,
        /// As it should be.
        after: Box<Rule>,
        /// In what.
        differences: Vec<Difference>,
    },
    /// It is as it should be.
    Keep(String),
    /// No file wants it any more.
    Remove(Rule),
}

/// A field that is to change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Such as `state`, or `targets.audit.arn`.
    pub field: String,
    /// What it is; null if it is not there.
    pub old: Value,
    /// What it should be; null if it should not be there.
    pub new: Value,
}

/// One request to `EventBridge`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Makes or changes the rule, but not its targets.
    PutRule(Rule),
    /// Adds or replaces targets.
    PutTargets(String, Vec<Target>),
    /// Takes targets away.
    RemoveTargets(String, Vec<String>),
    /// Lets events find the rule.
    EnableRule(String),
    /// Deletes a rule without targets.
    DeleteRule(String),
}

/// The rules that somebody else answers for, and how to call them.
pub type Foreign = BTreeMap<String, String>;

/// What each rule needs, in the order of names, or why it cannot be done.
///
/// `foreign` are rules that the template is known to have, by their names on the bus.
pub fn plan(
    owner: &str,
    wanted: &[Rule],
    present: &[Rule],
    foreign: &Foreign,
    prunes: bool,
) -> Result<Vec<Step>, Vec<String>> {
    let by_name: BTreeMap<&str, &Rule> = present.iter().map(|rule| (rule.name.as_str(), rule)).collect();
    let mut steps = Vec::new();
    let mut refusals = Vec::new();
    for rule in wanted {
        let Some(before) = by_name.get(rule.name.as_str()) else {
            steps.push(Step::Create(rule.clone()));
            continue;
        };
        let refused = not_ours(owner, before, foreign).or_else(|| too_many(before, rule));
        if let Some(reason) = refused {
            refusals.push(format!("{}: {reason}", rule.name));
            continue;
        }
        let differences = differences(before, rule);
        steps.push(if differences.is_empty() {
            Step::Keep(rule.name.clone())
        } else {
            Step::Change { before: Box::new((*before).clone()), after: Box::new(rule.clone()), differences }
        });
    }
    if prunes {
        let names: BTreeSet<&str> = wanted.iter().map(|rule| rule.name.as_str()).collect();
        let ours = present.iter().filter(|rule| not_ours(owner, rule, foreign).is_none());
        let gone = ours.filter(|rule| !names.contains(rule.name.as_str()));
        steps.extend(gone.cloned().map(Step::Remove));
    }
    steps.sort_by(|one, other| one.name().cmp(other.name()));
    if refusals.is_empty() { Ok(steps) } else { Err(refusals) }
}

/// Why a rule that is there must be left alone.
fn not_ours(owner: &str, rule: &Rule, foreign: &Foreign) -> Option<String> {
    if let Some(stack) = rule.tags.get(STACK) {
        return Some(format!("is of the stack {stack}: change its template (template.yaml) and deploy it"));
    }
    if let Some(id) = foreign.get(&rule.name) {
        return Some(format!("is {id} of template.yaml: change it there and deploy it"));
    }
    if let Some(service) = &rule.managed_by {
        return Some(format!("is kept by {service}"));
    }
    match rule.tags.get(OWNER) {
        Some(other) if other == owner => None,
        Some(other) => Some(format!("is of the rules file {other}")),
        None => Some(format!("is there already, and no rules file made it (it has no tag {OWNER})")),
    }
}

/// Old and new targets are there together for a moment.
fn too_many(before: &Rule, after: &Rule) -> Option<String> {
    let ids: BTreeSet<&str> =
        before.targets.iter().chain(&after.targets).map(|target| target.id.as_str()).collect();
    (ids.len() > TARGETS_MAX).then(|| {
        format!(
            "has {} targets while the new ones are put and the old ones still there, and {TARGETS_MAX} fit: \
             reuse ids, or take some away first",
            ids.len()
        )
    })
}

impl Step {
    /// The rule's name.
    pub fn name(&self) -> &str {
        match self {
            Self::Create(rule) | Self::Remove(rule) => &rule.name,
            Self::Change { after, .. } => &after.name,
            Self::Keep(name) => name,
        }
    }

    /// What is sent for it, in this order.
    pub fn requests(&self) -> Vec<Request> {
        match self {
            Self::Keep(_) => Vec::new(),
            Self::Create(rule) => {
                let mut requests = vec![Request::PutRule(Rule { is_enabled: false, ..rule.clone() })];
                requests.push(Request::PutTargets(rule.name.clone(), rule.targets.clone()));
                requests.extend(rule.is_enabled.then(|| Request::EnableRule(rule.name.clone())));
                requests
            }
            Self::Change { before, after, .. } => change(before, after),
            Self::Remove(rule) => {
                let ids: Vec<String> = rule.targets.iter().map(|target| target.id.clone()).collect();
                let remove = (!ids.is_empty()).then(|| Request::RemoveTargets(rule.name.clone(), ids));
                remove.into_iter().chain([Request::DeleteRule(rule.name.clone())]).collect()
            }
        }
    }
}

fn change(before: &Rule, after: &Rule) -> Vec<Request> {
    let name = &after.name;
    let old: BTreeMap<&str, &Target> =
        before.targets.iter().map(|target| (target.id.as_str(), target)).collect();
    let put: Vec<Target> =
        after.targets.iter().filter(|target| old.get(target.id.as_str()) != Some(target)).cloned().collect();
    let kept: BTreeSet<&str> = after.targets.iter().map(|target| target.id.as_str()).collect();
    let gone: Vec<String> = old.keys().filter(|id| !kept.contains(*id)).map(|id| (*id).to_owned()).collect();
    let put = (!put.is_empty()).then(|| Request::PutTargets(name.clone(), put));
    let gone = (!gone.is_empty()).then(|| Request::RemoveTargets(name.clone(), gone));

    let stays_enabled = before.is_enabled && after.is_enabled;
    let same_pattern = parsed(&before.pattern) == parsed(&after.pattern);
    let same = same_pattern && before.description == after.description;
    // Tags of a rule that is there are not set by putting it.
    let rule = |is_enabled| Rule { is_enabled, tags: BTreeMap::new(), ..after.clone() };
    if stays_enabled {
        let rule = (!same).then(|| Request::PutRule(rule(true)));
        return put.into_iter().chain(rule).chain(gone).collect();
    }
    let disabled = (!same || before.is_enabled).then(|| Request::PutRule(rule(false)));
    let enable = after.is_enabled.then(|| Request::EnableRule(name.clone()));
    disabled.into_iter().chain(put).chain(gone).chain(enable).collect()
}

/// Every field in which two rules differ, by its name.
fn differences(before: &Rule, after: &Rule) -> Vec<Difference> {
    let (mut before, mut after) = (fields(before), fields(after));
    let names: BTreeSet<String> = before.keys().chain(after.keys()).cloned().collect();
    let differences = names.into_iter().map(|field| {
        let old = before.remove(&field).unwrap_or_default();
        let new = after.remove(&field).unwrap_or_default();
        Difference { field, old, new }
    });
    differences.filter(|difference| difference.old != difference.new).collect()
}

/// A rule as fields that can be compared one by one.
fn fields(rule: &Rule) -> BTreeMap<String, Value> {
    let mut fields = BTreeMap::from([
        ("description".to_owned(), json!(rule.description)),
        ("state".to_owned(), json!(if rule.is_enabled { "ENABLED" } else { "DISABLED" })),
        ("pattern".to_owned(), parsed(&rule.pattern)),
    ]);
    for target in &rule.targets {
        let mut set = |field: &str, value: Value| {
            fields.insert(format!("targets.{}.{field}", target.id), value);
        };
        set("arn", json!(target.arn));
        match &target.input {
            TargetInput::Event => {}
            TargetInput::Constant(text) => set("input", parsed(text)),
            TargetInput::Path(path) => set("input_path", json!(path)),
            TargetInput::Transformer { paths, template } => {
                set("input_transformer.input_paths", json!(paths));
                set("input_transformer.input_template", json!(template));
            }
        }
        set("dead_letter", json!(target.dead_letter));
        set("retry.maximum_event_age_seconds", json!(target.retry.maximum_event_age_seconds));
        set("retry.maximum_attempts", json!(target.retry.maximum_attempts));
        set("message_group_id", json!(target.message_group_id));
        set("role_arn", json!(target.role_arn));
        set("parameters of another service", json!(target.has_more.then_some("some")));
    }
    fields
}

/// JSON as a value, so that spaces and order do not matter; a text that is none as itself.
fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| json!(text))
}
