//! The answer: every difference, for each direction that a mode asks for and each schema that it asks.

use serde::Serialize;

use super::found::breaks;
use super::pairs::Pairs;
use super::view::Place;
use super::{Kind, Mode, Policy};
use crate::document::SchemaDocument;

/// Who reads what whom wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Direction {
    /// The new schema reads, the released one wrote.
    Backward,
    /// The released schema reads, the new one wrote.
    Forward,
}

/// One difference between a writer's and a reader's schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Where: a JSON pointer in a fragment, through references as if their targets stood in their place.
    pub path: String,
    /// Of which kind it is.
    pub kind: Kind,
    /// Whether it breaks the reader.
    pub breaks: bool,
    /// What changed, such as `64 → 32`; not every kind has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Why it breaks the reader or does not.
    pub why: &'static str,
}

impl Serialize for Kind {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// A new schema and one released schema in one direction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// Who reads.
    pub direction: Direction,
    /// Which released schema it was compared with.
    pub released: String,
    /// All differences.
    pub differences: Vec<Difference>,
}

/// What a mode says of a new schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The mode.
    pub mode: Mode,
    /// How undeclared fields were seen.
    pub policy: Policy,
    /// One for each released schema that was asked, in each direction.
    pub comparisons: Vec<Comparison>,
}

impl Report {
    /// Whether nothing breaks.
    pub fn is_compatible(&self) -> bool {
        self.breaking().next().is_none()
    }

    /// Every difference that breaks, with where it was found.
    pub fn breaking(&self) -> impl Iterator<Item = (&Comparison, &Difference)> {
        self.comparisons.iter().flat_map(|comparison| {
            let breaking = comparison.differences.iter().filter(|difference| difference.breaks);
            breaking.map(move |difference| (comparison, difference))
        })
    }
}

/// Every difference from a writer's schema to a reader's, in the order of their paths.
pub fn differences(writer: &SchemaDocument, reader: &SchemaDocument, policy: Policy) -> Vec<Difference> {
    let found = Pairs::all(Place::root(writer), Place::root(reader), policy);
    let mut differences: Vec<Difference> = found
        .0
        .into_iter()
        .map(|single| Difference {
            path: format!("#{}", single.path),
            breaks: breaks(single.kind, policy),
            detail: single.detail,
            why: single.kind.why(),
            kind: single.kind,
        })
        .collect();
    differences.sort_by(|one, other| (&one.path, one.kind).cmp(&(&other.path, other.kind)));
    differences.dedup();
    differences
}

/// Whether a new schema may follow those released, which are given oldest first with their names.
pub fn check(
    mode: Mode,
    policy: Policy,
    new: &SchemaDocument,
    released: &[(String, &SchemaDocument)],
) -> Report {
    let first = if mode.is_transitive() { 0 } else { released.len().saturating_sub(1) };
    let mut comparisons = Vec::new();
    for (name, old) in released.get(first..).unwrap_or_default() {
        for &direction in mode.directions() {
            let differences = match direction {
                Direction::Backward => differences(old, new, policy),
                Direction::Forward => differences(new, old, policy),
            };
            comparisons.push(Comparison { direction, released: name.clone(), differences });
        }
    }
    Report { mode, policy, comparisons }
}
