//! The sample events of `events/`, and comparing an answer with what a sample expects.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

const EXPECTED: &str = ".expected.json";

/// A sample: what a function gets and what it must answer.
#[derive(Debug, Clone)]
pub struct Sample {
    /// Its name, such as `malformed`.
    pub case: String,
    /// The payload.
    pub event: String,
    /// What must be in the answer.
    pub expected: Value,
}

/// The samples of a function, in alphabetical order. A sample without its expected answer, or the other way round,
/// is a mistake.
pub fn samples_of(function: &str) -> Vec<Sample> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../events").join(function);
    let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut names: Vec<String> =
        files.map(|file| file.expect("an entry").file_name().into_string().expect("a plain name")).collect();
    names.sort();
    let cases = names.iter().filter(|name| !name.ends_with(EXPECTED));
    let samples: Vec<Sample> = cases.map(|name| sample(&folder, name)).collect();
    assert_eq!(samples.len() * 2, names.len(), "events/{function} holds pairs of files: {names:?}");
    samples
}

fn sample(folder: &Path, name: &str) -> Sample {
    let case = name.strip_suffix(".json").unwrap_or_else(|| panic!("{name} is not a JSON file"));
    let read = |path: PathBuf| {
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    };
    let expected = read(folder.join(format!("{case}{EXPECTED}")));
    Sample {
        case: case.to_owned(),
        event: read(folder.join(name)),
        expected: serde_json::from_str(&expected).unwrap_or_else(|error| panic!("{case}{EXPECTED}: {error}")),
    }
}

/// Where `found` is not what is expected, as JSON pointers with both values. Of an object only the fields that are
/// listed count; everything else must be equal, arrays in length and order too.
pub fn differences(expected: &Value, found: &Value) -> Vec<String> {
    let mut differences = Vec::new();
    compare("", expected, found, &mut differences);
    // Whether JSON objects keep their order is a feature that any dependency may switch on.
    differences.sort();
    differences
}

fn compare(pointer: &str, expected: &Value, found: &Value, differences: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(fields), Value::Object(_)) => {
            for (name, value) in fields {
                // A field that is not there compares as null would.
                compare(&format!("{pointer}/{name}"), value, &found[name.as_str()], differences);
            }
        }
        (Value::Array(items), Value::Array(others)) if items.len() == others.len() => {
            for (at, (item, other)) in items.iter().zip(others).enumerate() {
                compare(&format!("{pointer}/{at}"), item, other, differences);
            }
        }
        _ if expected == found => {}
        _ => differences.push(format!("{pointer}: expected {expected}, found {found}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn listed_fields_must_be_equal_and_others_may_be_anything() {
        let found = json!({ "statusCode": 201, "headers": { "a": "1", "b": "2" }, "body": "x" });
        assert_eq!(differences(&json!({ "statusCode": 201, "headers": { "a": "1" } }), &found), [""; 0]);
        assert_eq!(
            differences(&json!({ "statusCode": 200, "headers": { "c": "1" } }), &found),
            ["/headers/c: expected \"1\", found null", "/statusCode: expected 200, found 201"]
        );
    }

    #[test]
    fn arrays_are_exact() {
        let expected = json!({ "batchItemFailures": [] });
        assert_eq!(differences(&expected, &json!({ "batchItemFailures": [] })), [""; 0]);
        assert_eq!(differences(&expected, &json!({ "batchItemFailures": [{}] })).len(), 1);
        assert_eq!(differences(&expected, &json!(null)).len(), 1);
    }
}
