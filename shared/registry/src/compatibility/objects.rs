//! Objects: required fields, dependencies between fields, undeclared fields, names and numbers of fields.

use std::collections::BTreeSet;

use serde_json::Value;

use super::bounds;
use super::found::Found;
use super::kind::Kind;
use super::pairs::Pairs;
use super::properties;
use super::view::{Place, View};

pub(super) fn compare(pairs: &mut Pairs, from: &View<'_>, to: &View<'_>, found: &mut Found) {
    required(from, to, found);
    properties::declared(pairs, from, to, found);
    properties::by_pattern(pairs, from, to, found);
    dependencies(pairs, from, to, found);
    let kinds = Rest {
        added: Kind::AdditionalPropertiesAdded,
        removed: Kind::AdditionalPropertiesRemoved,
        extended: Kind::AdditionalPropertiesExtended,
        narrowed: Kind::AdditionalPropertiesNarrowed,
    };
    kinds.compare_under(pairs, "additionalProperties", from, to, found);
    let kinds = Rest {
        added: Kind::UnevaluatedPropertiesAdded,
        removed: Kind::UnevaluatedPropertiesRemoved,
        extended: Kind::UnevaluatedPropertiesExtended,
        narrowed: Kind::UnevaluatedPropertiesNarrowed,
    };
    kinds.compare_under(pairs, "unevaluatedProperties", from, to, found);
    bounds::of_objects(from, to, found);
    match (from.child("propertyNames"), to.child("propertyNames")) {
        (None, None) => {}
        (None, Some(_)) => found.add(&["propertyNames"], Kind::PropertyNamesAdded),
        (Some(_), None) => found.add(&["propertyNames"], Kind::PropertyNamesRemoved),
        (Some(before), Some(after)) => pairs.nest(found, &["propertyNames"], before, after),
    }
}

/// The kinds of differences of a keyword that says what is allowed beyond what is declared.
pub(super) struct Rest {
    pub added: Kind,
    pub removed: Kind,
    pub extended: Kind,
    pub narrowed: Kind,
}

/// What a schema allows beyond what it declares.
enum Allowed<'a> {
    Anything,
    Nothing,
    Shape(Place<'a>),
}

fn allowed(place: Option<Place<'_>>) -> Allowed<'_> {
    match place {
        None => Allowed::Anything,
        Some(place) if place.asks_nothing() => Allowed::Anything,
        Some(place) if place.fits_nothing() => Allowed::Nothing,
        Some(place) => Allowed::Shape(place),
    }
}

impl Rest {
    /// What both schemas say under one keyword.
    pub fn compare_under(
        &self,
        pairs: &mut Pairs,
        keyword: &str,
        from: &View<'_>,
        to: &View<'_>,
        found: &mut Found,
    ) {
        self.compare(pairs, keyword, from.child(keyword), to.child(keyword), found);
    }

    pub fn compare(
        &self,
        pairs: &mut Pairs,
        keyword: &str,
        from: Option<Place<'_>>,
        to: Option<Place<'_>>,
        found: &mut Found,
    ) {
        let kind = match (allowed(from), allowed(to)) {
            (Allowed::Anything, Allowed::Anything) | (Allowed::Nothing, Allowed::Nothing) => return,
            (Allowed::Nothing, Allowed::Anything | Allowed::Shape(_)) => self.added,
            (Allowed::Anything | Allowed::Shape(_), Allowed::Nothing) => self.removed,
            (Allowed::Shape(_), Allowed::Anything) => self.extended,
            (Allowed::Anything, Allowed::Shape(_)) => self.narrowed,
            (Allowed::Shape(before), Allowed::Shape(after)) => {
                return pairs.nest(found, &[keyword], before, after);
            }
        };
        found.add(&[keyword], kind);
    }
}

/// The names that a schema requires.
pub(super) fn names(value: Option<&Value>) -> BTreeSet<&str> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

fn required(from: &View<'_>, to: &View<'_>, found: &mut Found) {
    let (before, after) = (names(from.get("required")), names(to.get("required")));
    let declares =
        |view: &View<'_>, name: &str| view.map("properties").is_some_and(|all| all.contains_key(name));
    for name in after.difference(&before) {
        // A field that is new altogether is the business of the declared fields.
        if !declares(to, name) || declares(from, name) {
            let has_default = properties::has_default(to, name);
            let kind = if has_default {
                Kind::RequiredAttributeWithDefaultAdded
            } else {
                Kind::RequiredAttributeAdded
            };
            found.add(&["required", name], kind);
        }
    }
    for name in before.difference(&after) {
        if declares(to, name) || !declares(from, name) {
            found.add(&["required", name], Kind::RequiredAttributeRemoved);
        }
    }
}

/// What must be there beside a field: draft-07 says it in one keyword, draft 2020-12 in two.
fn dependencies(pairs: &mut Pairs, from: &View<'_>, to: &View<'_>, found: &mut Found) {
    for keyword in ["dependentRequired", "dependencies"] {
        for name in keys(from, to, keyword) {
            let lists = |view: &View<'_>| {
                view.map(keyword).and_then(|all| all.get(name)).is_some_and(Value::is_array)
            };
            let of = |view: &View<'_>| -> BTreeSet<String> {
                let value = view.map(keyword).and_then(|all| all.get(name));
                names(value).into_iter().map(str::to_owned).collect()
            };
            let kind = match (lists(from), lists(to)) {
                (false, false) => continue,
                (true, false) => Kind::DependencyArrayRemoved,
                (false, true) => Kind::DependencyArrayAdded,
                (true, true) => match (of(from), of(to)) {
                    (before, after) if before == after => continue,
                    (before, after) if after.is_superset(&before) => Kind::DependencyArrayExtended,
                    (before, after) if before.is_superset(&after) => Kind::DependencyArrayNarrowed,
                    _ => Kind::DependencyArrayChanged,
                },
            };
            found.add(&[keyword, name], kind);
        }
    }
    for keyword in ["dependentSchemas", "dependencies"] {
        for name in keys(from, to, keyword) {
            let schema = |value: Option<&serde_json::Map<String, Value>>| {
                value.and_then(|all| all.get(name)).is_some_and(|value| !value.is_array())
            };
            let before = from.map(keyword).filter(|all| schema(Some(all))).and_then(|all| all.get(name));
            let after = to.map(keyword).filter(|all| schema(Some(all))).and_then(|all| all.get(name));
            match (before, after) {
                (None, None) => {}
                (Some(_), None) => found.add(&[keyword, name], Kind::DependencySchemaRemoved),
                (None, Some(_)) => found.add(&[keyword, name], Kind::DependencySchemaAdded),
                (Some(before), Some(after)) => {
                    pairs.nest(found, &[keyword, name], from.place.at(before), to.place.at(after));
                }
            }
        }
    }
}

/// The names that either has under a keyword.
pub(super) fn keys<'a>(from: &View<'a>, to: &View<'a>, keyword: &str) -> BTreeSet<&'a str> {
    let of = |view: &View<'a>| view.map(keyword).into_iter().flat_map(|all| all.keys()).map(String::as_str);
    of(from).chain(of(to)).collect()
}
