//! Which name each part of each event gets: the one it would like, if all events mean the same by it.
//!
//! If they do not, the part that most events have gets the name, and the others are called after an event that has them;
//! so names stay as they are when one event type gets a new version.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::keywords;
use super::local::Local;

/// Names that mean something in TypeScript, in Python, or in the types that are generated.
const RESERVED: [&str; 17] = [
    "Any",
    "Event",
    "EventOf",
    "EventType",
    "EventVersions",
    "Extract",
    "False",
    "Literal",
    "None",
    "NotRequired",
    "Record",
    "True",
    "TypeAlias",
    "TypedDict",
    "Union",
    "Array",
    "Object",
];

/// A part and all that it refers to: what it means.
type Meaning<'a> = BTreeMap<&'a str, &'a Value>;

/// Parts of the same wish that mean the same, with who has them: the event's place, and the key there.
struct Variant<'a> {
    meaning: Meaning<'a>,
    users: Vec<(usize, &'a str)>,
}

/// For each event the names of its parts, by key.
pub fn names(locals: &[Local]) -> Vec<BTreeMap<String, String>> {
    let mut wishes: BTreeMap<&str, Vec<Variant<'_>>> = BTreeMap::new();
    for (event, local) in locals.iter().enumerate() {
        for (key, part) in &local.parts {
            let meaning = meaning(local, key);
            let variants = wishes.entry(&part.wish).or_default();
            match variants.iter_mut().find(|variant| variant.meaning == meaning) {
                Some(variant) => variant.users.push((event, key)),
                None => variants.push(Variant { meaning, users: vec![(event, key)] }),
            }
        }
    }
    let mut taken: BTreeSet<String> = RESERVED.iter().map(|&name| name.to_owned()).collect();
    taken.extend(locals.iter().map(|local| local.event_type.clone()));
    let mut names = vec![BTreeMap::new(); locals.len()];
    for (wish, mut variants) in wishes {
        variants.sort_by_key(|variant| std::cmp::Reverse(variant.users.len()));
        for variant in variants {
            let of = variant.users.first().map_or("", |(event, _)| &locals[*event].event_type);
            let name = free(wish, of, &taken);
            taken.insert(name.clone());
            for (event, key) in variant.users {
                names[event].insert(key.to_owned(), name.clone());
            }
        }
    }
    names
}

fn meaning<'a>(local: &'a Local, key: &'a str) -> Meaning<'a> {
    let mut meaning = Meaning::new();
    let mut open = vec![key];
    while let Some(key) = open.pop() {
        let Some((key, part)) = local.parts.get_key_value(key) else { continue };
        if meaning.insert(key, &part.schema).is_none() {
            keywords::references(&part.schema, &mut |reference| {
                if let Some((found, _)) = local.parts.get_key_value(reference) {
                    open.push(found);
                }
            });
        }
    }
    meaning
}

fn free(wish: &str, event_type: &str, taken: &BTreeSet<String>) -> String {
    let prefixed = format!("{event_type}{wish}");
    let numbered = (2_u32..).map(|number| format!("{prefixed}{number}"));
    let mut choices = [wish.to_owned(), prefixed.clone()].into_iter().chain(numbered);
    choices.find(|name| !taken.contains(name)).unwrap_or(prefixed)
}
