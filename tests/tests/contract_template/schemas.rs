//! The schemas of the events in `EventBridge`'s registry, and the discovery of others: by parameter, and whole.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::conditions::Settings;
use crate::document::{Template, root, target};
use crate::expect_none;

const FILE: &str = "infra/schemas.yaml";

fn exists(parameters: &[(&'static str, &'static str)], id: &str) -> bool {
    let template = Template::load();
    Settings::new(&template, parameters).resources().iter().any(|resource| resource.id == id)
}

#[test]
fn schemas_are_registered_unless_told_otherwise_and_discovery_waits_to_be_asked() {
    assert!(exists(&[], "SchemaStack") && !exists(&[], "SchemaDiscoverer"));
    assert!(!exists(&[("SchemaRegistry", "none")], "SchemaStack"));
    assert!(exists(&[("SchemaDiscovery", "enabled")], "SchemaDiscoverer"));
    let template = Template::load();
    let settings = Settings::new(&template, &[("SchemaRegistry", "none")]);
    assert!(
        !settings.exists(&template.section("Outputs")["SchemaRegistryName"]),
        "it would name what is not there"
    );
}

#[test]
fn the_discoverer_looks_at_the_bus() {
    let template = Template::load();
    let discoverer = template.resource("SchemaDiscoverer");
    assert_eq!(target(discoverer.property("SourceArn")), Some("Bus"));
    assert_eq!(discoverer.property("CrossAccount"), &Value::Bool(false));
}

#[test]
fn the_nested_stack_is_told_what_it_asks_for_and_puts_out_what_is_read() {
    let (template, nested) = (Template::load(), Template::of(FILE));
    let stack = template.resource("SchemaStack");
    assert_eq!(stack.property("TemplateURL"), FILE);
    let told: BTreeSet<&String> =
        stack.property("Parameters").as_object().expect("parameters").keys().collect();
    assert_eq!(told, nested.section("Parameters").keys().collect());
    let output = &template.section("Outputs")["SchemaRegistryName"]["Value"]["Fn::GetAtt"][1];
    let name = output.as_str().and_then(|path| path.strip_prefix("Outputs.")).expect("an output");
    assert!(nested.section("Outputs").contains_key(name), "{name}");
}

#[test]
fn every_event_type_has_its_schema_in_the_registry() {
    let nested = Template::of(FILE);
    let mut findings = Vec::new();
    let mut registered = BTreeSet::new();
    for schema in nested.of_type("AWS::EventSchemas::Schema") {
        if target(schema.property("RegistryName")) != Some("Registry") {
            findings.push(format!("{} is in no registry of the stack", schema.id));
        }
        registered.insert(schema.property("SchemaName").as_str().unwrap_or_default().to_owned());
    }
    let released = root().join("schemas/released");
    let names = |folder: &std::path::Path| -> Vec<String> {
        let entries = std::fs::read_dir(folder).expect("a folder");
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect()
    };
    for source in names(&released) {
        for event_type in names(&released.join(&source)) {
            let name = format!("{source}@{event_type}");
            if !registered.remove(&name) {
                findings.push(format!("{FILE} has no {name}: `cargo semel schemas template` writes it"));
            }
        }
    }
    findings.extend(registered.iter().map(|name| format!("{FILE} has {name}, which was never released")));
    expect_none(&findings);
}
