//! Paths into events, as `JSONPath` writes them: `$.data.lines[*].sku`. Every element of a list has the same path.

use std::fmt::Write as _;

use serde_json::Value;

/// Bytes of a name that are kept. EventBridge allows 128 for a detail-type and 256 for a source.
const MAX_NAME_BYTES: usize = 256;

/// The event itself.
pub(super) const ROOT: &str = "$";

/// A field of what is at a path.
pub(super) fn field(at: &str, name: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !name.is_empty() && name.bytes().all(is_plain) {
        return format!("{at}.{name}");
    }
    // Escaped, so that no name from outside can do anything to a terminal.
    let mut path = format!("{at}['");
    for character in name.chars() {
        let _ = write!(path, "{}", character.escape_debug());
    }
    path + "']"
}

/// Every element of the list at a path.
pub(super) fn items(at: &str) -> String {
    format!("{at}[*]")
}

/// The fields of an object at a path that are too many to be told apart.
pub(super) fn further(at: &str) -> String {
    format!("{at}.*")
}

/// A JSON pointer into an event as a path.
pub(super) fn of_pointer(event: &Value, pointer: &str) -> String {
    let (mut path, mut value) = (ROOT.to_owned(), Some(event));
    for step in pointer.split('/').skip(1) {
        let name = step.replace("~1", "/").replace("~0", "~");
        if let Some(Value::Array(list)) = value {
            path = items(&path);
            value = name.parse().ok().and_then(|index: usize| list.get(index));
        } else {
            path = field(&path, &kept(&name));
            value = value.and_then(|value| value.get(&name));
        }
    }
    path
}

/// Whether one path leads to a part of what the other leads to.
pub(super) fn is_inside(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer).is_some_and(|rest| rest.starts_with(['.', '[']))
}

/// As much of a name as is kept.
pub(super) fn kept(name: &str) -> String {
    if name.len() <= MAX_NAME_BYTES {
        return name.to_owned();
    }
    format!("{}...", &name[..name.floor_char_boundary(MAX_NAME_BYTES)])
}

/// A name from outside, for people: without what would do something to a terminal.
pub(super) fn shown(name: &str) -> String {
    name.chars().flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pointer_into_lists_and_objects_becomes_a_path() {
        let event = json!({ "data": { "lines": [{ "sku": 1 }], "0": { "a/b": 1 } } });
        for (pointer, path) in [
            ("", "$"),
            ("/data/lines/0/sku", "$.data.lines[*].sku"),
            ("/data/0/a~1b", "$.data.0['a/b']"),
            ("/data/none/0", "$.data.none.0"),
        ] {
            assert_eq!(of_pointer(&event, pointer), path);
        }
    }

    #[test]
    fn names_are_harmless_and_short() {
        assert_eq!(field("$", "a\u{1b}[2Jb"), "$['a\\u{1b}[2Jb']");
        assert_eq!(field("$", ""), "$['']");
        assert_eq!(kept(&"ä".repeat(500)).len(), MAX_NAME_BYTES + 3);
        assert!(is_inside("$.a.b", "$.a") && is_inside("$.a[*]", "$.a"));
        assert!(!is_inside("$.ab", "$.a") && !is_inside("$.a", "$.a"));
    }
}
