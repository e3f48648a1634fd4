//! Each operator, on the examples of the `EventBridge` guide and beyond them.

use semel_routing::{Pattern, RuleSet};
use serde_json::{Value, json};

/// The pattern takes all of `yes` and none of `no`: alone, from text, and among other rules.
#[track_caller]
fn check(pattern: &Value, yes: &[Value], no: &[Value]) {
    let read = Pattern::parse(pattern).unwrap_or_else(|refused| panic!("{pattern}: {refused}"));
    let rules: RuleSet<u8> = [(1, read.clone())].into_iter().collect();
    for (expected, events) in [(true, yes), (false, no)] {
        for event in events {
            assert_eq!(read.matches(event), expected, "{pattern} on {event}");
            let text = event.to_string();
            assert_eq!(read.matches_json(text.as_bytes()).unwrap(), expected, "{pattern} on the text {text}");
            assert_eq!(
                rules.matching_json(text.as_bytes()).unwrap().len(),
                usize::from(expected),
                "{pattern}"
            );
            assert_eq!(read.explain(event).unwrap().is_empty(), expected, "{pattern} on {event}");
        }
    }
}

/// The conditions take all of `yes` and none of `no` as values of a field.
#[track_caller]
fn values(conditions: &Value, yes: &[Value], no: &[Value]) {
    let event = |value: &Value| json!({ "detail": { "f": value } });
    check(
        &json!({ "detail": { "f": conditions } }),
        &yes.iter().map(event).collect::<Vec<_>>(),
        &no.iter().map(event).collect::<Vec<_>>(),
    );
}

#[test]
fn exact_values() {
    values(
        &json!(["Alice"]),
        &[json!("Alice")],
        &[json!("alice"), json!("Alice "), json!(null), json!(["Bob"])],
    );
    values(
        &json!(["Credit", "Debit"]),
        &[json!("Credit"), json!("Debit"), json!(["x", "Debit"])],
        &[json!("Cash")],
    );
    values(&json!([{ "exactly": "a" }]), &[json!("a")], &[json!("b")]);
    values(&json!([""]), &[json!("")], &[json!(null), json!(" "), json!([])]);
    values(
        &json!([null]),
        &[json!(null), json!([1, null])],
        &[json!("null"), json!(0), json!(""), json!([])],
    );
    values(&json!([true]), &[json!(true)], &[json!("true"), json!(1), json!(false)]);
}

#[test]
fn and_or() {
    let both = json!({ "Location": ["New York"], "Day": ["Monday"] });
    check(
        &both,
        &[json!({ "Location": "New York", "Day": "Monday", "other": 1 })],
        &[json!({ "Location": "New York" }), json!({ "Location": "New York", "Day": "Tuesday" }), json!({})],
    );
    let either = json!({ "$or": [{ "Location": ["New York"] }, { "Day": ["Monday"] }] });
    check(
        &either,
        &[
            json!({ "Location": "New York" }),
            json!({ "Day": "Monday" }),
            json!({ "Location": "x", "Day": "Monday" }),
        ],
        &[json!({ "Location": "x", "Day": "y" }), json!({})],
    );
    let nested = json!({
        "source": ["aws.cloudwatch"],
        "$or": [
            { "metricName": ["CPUUtilization", "ReadLatency"] },
            {
                "metricType": ["MetricType"],
                "namespace": ["AWS/EC2", "AWS/ES"],
                "$or": [{ "metricId": [1234] }, { "spaceId": [1000] }]
            },
            { "scope": ["Service"] }
        ]
    });
    let source = "aws.cloudwatch";
    check(
        &nested,
        &[
            json!({ "source": source, "metricName": "ReadLatency" }),
            json!({ "source": source, "scope": "Service" }),
            json!({ "source": source, "metricType": "MetricType", "namespace": "AWS/ES", "spaceId": 1000 }),
        ],
        &[
            json!({ "metricName": "ReadLatency" }),
            json!({ "source": source, "metricType": "MetricType", "namespace": "AWS/ES" }),
            json!({ "source": source, "metricType": "MetricType", "spaceId": 1000 }),
        ],
    );
    let guide = json!({ "detail": { "$or": [
        { "c-count": [{ "numeric": [">", 0, "<=", 5] }] },
        { "d-count": [{ "numeric": ["<", 10] }] },
        { "x-limit": [{ "numeric": ["=", 3.018e2] }] }
    ] } });
    check(
        &guide,
        &[
            json!({ "detail": { "c-count": 5 } }),
            json!({ "detail": { "d-count": -3 } }),
            json!({ "detail": { "x-limit": 301.8 } }),
        ],
        &[json!({ "detail": { "c-count": 6, "d-count": 10, "x-limit": 301 } })],
    );
}

#[test]
fn or_as_a_name() {
    // One object is no choice, and an object is no list.
    check(&json!({ "$or": { "a": [1] } }), &[json!({ "$or": { "a": 1 } })], &[json!({ "a": 1 })]);
    check(
        &json!({ "$or": [{ "prefix": "a" }, { "suffix": "b" }] }),
        &[json!({ "$or": "xb" })],
        &[json!({ "a": "a" })],
    );
}

#[test]
fn prefix_and_suffix() {
    values(
        &json!([{ "prefix": "us-" }]),
        &[json!("us-east-1"), json!("us-")],
        &[json!("eu-us-"), json!("US-east"), json!(5)],
    );
    check(
        &json!({ "time": [{ "prefix": "2017-10-02" }] }),
        &[json!({ "time": "2017-10-02T18:43:48Z" })],
        &[json!({ "time": "2017-10-03" })],
    );
    values(
        &json!([{ "prefix": { "equals-ignore-case": "EventB" } }]),
        &[json!("eventbridge"), json!("EVENTB")],
        &[json!("event"), json!("xeventb")],
    );
    values(&json!([{ "suffix": ".png" }]), &[json!("a.png"), json!(".png")], &[json!("a.PNG"), json!("png")]);
    values(
        &json!([{ "suffix": { "equals-ignore-case": ".png" } }]),
        &[json!("a.PNG"), json!("a.PnG")],
        &[json!("a.png.txt")],
    );
    values(&json!([{ "prefix": "" }]), &[json!(""), json!("x")], &[json!(1), json!(null)]);
}

#[test]
fn ignoring_case() {
    values(
        &json!([{ "equals-ignore-case": "alice" }]),
        &[json!("ALICE"), json!("Alice")],
        &[json!("alicea"), json!("al"), json!(1)],
    );
    values(
        &json!([{ "equals-ignore-case": "Straße" }]),
        &[json!("straße"), json!("STRASSE")],
        &[json!("strase")],
    );
    values(&json!([{ "equals-ignore-case": "ÄÖ" }]), &[json!("äö"), json!("äÖ")], &[json!("ao")]);
    values(
        &json!([{ "suffix": { "equals-ignore-case": "É" } }]),
        &[json!("café"), json!("CAFÉ")],
        &[json!("cafe")],
    );
    // The Kelvin sign in lower case is a k, but it is not the letter K.
    values(&json!([{ "equals-ignore-case": "K" }]), &[json!("k")], &[json!("\u{212A}")]);
}

#[test]
fn anything_but() {
    values(
        &json!([{ "anything-but": "initializing" }]),
        &[json!("running"), json!(1), json!(null), json!(true)],
        &[json!("initializing"), json!([])],
    );
    values(
        &json!([{ "anything-but": 123 }]),
        &[json!(124), json!("123"), json!(123.5)],
        &[json!(123), json!(123.0)],
    );
    values(
        &json!([{ "anything-but": ["stopped", "overloaded"] }]),
        &[json!("x"), json!(["stopped", "x"])],
        &[json!("stopped"), json!(["stopped", "overloaded"])],
    );
    values(
        &json!([{ "anything-but": [100, 200, 300] }]),
        &[json!(101), json!("100")],
        &[json!(100), json!(2e2)],
    );
    values(
        &json!([{ "anything-but": { "equals-ignore-case": "initializing" } }]),
        &[json!("initialized")],
        &[json!("INITIALIZING")],
    );
    values(
        &json!([{ "anything-but": { "equals-ignore-case": ["initializing", "stopped"] } }]),
        &[json!("x")],
        &[json!("STOPPED")],
    );
    values(
        &json!([{ "anything-but": { "prefix": "init" } }]),
        &[json!("uninit"), json!(1)],
        &[json!("initial")],
    );
    values(&json!([{ "anything-but": { "prefix": ["init", "error"] } }]), &[json!("ok")], &[json!("error1")]);
    values(&json!([{ "anything-but": { "suffix": ".txt" } }]), &[json!("a.png")], &[json!("a.txt")]);
    values(
        &json!([{ "anything-but": { "suffix": [".txt", ".rtf"] } }]),
        &[json!("a.png")],
        &[json!("a.rtf")],
    );
    values(
        &json!([{ "anything-but": { "wildcard": "*/lib/*" } }]),
        &[json!("/usr/bin/x")],
        &[json!("/usr/lib/x"), json!("/lib/")],
    );
    values(
        &json!([{ "anything-but": { "wildcard": ["*/lib/*", "*/bin/*"] } }]),
        &[json!("/usr/")],
        &[json!("/usr/bin/x")],
    );
    // What is not there is not anything.
    check(
        &json!({ "a": [{ "anything-but": "x" }] }),
        &[json!({ "a": "y" })],
        &[json!({}), json!({ "a": {} })],
    );
    // An address is only a text here.
    values(&json!([{ "anything-but": "::1" }]), &[json!("0:0:0:0:0:0:0:1")], &[json!("::1")]);
}

#[test]
fn numbers() {
    values(&json!([100]), &[json!(100), json!(100.0), json!(1e2)], &[json!("100"), json!(101), json!(null)]);
    values(
        &json!([{ "numeric": [">", 10, "<=", 20] }]),
        &[json!(10.1), json!(20), json!(2e1)],
        &[json!(10), json!(20.1), json!("15")],
    );
    values(&json!([{ "numeric": ["=", 3.018e2] }]), &[json!(301.8)], &[json!(301.81)]);
    values(
        &json!([{ "numeric": [">=", 0, "<", 1] }]),
        &[json!(0), json!(-0.0), json!(0.999)],
        &[json!(1), json!(-1)],
    );
    values(&json!([{ "numeric": ["<", 10] }]), &[json!(-1e300)], &[json!(10)]);
    values(
        &json!([{ "numeric": [">=", -5e9] }]),
        &[json!(-5_000_000_000_i64), json!(1e18)],
        &[json!(-5_000_000_001_i64)],
    );
    // More digits than a double holds: the very number matches, its neighbours and ranges do not.
    values(
        &json!([9_007_199_254_740_993_u64]),
        &[json!(9_007_199_254_740_993_u64)],
        &[json!(9_007_199_254_740_992_u64), json!(9_007_199_254_740_994_u64)],
    );
    values(
        &json!([{ "numeric": [">", 0] }]),
        &[json!(9_007_199_254_740_992_u64)],
        &[json!(9_007_199_254_740_993_u64)],
    );
    values(&json!([u64::MAX]), &[json!(u64::MAX)], &[json!(u64::MAX - 1)]);
}

#[test]
fn existence() {
    let exists = json!({ "detail": { "name": [{ "exists": true }] } });
    let absent = json!({ "detail": { "name": [{ "exists": false }] } });
    let with = [
        json!({ "detail": { "name": "x" } }),
        json!({ "detail": { "name": null } }),
        json!({ "detail": { "name": [1] } }),
    ];
    // Only leaves are looked at.
    let without = [
        json!({ "detail": {} }),
        json!({ "detail": { "name": {} } }),
        json!({ "detail": { "name": { "first": "x" } } }),
        json!({ "detail": { "name": [] } }),
        json!({}),
    ];
    check(&exists, &with, &without);
    check(&absent, &without, &with);
    values(&json!(["x", { "exists": false }]), &[json!("x"), json!([])], &[json!("y")]);
}

#[test]
fn wildcards() {
    values(
        &json!([{ "wildcard": "dir/*.png" }]),
        &[json!("dir/a.png"), json!("dir/.png")],
        &[json!("dir/a.jpg"), json!("dir/a.png2"), json!("xdir/a.png")],
    );
    values(&json!([{ "wildcard": "*" }]), &[json!(""), json!("x")], &[json!(1)]);
    values(&json!([{ "wildcard": "a*a" }]), &[json!("aa"), json!("aba")], &[json!("a")]);
    values(
        &json!([{ "wildcard": "a*b*c" }]),
        &[json!("abc"), json!("a1b2bc3c")],
        &[json!("acb"), json!("ab")],
    );
    values(&json!([{ "wildcard": "5\\*3" }]), &[json!("5*3")], &[json!("543")]);
    values(&json!([{ "wildcard": "c:\\\\*" }]), &[json!("c:\\x")], &[json!("c:x")]);
    values(&json!([{ "wildcard": "plain" }]), &[json!("plain")], &[json!("plainer")]);
    values(&json!([{ "wildcard": "é*ü" }]), &[json!("éäü"), json!("éü")], &[json!("éu")]);
}

#[test]
fn addresses() {
    values(
        &json!([{ "cidr": "10.0.0.0/24" }]),
        &[json!("10.0.0.0"), json!("10.0.0.255")],
        &[json!("10.0.1.0"), json!("x"), json!(10), json!("10.0.0"), json!("::a00:0")],
    );
    values(&json!([{ "cidr": "10.0.0.77/8" }]), &[json!("10.255.0.1")], &[json!("11.0.0.0")]);
    values(&json!([{ "cidr": "0.0.0.0/0" }]), &[json!("255.255.255.255")], &[json!("::1")]);
    values(
        &json!([{ "cidr": "2001:db8::/32" }]),
        &[json!("2001:db8::1"), json!("2001:0DB8:ffff::")],
        &[json!("2001:db9::"), json!("32.1.13.184")],
    );
    values(&json!([{ "cidr": "::/0" }]), &[json!("ffff::")], &[json!("1.2.3.4")]);
    // A text that is an address equals the address, however it is written.
    values(&json!(["::1"]), &[json!("::1"), json!("0:0:0:0:0:0:0:1")], &[json!("::2")]);
    values(&json!(["10.0.0.1"]), &[json!("10.0.0.1")], &[json!("10.0.0.11"), json!("10.0.0.1.1")]);
    values(&json!(["12:30"]), &[json!("12:30")], &[json!("12:3")]);
}

#[test]
fn dots_in_names() {
    let event = [json!({ "a": { "b": 1 } }), json!({ "a.b": 1 })];
    check(&json!({ "a": { "b": [1] } }), &event, &[json!({ "a": 1, "b": 1 })]);
    check(&json!({ "a.b": [1] }), &event, &[]);
}

#[test]
fn the_guides_event() {
    let event = json!({
        "version": "0", "id": "3e3c153a-8339-4e30-8c35-687ebef853fe", "detail-type": "EC2 Instance Launch Successful",
        "source": "aws.autoscaling", "account": "123456789012", "time": "2015-11-11T21:31:47Z", "region": "us-east-1",
        "resources": [
            "arn:aws:autoscaling:us-east-1:123456789012:autoScalingGroup:eb56d16b",
            "arn:aws:ec2:us-east-1:123456789012:instance/i-b188560f"
        ],
        "detail": { "eventVersion": "", "responseElements": null, "state": "terminated" }
    });
    for pattern in [
        json!({ "source": ["aws.autoscaling"], "detail": { "eventVersion": [""] } }),
        json!({ "detail": { "responseElements": [null] } }),
        json!({ "resources": ["arn:aws:ec2:us-east-1:123456789012:instance/i-b188560f", "other"] }),
        json!({ "detail": { "state": [{ "anything-but": "initializing" }], "gone": [{ "exists": false }] } }),
    ] {
        check(&pattern, std::slice::from_ref(&event), &[json!({ "source": "aws.ec2" })]);
    }
}
