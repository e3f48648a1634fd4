//! Many rules at once, at a cost that does not grow with their number where that can be avoided.
//!
//! Each alternative of each rule is filed under the texts that its most telling field must be: the one whose texts are
//! asked for by the fewest others. An event is read once, its texts are looked up, and only what is filed under one of
//! them is compared. Alternatives without a field of texts alone are compared with every event.

use std::collections::HashMap;

use serde_json::Value;

use crate::condition::{Condition, Scalar};
use crate::event::{Event, FieldId, NotAnEvent, Paths};
use crate::pattern::{Branch, Field, Pattern};

/// Rules, each with a name of whichever kind.
#[derive(Debug, Clone)]
pub struct RuleSet<N> {
    names: Vec<N>,
    /// Every alternative with its rule, in the order of the rules.
    branches: Vec<(usize, Branch)>,
    paths: Paths,
    /// For each field the alternatives that are filed under its texts.
    filed: Vec<HashMap<Box<str>, Vec<usize>>>,
    /// Alternatives that are filed nowhere.
    unfiled: Vec<usize>,
}

impl<N> FromIterator<(N, Pattern)> for RuleSet<N> {
    fn from_iter<I: IntoIterator<Item = (N, Pattern)>>(rules: I) -> Self {
        let mut set = Self {
            names: Vec::new(),
            branches: Vec::new(),
            paths: Paths::default(),
            filed: Vec::new(),
            unfiled: Vec::new(),
        };
        for (name, pattern) in rules {
            let rule = set.names.len();
            set.names.push(name);
            for mut branch in pattern.into_branches() {
                for field in &mut branch.fields {
                    field.id = set.paths.add(&field.path);
                }
                set.branches.push((rule, branch));
            }
        }
        set.file();
        set
    }
}

impl<N> RuleSet<N> {
    /// The rules that match, in the order in which they were given. What is not an object matches none.
    pub fn matching(&self, event: &Value) -> Vec<&N> {
        Event::from_value(&self.paths, event).map(|event| self.found(&event)).unwrap_or_default()
    }

    /// The same from JSON text, of which only what some rule looks at is kept.
    pub fn matching_json(&self, event: &[u8]) -> Result<Vec<&N>, NotAnEvent> {
        Ok(self.found(&Event::from_json(&self.paths, event)?))
    }

    /// How many alternatives are compared with every event.
    pub fn unfiled(&self) -> usize {
        self.unfiled.len()
    }

    fn found(&self, event: &Event<'_>) -> Vec<&N> {
        let mut candidates = self.unfiled.clone();
        for (field, value) in event.leaves() {
            if let Scalar::Text(text) = value
                && let Some(branches) = self.filed[field.index()].get(text.as_ref())
            {
                candidates.extend_from_slice(branches);
            }
        }
        candidates.sort_unstable();
        candidates.dedup();
        let matching = candidates.into_iter().filter_map(|at| {
            let (rule, branch) = &self.branches[at];
            branch.matches(event).then_some(*rule)
        });
        let mut rules: Vec<usize> = matching.collect();
        rules.dedup();
        rules.into_iter().map(|rule| &self.names[rule]).collect()
    }

    fn file(&mut self) {
        let mut asked: HashMap<(FieldId, &str), usize> = HashMap::new();
        let fields = self.branches.iter().flat_map(|(_, branch)| &branch.fields);
        for (field, text) in fields.filter_map(|field| Some((field.id, texts(field)?))) {
            for text in text {
                *asked.entry((field, text)).or_default() += 1;
            }
        }
        let mut filed = vec![HashMap::<Box<str>, Vec<usize>>::new(); self.paths.len()];
        let mut unfiled = Vec::new();
        for (at, (_, branch)) in self.branches.iter().enumerate() {
            let choices = branch.fields.iter().filter_map(|field| Some((field.id, texts(field)?)));
            let by_others = |(field, texts): &(FieldId, Vec<&str>)| {
                texts.iter().map(|text| asked[&(*field, *text)]).sum::<usize>()
            };
            match choices.min_by_key(by_others) {
                Some((field, texts)) => {
                    for text in texts {
                        filed[field.index()].entry(text.into()).or_default().push(at);
                    }
                }
                None => unfiled.push(at),
            }
        }
        self.filed = filed;
        self.unfiled = unfiled;
    }
}

/// The texts that a field must be one of; none if it may be something else.
fn texts(field: &Field) -> Option<Vec<&str>> {
    let mut texts: Vec<&str> = field.conditions.iter().map(text).collect::<Option<_>>()?;
    texts.sort_unstable();
    texts.dedup();
    Some(texts)
}

fn text(condition: &Condition) -> Option<&str> {
    match condition {
        Condition::Text(text) => Some(text),
        Condition::Address(_)
        | Condition::Number(_)
        | Condition::Bool(_)
        | Condition::Null
        | Condition::Prefix(_)
        | Condition::PrefixIgnoreCase(_)
        | Condition::Suffix(_)
        | Condition::SuffixIgnoreCase(_)
        | Condition::EqualsIgnoreCase(_)
        | Condition::Wildcard(_)
        | Condition::Numeric(_)
        | Condition::Cidr(_)
        | Condition::Exists
        | Condition::Absent
        | Condition::AnythingBut(_) => None,
    }
}
