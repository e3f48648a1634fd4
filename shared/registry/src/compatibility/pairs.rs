//! The comparison of two schemas, and of all pairs that they lead to.
//!
//! Schemas may refer to themselves. A pair that comes up again while it is being compared is taken to be compatible, and
//! what is found of others under that assumption is kept. Where a pair turns out to break although it was assumed not
//! to, all is compared once more, now knowing the pairs that break, until no more are found.

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

/// Differences of one pair that are kept, those that break first.
const MAX_FOUND: usize = 1000;

type Identity = (*const Value, *const Value);

/// One comparison: what it has found so far, and where it is.
pub(super) struct Pairs {
    pub policy: Policy,
    ended: HashMap<Identity, Rc<Found>>,
    /// The pairs that are being compared, outermost first.
    open: Vec<Identity>,
    /// Whether a pair was assumed to be compatible.
    has_assumed: bool,
    /// The pairs that break, as found by the passes before.
    broken: HashMap<Identity, Rc<Found>>,
    left: usize,
}

impl Pairs {
    fn new(policy: Policy) -> Self {
        let (ended, broken) = (HashMap::new(), HashMap::new());
        Self { policy, ended, open: Vec::new(), has_assumed: false, broken, left: MAX_PAIRS }
    }

    /// Every difference from one schema to another.
    pub fn all(from: Place<'_>, to: Place<'_>, policy: Policy) -> Found {
        let mut pairs = Self::new(policy);
        loop {
            let found = pairs.compare(from, to);
            if !pairs.has_assumed || !found.is_compatible(policy) {
                return found;
            }
            let ended = std::mem::take(&mut pairs.ended);
            let known = pairs.broken.len();
            pairs.broken.extend(ended.into_iter().filter(|(_, found)| !found.is_compatible(policy)));
            if pairs.broken.len() == known {
                return found;
            }
        }
    }

    /// Every difference from one schema to another, with paths from here.
    pub fn compare(&mut self, from: Place<'_>, to: Place<'_>) -> Found {
        let mut found = Found::default();
        notes(&View::of(from), &View::of(to), &mut found);
        let inner = self.compare_targets(from.target(), to.target());
        found.nest(&[], inner);
        found
    }

    /// The same for two schemas that are no mere references, without their notes: all that refer to them share it.
    fn compare_targets(&mut self, from: Place<'_>, to: Place<'_>) -> Found {
        let identity = (from.identity(), to.identity());
        if let Some(found) = self.ended.get(&identity) {
            return Found::clone(found);
        }
        if self.open.contains(&identity) {
            self.has_assumed = true;
            return self.broken.get(&identity).map(|found| Found::clone(found)).unwrap_or_default();
        }
        let mut found = Found::default();
        if self.left == 0 || self.open.len() == MAX_DEPTH {
            found.add(&[], Kind::ComparisonTooLarge);
            return found;
        }
        self.left -= 1;
        self.open.push(identity);
        compare(self, &View::of(from), &View::of(to), &mut found);
        self.open.pop();
        self.shorten(&mut found);
        self.ended.insert(identity, Rc::new(found.clone()));
        found
    }

    /// Bounds what a pair can pass on; that it breaks is never lost.
    fn shorten(&self, found: &mut Found) {
        if found.0.len() > MAX_FOUND {
            found.0.sort_by_key(|single| !super::found::breaks(single.kind, self.policy));
            found.0.truncate(MAX_FOUND);
        }
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
