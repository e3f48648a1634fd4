//! Whether a schema may follow another, as Confluent's schema registry defines it for JSON Schema.
//!
//! Pure: two documents in, differences out. Knows neither files nor versions.
//!
//! The question is always whether a *reader* with one schema takes all that a *writer* with another may write.
//! [`Mode::Backward`]: the new schema reads what was written with those released. [`Mode::Forward`]: those released
//! read what is written with the new one. [`Mode::Full`]: both. Each asks the newest release, and its transitive form
//! asks all of them.
//!
//! What counts is a table of [`Kind`]s with Confluent's names and verdicts. The result is not always what a validator
//! would say, because the rules look at schemas, not at events:
//!
//! - A field that becomes required passes if it has a default, though a validator fills in none.
//! - Alternatives of a `oneOf` are matched one by one; that an event now fits two of them is not noticed.
//! - `unevaluatedProperties` and `unevaluatedItems` are compared as such; what counts as evaluated is not.
//! - Under [`Policy::Lenient`] undeclared fields are taken to be unused.
//!
//! Where this is stricter or more exact than Confluent's checker, on purpose:
//!
//! - It looks at `format`, `contains`, `propertyNames`, `patternProperties`, `if`, `then`, `else`, at required fields
//!   that are declared nowhere, and at types even where no `type` is said.
//! - A field that is new is covered by all patterns that its name matches, not by the first; and patterns alone do
//!   not close an object.
//! - Keywords beside a `$ref` (draft 2020-12) are compared keyword by keyword, not as a combined schema, so that a
//!   difference is named where it is.
//! - In draft-07 `additionalItems` counts only beside a list of items, as the draft says.
//! - A required field that may hold anything is not harmless to add.
//! - A bound is compared exactly also beyond 2^53.

mod bounds;
mod combined;
mod found;
mod kind;
mod lists;
mod matching;
mod objects;
mod pairs;
mod properties;
mod report;
mod values;
mod view;

pub use kind::{Kind, Verdict};
pub use report::{Comparison, Difference, Direction, Report, check, differences};

use serde::{Deserialize, Serialize};

/// Which of the schemas before it a new schema must be compatible with, and in which direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Mode {
    /// Anything goes.
    None,
    /// The new schema reads what the newest released one wrote.
    Backward,
    /// The new schema reads what any released one wrote.
    BackwardTransitive,
    /// The newest released schema reads what the new one writes.
    Forward,
    /// Every released schema reads what the new one writes.
    ForwardTransitive,
    /// Both ways with the newest released schema.
    Full,
    /// Both ways with every released schema.
    FullTransitive,
}

impl Mode {
    /// Every mode.
    pub const ALL: [Self; 7] = [
        Self::None,
        Self::Backward,
        Self::BackwardTransitive,
        Self::Forward,
        Self::ForwardTransitive,
        Self::Full,
        Self::FullTransitive,
    ];

    /// The name, as Confluent writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Backward => "BACKWARD",
            Self::BackwardTransitive => "BACKWARD_TRANSITIVE",
            Self::Forward => "FORWARD",
            Self::ForwardTransitive => "FORWARD_TRANSITIVE",
            Self::Full => "FULL",
            Self::FullTransitive => "FULL_TRANSITIVE",
        }
    }

    /// The directions that it asks for.
    pub const fn directions(self) -> &'static [Direction] {
        match self {
            Self::None => &[],
            Self::Backward | Self::BackwardTransitive => &[Direction::Backward],
            Self::Forward | Self::ForwardTransitive => &[Direction::Forward],
            Self::Full | Self::FullTransitive => &[Direction::Backward, Direction::Forward],
        }
    }

    /// Whether it asks all released schemas, not only the newest.
    pub const fn is_transitive(self) -> bool {
        matches!(self, Self::BackwardTransitive | Self::ForwardTransitive | Self::FullTransitive)
    }
}

/// How undeclared fields are seen, as Confluent's `compatibilityPolicy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Policy {
    /// A writer may write any field that its schema does not forbid; so that an object that is open to undeclared
    /// fields can never be given a new one.
    #[default]
    Strict,
    /// A writer writes only declared fields, and a reader ignores others: a new optional field is compatible.
    Lenient,
}
