//! Declared fields: what may be added and removed depends on what the other side says of undeclared fields.

use serde_json::{Value, json};

use super::found::Found;
use super::kind::Kind;
use super::objects::{keys, names};
use super::pairs::Pairs;
use super::view::{Place, View};

/// What an object says of a field of some name that it does not declare.
enum Content<'a> {
    /// Anything goes.
    Open,
    /// There is none.
    Closed,
    /// All of these hold; there is one at least.
    Partial(Vec<Place<'a>>),
}

fn content<'a>(view: &View<'a>, name: &str) -> Content<'a> {
    let patterns: Vec<Place<'a>> = view
        .map("patternProperties")
        .into_iter()
        .flatten()
        .filter(|(pattern, _)| matches(pattern, name))
        .map(|(_, schema)| view.place.at(schema))
        .collect();
    if patterns.is_empty() {
        let rest = view.child("additionalProperties").or_else(|| view.child("unevaluatedProperties"));
        return rest.map_or(Content::Open, |rest| content_of(vec![rest]));
    }
    content_of(patterns)
}

fn content_of(shapes: Vec<Place<'_>>) -> Content<'_> {
    if shapes.iter().any(|shape| shape.fits_nothing()) {
        Content::Closed
    } else if shapes.iter().all(|shape| shape.asks_nothing()) {
        Content::Open
    } else {
        Content::Partial(shapes)
    }
}

/// Whether a name has a pattern, in the words of the validator that decides it for events.
fn matches(pattern: &str, name: &str) -> bool {
    let schema = json!({"type": "string", "pattern": pattern});
    jsonschema::options()
        .offline()
        .build(&schema)
        .is_ok_and(|validator| validator.is_valid(&Value::from(name)))
}

pub(super) fn has_default(view: &View<'_>, name: &str) -> bool {
    let schema = view.map("properties").and_then(|all| all.get(name));
    schema.is_some_and(|schema| View::of(view.place.at(schema)).note("default").is_some())
}

pub(super) fn declared(pairs: &mut Pairs, from: &View<'_>, to: &View<'_>, found: &mut Found) {
    let of = |view: &View<'_>, name: &str| view.map("properties").is_some_and(|all| all.contains_key(name));
    for name in keys(from, to, "properties") {
        let at = ["properties", name];
        match (of(from, name), of(to, name)) {
            (true, true) => pairs.nest(found, &at, property(from, name), property(to, name)),
            (true, false) => removed(pairs, property(from, name), to, name, found),
            (false, true) => added(pairs, from, to, name, found),
            (false, false) => {}
        }
    }
}

/// Only asked for names that are declared; nothing is asked of others.
fn property<'a>(view: &View<'a>, name: &str) -> Place<'a> {
    static ANYTHING: Value = Value::Bool(true);
    view.place.at(view.map("properties").and_then(|all| all.get(name)).unwrap_or(&ANYTHING))
}

/// What the reader says of undeclared fields decides.
fn removed(pairs: &mut Pairs, property: Place<'_>, to: &View<'_>, name: &str, found: &mut Found) {
    let at = ["properties", name];
    let kind = match content(to, name) {
        Content::Open => Kind::PropertyRemovedFromOpenContentModel,
        Content::Closed if property.fits_nothing() => Kind::PropertyWithFalseRemovedFromClosedContentModel,
        Content::Closed => Kind::PropertyRemovedFromClosedContentModel,
        Content::Partial(shapes) => {
            let mut is_covered = true;
            for shape in shapes {
                let inner = pairs.compare(property, shape);
                is_covered &= inner.is_compatible(pairs.policy);
                found.nest(&at, inner);
            }
            if is_covered {
                Kind::PropertyRemovedIsCoveredByPartiallyOpenContentModel
            } else {
                Kind::PropertyRemovedNotCoveredByPartiallyOpenContentModel
            }
        }
    };
    found.add(&at, kind);
}

/// What the writer says of undeclared fields decides.
fn added(pairs: &mut Pairs, from: &View<'_>, to: &View<'_>, name: &str, found: &mut Found) {
    let at = ["properties", name];
    let property = property(to, name);
    let is_required = names(to.get("required")).contains(name);
    // Where the writer requires a field that it does not declare, the reader may.
    let is_missing = is_required && !names(from.get("required")).contains(name);
    let has_default = has_default(to, name);
    let content = content(from, name);
    if matches!(content, Content::Open) {
        let kind = match (property.asks_nothing(), is_missing, has_default) {
            // Confluent lets a field that may be anything be required, too.
            (true, false, _) => Kind::PropertyWithEmptySchemaAddedToOpenContentModel,
            (_, true, true) => Kind::RequiredPropertyWithDefaultAddedToOpenContentModel,
            (_, true, false) => Kind::RequiredPropertyAddedToOpenContentModel,
            (false, false, _) => Kind::OptionalPropertyAddedToOpenContentModel,
        };
        return found.add(&at, kind);
    }
    if let Content::Partial(shapes) = content {
        covered(pairs, &shapes, property, &at, found);
    }
    let kind = match (is_missing, has_default) {
        (true, true) => Kind::RequiredPropertyWithDefaultAddedToUnopenContentModel,
        (true, false) => Kind::RequiredPropertyAddedToUnopenContentModel,
        (false, _) => Kind::OptionalPropertyAddedToUnopenContentModel,
    };
    found.add(&at, kind);
}

/// All of the shapes hold for what is written, so that one that the reader takes is enough.
fn covered(pairs: &mut Pairs, shapes: &[Place<'_>], property: Place<'_>, at: &[&str], found: &mut Found) {
    let mut last = Found::default();
    for shape in shapes {
        let inner = pairs.compare(*shape, property);
        if inner.is_compatible(pairs.policy) {
            found.nest(at, inner);
            return found.add(at, Kind::PropertyAddedIsCoveredByPartiallyOpenContentModel);
        }
        last = inner;
    }
    found.nest(at, last);
    found.add(at, Kind::PropertyAddedNotCoveredByPartiallyOpenContentModel);
}

pub(super) fn by_pattern(pairs: &mut Pairs, from: &View<'_>, to: &View<'_>, found: &mut Found) {
    let of = |view: &View<'_>, pattern: &str| {
        view.map("patternProperties").is_some_and(|all| all.contains_key(pattern))
    };
    for pattern in keys(from, to, "patternProperties") {
        let at = ["patternProperties", pattern];
        match (of(from, pattern), of(to, pattern)) {
            (true, true) => pairs.nest(found, &at, shape(from, pattern), shape(to, pattern)),
            (false, true) => {
                let kind = pattern_added(pairs, from, shape(to, pattern), pattern);
                found.add(&at, kind);
            }
            (true, false) => {
                let kind = pattern_removed(pairs, shape(from, pattern), to);
                found.add(&at, kind);
            }
            (false, false) => {}
        }
    }
}

fn shape<'a>(view: &View<'a>, pattern: &str) -> Place<'a> {
    static ANYTHING: Value = Value::Bool(true);
    view.place.at(view.map("patternProperties").and_then(|all| all.get(pattern)).unwrap_or(&ANYTHING))
}

/// Of a closed object only its declared fields can have such a name.
fn pattern_added(pairs: &mut Pairs, from: &View<'_>, shape: Place<'_>, pattern: &str) -> Kind {
    let is_closed = from.get("patternProperties").is_none()
        && from.child("additionalProperties").is_some_and(Place::fits_nothing);
    let mut declared = from.map("properties").into_iter().flat_map(|all| all.keys());
    let is_taken =
        |name: &String| !matches(pattern, name) || pairs.compatible(property(from, name), shape).is_some();
    if shape.asks_nothing() || (is_closed && declared.all(is_taken)) {
        Kind::PatternPropertyAddedToClosedContentModel
    } else {
        Kind::PatternPropertyAdded
    }
}

fn pattern_removed(pairs: &mut Pairs, shape: Place<'_>, to: &View<'_>) -> Kind {
    let rest = to.child("additionalProperties").or_else(|| to.child("unevaluatedProperties"));
    let is_taken = rest.is_none_or(|rest| pairs.compatible(shape, rest).is_some());
    if is_taken { Kind::PatternPropertyRemovedFromOpenContentModel } else { Kind::PatternPropertyRemoved }
}
