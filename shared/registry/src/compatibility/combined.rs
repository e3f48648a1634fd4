//! Unions and products: `anyOf`, `oneOf` and `allOf`, added, removed, exchanged, or with other schemas in them.

use serde_json::Value;

use super::found::Found;
use super::kind::Kind;
use super::matching;
use super::pairs::Pairs;
use super::view::{Place, View};

/// Schemas that one keyword combines, at most: pairs grow with the square.
const MAX_PARTS: usize = 200;

/// Whether more than the combined schemas is to be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// What is found says all about the pair.
    AllIsSaid,
    /// The other keywords are still to be compared.
    GoOn,
}

/// A keyword and its schemas.
struct Parts<'a> {
    keyword: &'static str,
    schemas: Vec<Place<'a>>,
}

impl Parts<'_> {
    fn is_product(&self) -> bool {
        self.keyword == "allOf"
    }

    fn is_single(&self) -> bool {
        self.schemas.len() == 1
    }
}

/// What a schema combines; a reference's target that stands beside other keywords is part of a product.
fn parts<'a>(view: &View<'a>) -> Vec<Parts<'a>> {
    let keywords = ["allOf", "anyOf", "oneOf"];
    let all = keywords.map(|keyword| {
        let beside: &[&'a Value] = if keyword == "allOf" { &view.beside } else { &[] };
        let mut schemas: Vec<&'a Value> = Vec::new();
        for schema in view.list(keyword).iter().chain(beside.iter().copied()) {
            if !schemas.contains(&schema) {
                schemas.push(schema);
            }
        }
        Parts { keyword, schemas: schemas.into_iter().map(|schema| view.place.at(schema)).collect() }
    });
    all.into_iter().filter(|parts| !parts.schemas.is_empty()).collect()
}

pub(super) fn compare(pairs: &mut Pairs, from: &View<'_>, to: &View<'_>, found: &mut Found) -> Outcome {
    let (mut before, mut after) = (parts(from), parts(to));
    if before.iter().chain(&after).any(|parts| parts.schemas.len() > MAX_PARTS) {
        found.add(&[], Kind::ComparisonTooLarge);
        return Outcome::AllIsSaid;
    }
    for keyword in ["allOf", "anyOf", "oneOf"] {
        let one = before.iter().position(|parts| parts.keyword == keyword);
        let other = after.iter().position(|parts| parts.keyword == keyword);
        if let (Some(one), Some(other)) = (one, other) {
            match_parts(pairs, &before.remove(one), &after.remove(other), found);
        }
    }
    if let ([one], [other]) = (before.as_slice(), after.as_slice()) {
        exchange(pairs, one, other, found);
        return Outcome::GoOn;
    }
    let is_pure = !to.asks_beside(&["allOf", "anyOf", "oneOf"]);
    for parts in &after {
        add(pairs, from, parts, found);
    }
    if is_pure && !after.is_empty() && before.is_empty() {
        return Outcome::AllIsSaid;
    }
    for parts in &before {
        if remove(pairs, from, parts, to, found) == Outcome::AllIsSaid {
            return Outcome::AllIsSaid;
        }
    }
    Outcome::GoOn
}

/// The reader combines schemas in a way in which the writer does not.
fn add(pairs: &mut Pairs, from: &View<'_>, parts: &Parts<'_>, found: &mut Found) {
    if let [only] = parts.schemas.as_slice() {
        return pairs.nest(found, &[], from.place, *only);
    }
    if parts.is_product() {
        return found.add(&[parts.keyword], Kind::ProductTypeExtended);
    }
    for schema in &parts.schemas {
        if let Some(inner) = pairs.compatible(from.place, *schema) {
            found.nest(&[], inner);
            return found.add(&[parts.keyword], Kind::SumTypeExtended);
        }
    }
    found.push(
        &[parts.keyword],
        Kind::TypeChanged,
        Some("no alternative takes all that is written".to_owned()),
    );
}

/// The writer combines schemas in a way in which the reader does not.
fn remove(
    pairs: &mut Pairs,
    from: &View<'_>,
    parts: &Parts<'_>,
    to: &View<'_>,
    found: &mut Found,
) -> Outcome {
    let is_pure = !from.asks_beside(&[parts.keyword]);
    if parts.is_product() || parts.is_single() {
        for schema in &parts.schemas {
            if let Some(inner) = pairs.compatible(*schema, to.place) {
                found.nest(&[], inner);
                found.add(&[parts.keyword], Kind::ProductTypeNarrowed);
                return Outcome::AllIsSaid;
            }
        }
    } else if is_pure {
        found.add(&[parts.keyword], Kind::SumTypeNarrowed);
        return Outcome::AllIsSaid;
    }
    found.add(&[parts.keyword], Kind::ProductTypeNarrowed);
    if is_pure {
        found.add(&[parts.keyword], Kind::CombinedTypeSubschemasChanged);
        return Outcome::AllIsSaid;
    }
    Outcome::GoOn
}

/// The reader combines in another way than the writer.
fn exchange(pairs: &mut Pairs, from: &Parts<'_>, to: &Parts<'_>, found: &mut Found) {
    let is_wider = to.keyword == "anyOf"
        || (from.is_single() && to.is_single())
        || (from.is_single() && to.keyword == "oneOf")
        || (to.is_single() && from.is_product());
    if !is_wider {
        let detail = format!("{} → {}", from.keyword, to.keyword);
        return found.push(&[from.keyword], Kind::CombinedTypeChanged, Some(detail));
    }
    found.add(&[from.keyword], Kind::CombinedTypeExtended);
    match_parts(pairs, from, to, found);
}

/// Finds for each of the writer's schemas one of the reader's that takes what it writes.
fn match_parts(pairs: &mut Pairs, from: &Parts<'_>, to: &Parts<'_>, found: &mut Found) {
    let (before, after) = (from.schemas.len(), to.schemas.len());
    if before < after {
        let kind = if to.is_product() { Kind::ProductTypeExtended } else { Kind::SumTypeExtended };
        found.push(&[from.keyword], kind, Some(format!("{before} → {after}")));
    } else if before > after {
        let kind = if from.is_product() { Kind::ProductTypeNarrowed } else { Kind::SumTypeNarrowed };
        found.push(&[from.keyword], kind, Some(format!("{before} → {after}")));
    }
    let all: Vec<Vec<Found>> = from
        .schemas
        .iter()
        .map(|one| to.schemas.iter().map(|other| pairs.compare(*one, *other)).collect())
        .collect();
    let edges: Vec<Vec<usize>> = all
        .iter()
        .map(|row| {
            let fits = |column: &usize| row[*column].is_compatible(pairs.policy);
            let mut columns: Vec<usize> = (0..after).filter(fits).collect();
            columns.sort_by_key(|column| row[*column].0.len());
            columns
        })
        .collect();
    let partners = matching::largest(&edges, after);
    let mut free: Vec<usize> = (0..after).filter(|column| !partners.contains(&Some(*column))).collect();
    let is_covered = partners.iter().flatten().count() == before.min(after);
    for (row, partner) in partners.iter().enumerate() {
        let at = row.to_string();
        match partner {
            Some(column) => found.nest(&[from.keyword, &at], all[row][*column].clone()),
            // Only to say what is in the way: the pair does not fit.
            None if !is_covered && !free.is_empty() => {
                let nearest = nearest(&all[row], &free, pairs);
                free.retain(|column| *column != nearest);
                found.nest(&[from.keyword, &at], all[row][nearest].clone());
            }
            None => {}
        }
    }
    if !is_covered {
        found.add(&[from.keyword], Kind::CombinedTypeSubschemasChanged);
    }
}

/// The column with the fewest differences that break.
fn nearest(row: &[Found], free: &[usize], pairs: &Pairs) -> usize {
    let breaking = |column: &&usize| {
        let breaks = |single: &&super::found::Single| super::found::breaks(single.kind, pairs.policy);
        row[**column].0.iter().filter(breaks).count()
    };
    free.iter().min_by_key(breaking).copied().unwrap_or_default()
}
