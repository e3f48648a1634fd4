//! Arrays in events: any element may match, but fields of two elements of one array are not combined.

use semel_routing::Pattern;
use serde_json::{Value, json};

fn matches(pattern: &Value, event: &Value) -> bool {
    let pattern = Pattern::parse(pattern).unwrap();
    let found = pattern.matches(event);
    assert_eq!(pattern.matches_json(event.to_string().as_bytes()).unwrap(), found, "{event}");
    assert_eq!(pattern.explain(event).unwrap().is_empty(), found, "{event}");
    found
}

#[test]
fn fields_of_one_element() {
    let pattern = json!({ "lines": { "sku": ["A"], "quantity": [{ "numeric": [">", 1] }] } });
    assert!(matches(
        &pattern,
        &json!({ "lines": [{ "sku": "B", "quantity": 1 }, { "sku": "A", "quantity": 2 }] })
    ));
    assert!(!matches(
        &pattern,
        &json!({ "lines": [{ "sku": "A", "quantity": 1 }, { "sku": "B", "quantity": 2 }] })
    ));
    assert!(matches(&pattern, &json!({ "lines": { "sku": "A", "quantity": 2 } })));
}

#[test]
fn elements_that_are_values_go_with_everything() {
    let pattern = json!({ "tags": ["x"], "data": { "a": [1], "b": [2] } });
    assert!(matches(&pattern, &json!({ "tags": ["w", "x"], "data": [{ "a": 1, "b": 2 }] })));
    // Both arrays of values: any element of one goes with any of the other.
    let both = json!({ "a": [1], "b": [2] });
    assert!(matches(&both, &json!({ "a": [0, 1], "b": [2, 3] })));
}

#[test]
fn arrays_within_arrays() {
    let pattern = json!({ "o": { "name": ["n"], "i": { "x": [1], "y": [2] } } });
    let element = |name: &str, inner: Value| json!({ "name": name, "i": inner });
    assert!(matches(
        &pattern,
        &json!({ "o": [element("m", json!([])), element("n", json!([{ "x": 1, "y": 2 }]))] })
    ));
    assert!(!matches(&pattern, &json!({ "o": [element("n", json!([{ "x": 1 }, { "y": 2 }]))] })));
    assert!(!matches(
        &pattern,
        &json!({ "o": [element("n", json!([])), element("m", json!([{ "x": 1, "y": 2 }]))] })
    ));
    // Arrays directly inside arrays are elements of the outer one.
    let two = json!({ "m": { "x": [1], "y": [2] } });
    assert!(matches(&two, &json!({ "m": [[{ "x": 1, "y": 2 }]] })));
    assert!(!matches(&two, &json!({ "m": [[{ "x": 1 }], [{ "y": 2 }]] })));
    assert!(!matches(&two, &json!({ "m": [[{ "x": 1 }, { "y": 2 }]] })));
}

#[test]
fn independent_arrays() {
    let pattern = json!({ "a": { "x": [1], "y": [2] }, "b": { "x": [1], "y": [2] } });
    let good = json!([{ "x": 1 }, { "x": 1, "y": 2 }]);
    let bad = json!([{ "x": 1 }, { "y": 2 }]);
    assert!(matches(&pattern, &json!({ "a": good, "b": good })));
    assert!(!matches(&pattern, &json!({ "a": good, "b": bad })));
    assert!(!matches(&pattern, &json!({ "a": bad, "b": good })));
}

#[test]
fn absence_is_of_the_element_settled_before() {
    // The path before it settles the element, and only there must nothing be.
    let after = json!({ "d": { "a": ["x"], "b": [{ "exists": false }] } });
    assert!(matches(&after, &json!({ "d": [{ "b": 1 }, { "a": "x" }] })));
    assert!(!matches(&after, &json!({ "d": [{ "a": "x", "b": 1 }] })));
    // A path that comes first is settled by nothing: it must be nowhere.
    let before = json!({ "d": { "a": [{ "exists": false }], "b": ["x"] } });
    assert!(!matches(&before, &json!({ "d": [{ "a": 1 }, { "b": "x" }] })));
    assert!(matches(&before, &json!({ "d": [{ "c": 1 }, { "b": "x" }] })));
}

#[test]
fn the_last_of_many() {
    let mut lines: Vec<Value> = (0..5_000).map(|at| json!({ "a": 1, "b": 1, "c": 1, "d": at })).collect();
    let pattern = json!({ "lines": { "a": [1], "b": [1], "c": [1], "d": [-1] } });
    assert!(!matches(&pattern, &json!({ "lines": lines })));
    lines.push(json!({ "a": 1, "b": 1, "c": 1, "d": -1 }));
    assert!(matches(&pattern, &json!({ "lines": lines })));
}
