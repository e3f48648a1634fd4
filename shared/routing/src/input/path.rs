//! The paths that `EventBridge` takes a part of an event by: dots, indices of arrays, and wildcards.
//!
//! Knows JSON, and nothing of what is made of the part.

use std::borrow::Cow;

use serde_json::Value;

/// The most characters of a path (API reference of `Target` and `InputTransformer`).
const MAX_CHARACTERS: usize = 256;

/// A path into an event, such as `$.detail.data.lines[0].sku`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonPath {
    written: String,
    steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Field(String),
    Index(usize),
    /// Every element of an array, or every value of an object.
    Every,
}

impl JsonPath {
    /// Reads a path, or says why it is none.
    pub fn parse(written: &str) -> Result<Self, String> {
        if written.chars().count() > MAX_CHARACTERS {
            return Err(format!("a path has up to {MAX_CHARACTERS} characters"));
        }
        let Some(mut rest) = written.strip_prefix('$') else {
            return Err(format!("{written:?} does not begin with $"));
        };
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let (step, after) = step(rest).map_err(|reason| format!("{written:?}: {reason}"))?;
            steps.push(step);
            rest = after;
        }
        Ok(Self { written: written.to_owned(), steps })
    }

    /// The path as it was given.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// What stands there. With a wildcard, the list of everything that does, if anything does.
    pub fn find<'e>(&self, event: &'e Value) -> Option<Cow<'e, Value>> {
        let mut found = vec![event];
        for step in &self.steps {
            found = found.into_iter().flat_map(|value| below(value, step)).collect();
        }
        if self.steps.contains(&Step::Every) {
            let all: Vec<Value> = found.into_iter().cloned().collect();
            return (!all.is_empty()).then(|| Cow::Owned(Value::Array(all)));
        }
        found.first().copied().map(Cow::Borrowed)
    }
}

fn below<'e>(value: &'e Value, step: &Step) -> Vec<&'e Value> {
    match step {
        // By itself an index is no field: `value.get` would tell them apart by type only.
        Step::Field(name) => value.as_object().and_then(|members| members.get(name)).into_iter().collect(),
        Step::Index(index) => {
            value.as_array().and_then(|elements| elements.get(*index)).into_iter().collect()
        }
        Step::Every => match value {
            Value::Array(elements) => elements.iter().collect(),
            Value::Object(members) => members.values().collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
        },
    }
}

/// The first step, and what comes after it.
fn step(rest: &str) -> Result<(Step, &str), String> {
    if let Some(rest) = rest.strip_prefix('[') {
        let Some((inside, after)) = rest.split_once(']') else {
            return Err("a bracket is not closed".to_owned());
        };
        let step = match inside {
            "*" => Step::Every,
            _ => Step::Index(inside.parse().map_err(|_| {
                format!("[{inside}] is no index: fields are named after a dot, as in $.detail")
            })?),
        };
        return Ok((step, after));
    }
    let Some(rest) = rest.strip_prefix('.') else {
        return Err("after a step comes a dot or a bracket".to_owned());
    };
    if let Some(after) = rest.strip_prefix('*') {
        return Ok((Step::Every, after));
    }
    // The characters that the user guide lists.
    let is_of_name = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '/');
    let end = rest.find(|letter| !is_of_name(letter)).unwrap_or(rest.len());
    match rest.split_at(end) {
        ("", _) => Err("a dot has no name after it".to_owned()),
        (name, after) => Ok((Step::Field(name.to_owned()), after)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_find_what_stands_there() {
        let event =
            json!({ "detail": { "a-b": [{ "c": 1 }, { "c": null }, { "d": 3 }], "e/f": "x" }, "0": 5 });
        for (path, expected) in [
            ("$", Some(event.clone())),
            ("$.detail.a-b[0].c", Some(json!(1))),
            ("$.detail.a-b[1].c", Some(json!(null))),
            ("$.detail.a-b[2].c", None),
            ("$.detail.a-b[3]", None),
            ("$.detail.a-b[*].c", Some(json!([1, null]))),
            ("$.detail.a-b.*.d", Some(json!([3]))),
            ("$.detail.*.d", None),
            ("$.detail.e/f", Some(json!("x"))),
            ("$.detail.e/f.g", None),
            ("$.detail[0]", None),
            ("$.0", Some(json!(5))),
        ] {
            let found = JsonPath::parse(path).expect(path).find(&event).map(Cow::into_owned);
            assert_eq!(found, expected, "{path}");
        }
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for (path, reason) in [
            ("", "does not begin with $"),
            ("detail", "does not begin with $"),
            ("$detail", "a dot or a bracket"),
            ("$.", "no name after it"),
            ("$..detail", "no name after it"),
            ("$.detail[", "not closed"),
            ("$.detail['a']", "no index"),
            ("$.detail[-1]", "no index"),
            ("$.detail[99999999999999999999999]", "no index"),
            ("$.detail?(@.a)", "a dot or a bracket"),
            ("$.détail.a b", "a dot or a bracket"),
            (&format!("$.{}", "a".repeat(255)), "256 characters"),
        ] {
            let refused = JsonPath::parse(path).expect_err(path);
            assert!(refused.contains(reason), "{path}: {refused}");
        }
    }
}
