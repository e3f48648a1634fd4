//! What a rules file may say, and that every slip is named with its place.

use semel_routing::check::EventKind;
use serde_json::{Value, json};

use super::super::{file, wanted};

const BUS: &str = "arn:aws:events:eu-central-1:123456789012:event-bus/shop";

fn good() -> Value {
    json!({
        "name": "partners",
        "bus": "shop",
        "rules": [{
            "name": "partners-feed",
            "description": "Cancelled orders for the partners",
            "state": "DISABLED",
            "pattern": { "source": ["com.ecommerce.orders"], "detail-type": ["OrderCancelled"] },
            "targets": [
                {
                    "id": "queue",
                    "queue": "feed.fifo",
                    "message_group_id": "all",
                    "input_transformer": {
                        "input_paths": { "id": "$.detail.data.order_id" },
                        "input_template": "{\"order\": <id>}",
                    },
                    "dead_letter": "arn:aws:sqs:eu-central-1:123456789012:dead",
                    "retry": { "maximum_event_age_seconds": 60 },
                },
                { "id": "function", "function": "audit", "input_path": "$.detail" },
                { "id": "topic", "topic": "news", "input": { "news": true } },
                { "id": "elsewhere", "arn": "arn:aws:states:us-east-1:1:stateMachine:x", "role": "arn:aws:iam::1:role/r" },
            ],
        }],
    })
}

/// The file with another value at a pointer; `None` takes it away.
fn with(pointer: &str, value: Option<Value>) -> String {
    let mut file = good();
    let (parent, field) = pointer.rsplit_once('/').expect("a pointer");
    let parent = file.pointer_mut(parent).expect("the parent is there");
    match value {
        Some(value) => parent[field] = value,
        None => drop(parent.as_object_mut().expect("an object").remove(field)),
    }
    file.to_string()
}

#[test]
fn a_good_file_becomes_rules() {
    let file = file::parse(&good().to_string()).expect("is a rules file");
    assert_eq!(file.faults(), Vec::<String>::new());
    let rules = wanted::rules(&file, BUS);
    assert_eq!(rules[0].arn, "arn:aws:events:eu-central-1:123456789012:rule/shop/partners-feed");
    assert!(!rules[0].is_enabled);
    let arns: Vec<&str> = rules[0].targets.iter().map(|target| target.arn.as_str()).collect();
    assert_eq!(
        arns,
        [
            "arn:aws:sqs:eu-central-1:123456789012:feed.fifo",
            "arn:aws:lambda:eu-central-1:123456789012:function:audit",
            "arn:aws:sns:eu-central-1:123456789012:news",
            "arn:aws:states:us-east-1:1:stateMachine:x",
        ]
    );
    let retry = rules[0].targets[0].retry;
    assert_eq!((retry.maximum_event_age_seconds, retry.maximum_attempts), (60, 185));
    assert_eq!(wanted::rule_arn("arn:aws:events:r:1:event-bus/default", "a"), "arn:aws:events:r:1:rule/a");
}

#[test]
fn yaml_is_read_as_well() {
    let text = "
name: partners
rules:
  - name: feed
    pattern: { source: [x] }
    targets: [{ id: a, queue: q }]
";
    let file = file::parse(text).expect("is a rules file");
    assert_eq!(file.faults(), Vec::<String>::new());
    assert_eq!((file.rules[0].state, file.bus), (file::State::Enabled, None));
}

#[test]
fn what_the_form_does_not_have_is_refused_with_its_place() {
    for (text, words) in [
        (with("/colour", Some(json!(1))), ["colour", "unknown field"]),
        (with("/rules/0/patern", Some(json!({}))), ["rules[0]", "unknown field `patern`"]),
        (
            with("/rules/0/targets/0/inputs", Some(json!(1))),
            ["rules[0].targets[0]", "unknown field `inputs`"],
        ),
        (
            with("/rules/0/targets/0/retry/age", Some(json!(1))),
            ["rules[0].targets[0].retry", "unknown field `age`"],
        ),
        (
            with("/rules/0/targets/0/input_transformer/template", Some(json!("x"))),
            ["rules[0].targets[0].input_transformer", "unknown field `template`"],
        ),
        (with("/rules/0/state", Some(json!("ON"))), ["rules[0].state", "unknown variant `ON`"]),
        (with("/rules/0/targets", Some(json!("q"))), ["rules[0].targets", "invalid type"]),
        (with("/rules/0/pattern", None), ["rules[0]", "missing field `pattern`"]),
        (with("/name", None), ["", "missing field `name`"]),
        ("name: a\nname: b\nrules: []".to_owned(), ["duplicate", "name"]),
        (
            with("/rules/0/pattern", Some(json!({ "source": ["x"] })))
                .replace("\"source\"", "\"source\":[\"y\"],\"source\""),
            ["duplicate", "source"],
        ),
        (
            "name: a\nrules: [{ name: a, pattern: { source: [!Ref X] }, targets: [] }]".to_owned(),
            ["rules[0]", ""],
        ),
        ("[".to_owned(), ["", ""]),
        (String::new(), ["", ""]),
    ] {
        let refused = file::parse(&text).expect_err(&text);
        assert!(words.iter().all(|word| refused.contains(word)), "{words:?} in {refused}");
    }
}

#[test]
fn what_eventbridge_would_refuse_is_named_with_its_place() {
    let target = "/rules/0/targets/0";
    let long = "x".repeat(4_096);
    for (pointer, value, fault) in [
        ("/name", json!("a b"), "name: has 1 to 64"),
        ("/rules/0/name", json!("a/b"), "rules[0] (a/b): name: has 1 to 64"),
        ("/rules/0/name", json!("x".repeat(65)), "name: has 1 to 64"),
        ("/rules/0/description", json!("x".repeat(513)), "description: 512 characters fit"),
        (
            "/rules/0/pattern",
            json!({ "source": "x" }),
            "pattern: Event pattern is not valid. Reason: \"source\" must be",
        ),
        ("/rules/0/pattern", json!({ "source": [long] }), "pattern: has 4111 characters, and 4096 fit"),
        ("/rules/0/targets", json!([]), "targets: a rule has 1 to 5, not 0"),
        (target, json!({ "id": "a" }), "targets[0].arn: exactly one of"),
        (target, json!({ "id": "a", "queue": "q", "topic": "t" }), "targets[0].arn: exactly one of"),
        (target, json!({ "id": "a", "queue": "a:b" }), "\"a:b\" is no name"),
        (target, json!({ "id": "a", "arn": "queue" }), "arn: \"queue\" is no ARN"),
        (target, json!({ "id": "function", "queue": "q" }), "targets[1].id: there is another target"),
        (target, json!({ "id": "", "queue": "q" }), "targets[0].id: has 1 to 64"),
        (
            target,
            json!({ "id": "a", "queue": "q", "input": 1, "input_path": "$" }),
            "one of input, input_path and",
        ),
        (
            target,
            json!({ "id": "a", "queue": "q", "input_path": "detail" }),
            "input_path: \"detail\" does not begin",
        ),
        (
            target,
            json!({ "id": "a", "queue": "q", "input_transformer": { "input_template": "<x>" } }),
            "targets[0].input_transformer.input_template: <x> stands for nothing",
        ),
        (target, json!({ "id": "a", "queue": "q.fifo" }), "message_group_id: a queue with order needs one"),
        (target, json!({ "id": "a", "topic": "t", "message_group_id": "g" }), "only queues have groups"),
        (
            target,
            json!({ "id": "a", "queue": "q", "dead_letter": "dead" }),
            "not the ARN of a standard queue",
        ),
        (
            target,
            json!({ "id": "a", "queue": "q", "dead_letter": "arn:aws:sqs:r:1:d.fifo" }),
            "standard queue",
        ),
        (target, json!({ "id": "a", "queue": "q", "role": "arn:aws:sqs:r:1:d" }), "not the ARN of a role"),
        (target, json!({ "id": "a", "queue": "q", "retry": { "maximum_attempts": 186 } }), "from 0 to 185"),
        (
            target,
            json!({ "id": "a", "queue": "q", "retry": { "maximum_event_age_seconds": 59 } }),
            "retry.maximum_event_age_seconds: from 60 to 86400",
        ),
    ] {
        let mut changed = good();
        *changed.pointer_mut(pointer).expect("is there") = value.clone();
        let file = file::parse(&changed.to_string()).unwrap_or_else(|refused| panic!("{value}: {refused}"));
        let faults = file.faults();
        assert!(faults.iter().any(|found| found.contains(fault)), "{value}: {faults:#?}");
    }
    let mut twice = good();
    let rule = twice["rules"][0].clone();
    twice["rules"] = json!([rule, rule]);
    let faults = file::parse(&twice.to_string()).expect("is a rules file").faults();
    assert_eq!(faults, ["rules[1] (partners-feed): there is another rule of this name"]);
}

#[test]
fn patterns_are_held_against_the_schemas() {
    let schema = json!({ "type": "object", "properties": { "data": { "type": "object", "properties": {
        "order_id": { "type": "string" } }, "additionalProperties": false } }, "additionalProperties": false });
    let kinds = [EventKind::new("com.ecommerce.orders", "OrderCancelled", &schema, json!({}))];
    let misfits = |pattern: Value| {
        let mut file = good();
        file["rules"][0]["pattern"] = pattern;
        wanted::misfits(&file::parse(&file.to_string()).expect("is a rules file"), &kinds)
    };
    assert_eq!(misfits(good()["rules"][0]["pattern"].clone()), Vec::<String>::new());
    let found =
        misfits(json!({ "detail-type": ["OrderCancelled"], "detail": { "data": { "order": ["x"] } } }));
    assert_eq!(
        found,
        ["partners-feed: detail.data.order: no schema has this field: it is in no OrderCancelled"]
    );
}
