//! Whether rules fit the events that there are: every pattern against the events' schemas.
//!
//! A pattern with a slip is taken by `EventBridge` and matches nothing, and nobody is told. This tells: a field that no
//! schema has, a value that its field cannot take, an event that no rule routes, a value that a target's rules leave
//! out. Knows nothing of where rules and schemas are kept.

mod coverage;
mod possible;
mod schema;

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Value, json};

use crate::condition::Condition;
use crate::pattern::{Branch, Pattern};
use possible::Reason;
use schema::Node;

/// Values listed in a finding.
const SHOWN: usize = 12;

/// A type of event.
#[derive(Debug, Clone)]
pub struct EventKind {
    /// Its `source` on the bus.
    pub source: String,
    /// Its `detail-type` on the bus.
    pub detail_type: String,
    /// Why no rule need route it, if none need.
    pub unrouted_because: Option<String>,
    on_bus: Value,
    on_topic: Value,
    attributes: Value,
}

/// What a rule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// Events on a bus, in `EventBridge`'s envelope.
    Bus,
    /// The attributes of messages on a topic.
    MessageAttributes,
    /// The bodies of messages on a topic.
    MessageBody,
}

/// A rule or a subscription.
#[derive(Debug, Clone)]
pub struct Rule {
    /// How people know it.
    pub name: String,
    /// What it looks at.
    pub carrier: Carrier,
    /// What it lets through.
    pub pattern: Pattern,
    /// Where it sends that to. None for what routes nothing, as an archive.
    pub targets: Vec<String>,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finding {
    /// A condition that no event meets.
    Field {
        /// The rule.
        rule: String,
        /// The field, its steps joined by dots.
        path: String,
        /// Why none does.
        reason: String,
    },
    /// Events that no rule routes.
    Unrouted {
        /// Their source.
        source: String,
        /// Their type.
        detail_type: String,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field { rule, path, reason } => write!(formatter, "{rule}: {path}: {reason}"),
            Self::Unrouted { source, detail_type } => write!(
                formatter,
                "{detail_type} of {source}: no rule and no subscription routes it, and nothing says that none need"
            ),
        }
    }
}

impl EventKind {
    /// The type of an event whose detail on a bus, and whose body on a topic, the schema describes.
    ///
    /// `attributes` is the schema of the attributes that its messages carry on a topic.
    pub fn new(source: &str, detail_type: &str, schema: &Value, attributes: Value) -> Self {
        let text = json!({ "type": "string" });
        let mut on_bus = json!({
            "type": "object",
            "required": ["version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"],
            "properties": {
                "version": { "const": "0" },
                "id": { "type": "string", "format": "uuid" },
                "detail-type": { "const": detail_type },
                "source": { "const": source },
                "account": { "type": "string", "pattern": "^[0-9]{12}$" },
                "time": { "type": "string", "format": "date-time" },
                "region": text,
                "resources": { "type": "array", "items": text },
                "replay-name": text,
                "detail": schema,
            },
        });
        for definitions in ["$defs", "definitions"] {
            if let Some(found) = schema.get(definitions) {
                on_bus[definitions] = found.clone();
            }
        }
        Self {
            source: source.to_owned(),
            detail_type: detail_type.to_owned(),
            unrouted_because: None,
            on_bus,
            on_topic: schema.clone(),
            attributes,
        }
    }

    /// The same, which no rule need route for this reason.
    #[must_use]
    pub fn unrouted(self, because: &str) -> Self {
        Self { unrouted_because: Some(because.to_owned()), ..self }
    }

    fn node(&self, carrier: Carrier) -> Node<'_> {
        Node::root(match carrier {
            Carrier::Bus => &self.on_bus,
            Carrier::MessageAttributes => &self.attributes,
            Carrier::MessageBody => &self.on_topic,
        })
    }

    /// Whether an event of this kind may match the alternative.
    fn may_match(&self, carrier: Carrier, branch: &Branch) -> bool {
        let node = self.node(carrier);
        let possible = |path: &str, each: &Condition| possible::check(node, path, each).is_ok();
        branch.fields.iter().all(|field| field.conditions.iter().any(|each| possible(&field.path, each)))
    }
}

/// Everything that is wrong, sorted, each once.
pub fn check(rules: &[Rule], kinds: &[EventKind]) -> Vec<Finding> {
    let mut findings: BTreeSet<Finding> = check_patterns(rules, kinds).into_iter().collect();
    let routing = || rules.iter().filter(|rule| !rule.targets.is_empty());
    for kind in kinds.iter().filter(|kind| kind.unrouted_because.is_none()) {
        let reaches =
            |rule: &Rule| rule.pattern.branches().iter().any(|each| kind.may_match(rule.carrier, each));
        if !routing().any(reaches) {
            let (source, detail_type) = (kind.source.clone(), kind.detail_type.clone());
            findings.insert(Finding::Unrouted { source, detail_type });
        }
        coverage::check(kind, routing(), &mut findings);
    }
    findings.into_iter().collect()
}

/// What is wrong with patterns alone, sorted, each once: rules that are only some of all, and need not route everything.
pub fn check_patterns(rules: &[Rule], kinds: &[EventKind]) -> Vec<Finding> {
    let mut findings = BTreeSet::new();
    for rule in rules {
        for branch in rule.pattern.branches() {
            check_branch(rule, branch, kinds, &mut findings);
        }
    }
    findings.into_iter().collect()
}

fn check_branch(rule: &Rule, branch: &Branch, kinds: &[EventKind], findings: &mut BTreeSet<Finding>) {
    let matching: Vec<&EventKind> =
        kinds.iter().filter(|kind| kind.may_match(rule.carrier, branch)).collect();
    if !matching.is_empty() {
        for field in &branch.fields {
            check_field(rule, &field.path, &field.conditions, &matching, findings);
        }
        return;
    }
    // Nothing matches: narrow down, from what an event is to what it says, to the field that ends it.
    let mut fields: Vec<_> = branch.fields.iter().collect();
    fields.sort_by_key(|field| field.path.split('.').count());
    let mut left: Vec<&EventKind> = kinds.iter().collect();
    for field in fields {
        let before = findings.len();
        check_field(rule, &field.path, &field.conditions, &left, findings);
        left.retain(|kind| {
            let node = kind.node(rule.carrier);
            field.conditions.iter().any(|each| possible::check(node, &field.path, each).is_ok())
        });
        if left.is_empty() || findings.len() > before {
            return;
        }
    }
}

/// Each condition must be met by some event of one of the kinds.
fn check_field(
    rule: &Rule,
    path: &str,
    conditions: &[Condition],
    kinds: &[&EventKind],
    findings: &mut BTreeSet<Finding>,
) {
    for condition in conditions {
        let reasons: Result<BTreeSet<Reason>, ()> = kinds
            .iter()
            .map(|kind| possible::check(kind.node(rule.carrier), path, condition).err().ok_or(()))
            .collect();
        let Ok(reasons) = reasons else { continue };
        if reasons.is_empty() {
            continue;
        }
        let reason = describe(condition, &reasons, kinds);
        findings.insert(Finding::Field { rule: rule.name.clone(), path: path.to_owned(), reason });
    }
}

fn describe(condition: &Condition, reasons: &BTreeSet<Reason>, kinds: &[&EventKind]) -> String {
    let mut values = BTreeSet::new();
    let mut others = BTreeSet::new();
    for reason in reasons {
        match reason {
            Reason::NoField => {}
            Reason::NoneOf(listed) => values.extend(listed.iter().cloned()),
            Reason::Other(text) => {
                others.insert(text.clone());
            }
        }
    }
    if !values.is_empty() {
        others.insert(format!("is {}", listing(values)));
    }
    if others.is_empty() {
        let names = kinds.iter().map(|kind| kind.detail_type.clone()).collect();
        return format!("no schema has this field: it is in no {}", listing(names));
    }
    let others: Vec<String> = others.into_iter().collect();
    format!("never {condition}: the field {}", others.join(" or "))
}

/// `a, b or c`, cut short.
fn listing(names: BTreeSet<String>) -> String {
    let count = names.len();
    let mut shown: Vec<String> = names.into_iter().take(SHOWN).collect();
    if count > SHOWN {
        shown.push(format!("one of {} more", count - SHOWN));
    }
    match shown.pop() {
        Some(last) if shown.is_empty() => last,
        Some(last) => format!("{} or {last}", shown.join(", ")),
        None => String::new(),
    }
}
