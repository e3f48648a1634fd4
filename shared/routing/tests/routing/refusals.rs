//! What `EventBridge` refuses, in its words.

use semel_routing::{MAX_ALTERNATIVES, Pattern};
use serde_json::{Value, json};

const CASES: &[(&str, &str)] = &[
    ("[]", "Filter is not an object"),
    ("{}", "Empty objects are not allowed"),
    (r#"{"detail":{}}"#, "Empty objects are not allowed"),
    (r#"{"slug":"some-pipeline"}"#, "\"slug\" must be an object or an array"),
    (r#"{"a":null}"#, "\"a\" must be an object or an array"),
    (r#"{"a":[]}"#, "Empty arrays are not allowed"),
    (r#"{"a":[["b"]]}"#, "Match value must be String, number, true, false, or null"),
    (r#"{"a":[{}]}"#, "Match expression name not found"),
    (r#"{"a":[{"regex":"x"}]}"#, "Unrecognized match type regex"),
    (r#"{"a":[{"exactly":1}]}"#, "exact match pattern must be a string"),
    (r#"{"a":[{"prefix":1}]}"#, "prefix match pattern must be a string"),
    (r#"{"a":[{"prefix":{}}]}"#, "Prefix expression name not found"),
    (r#"{"a":[{"prefix":{"suffix":"x"}}]}"#, "Unsupported prefix pattern: suffix"),
    (r#"{"a":[{"prefix":{"equals-ignore-case":1}}]}"#, "equals-ignore-case match pattern must be a string"),
    (r#"{"a":[{"prefix":"x","suffix":"y"}]}"#, "Only one key allowed in match expression"),
    (r#"{"a":[{"suffix":["x"]}]}"#, "suffix match pattern must be a string"),
    (r#"{"a":[{"suffix":{}}]}"#, "Suffix expression name not found"),
    (r#"{"a":[{"suffix":{"prefix":"x"}}]}"#, "Unsupported suffix pattern: prefix"),
    (r#"{"a":[{"equals-ignore-case":["x"]}]}"#, "equals-ignore-case match pattern must be a string"),
    (r#"{"a":[{"exists":"true"}]}"#, "exists match pattern must be either true or false."),
    (r#"{"a":[{"exists":true,"prefix":"x"}]}"#, "Only one key allowed in match expression"),
    (r#"{"a":[{"wildcard":1}]}"#, "wildcard match pattern must be a string"),
    (r#"{"a":[{"wildcard":"abc**d"}]}"#, "Consecutive wildcard characters at pos 4"),
    (r#"{"a":[{"wildcard":"a\\b"}]}"#, "Invalid escape character at pos 2"),
    (r#"{"a":[{"wildcard":"a\\"}]}"#, "Invalid escape character at pos 2"),
    (
        r#"{"a":[{"anything-but":true}]}"#,
        "Value of anything-but must be an array or single string/number value.",
    ),
    (r#"{"a":[{"anything-but":{}}]}"#, "Anything-But expression name not found"),
    (r#"{"a":[{"anything-but":{"numeric":["=",1]}}]}"#, "Unsupported anything-but pattern: numeric"),
    (r#"{"a":[{"anything-but":{"prefix":""}}]}"#, "Null prefix/suffix not allowed"),
    (r#"{"a":[{"anything-but":{"suffix":[""]}}]}"#, "Null prefix/suffix not allowed"),
    (r#"{"a":[{"anything-but":{"prefix":1}}]}"#, "prefix/suffix match pattern must be a string"),
    (r#"{"a":[{"anything-but":{"wildcard":[1]}}]}"#, "wildcard match pattern must be a string"),
    (r#"{"a":[{"anything-but":{"wildcard":"**"}}]}"#, "Consecutive wildcard characters at pos 1"),
    (
        r#"{"a":[{"anything-but":{"equals-ignore-case":[1]}}]}"#,
        "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.",
    ),
    (r#"{"a":[{"anything-but":[null]}]}"#, "Inside anything but list, start|null|boolean is not supported."),
    (
        r#"{"a":[{"anything-but":["x",1]}]}"#,
        "Inside anything but list, either all values are number or string, mixed type is not supported",
    ),
    (
        r#"{"a":[{"anything-but":[]}]}"#,
        "Inside anything but list, either all values are number or string, mixed type is not supported",
    ),
    (r#"{"a":[{"anything-but":9007199254740993}]}"#, "Cannot compare number : 9007199254740993"),
    (r#"{"a":[{"anything-but":"x","prefix":"y"}]}"#, "Too many elements in numeric expression"),
    (r#"{"a":[{"numeric":5}]}"#, "Value of numeric must be an array."),
    (r#"{"a":[{"numeric":[]}]}"#, "Invalid member in numeric match: ]"),
    (r#"{"a":[{"numeric":[5]}]}"#, "Invalid member in numeric match: 5"),
    (r#"{"a":[{"numeric":["!=",5]}]}"#, "Unrecognized numeric range operator: !="),
    (r#"{"a":[{"numeric":["=","5"]}]}"#, "Value of equals must be numeric"),
    (r#"{"a":[{"numeric":[">","25"]}]}"#, "Value of > must be numeric"),
    (r#"{"a":[{"numeric":["<="]}]}"#, "Value of <= must be numeric"),
    (r#"{"a":[{"numeric":["=",5,6]}]}"#, "Too many elements in numeric expression"),
    (r#"{"a":[{"numeric":["<",5,">",1]}]}"#, "Too many elements in numeric expression"),
    (r#"{"a":[{"numeric":[">",5,6]}]}"#, "Bad value in numeric range: 6"),
    (r#"{"a":[{"numeric":[">",5,">",6]}]}"#, "Bad numeric range operator: >"),
    (r#"{"a":[{"numeric":[">",5,"<","6"]}]}"#, "Value of < must be numeric"),
    (r#"{"a":[{"numeric":[">",5,"<",6,7]}]}"#, "Too many terms in numeric range expression"),
    (r#"{"a":[{"numeric":[">",5,"<",5]}]}"#, "Bottom must be less than top"),
    (r#"{"a":[{"numeric":[">",5],"prefix":"x"}]}"#, "Too many elements in numeric expression"),
    (r#"{"a":[{"cidr":5}]}"#, "prefix match pattern must be a string"),
    (r#"{"a":[{"cidr":"10.0.0.0"}]}"#, "Malformed CIDR, one '/' required"),
    (r#"{"a":[{"cidr":"10.0.0.0/1/2"}]}"#, "Malformed CIDR, one '/' required"),
    (r#"{"a":[{"cidr":"10.0.0.0/x"}]}"#, "Malformed CIDR, mask bits must be an integer"),
    (r#"{"a":[{"cidr":"10.0.0.0/-1"}]}"#, "Malformed CIDR, mask bits must not be negative"),
    (r#"{"a":[{"cidr":"10.0.0.0/32"}]}"#, "IPv4 mask bits must be < 32"),
    (r#"{"a":[{"cidr":"::1/128"}]}"#, "IPv6 mask bits must be < 128"),
    (r#"{"a":[{"cidr":"example.com/8"}]}"#, "Nonstandard IP address: example.com"),
    (r#"{"a":[{"cidr":"300.0.0.0/8"}]}"#, "Invalid IP address: 300.0.0.0"),
    (r#"{"$or":[{"a":[1]}]}"#, "Unrecognized match type a"),
    (r#"{"$or":[{"a":[1]},[]]}"#, "Unrecognized match type a"),
    (r#"{"$or":[{"a":[1]},{}]}"#, "Empty objects are not allowed"),
    (
        r#"{"$or":[{"a":{"prefix":["x"]}},{"b":[1]}]}"#,
        "prefix is Ruler reserved fieldName which cannot be used inside $or.",
    ),
    (r#"{"a":[1],"$or":[{"a":[2]},{"b":[1]}]}"#, "Path `a` cannot be allowed multiple times"),
    (r#"{"a.b":[1],"a":{"b":[2]}}"#, "Path `a.b` cannot be allowed multiple times"),
];

#[test]
fn in_the_services_words() {
    for (pattern, reason) in CASES {
        let refused = Pattern::from_json(pattern).err().unwrap_or_else(|| panic!("{pattern} is taken"));
        assert_eq!(refused.reason, *reason, "{pattern}");
        let text = refused.to_string();
        assert!(text.starts_with(&format!("Event pattern is not valid. Reason: {reason}")), "{text}");
    }
}

#[test]
fn names_the_path() {
    let refused = Pattern::from_json(r#"{"detail":{"data":{"total":[{"numeric":"5"}]}}}"#).unwrap_err();
    assert_eq!(refused.path, "detail.data.total");
    assert!(refused.to_string().ends_with("must be an array. at detail.data.total"), "{refused}");
}

#[test]
fn no_json() {
    assert!(Pattern::from_json("{").is_err());
    assert!(Pattern::from_json("").is_err());
}

#[test]
fn too_many_combinations() {
    let choices = |name: &str, count: usize| -> Vec<Value> {
        (0..count).map(|at| json!({ format!("{name}{at}"): [1] })).collect()
    };
    let product = |first: usize, second: usize| json!({ "$or": choices("a", first), "x": { "$or": choices("b", second) } });
    assert!(Pattern::parse(&product(25, MAX_ALTERNATIVES / 25)).is_ok());
    let refused = Pattern::parse(&product(25, MAX_ALTERNATIVES / 25 + 1)).unwrap_err();
    assert!(refused.reason.contains("1000"), "{refused}");
}
