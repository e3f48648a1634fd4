//! Differences while they are collected, with paths from the pair of schemas that is being compared.

use serde_json::Value;

use super::Policy;
use super::kind::{Kind, Verdict};
use crate::reference::escaped;

/// One difference; its path counts from the pair that is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Single {
    pub path: String,
    pub kind: Kind,
    pub detail: Option<String>,
}

/// The differences of one pair.
#[derive(Debug, Clone, Default)]
pub(super) struct Found(pub Vec<Single>);

/// Characters of a value that are quoted.
const MAX_QUOTED: usize = 60;

pub(super) fn quoted(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(MAX_QUOTED) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

impl Found {
    pub fn add(&mut self, path: &[&str], kind: Kind) {
        self.push(path, kind, None);
    }

    /// With what changed, such as `64 → 32`.
    pub fn add_change(&mut self, path: &[&str], kind: Kind, from: Option<&Value>, to: Option<&Value>) {
        let detail = match (from, to) {
            (Some(from), Some(to)) => format!("{} → {}", quoted(from), quoted(to)),
            (Some(from), None) => format!("was {}", quoted(from)),
            (None, Some(to)) => quoted(to),
            (None, None) => return self.add(path, kind),
        };
        self.push(path, kind, Some(detail));
    }

    pub fn push(&mut self, path: &[&str], kind: Kind, detail: Option<String>) {
        self.0.push(Single { path: joined(path), kind, detail });
    }

    /// Takes over the differences of a pair further down.
    pub fn nest(&mut self, path: &[&str], inner: Self) {
        let prefix = joined(path);
        self.0.extend(
            inner.0.into_iter().map(|single| Single { path: format!("{prefix}{}", single.path), ..single }),
        );
    }

    pub fn is_compatible(&self, policy: Policy) -> bool {
        self.0.iter().all(|single| !breaks(single.kind, policy))
    }
}

/// Whether a kind of difference breaks a reader under this policy.
pub(super) fn breaks(kind: Kind, policy: Policy) -> bool {
    match kind.verdict() {
        Verdict::Harmless => false,
        Verdict::HarmlessIfLenient => policy == Policy::Strict,
        Verdict::Breaks => true,
    }
}

fn joined(path: &[&str]) -> String {
    path.iter().flat_map(|step| ["/".to_owned(), escaped(step)]).collect()
}
