//! The project's own documents: all four are made, and none leaves out an event type or a consumer's queue.

use std::fs;

use semel_contracts::{EventType, TelemetryType};
use serde_json::Value;

use super::{Document, Options, made, made_of, run};
use crate::project::Project;

fn project() -> Project {
    Project::locate(None).expect("the project")
}

fn text<'d>(documents: &'d [Document], file: &str) -> &'d str {
    &documents.iter().find(|document| document.file == file).expect("a document").text
}

#[test]
fn every_event_type_is_in_every_document() {
    let documents = made(&project()).expect("documents");
    assert_eq!(documents.len(), 4);
    let orders = EventType::ALL.iter().map(|event| (event.as_str(), event.source()));
    let telemetry = TelemetryType::ALL.iter().map(|event| (event.as_str(), event.source()));
    let asyncapi: Value = serde_json::from_str(text(&documents, "asyncapi.json")).expect("JSON");
    for (name, source) in orders.chain(telemetry) {
        assert_eq!(asyncapi["components"]["messages"][name]["x-source"], source, "{name}");
        for (file, part) in [
            ("catalogue.html", format!("<section class=\"event\" id=\"{name}\"")),
            ("events.d.ts", format!("export interface {name} {{")),
            ("events.py", format!("class {name}(TypedDict):")),
        ] {
            assert!(text(&documents, file).contains(&part), "{name} is not in {file}");
        }
    }
}

#[test]
fn every_queue_of_a_consumer_is_in_the_document_and_in_the_catalogue() {
    let documents = made(&project()).expect("documents");
    let asyncapi: Value = serde_json::from_str(text(&documents, "asyncapi.json")).expect("JSON");
    for function in ["orders", "payments", "inventory", "shipping", "notifications"] {
        let queue = format!("{}{}Queue", function[..1].to_uppercase(), &function[1..]);
        let operation = &asyncapi["operations"][format!("{function}.receives.{queue}")];
        assert_eq!(operation["action"], "receive", "{function}");
        assert!(text(&documents, "catalogue.html").contains(&format!("<code>{queue}</code>")), "{queue}");
    }
}

#[test]
fn a_rule_that_changes_events_is_named() {
    let project = project();
    let template = fs::read_to_string(project.path("template.yaml")).expect("the template");
    let target = "        - Id: shipping\n";
    assert!(template.contains(target));
    let spoilt = template.replacen(target, "        - Id: shipping\n          InputPath: $.detail.data\n", 1);
    let refused = made_of(&project, &spoilt).err().expect("refused").to_string();
    assert_eq!(refused, "ShippingStandard: takes $.detail.data of events, which no schema describes");
}

#[test]
fn the_files_are_written_where_they_are_wanted() {
    let folder = std::env::temp_dir().join(format!("semel-documents-of-cli-{}", std::process::id()));
    let out = folder.join("not/there/yet");
    run(&project(), &Options { out: Some(out.clone()), json: true }).expect("written");
    for document in made(&project()).expect("documents") {
        let text = fs::read_to_string(out.join(document.file)).expect("a file");
        assert_eq!(text, document.text, "{}", document.file);
    }
    fs::remove_dir_all(&folder).expect("the folder goes");
}
