//! What holds for every pattern and event.

use proptest::prelude::*;
use semel_routing::{Pattern, RuleSet};
use serde_json::{Value, json};

/// Few different values, so that they meet.
fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3_i64..4).prop_map(Value::from),
        (-6_i32..7).prop_map(|half| json!(f64::from(half) / 2.0)),
        "[abAB]{0,3}".prop_map(Value::from),
        prop_oneof![Just("10.0.0.1"), Just("10.0.1.1"), Just("::1")].prop_map(Value::from),
    ]
}

fn text() -> impl Strategy<Value = String> {
    "[abAB]{0,2}"
}

/// An entry of a field's list.
fn condition() -> impl Strategy<Value = Value> {
    prop_oneof![
        3 => scalar(),
        1 => text().prop_map(|text| json!({ "prefix": text })),
        1 => text().prop_map(|text| json!({ "prefix": { "equals-ignore-case": text } })),
        1 => text().prop_map(|text| json!({ "suffix": text })),
        1 => text().prop_map(|text| json!({ "equals-ignore-case": text })),
        1 => text().prop_map(|text| json!({ "wildcard": format!("{text}*") })),
        1 => text().prop_map(|text| json!({ "anything-but": text })),
        1 => "[ab]{1,2}".prop_map(|text| json!({ "anything-but": { "prefix": text } })),
        1 => (-3_i64..3).prop_map(|low| json!({ "numeric": [">=", low, "<", low + 2] })),
        1 => Just(json!({ "cidr": "10.0.0.0/24" })),
        1 => any::<bool>().prop_map(|exists| json!({ "exists": exists })),
    ]
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![Just("a"), Just("b"), Just("c")].prop_map(str::to_owned)
}

fn pattern() -> impl Strategy<Value = Value> {
    let list = prop::collection::vec(condition(), 1..3).prop_map(Value::from);
    let tree = list.prop_recursive(2, 8, 3, |inner| {
        prop::collection::btree_map(name(), inner, 1..3).prop_map(|fields| json!(fields))
    });
    let object = prop::collection::btree_map(name(), tree, 1..3).prop_map(|fields| json!(fields));
    (object, prop::option::of(prop::collection::vec(condition(), 1..3))).prop_map(|(mut object, choice)| {
        if let Some(conditions) = choice {
            object["$or"] = json!([{ "x": conditions }, { "y": [1, "a"] }]);
        }
        object
    })
}

fn event() -> impl Strategy<Value = Value> {
    let inner = scalar().prop_recursive(3, 16, 3, |inner| {
        prop_oneof![
            prop::collection::btree_map(name(), inner.clone(), 0..3).prop_map(|fields| json!(fields)),
            prop::collection::vec(inner, 0..3).prop_map(Value::from),
        ]
    });
    let names = prop_oneof![name(), Just("x".to_owned()), Just("y".to_owned())];
    prop::collection::btree_map(names, inner, 0..5).prop_map(|fields| json!(fields))
}

fn takes(condition: &Value, value: &Value) -> bool {
    Pattern::parse(&json!({ "f": [condition] })).unwrap().matches(&json!({ "f": value }))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn anything_but_is_not(value in scalar(), word in "[ab]{1,2}", number in -3_i64..4) {
        for (plain, but) in [
            // A text that may be an address is compared as one only where it is asked for.
            (json!(word), json!(word)),
            (json!(number), json!(number)),
            (json!({ "prefix": word }), json!({ "prefix": word })),
            (json!({ "suffix": word }), json!({ "suffix": word })),
            (json!({ "equals-ignore-case": word }), json!({ "equals-ignore-case": word })),
            (json!({ "wildcard": format!("*{word}*") }), json!({ "wildcard": format!("*{word}*") })),
        ] {
            prop_assert_eq!(takes(&json!({ "anything-but": but }), &value), !takes(&plain, &value), "{}", plain);
        }
    }

    #[test]
    fn exists_or_does_not(event in event()) {
        let pattern = |exists: bool| Pattern::parse(&json!({ "a": { "b": [{ "exists": exists }] } })).unwrap();
        prop_assert_ne!(pattern(true).matches(&event), pattern(false).matches(&event));
    }

    #[test]
    fn a_list_takes_what_any_entry_takes(first in condition(), second in condition(), value in scalar()) {
        let both = Pattern::parse(&json!({ "f": [first, second] })).unwrap();
        prop_assert_eq!(both.matches(&json!({ "f": value })), takes(&first, &value) || takes(&second, &value));
    }

    #[test]
    fn many_rules_match_as_each_alone(patterns in prop::collection::vec(pattern(), 1..12), event in event()) {
        let patterns: Vec<Pattern> = patterns.iter().map(|each| Pattern::parse(each).unwrap()).collect();
        let rules: RuleSet<usize> = patterns.iter().cloned().enumerate().collect();
        let alone: Vec<usize> = (0..patterns.len()).filter(|at| patterns[*at].matches(&event)).collect();
        let text = event.to_string();
        prop_assert_eq!(rules.matching(&event).into_iter().copied().collect::<Vec<_>>(), alone.clone());
        prop_assert_eq!(rules.matching_json(text.as_bytes()).unwrap().into_iter().copied().collect::<Vec<_>>(), alone);
    }

    #[test]
    fn what_matches_has_no_explanation_and_what_does_not_has_one(pattern in pattern(), event in event()) {
        let pattern = Pattern::parse(&pattern).unwrap();
        prop_assert_eq!(pattern.explain(&event).unwrap().is_empty(), pattern.matches(&event));
        prop_assert_eq!(pattern.matches_json(event.to_string().as_bytes()).unwrap(), pattern.matches(&event));
    }

    #[test]
    fn other_fields_change_nothing(pattern in pattern(), event in event(), other in scalar()) {
        let pattern = Pattern::parse(&pattern).unwrap();
        let before = pattern.matches(&event);
        let mut more = event;
        more["other"] = json!([{ "a": other }]);
        prop_assert_eq!(pattern.matches(&more), before);
    }

    #[test]
    fn no_text_breaks_it(text in ".{0,40}", event in "\\PC{0,40}") {
        let pattern = Pattern::parse(&json!({ "a": [text, { "prefix": text }] })).unwrap();
        let _no_panic = pattern.matches_json(event.as_bytes());
        let _no_panic = Pattern::from_json(&event);
        for operator in ["wildcard", "cidr", "equals-ignore-case", "suffix"] {
            if let Ok(pattern) = Pattern::parse(&json!({ "a": [{ operator: text }] })) {
                pattern.matches(&json!({ "a": event }));
                pattern.matches(&json!({ "a": text }));
            }
        }
    }

    #[test]
    fn a_text_equals_itself_in_any_case(text in "\\PC{0,12}") {
        let lower = |letter: char| letter.to_lowercase().collect::<String>();
        let upper = |letter: char| letter.to_uppercase().collect::<String>();
        // Title case letters equal neither of their cases, and beyond the basic plane letters have none.
        let has_cases = |letter: char| {
            letter <= '\u{FFFF}' && [lower(letter), upper(letter)].contains(&letter.to_string())
        };
        let text: String = text.chars().filter(|letter| has_cases(*letter)).collect();
        for changed in [text.clone(), text.chars().map(lower).collect(), text.chars().map(upper).collect()] {
            for condition in [
                json!({ "equals-ignore-case": text }),
                json!({ "prefix": { "equals-ignore-case": text } }),
                json!({ "suffix": { "equals-ignore-case": text } }),
            ] {
                prop_assert!(takes(&condition, &json!(changed)), "{} {}", condition, changed);
            }
        }
    }
}
