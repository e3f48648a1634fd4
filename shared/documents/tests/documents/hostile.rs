//! A schema whose texts try to become code: nothing of it does, in any of the documents.

use std::process::Command;
use std::{env, fs};

use semel_documents::{Platform, asyncapi, catalogue, python, typescript};
use semel_registry::compatibility::{Mode, Policy};
use semel_registry::{Day, NewRelease, Promise, Registry};
use serde_json::{Value, json};

use crate::source::{platform_of, template};

/// Ends a line, a comment of either kind, a docstring, an attribute and a tag.
const TEXT: &str = "a\nraise SystemExit('out')\r b \u{2028} */ declare const out: 1; \"\"\" ' \\ </script><b title=\">\u{0} é";

/// A place of its own for each test.
fn folder(name: &str) -> std::path::PathBuf {
    let folder = env::temp_dir().join(format!("semel-documents-{}-{name}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

fn schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "description": TEXT,
        "type": "object",
        "required": ["event_type", "data"],
        "properties": {
            "event_type": { "const": "Odd" },
            "data": {
                "type": "object",
                "description": TEXT,
                "required": [TEXT],
                "properties": {
                    TEXT: { "type": "string", "description": TEXT, "pattern": "^\n*" },
                    "from": { "$ref": "#/$defs/Choice" },
                    "one": { "enum": [TEXT, 1, true, null] },
                },
            },
        },
        "$defs": {
            "Choice": { "oneOf": [
                { "const": TEXT, "description": TEXT },
                { "const": "other", "description": TEXT },
            ] },
        },
    })
}

fn platform(name: &str) -> Platform {
    let folder = folder(name);
    let mut registry = Registry::open(&folder).expect("an empty registry");
    let new = NewRelease {
        source: "com.example.odd".to_owned(),
        event_type: "Odd".to_owned(),
        version: "1.0".parse().expect("a version"),
        created: Day::parse("2026-11-23").expect("a day"),
        description: TEXT.to_owned(),
        schema: schema().to_string(),
        sample: json!({ "event_type": "Odd", "data": { TEXT: TEXT } }).to_string(),
        promise: Some(Promise {
            description: TEXT.to_owned(),
            owner: TEXT.to_owned(),
            compatibility: Mode::None,
            policy: Policy::Lenient,
        }),
    };
    registry.register(&new).expect("a release");
    let platform = platform_of(&template(), &registry).expect("documents");
    fs::remove_dir_all(&folder).expect("the folder goes");
    platform
}

#[test]
fn python_reads_the_module_and_runs_nothing_of_it() {
    let module = python(&platform("python"));
    let folder = folder("module");
    fs::write(folder.join("events.py"), &module).expect("a file");
    let look = "import events, json; print(json.dumps(list(events.OddData.__annotations__)))";
    let mut command = Command::new(crate::bindings::python_command());
    command.current_dir(&folder).env("PYTHONDONTWRITEBYTECODE", "1").args(["-W", "error", "-c", look]);
    let output = command.output().expect("Python runs");
    fs::remove_dir_all(&folder).expect("the folder goes");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}\n{module}");
    let fields: Vec<String> = serde_json::from_slice(&output.stdout).expect("names of fields");
    assert_eq!(fields, [TEXT, "from", "one"]);
}

#[test]
fn typescript_has_nothing_outside_of_its_comments_and_texts() {
    let text = typescript(&platform("typescript"));
    let mut code = String::new();
    let mut rest = text.as_str();
    // What is left without comments and texts is what a compiler would take for code.
    while let Some(at) = rest.find(['/', '"']) {
        code.push_str(&rest[..at]);
        rest = &rest[at..];
        rest = if let Some(after) = rest.strip_prefix("/*") {
            after.split_once("*/").expect("a comment ends").1
        } else if rest.starts_with("//") {
            rest.split_once('\n').expect("a line ends").1
        } else if let Some(after) = rest.strip_prefix('"') {
            let mut escaped = false;
            let end = after.find(|each: char| {
                let ends = each == '"' && !escaped;
                escaped = each == '\\' && !escaped;
                ends || each == '\n'
            });
            let end = end.expect("a text ends");
            assert!(after[end..].starts_with('"'), "a text ends on its line");
            &after[end + 1..]
        } else {
            &rest[1..]
        };
    }
    code.push_str(rest);
    for word in ["declare", "raise", "title"] {
        assert!(!code.contains(word), "{word} in {code}");
    }
    assert!(code.contains("export interface OddData {"), "{code}");
}

#[test]
fn the_page_and_the_document_keep_it_as_text() {
    let platform = platform("page");
    let page = catalogue(&platform);
    assert!(!page.contains("<b title"), "markup");
    assert_eq!(page.matches("</script>").count(), 1, "the page's own");
    let document = asyncapi(&platform);
    let choices = &document["components"]["schemas"]["Choice"]["oneOf"];
    assert_eq!(choices[0]["const"], TEXT);
}
