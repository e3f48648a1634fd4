//! The documentation is held to the code: its links lead somewhere, every event type is described with every field,
//! its examples are of the contract, and the tests that it names as proof exist.
//!
//! Knows Markdown as far as these pages use it. What the sentences say is for people to check.

#[path = "contract_docs/coupon.rs"]
mod coupon;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use semel_contracts::api::{
    OrderAccepted, OrderList, OrderView, Problem, StockLevel, StockList, decode_command,
};
use semel_contracts::{EventType, Kind, TelemetryType, decode, decode_telemetry};
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the workspace's root")
}

/// A page with its path from the root.
struct Page {
    path: String,
    text: String,
}

/// A link of a page: what is shown, and where it leads.
struct Link<'a> {
    shown: &'a str,
    target: &'a str,
}

impl Page {
    fn read(path: &str) -> Self {
        let text = fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        Self { path: path.to_owned(), text }
    }

    /// The pages that people read: those in the root, in docs, and beside the local engine.
    fn all() -> Vec<Self> {
        let mut paths = vec!["infra/local/README.md".to_owned()];
        for folder in ["", "docs/"] {
            let entries = fs::read_dir(root().join(folder)).expect("a readable folder");
            let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
            paths.extend(names.filter(|name| is_a(name, "md")).map(|name| format!("{folder}{name}")));
        }
        paths.sort();
        paths.iter().map(|path| Self::read(path)).collect()
    }

    /// Lines outside of fenced code.
    fn prose(&self) -> impl Iterator<Item = &str> {
        let mut fenced = false;
        self.text.lines().filter(move |line| {
            let fence = line.trim_start().starts_with("```");
            fenced ^= fence;
            !fenced && !fence
        })
    }

    /// The text of fenced code in `language`.
    fn examples(&self, language: &str) -> Vec<String> {
        let mut found = Vec::new();
        let mut open: Option<Vec<&str>> = None;
        for line in self.text.lines() {
            match (&mut open, line.trim().strip_prefix("```")) {
                (Some(_), Some(_)) => found.extend(open.take().map(|lines| lines.join("\n"))),
                (Some(lines), None) => lines.push(line),
                (None, Some(info)) if info == language => open = Some(Vec::new()),
                (None, _) => {}
            }
        }
        found
    }

    fn links(&self) -> Vec<Link<'_>> {
        let mut links = Vec::new();
        for line in self.prose() {
            let ends: Vec<usize> = line.match_indices("](").map(|(at, _)| at).collect();
            for end in ends {
                let shown = line[..end].rsplit('[').next().unwrap_or_default();
                let target = line[end + 2..].split(')').next().unwrap_or_default();
                links.push(Link { shown, target });
            }
        }
        links
    }

    /// What a link's part after `#` may be: the headings as GitHub spells them.
    fn anchors(&self) -> BTreeSet<String> {
        let headings = self.prose().filter(|line| line.starts_with('#'));
        headings.map(|line| anchor(line.trim_start_matches('#').trim())).collect()
    }

    /// The text under a heading of the third level, up to the next heading.
    fn section(&self, heading: &str) -> Option<&str> {
        let start = self.text.find(&format!("\n### {heading}\n"))? + heading.len() + 6;
        let rest = &self.text[start..];
        Some(&rest[..rest.find("\n#").unwrap_or(rest.len())])
    }
}

fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
    kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn is_a(path: &str, extension: &str) -> bool {
    Path::new(path).extension().is_some_and(|found| found == extension)
}

fn is_elsewhere(target: &str) -> bool {
    ["https://", "http://", "mailto:"].iter().any(|scheme| target.starts_with(scheme))
}

#[test]
fn every_link_and_picture_leads_somewhere() {
    let mut broken = Vec::new();
    let mut checked = 0;
    for page in Page::all() {
        for Link { target, .. } in page.links() {
            if is_elsewhere(target) {
                continue;
            }
            checked += 1;
            let (file, part) = target.split_once('#').unwrap_or((target, ""));
            let folder = Path::new(&page.path).parent().unwrap_or(Path::new(""));
            let path = if file.is_empty() { PathBuf::from(&page.path) } else { folder.join(file) };
            if !root().join(&path).exists() {
                broken.push(format!("{} links to {target}, which is not there", page.path));
            } else if !part.is_empty() && !Page::read(&path.to_string_lossy()).anchors().contains(part) {
                broken.push(format!("{} links to {target}, and no heading is called so", page.path));
            }
        }
    }
    assert!(checked > 50, "only {checked} links were found");
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_picture_is_shown() {
    let shown: Vec<String> = Page::all()
        .iter()
        .flat_map(|page| page.links().into_iter().map(|link| link.target.to_owned()).collect::<Vec<_>>())
        .collect();
    for entry in fs::read_dir(root().join("docs/pictures")).expect("the folder of pictures") {
        let name = entry.expect("an entry").file_name().to_string_lossy().into_owned();
        assert!(shown.iter().any(|target| target.ends_with(&name)), "no page shows docs/pictures/{name}");
    }
}

#[test]
fn every_test_that_is_named_as_proof_exists() {
    let mut missing = Vec::new();
    let mut checked = 0;
    for page in Page::all() {
        let folder = root().join(Path::new(&page.path).parent().unwrap_or(Path::new("")));
        for Link { shown, target } in page.links() {
            let Some(name) = shown.strip_prefix('`').and_then(|shown| shown.strip_suffix('`')) else {
                continue;
            };
            let is_name = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
            if !is_a(target, "rs") || !is_name {
                continue;
            }
            checked += 1;
            let source = fs::read_to_string(folder.join(target)).unwrap_or_default();
            if !source.contains(&format!("fn {name}(")) {
                missing.push(format!("{} names {name}, which is not in {target}", page.path));
            }
        }
    }
    assert!(checked > 20, "only {checked} names were found");
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

/// What docs/events.md does not say of an event type. A field that the page names for all types needs no line.
fn undescribed(page: &Page, event_type: impl Kind, named_for_all: &[&str]) -> Vec<String> {
    let name = event_type.name();
    let schema = format!("schemas/{}/{name}/{}.json", event_type.origin(), event_type.newest().major);
    let Some(section) = page.section(name) else {
        return vec![format!("docs/events.md has no section called {name}")];
    };
    let mut findings = Vec::new();
    if !section.contains(&format!("](../{schema})")) {
        findings.push(format!("the section of {name} does not link its schema, {schema}"));
    }
    let text = fs::read_to_string(root().join(&schema)).unwrap_or_else(|error| panic!("{schema}: {error}"));
    let schema: Value = serde_json::from_str(&text).expect("a schema is JSON");
    let fields = schema["properties"]["data"]["properties"].as_object().expect("data has fields");
    for field in fields.keys().filter(|field| !named_for_all.contains(&field.as_str())) {
        if !section.contains(&format!("`{field}`")) {
            findings.push(format!("the section of {name} does not name its field {field}"));
        }
    }
    findings
}

#[test]
fn every_event_type_is_described_with_every_field() {
    let page = Page::read("docs/events.md");
    let events = EventType::ALL.iter().flat_map(|&of| undescribed(&page, of, &["order_id"]));
    let for_all = ["session_id", "customer_id", "client", "device_id"];
    let telemetry = TelemetryType::ALL.iter().flat_map(|&of| undescribed(&page, of, &for_all));
    let findings: Vec<String> = events.chain(telemetry).collect();
    assert!(findings.is_empty(), "{}", findings.join("\n"));
    for field in for_all {
        assert!(page.text.contains(&format!("| `{field}` |")), "docs/events.md describes {field}");
    }
}

/// Whether an example is an event of either family.
fn assert_is_event(example: &str) {
    let value: Value = serde_json::from_str(example).unwrap_or_else(|error| panic!("{error}:\n{example}"));
    let name = value["event_type"].as_str().unwrap_or_default();
    let read = match TelemetryType::parse(name) {
        Some(_) => decode_telemetry(example).map(|_| ()),
        None => decode(example).map(|_| ()),
    };
    assert!(read.is_ok(), "{}\n{example}", read.expect_err("is refused"));
}

#[test]
fn the_events_that_are_shown_are_events() {
    let examples = Page::read("docs/events.md").examples("json");
    assert!(examples.len() >= 3, "the envelope, bare and on the bus, and a telemetry event");
    for example in &examples {
        assert_is_event(example);
    }
}

#[test]
fn the_batches_that_are_shown_hold_events() {
    let examples = Page::read("docs/ingest.md").examples("json");
    let batches: Vec<Value> = examples
        .iter()
        .map(|example| serde_json::from_str(example).unwrap_or_else(|error| panic!("{error}:\n{example}")))
        .filter(Value::is_array)
        .collect();
    assert!(!batches.is_empty(), "a batch is shown");
    for event in batches.iter().flat_map(|batch| batch.as_array().into_iter().flatten()) {
        assert_is_event(&event.to_string());
    }
}

/// Asserts that the example is of this type, without a field more.
macro_rules! assert_is {
    ($type:ty, $example:expr) => {
        match serde_json::from_value::<$type>($example.clone()) {
            Ok(read) => assert_eq!(serde_json::to_value(read).expect("encodes"), $example),
            Err(error) => panic!("{error}:\n{:#}", $example),
        }
    };
}

#[test]
fn the_requests_and_answers_that_are_shown_are_of_the_api() {
    let examples = Page::read("docs/api.md").examples("json");
    assert!(examples.len() >= 6, "every kind of answer is shown");
    for example in examples {
        let value: Value =
            serde_json::from_str(&example).unwrap_or_else(|error| panic!("{error}:\n{example}"));
        let has = |field: &str| value.get(field).is_some();
        if has("payment_method") {
            let read = decode_command(&example);
            assert!(read.is_ok(), "{}\n{example}", read.expect_err("is refused"));
        } else if has("title") {
            assert_is!(Problem, value);
        } else if has("timeline") {
            assert_is!(OrderView, value);
        } else if has("orders") {
            assert_is!(OrderList, value);
        } else if has("placed_at") {
            assert_is!(OrderAccepted, value);
        } else if has("unit_price") {
            assert_is!(StockLevel, value);
        } else {
            assert_is!(StockList, value);
        }
    }
}

/// The file's text and its path, for a page that shows part of it.
fn shown_source(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn the_code_that_is_shown_is_code_that_is_tested() {
    // Examples in a crate's documentation are compiled and run by cargo.
    let library = shown_source("shared/exactly-once/src/lib.rs");
    let documented: Vec<&str> = library
        .lines()
        .filter_map(|line| line.strip_prefix("//!"))
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .filter(|line| !line.starts_with("# ") && *line != "#")
        .collect();
    let documented = documented.join("\n");
    let tested = shown_source("tests/tests/contract_docs/coupon.rs");
    let shown = Page::read("docs/exactly-once.md").examples("rust");
    assert_eq!(shown.len(), 2, "a handler and an aggregate");
    for example in shown {
        let is_tested = [&documented, &tested].iter().any(|source| source.contains(example.trim_end()));
        assert!(is_tested, "this differs from what is compiled:\n{example}");
    }
}
