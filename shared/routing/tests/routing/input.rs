//! What targets receive: the examples of the user guide, each rule of the placeholders, and what is refused.

use std::collections::BTreeMap;

use proptest::prelude::*;
use semel_routing::input::{Input, Matched, Remark, Rendered};
use serde_json::{Value, json};

const MATCHED: Matched<'static> = Matched {
    rule_name: "example",
    rule_arn: "arn:aws:events:us-east-2:123456789012:rule/example",
    ingestion_time: "2015-11-11T21:29:55Z",
};

fn event() -> Value {
    json!({
        "version": "0",
        "detail-type": "EC2 Instance State-change Notification",
        "time": "2015-11-11T21:29:54Z",
        "resources": ["arn:aws:ec2:us-east-1:123456789012:instance/i-abcd1111"],
        "detail": { "instance-id": "i-0123456789", "state": "RUNNING", "cpu": 1.5, "up": true, "tags": { "a": "b" },
            "none": null, "said": "a \"word\"" },
    })
}

fn paths() -> BTreeMap<String, String> {
    let paths = [
        ("instance", "$.detail.instance-id"),
        ("state", "$.detail.state"),
        ("cpu", "$.detail.cpu"),
        ("up", "$.detail.up"),
        ("tags", "$.detail.tags"),
        ("none", "$.detail.none"),
        ("said", "$.detail.said"),
        ("resource", "$.resources[0]"),
        ("missing", "$.detail.colour"),
    ];
    paths.map(|(name, path)| (name.to_owned(), path.to_owned())).into()
}

fn rendered(template: &str) -> Rendered {
    Input::transformer(&paths(), template).expect(template).render(&event(), MATCHED)
}

#[test]
fn templates_become_what_the_user_guide_shows() {
    let envelope = r#"{"detail-type":"EC2 Instance State-change Notification","resources":["arn:aws:ec2:us-east-1:123456789012:instance/i-abcd1111"],"time":"2015-11-11T21:29:54Z","version":"0"}"#;
    for (template, expected) in [
        (r#""instance <instance> is in <state>""#, r#""instance i-0123456789 is in RUNNING""#),
        (r#""instance \"<instance>\" is in <state>""#, r#""instance \"i-0123456789\" is in RUNNING""#),
        (
            r#"{ "instance": <instance>, "state": <state> }"#,
            r#"{ "instance": "i-0123456789", "state": "RUNNING" }"#,
        ),
        (
            r#"{"instance": <instance>, "state": "<state>", "s": "instance \"<instance>\" is in <state>"}"#,
            r#"{"instance": "i-0123456789", "state": "RUNNING", "s": "instance \"i-0123456789\" is in RUNNING"}"#,
        ),
        (r#"{"state": [9, <state>, true], "x": "Yes"}"#, r#"{"state": [9, "RUNNING", true], "x": "Yes"}"#),
        (
            r#"{"arn": <aws.events.rule-arn>, "name": <aws.events.rule-name>, "at": <aws.events.event.ingestion-time>}"#,
            r#"{"arn": "arn:aws:events:us-east-2:123456789012:rule/example", "name": "example", "at": "2015-11-11T21:29:55Z"}"#,
        ),
        (r#""<aws.events.rule-name> triggered""#, r#""example triggered""#),
        (
            r#"{"cpu": <cpu>, "up": <up>, "tags": <tags>, "none": <none>}"#,
            r#"{"cpu": 1.5, "up": true, "tags": {"a":"b"}, "none": null}"#,
        ),
        // Inside a text an object loses its quotation marks.
        (r#""<cpu> <up> <tags> <none>""#, r#""1.5 true {a:b} null""#),
        (r#""<resource>""#, r#""arn:aws:ec2:us-east-1:123456789012:instance/i-abcd1111""#),
        // As lines of a mail.
        ("\"<instance>\"\n\"<state>\"", "\"i-0123456789\"\n\"RUNNING\""),
        ("<instance> is in state <state>", "i-0123456789 is in state RUNNING"),
        (r#""a < b > c <> <a b>""#, r#""a < b > c <> <a b>""#),
        (r#"{"event": <aws.events.event>}"#, &format!(r#"{{"event": {envelope}}}"#)),
    ] {
        let found = rendered(template);
        let (text, expected) = (found.text.as_str(), expected);
        // The order of an object's members depends on features of `serde_json` that others turn on.
        match (serde_json::from_str::<Value>(text), serde_json::from_str::<Value>(expected)) {
            (Ok(text), Ok(expected)) => assert_eq!(text, expected, "{template}"),
            _ => assert_eq!(text, expected, "{template}"),
        }
        assert_eq!(found.remarks, [], "{template}");
    }
}

#[test]
fn what_the_event_does_not_have_is_told() {
    let missing = Remark::Missing("$.detail.colour".to_owned());
    for (template, expected) in [
        (r#"{"a": <missing>, "b": "<missing>!"}"#, r#"{"a": "", "b": "!"}"#),
        ("colour: <missing>", "colour: "),
    ] {
        let found = rendered(template);
        assert_eq!((found.text.as_str(), found.remarks.as_slice()), (expected, [missing.clone()].as_slice()));
    }
    let path = Input::path("$.detail.colour").expect("a path").render(&event(), MATCHED);
    assert_eq!(path, Rendered { text: event().to_string(), remarks: vec![missing] });
}

#[test]
fn values_inside_texts_are_not_escaped() {
    let found = rendered(r#"{"said": "<said>"}"#);
    assert_eq!(found.text, r#"{"said": "a "word""}"#);
    assert!(matches!(found.remarks.as_slice(), [Remark::NotJson(_)]), "{found:?}");
    assert_eq!(
        rendered(r#"{"said": <said>}"#),
        Rendered { text: r#"{"said": "a \"word\""}"#.to_owned(), remarks: Vec::new() }
    );
}

#[test]
fn parts_and_constants() {
    let of = |input: Input| input.render(&event(), MATCHED).text;
    assert_eq!(of(Input::path("$.detail.state").expect("a path")), r#""RUNNING""#);
    assert_eq!(of(Input::path("$.detail.tags").expect("a path")), r#"{"a":"b"}"#);
    assert_eq!(of(Input::constant(&json!({ "a": [1] })).expect("small")), r#"{"a":[1]}"#);
    assert_eq!(of(Input::Event), event().to_string());
    let refused = Input::constant(&json!("x".repeat(8_191))).expect_err("too long");
    assert_eq!(refused.to_string(), "input: has 8193 characters, and 8192 fit");
}

#[track_caller]
fn refused(paths: &[(&str, &str)], template: &str) -> String {
    let paths = paths.iter().map(|(name, path)| ((*name).to_owned(), (*path).to_owned())).collect();
    Input::transformer(&paths, template).expect_err(template).to_string()
}

#[test]
fn what_eventbridge_refuses_is_refused() {
    let one = [("a", "$.detail.a")];
    for (template, reason) in [
        ("", "input_template: is empty"),
        ("<b>", "<b> stands for nothing"),
        (r#"{"a": <A>}"#, "<A> stands for nothing"),
        (r#"{"a": <a>"#, "input_template: is not JSON"),
        (r#"{"a": "<a>}"#, "input_template: is not JSON"),
        ("{<a>: 1}", "input_template: is not JSON"),
        (r#"{"<a>": 1}"#, "cannot be part of a key"),
        (r#"[{"b": {"x-<a>": 1}}]"#, "cannot be part of a key"),
        (r#"{"a": "b <aws.events.event.json>"}"#, "only be the value of a field"),
        ("all: <aws.events.event>", "only be the value of a field"),
        (r#"{"a": <aws.events.event.time>}"#, "stands for nothing"),
        (&format!("\"{}\"", "x".repeat(8_191)), "8193 characters"),
    ] {
        let found = refused(&one, template);
        assert!(found.contains(reason), "{template}: {found}");
    }
    for (name, path, reason) in [
        ("a", "detail.a", "input_paths.a: \"detail.a\" does not begin with $"),
        ("aws.events.rule-name", "$.a", "reserved"),
        ("AWS.x", "$.a", "reserved"),
        ("a b", "$.a", "a name is"),
        ("", "$.a", "a name is"),
    ] {
        let found = refused(&[(name, path)], "x");
        assert!(found.contains(reason), "{name}: {found}");
    }
    let many: BTreeMap<String, String> = (0..101).map(|n| (format!("v{n}"), "$.a".to_owned())).collect();
    let found = Input::transformer(&many, "x").expect_err("too many").to_string();
    assert_eq!(found, "input_paths: there are 101, and 100 are allowed");
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,3}", inner, 0..3)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    /// A placeholder that stands alone becomes the value, whatever it is; so JSON stays JSON.
    #[test]
    fn a_value_stays_the_value(value in value()) {
        let paths = [("v".to_owned(), "$.detail.v".to_owned())].into();
        let input = Input::transformer(&paths, r#"{"v": <v>, "n": [<v>]}"#).expect("a template");
        let found = input.render(&json!({ "detail": { "v": value } }), MATCHED);
        prop_assert_eq!(found.remarks, []);
        let text: Value = serde_json::from_str(&found.text).expect("JSON");
        prop_assert_eq!(text, json!({ "v": value, "n": [value] }));
    }

    /// Inside a text a text without special characters is found as it is.
    #[test]
    fn a_text_inside_a_text(value in "[^\"\\\\\\p{Cc}]*") {
        let paths = [("v".to_owned(), "$.v".to_owned())].into();
        let found = Input::transformer(&paths, r#"["<v>-<v>"]"#).expect("a template")
            .render(&json!({ "v": value }), MATCHED);
        let text: Value = serde_json::from_str(&found.text).expect("JSON");
        prop_assert_eq!(text, json!([format!("{value}-{value}")]));
    }

    /// Whatever is taken is rendered, and without placeholders comes out as it is.
    #[test]
    fn anything_is_refused_or_rendered(template in "[\\[\\]{}\"<>:, a\\\\$.é]*", path in "\\PC*") {
        if let Ok(input) = Input::path(&path) {
            input.render(&event(), MATCHED);
        }
        let paths = [("a".to_owned(), "$.detail.none".to_owned())].into();
        if let Ok(input) = Input::transformer(&paths, &template) {
            let found = input.render(&event(), MATCHED);
            if !template.contains("<a>") {
                prop_assert_eq!(&found.text, &template);
            }
            prop_assert_eq!(found.remarks, []);
        }
    }
}
