//! Every kind of difference, by the smallest pair of schemas that shows it, over the whole vocabulary and both drafts.

mod combined;
mod lists;
mod objects;
mod values;

use std::collections::BTreeSet;

use semel_registry::SchemaDocument;
use semel_registry::compatibility::{Difference, Kind, Policy, Verdict, differences};
use serde_json::{Value, json};

use combined::COMBINED;
use lists::LISTS;
use objects::OBJECTS;
use values::{NOTES, NUMBERS, TEXTS};

fn document(text: &str) -> SchemaDocument {
    SchemaDocument::parse(text).unwrap_or_else(|error| panic!("{text} {error}"))
}

fn compare(writer: &str, reader: &str, policy: Policy) -> Vec<Difference> {
    differences(&document(writer), &document(reader), policy)
}

/// One schema, another, and what is found when the second reads what the first wrote, and the other way round: the
/// path from the root and the names of the kinds there.
type Row = (&'static str, &'static str, &'static str, &'static str, &'static str);

fn rows() -> impl Iterator<Item = &'static Row> {
    [NOTES, TEXTS, NUMBERS, OBJECTS, LISTS, COMBINED].into_iter().flatten()
}

fn names_at(found: &[Difference], path: &str) -> String {
    let at = found.iter().filter(|difference| difference.path.strip_prefix('#') == Some(path));
    let names: BTreeSet<&str> = at.map(|difference| difference.kind.name()).collect();
    names.into_iter().collect::<Vec<_>>().join(" ")
}

#[test]
fn every_pair_shows_its_kind() {
    for (one, other, path, there, back) in rows() {
        let found = compare(one, other, Policy::Strict);
        assert_eq!(names_at(&found, path), *there, "{one} → {other}: {found:#?}");
        // A row whose way back is another row's matter says nothing of it.
        if !back.is_empty() || there.is_empty() {
            let found = compare(other, one, Policy::Strict);
            assert_eq!(names_at(&found, path), *back, "{other} → {one}: {found:#?}");
        }
    }
}

#[test]
fn every_kind_is_shown_and_breaks_as_its_verdict_says() {
    let mut shown = BTreeSet::new();
    for (one, other, ..) in rows() {
        for (writer, reader) in [(one, other), (other, one)] {
            for policy in [Policy::Strict, Policy::Lenient] {
                for difference in compare(writer, reader, policy) {
                    shown.insert(difference.kind);
                    let breaks = match difference.kind.verdict() {
                        Verdict::Harmless => false,
                        Verdict::HarmlessIfLenient => policy == Policy::Strict,
                        Verdict::Breaks => true,
                    };
                    assert_eq!((difference.breaks, difference.why), (breaks, difference.kind.why()));
                }
            }
        }
    }
    let missing: Vec<&Kind> = Kind::ALL.iter().filter(|kind| !shown.contains(kind)).collect();
    assert_eq!(missing, [&Kind::ComparisonTooLarge]);
}

#[test]
fn no_two_kinds_have_one_name() {
    let names: BTreeSet<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
    assert_eq!(names.len(), Kind::ALL.len());
}

/// A break that can only be reached by going round a cycle is found, and alternatives do not hide it.
#[test]
fn a_break_inside_a_recursive_schema_is_found() {
    let tree = |limit: u64| {
        json!({
            "$defs": {
                "node": {"anyOf": [{"$ref": "#/$defs/leaf"}, {
                    "type": "object", "properties": {"left": {"$ref": "#/$defs/node"}, "right": {"$ref": "#/$defs/node"}},
                }]},
                "leaf": {"type": "integer", "maximum": limit},
            },
            "$ref": "#/$defs/node",
        })
        .to_string()
    };
    let broken = compare(&tree(5), &tree(4), Policy::Strict);
    assert!(broken.iter().any(|each| each.breaks && each.kind == Kind::MaximumDecreased), "{broken:#?}");
    let wider = compare(&tree(4), &tree(5), Policy::Strict);
    assert!(wider.iter().all(|each| !each.breaks), "{wider:#?}");
}

/// Six definitions of which each may be any: far more ways through them than can be walked.
#[test]
fn schemas_that_all_refer_to_one_another_are_compared_in_bounded_time() {
    let web = |limit: u64| {
        let all: Vec<Value> = (0..6).map(|index| json!({"$ref": format!("#/$defs/d{index}")})).collect();
        let definitions: serde_json::Map<String, Value> = (0..6)
            .map(|index| {
                let next = json!({"anyOf": all.clone()});
                let id = json!({"type": "integer", "maximum": limit + index});
                (
                    format!("d{index}"),
                    json!({"type": "object", "properties": {"next": next, "id": id}, "required": ["id"]}),
                )
            })
            .collect();
        json!({"$defs": definitions, "$ref": "#/$defs/d0"}).to_string()
    };
    assert!(compare(&web(5), &web(5), Policy::Strict).iter().all(|each| !each.breaks));
    assert!(compare(&web(5), &web(4), Policy::Strict).iter().any(|each| each.breaks));
}
