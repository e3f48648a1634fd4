//! A shape next to a contract: what is not documented, and what has another type.

use super::contract::Contract;
use super::finding::What;
use super::path;
use super::shape::{Place, Shape};
use super::types::JsonType;

/// Every difference, in the order of the paths' names.
pub(super) fn differences(shape: &Shape, contract: &Contract<'_>) -> Vec<What> {
    let mut found = Vec::new();
    walk(&shape.root, contract, path::ROOT, &mut found);
    found
}

fn walk(place: &Place, contract: &Contract<'_>, at: &str, found: &mut Vec<What>) {
    let allowed = contract.types();
    let other: Vec<JsonType> = place.types.keys().copied().filter(|seen| !allowed.has(*seen)).collect();
    if !other.is_empty() {
        let values = other.iter().filter_map(|seen| place.types.get(seen)).sum();
        let documented = allowed.names();
        found.push(What::TypeConflict { path: at.to_owned(), documented, found: other, values });
    }
    // What is inside a value that should not be there is no finding of its own.
    if allowed.has(JsonType::Object) && !contract.is_any_object() {
        for (name, inside) in &place.names {
            part(inside, contract.field(name).as_ref(), path::field(at, name), found);
        }
        if let Some(inside) = &place.further {
            part(inside, contract.further().as_ref(), path::further(at), found);
        }
    }
    if let (Some(inside), Some(said), true) = (&place.items, contract.items(), allowed.has(JsonType::Array)) {
        walk(inside, &said, &path::items(at), found);
    }
}

fn part(inside: &Place, said: Option<&Contract<'_>>, at: String, found: &mut Vec<What>) {
    match said {
        Some(said) => walk(inside, said, &at, found),
        None => found.push(What::UndocumentedField {
            path: at,
            types: inside.types.keys().copied().collect(),
            values: inside.types.values().sum(),
        }),
    }
}
