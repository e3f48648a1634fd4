//! The comparison of two schemas, and of all pairs that they lead to.
//!
//! Schemas may refer to themselves. A pair that comes up again while it is being compared is taken to be compatible:
//! if it is not, its first occurrence says so. What was found under such an assumption is kept for later only
//! when the pair that it is about has been compared to its end.

use std::collections::HashMap;
use std::rc::Rc;

use serde_json::Value;

use super::found::Found;
use super::kind::Kind;
use super::view::{Place, View};
use super::{Policy, bounds, combined, lists, objects, values};

/// Pairs that are compared at most. The two largest of the platform's schemas have some 100.
const MAX_PAIRS: usize = 20_000;
/// Pairs inside one another at most; a document nests 128 levels, and more come from references only.
const MAX_DEPTH: usize = 160;

type Identity = (*const Value, *const Value);

/// One comparison: what it has found so far, and where it is.
pub(super) struct Pairs {
    pub policy: Policy,
    ended: HashMap<Identity, Rc<Found>>,
    /// The pairs that are being compared, outermost first.
    open: Vec<Identity>,
    /// The outermost open pair that was assumed to be compatible since the innermost was opened.
    assumed: usize,
    left: usize,
}

impl Pairs {
    pub fn new(policy: Policy) -> Self {
        Self { policy, ended: HashMap::new(), open: Vec::new(), assumed: usize::MAX, left: MAX_PAIRS }
    }

    /// Every difference from one schema to another, with paths from here.
    pub fn compare(&mut self, from: Place<'_>, to: Place<'_>) -> Found {
        let identity = (from.identity(), to.identity());
        if let Some(found) = self.ended.get(&identity) {
            return Found::clone(found);
        }
        if let Some(depth) = self.open.iter().position(|open| *open == identity) {
            self.assumed = self.assumed.min(depth);
            return Found::default();
        }
        let mut found = Found::default();
        if self.left == 0 || self.open.len() == MAX_DEPTH {
            found.add(&[], Kind::ComparisonTooLarge);
            return found;
        }
        self.left -= 1;
        let outer = std::mem::replace(&mut self.assumed, usize::MAX);
        self.open.push(identity);
        compare(self, &View::of(from), &View::of(to), &mut found);
        self.open.pop();
        let depth = self.open.len();
        if self.assumed >= depth {
            self.ended.insert(identity, Rc::new(found.clone()));
            self.assumed = outer;
        } else {
            self.assumed = self.assumed.min(outer);
        }
        found
    }

    /// Compares two schemas further down, if both are there.
    pub fn nest(&mut self, found: &mut Found, path: &[&str], from: Place<'_>, to: Place<'_>) {
        let inner = self.compare(from, to);
        found.nest(path, inner);
    }

    /// The differences between two schemas, if none breaks.
    pub fn compatible(&mut self, from: Place<'_>, to: Place<'_>) -> Option<Found> {
        let found = self.compare(from, to);
        found.is_compatible(self.policy).then_some(found)
    }
}

fn compare(pairs: &mut Pairs, from: &View<'_>, to: &View<'_>, found: &mut Found) {
    notes(from, to, found);
    if from.fits_nothing {
        return;
    }
    if to.fits_nothing {
        return found.push(&[], Kind::TypeChanged, Some("nothing is taken".to_owned()));
    }
    if to.asks_nothing() {
        if !from.asks_nothing() {
            found.push(&[], Kind::TypeExtended, Some("anything is taken".to_owned()));
        }
        return;
    }
    if combined::compare(pairs, from, to, found) == combined::Outcome::AllIsSaid {
        return;
    }
    let common = values::types(from, to, found);
    values::compare(pairs, from, to, found);
    if common.has(values::TEXT) {
        values::texts(from, to, found);
        bounds::of_texts(from, to, found);
    }
    if common.has(values::NUMBER) {
        bounds::of_numbers(from, to, found);
    }
    if common.has(values::OBJECT) {
        objects::compare(pairs, from, to, found);
    }
    if common.has(values::LIST) {
        lists::compare(pairs, from, to, found);
    }
}

fn notes(from: &View<'_>, to: &View<'_>, found: &mut Found) {
    let kinds = [
        ("$id", Kind::IdChanged),
        ("title", Kind::TitleChanged),
        ("description", Kind::DescriptionChanged),
        ("default", Kind::DefaultChanged),
    ];
    for (keyword, kind) in kinds {
        let (before, after) = (from.note(keyword), to.note(keyword));
        if before != after {
            found.add_change(&[keyword], kind, before, after);
        }
    }
}
