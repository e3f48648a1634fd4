//! Lists: items by their place, all others, items that must be contained, and how many.

use serde_json::Value;

use super::bounds;
use super::found::Found;
use super::kind::Kind;
use super::objects::Rest;
use super::pairs::Pairs;
use super::values::only_notes;
use super::view::{Place, View};
use crate::document::Dialect;

/// A list's items in the words of both drafts.
struct Items<'a> {
    /// By their place, from the first.
    by_place: Vec<Place<'a>>,
    /// All that follow.
    rest: Option<Place<'a>>,
    /// What `rest` is called here if there are items by their place.
    rest_keyword: &'static str,
    place_keyword: &'static str,
}

fn items<'a>(view: &View<'a>) -> Items<'a> {
    let places = |list: &'a [Value]| list.iter().map(|schema| view.place.at(schema)).collect();
    let draft7 = view.place.document.dialect() == Dialect::Draft7;
    let (by_place, rest) = match view.get("items") {
        Some(Value::Array(list)) if draft7 => (places(list), view.child("additionalItems")),
        Some(schema) if draft7 => (Vec::new(), Some(view.place.at(schema))),
        None if draft7 => (Vec::new(), None),
        Some(_) | None => (places(view.list("prefixItems")), view.child("items")),
    };
    let (rest_keyword, place_keyword) =
        if draft7 { ("additionalItems", "items") } else { ("items", "prefixItems") };
    Items { by_place, rest, rest_keyword, place_keyword }
}

impl<'a> Items<'a> {
    /// What is said of an item beyond those by their place: by `unevaluatedItems` if by nothing else.
    fn beyond(&self, view: &View<'a>) -> Option<Place<'a>> {
        self.rest.or_else(|| view.child("unevaluatedItems")).filter(|rest| !rest.asks_nothing())
    }
}

pub(super) fn compare(pairs: &mut Pairs, from: &View<'_>, to: &View<'_>, found: &mut Found) {
    let (before, after) = (items(from), items(to));
    if before.by_place.is_empty() && after.by_place.is_empty() {
        let asks = |rest: &Place<'_>| !rest.asks_nothing();
        match (before.rest.filter(asks), after.rest.filter(asks)) {
            (None, None) => {}
            (None, Some(_)) => found.add(&["items"], Kind::SchemaAdded),
            (Some(_), None) => found.add(&["items"], Kind::SchemaRemoved),
            (Some(one), Some(other)) => pairs.nest(found, &["items"], one, other),
        }
    } else {
        by_place(pairs, (from, &before), (to, &after), found);
        let kinds = Rest {
            added: Kind::AdditionalItemsAdded,
            removed: Kind::AdditionalItemsRemoved,
            extended: Kind::AdditionalItemsExtended,
            narrowed: Kind::AdditionalItemsNarrowed,
        };
        kinds.compare(pairs, after.rest_keyword, before.rest, after.rest, found);
    }
    let kinds = Rest {
        added: Kind::UnevaluatedItemsAdded,
        removed: Kind::UnevaluatedItemsRemoved,
        extended: Kind::UnevaluatedItemsExtended,
        narrowed: Kind::UnevaluatedItemsNarrowed,
    };
    kinds.compare_under(pairs, "unevaluatedItems", from, to, found);
    bounds::of_lists(from, to, found);
    contained(pairs, from, to, found);
    let unique = |view: &View<'_>| view.get("uniqueItems") == Some(&Value::Bool(true));
    match (unique(from), unique(to)) {
        (false, true) => found.add(&["uniqueItems"], Kind::UniqueItemsAdded),
        (true, false) => found.add(&["uniqueItems"], Kind::UniqueItemsRemoved),
        (true, true) | (false, false) => {}
    }
}

fn by_place<'a>(
    pairs: &mut Pairs,
    (from, before): (&View<'a>, &Items<'a>),
    (to, after): (&View<'a>, &Items<'a>),
    found: &mut Found,
) {
    for index in 0..before.by_place.len().max(after.by_place.len()) {
        let step = index.to_string();
        let at = [after.place_keyword, step.as_str()];
        match (before.by_place.get(index), after.by_place.get(index)) {
            (Some(one), Some(other)) => pairs.nest(found, &at, *one, *other),
            (Some(one), None) => removed(pairs, *one, after.beyond(to), &at, found),
            (None, Some(other)) => added(pairs, before.beyond(from), *other, &at, found),
            (None, None) => {}
        }
    }
}

fn removed(pairs: &mut Pairs, item: Place<'_>, beyond: Option<Place<'_>>, at: &[&str], found: &mut Found) {
    let kind = match beyond {
        None => Kind::ItemRemovedFromOpenContentModel,
        Some(beyond) if beyond.fits_nothing() && item.fits_nothing() => {
            Kind::ItemWithFalseRemovedFromClosedContentModel
        }
        Some(beyond) if beyond.fits_nothing() => Kind::ItemRemovedFromClosedContentModel,
        Some(beyond) => {
            let inner = pairs.compare(item, beyond);
            let is_covered = inner.is_compatible(pairs.policy);
            found.nest(at, inner);
            if is_covered {
                Kind::ItemRemovedIsCoveredByPartiallyOpenContentModel
            } else {
                Kind::ItemRemovedNotCoveredByPartiallyOpenContentModel
            }
        }
    };
    found.add(at, kind);
}

fn added(pairs: &mut Pairs, beyond: Option<Place<'_>>, item: Place<'_>, at: &[&str], found: &mut Found) {
    let kind = match beyond {
        None if item.asks_nothing() => Kind::ItemWithEmptySchemaAddedToOpenContentModel,
        None => Kind::ItemAddedToOpenContentModel,
        Some(beyond) if beyond.fits_nothing() => Kind::ItemAddedToClosedContentModel,
        Some(beyond) => {
            let inner = pairs.compare(beyond, item);
            let is_covered = inner.is_compatible(pairs.policy);
            found.nest(at, inner);
            if is_covered {
                Kind::ItemAddedIsCoveredByPartiallyOpenContentModel
            } else {
                Kind::ItemAddedNotCoveredByPartiallyOpenContentModel
            }
        }
    };
    found.add(at, kind);
}

/// More items may fit what the reader looks for than what the writer counted: too many, if it bounds them.
fn contained(pairs: &mut Pairs, from: &View<'_>, to: &View<'_>, found: &mut Found) {
    match (from.child("contains"), to.child("contains")) {
        (None, None) => {}
        (None, Some(_)) => found.add(&["contains"], Kind::ContainsAdded),
        (Some(_), None) => found.add(&["contains"], Kind::ContainsRemoved),
        (Some(before), Some(after)) => {
            let inner = pairs.compare(before, after);
            if to.get("maxContains").is_some() && !only_notes(&inner) {
                found.add(&["contains"], Kind::ContainsChanged);
            }
            found.nest(&["contains"], inner);
        }
    }
}
