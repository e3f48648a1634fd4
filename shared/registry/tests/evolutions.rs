//! What each kind of change to one of the platform's own events means, in every mode: the table to look a change up in.

use std::collections::BTreeSet;
use std::path::Path;

use semel_registry::compatibility::{Direction, Mode, Policy, check};
use semel_registry::{Registry, SchemaDocument};
use serde_json::{Value, json};

/// Which ways a change is compatible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ways {
    Both,
    /// The new version reads old events.
    Backward,
    /// The old version reads new events.
    Forward,
    Neither,
}

impl Ways {
    fn of(backward: bool, forward: bool) -> Self {
        match (backward, forward) {
            (true, true) => Self::Both,
            (true, false) => Self::Backward,
            (false, true) => Self::Forward,
            (false, false) => Self::Neither,
        }
    }

    /// Whether the mode allows it.
    fn allowed_in(self, mode: Mode) -> bool {
        match mode {
            Mode::None => true,
            Mode::Backward | Mode::BackwardTransitive => matches!(self, Self::Both | Self::Backward),
            Mode::Forward | Mode::ForwardTransitive => matches!(self, Self::Both | Self::Forward),
            Mode::Full | Mode::FullTransitive => self == Self::Both,
        }
    }
}

/// A change to `OrderCreated` 1.0.
struct Evolution {
    name: &'static str,
    /// What is put where; a null takes away.
    edits: Vec<(&'static str, Value)>,
    /// Where undeclared fields are taken to be unused, as the platform's events have it.
    lenient: Ways,
    /// Where any undeclared field may have been written.
    strict: Ways,
    /// What is found under the strict policy: `B` or `F` for the direction, the path, and the kind.
    breaks: &'static [&'static str],
}

fn released() -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/released");
    let registry = Registry::open(&folder).unwrap_or_else(|error| panic!("{error}"));
    let version = "1.0".parse().expect("a version");
    let release = registry.get("com.ecommerce.orders", "OrderCreated", version).expect("a released type");
    release.schema.value().clone()
}

fn edited(mut schema: Value, edits: &[(&str, Value)]) -> Value {
    for (pointer, value) in edits {
        let (parent, key) = pointer.rsplit_once('/').expect("a pointer has a slash");
        match schema.pointer_mut(parent) {
            Some(Value::Object(fields)) if value.is_null() => {
                assert!(fields.remove(key).is_some(), "the schema has no {pointer}");
            }
            Some(Value::Object(fields)) => {
                fields.insert(key.to_owned(), value.clone());
            }
            Some(Value::Array(items)) => {
                let index: usize = key.parse().expect("an index");
                items.splice(index..items.len().min(index + 1), [value.clone()]);
            }
            _ => panic!("the schema has no {parent}"),
        }
    }
    schema
}

const REQUIRED: &str = "/properties/data/required";

fn required(more: &[&str], less: &str) -> Value {
    let all = ["order_id", "customer", "lines", "total", "shipping_method", "payment_method"];
    json!(all.iter().filter(|name| **name != less).chain(more).collect::<Vec<_>>())
}

fn currencies(more: &[&str], less: &str) -> Value {
    let released = released();
    let all = released["$defs"]["Currency"]["enum"].as_array().expect("a list of values");
    let kept = all.iter().filter_map(Value::as_str).filter(|code| *code != less);
    json!(kept.chain(more.iter().copied()).collect::<Vec<_>>())
}

fn fields() -> Vec<Evolution> {
    let gift = ("/properties/data/properties/gift", json!({"type": "string"}));
    vec![
        Evolution {
            name: "a new optional field",
            edits: vec![gift.clone()],
            lenient: Ways::Both,
            strict: Ways::Forward,
            breaks: &["B #/properties/data/properties/gift OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL"],
        },
        Evolution {
            name: "a new required field",
            edits: vec![gift.clone(), (REQUIRED, required(&["gift"], ""))],
            lenient: Ways::Forward,
            strict: Ways::Forward,
            breaks: &["B #/properties/data/properties/gift REQUIRED_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL"],
        },
        Evolution {
            name: "a new required field with a default",
            edits: vec![
                (gift.0, json!({"type": "string", "default": "no"})),
                (REQUIRED, required(&["gift"], "")),
            ],
            lenient: Ways::Both,
            strict: Ways::Forward,
            breaks: &[
                "B #/properties/data/properties/gift REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_OPEN_CONTENT_MODEL",
            ],
        },
        Evolution {
            name: "an optional field removed",
            edits: vec![("/properties/metadata/properties/causation_id", Value::Null)],
            lenient: Ways::Both,
            strict: Ways::Backward,
            breaks: &[
                "F #/properties/metadata/properties/causation_id OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL",
            ],
        },
        Evolution {
            name: "a required field removed",
            edits: vec![
                ("/properties/data/properties/total", Value::Null),
                (REQUIRED, required(&[], "total")),
            ],
            lenient: Ways::Backward,
            strict: Ways::Backward,
            breaks: &["F #/properties/data/properties/total REQUIRED_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL"],
        },
        Evolution {
            name: "a required field renamed",
            edits: vec![
                ("/properties/data/properties/total", Value::Null),
                ("/properties/data/properties/amount", json!({"$ref": "#/$defs/Money"})),
                (REQUIRED, required(&["amount"], "total")),
            ],
            lenient: Ways::Neither,
            strict: Ways::Neither,
            breaks: &[
                "B #/properties/data/properties/amount REQUIRED_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL",
                "F #/properties/data/properties/total REQUIRED_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL",
            ],
        },
        Evolution {
            name: "a required field made optional",
            edits: vec![(REQUIRED, required(&[], "payment_method"))],
            lenient: Ways::Backward,
            strict: Ways::Backward,
            breaks: &["F #/properties/data/required/payment_method REQUIRED_ATTRIBUTE_ADDED"],
        },
        Evolution {
            name: "undeclared fields forbidden",
            edits: vec![("/properties/data/additionalProperties", json!(false))],
            lenient: Ways::Both,
            strict: Ways::Forward,
            breaks: &["B #/properties/data/additionalProperties ADDITIONAL_PROPERTIES_REMOVED"],
        },
        Evolution {
            name: "the first alternative alone of a field that may be null",
            edits: vec![(
                "/properties/metadata/properties/causation_id/anyOf",
                json!([{"$ref": "#/$defs/EventId"}]),
            )],
            lenient: Ways::Forward,
            strict: Ways::Forward,
            breaks: &["B #/properties/metadata/properties/causation_id/anyOf SUM_TYPE_NARROWED"],
        },
    ]
}

fn values() -> Vec<Evolution> {
    let same = |name, edits, ways, breaks| Evolution { name, edits, lenient: ways, strict: ways, breaks };
    vec![
        same(
            "another description",
            vec![("/description", json!("Somebody ordered.")), ("/title", json!("Order"))],
            Ways::Both,
            &[],
        ),
        same(
            "a definition put where it was referred to",
            vec![("/properties/event_id", released()["$defs"]["EventId"].clone())],
            Ways::Both,
            &[],
        ),
        same(
            "a value added to a list of values",
            vec![("/$defs/Currency/enum", currencies(&["XXX"], ""))],
            Ways::Backward,
            &["F #/properties/data/properties/total/properties/currency/enum ENUM_ARRAY_NARROWED"],
        ),
        same(
            "a value taken from a list of values",
            vec![("/$defs/Currency/enum", currencies(&[], "EUR"))],
            Ways::Forward,
            &["B #/properties/data/properties/total/properties/currency/enum ENUM_ARRAY_NARROWED"],
        ),
        same(
            "an alternative of fixed values added",
            vec![("/$defs/ShippingMethod/oneOf/2", json!({"type": "string", "const": "drone"}))],
            Ways::Backward,
            &["F #/properties/data/properties/shipping_method/oneOf SUM_TYPE_NARROWED"],
        ),
        same(
            "an alternative of fixed values exchanged",
            vec![("/$defs/ShippingMethod/oneOf/1", json!({"type": "string", "const": "drone"}))],
            Ways::Neither,
            &[
                "B #/properties/data/properties/shipping_method/oneOf COMBINED_TYPE_SUBSCHEMAS_CHANGED",
                "B #/properties/data/properties/shipping_method/oneOf/1/const ENUM_ARRAY_CHANGED",
                "F #/properties/data/properties/shipping_method/oneOf COMBINED_TYPE_SUBSCHEMAS_CHANGED",
                "F #/properties/data/properties/shipping_method/oneOf/1/const ENUM_ARRAY_CHANGED",
            ],
        ),
        same(
            "another event type",
            vec![("/properties/event_type/const", json!("OrderPlaced"))],
            Ways::Neither,
            &[
                "B #/properties/event_type/const ENUM_ARRAY_CHANGED",
                "F #/properties/event_type/const ENUM_ARRAY_CHANGED",
            ],
        ),
        same(
            "an integer that may be a fraction",
            vec![("/properties/metadata/properties/sequence/type", json!("number"))],
            Ways::Backward,
            &["F #/properties/metadata/properties/sequence/type TYPE_NARROWED"],
        ),
        same(
            "a text that may be null",
            vec![("/$defs/Sku/type", json!(["string", "null"]))],
            Ways::Backward,
            &["F #/properties/data/properties/lines/items/properties/sku/type TYPE_NARROWED"],
        ),
        same(
            "a number where a text was",
            vec![("/$defs/CustomerId", json!({"type": "integer"}))],
            Ways::Neither,
            &[
                "B #/properties/data/properties/customer/properties/customer_id/type TYPE_CHANGED",
                "F #/properties/data/properties/customer/properties/customer_id/type TYPE_CHANGED",
            ],
        ),
        same(
            "a greater bound, one more than 2^53 - 1",
            vec![("/properties/metadata/properties/sequence/maximum", json!(9_007_199_254_740_992_u64))],
            Ways::Backward,
            &["F #/properties/metadata/properties/sequence/maximum MAXIMUM_DECREASED"],
        ),
        same(
            "a higher least number",
            vec![("/properties/metadata/properties/sequence/minimum", json!(1))],
            Ways::Forward,
            &["B #/properties/metadata/properties/sequence/minimum MINIMUM_INCREASED"],
        ),
        same(
            "a longer text",
            vec![("/$defs/CustomerId/maxLength", json!(128))],
            Ways::Backward,
            &[
                "F #/properties/data/properties/customer/properties/customer_id/maxLength MAX_LENGTH_DECREASED",
            ],
        ),
        same(
            "a longer list",
            vec![("/properties/data/properties/lines/maxItems", json!(100))],
            Ways::Backward,
            &["F #/properties/data/properties/lines/maxItems MAX_ITEMS_DECREASED"],
        ),
        same(
            "a list that may be empty",
            vec![("/properties/data/properties/lines/minItems", Value::Null)],
            Ways::Backward,
            &["F #/properties/data/properties/lines/minItems MIN_ITEMS_ADDED"],
        ),
        same(
            "another pattern",
            vec![("/$defs/CustomerId/pattern", json!("^[a-z]+$"))],
            Ways::Neither,
            &[
                "B #/properties/data/properties/customer/properties/customer_id/pattern PATTERN_CHANGED",
                "F #/properties/data/properties/customer/properties/customer_id/pattern PATTERN_CHANGED",
            ],
        ),
        same(
            "no pattern beside a reference",
            vec![("/properties/metadata/properties/version/pattern", Value::Null)],
            Ways::Backward,
            &["F #/properties/metadata/properties/version/pattern PATTERN_CHANGED"],
        ),
        same(
            "a third alternative",
            vec![(
                "/properties/metadata/properties/causation_id/anyOf",
                json!([{"$ref": "#/$defs/EventId"}, {"type": "null"}, {"type": "integer"}]),
            )],
            Ways::Backward,
            &["F #/properties/metadata/properties/causation_id/anyOf SUM_TYPE_NARROWED"],
        ),
    ]
}

#[test]
fn every_change_means_in_every_mode_what_the_table_says() {
    let released = released();
    let old = SchemaDocument::new(released.clone()).expect("a schema");
    for evolution in fields().into_iter().chain(values()) {
        let name = evolution.name;
        let new = SchemaDocument::new(edited(released.clone(), &evolution.edits)).expect(name);
        for (policy, wanted) in [(Policy::Lenient, evolution.lenient), (Policy::Strict, evolution.strict)] {
            for mode in Mode::ALL {
                let report = check(mode, policy, &new, &[("1.0".to_owned(), &old)]);
                let found = report.is_compatible();
                assert_eq!(
                    found,
                    wanted.allowed_in(mode),
                    "{name}, {policy:?}, {}: {report:#?}",
                    mode.name()
                );
            }
        }
        let report = check(Mode::Full, Policy::Strict, &new, &[("1.0".to_owned(), &old)]);
        let found: BTreeSet<String> = report
            .breaking()
            .map(|(comparison, difference)| {
                assert!(!difference.why.is_empty());
                let direction = if comparison.direction == Direction::Backward { 'B' } else { 'F' };
                format!("{direction} {} {}", difference.path, difference.kind.name())
            })
            .collect();
        let wanted: BTreeSet<String> = evolution.breaks.iter().map(|text| (*text).to_owned()).collect();
        assert_eq!(found, wanted, "{name}");
        let directions = |letter| !evolution.breaks.iter().any(|text| text.starts_with(letter));
        assert_eq!(
            evolution.strict,
            Ways::of(directions('B'), directions('F')),
            "{name}: the row contradicts itself"
        );
    }
}

/// A field that goes and comes back with another type: each step is allowed, both together are not.
#[test]
fn only_a_transitive_mode_sees_what_comes_back() {
    let first = released();
    let without = edited(first.clone(), &[("/properties/metadata/properties/causation_id", Value::Null)]);
    let again = edited(
        without.clone(),
        &[("/properties/metadata/properties/causation_id", json!({"type": "integer"}))],
    );
    let documents = [first, without, again].map(|schema| SchemaDocument::new(schema).expect("a schema"));
    let released = [("1.0".to_owned(), &documents[0]), ("1.1".to_owned(), &documents[1])];
    for mode in Mode::ALL {
        let report = check(mode, Policy::Lenient, &documents[2], &released);
        assert_eq!(report.is_compatible(), !mode.is_transitive(), "{}", mode.name());
        assert!(report.breaking().all(|(comparison, _)| comparison.released == "1.0"), "{report:#?}");
    }
}

#[test]
fn the_first_version_is_compatible_with_nothing_before_it() {
    let new = SchemaDocument::new(released()).expect("a schema");
    for mode in Mode::ALL {
        assert!(check(mode, Policy::Strict, &new, &[]).is_compatible());
    }
}
