//! What serde says about a value, sorted by kind, with the path as steps that can be written in either syntax.
//!
//! Shared by events (dotted paths) and the HTTP API (JSON pointers). `serde_json` keeps no kinds, only words; the
//! words are serde's own, stable, and pinned by tests.

use serde_path_to_error::{Path, Segment};

/// The longest detail that is passed on: part of it was written by the sender.
const MAX_DETAIL_CHARS: usize = 300;

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Violated {
    /// A field is not there.
    Missing { path: Vec<Step> },
    /// Another kind of JSON value.
    WrongType { path: Vec<Step>, detail: String },
    /// The right kind, but not allowed.
    Invalid { path: Vec<Step>, detail: String },
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Field(String),
    Index(usize),
}

impl Violated {
    pub(crate) fn path(&self) -> &[Step] {
        match self {
            Self::Missing { path } | Self::WrongType { path, .. } | Self::Invalid { path, .. } => path,
        }
    }
}

/// Sorts an error by its words.
pub(crate) fn examine(error: &serde_json::Error, path: &Path) -> Violated {
    let mut path = steps(path);
    let whole = error.to_string();
    // The place in the text means nothing to somebody who has the path.
    let place = format!(" at line {} column {}", error.line(), error.column());
    let words = whole.strip_suffix(&place).unwrap_or(&whole);

    if let Some(field) = quoted_after(words, "missing field `") {
        path.push(Step::Field(field.to_owned()));
        return Violated::Missing { path };
    }
    if let Some(field) = quoted_after(words, "duplicate field `") {
        path.push(Step::Field(field.to_owned()));
        return Violated::Invalid { path, detail: "must not be there twice".to_owned() };
    }
    if let Some(field) = quoted_after(words, "unknown field `") {
        let step = Step::Field(field.to_owned());
        if path.last() != Some(&step) {
            path.push(step);
        }
        let expected = words.rsplit_once("`, expected ").map_or("nothing else", |(_, expected)| expected);
        return Violated::Invalid { path, detail: cut(&format!("unknown field; expected {expected}")) };
    }
    let detail = cut(words);
    if words.starts_with("invalid type: ") {
        Violated::WrongType { path, detail }
    } else {
        Violated::Invalid { path, detail }
    }
}

/// `data.lines[0].quantity`, after `prefix`.
pub(crate) fn dotted(prefix: &str, path: &[Step]) -> String {
    let text = path.iter().fold(prefix.to_owned(), |text, step| match step {
        Step::Field(name) if text.is_empty() => name.clone(),
        Step::Field(name) => format!("{text}.{name}"),
        Step::Index(index) => format!("{text}[{index}]"),
    });
    if text.is_empty() { "the body".to_owned() } else { cut(&text) }
}

/// `/lines/0/quantity`, as RFC 6901 has it.
pub(crate) fn pointer(path: &[Step]) -> String {
    let text: String = path
        .iter()
        .map(|step| match step {
            Step::Field(name) => format!("/{}", name.replace('~', "~0").replace('/', "~1")),
            Step::Index(index) => format!("/{index}"),
        })
        .collect();
    cut(&text)
}

fn steps(path: &Path) -> Vec<Step> {
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(Step::Index(*index)),
            Segment::Map { key } => Some(Step::Field(key.clone())),
            Segment::Enum { variant } => Some(Step::Field(variant.clone())),
            Segment::Unknown => None,
        })
        .collect()
}

fn quoted_after<'a>(words: &'a str, opening: &str) -> Option<&'a str> {
    let rest = words.strip_prefix(opening)?;
    // The last mark that closes: the name is the sender's and may hold marks itself.
    let end = rest.rfind("`, ").or_else(|| rest.rfind('`'))?;
    rest.get(..end)
}

fn cut(text: &str) -> String {
    text.chars().take(MAX_DETAIL_CHARS).collect()
}
