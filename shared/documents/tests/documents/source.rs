//! What the documents are made from: this project, or a changed copy of its template.

use std::fs;
use std::path::{Path, PathBuf};

use semel_documents::{Fault, Input, KafkaTopic, Platform, Route};
use semel_registry::Registry;
use semel_routing::Pattern;
use semel_routing::check::Carrier;
use serde_json::Value;

/// The project's root.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("a root").to_owned()
}

fn read(file: &str) -> String {
    let path = root().join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The released schemas.
pub fn registry() -> Registry {
    Registry::open(&root().join("schemas/released")).expect("the released schemas")
}

/// The template.
pub fn template() -> Value {
    semel_template::read(&read("template.yaml")).expect("a template")
}

/// The platform as it is.
pub fn platform() -> Platform {
    platform_of(&template(), &registry()).expect("the platform's documents")
}

/// The platform that another template makes of it.
pub fn platform_of(template: &Value, registry: &Registry) -> Result<Platform, Fault> {
    let topics: Value = serde_json::from_str(&read("infra/kafka/topics.json")).expect("topics");
    let topics: Vec<KafkaTopic> = serde_json::from_value(topics["topics"].clone()).expect("topics");
    let routes = routes(template);
    let input =
        Input { title: "Semel", version: "1.0.0", template, registry, routes: &routes, topics: &topics };
    Platform::read(&input)
}

/// The rules and subscriptions, of which this template has those that are resources.
fn routes(template: &Value) -> Vec<Route> {
    let mut routes = Vec::new();
    for (id, resource) in template["Resources"].as_object().expect("resources") {
        let properties = &resource["Properties"];
        let target = |arn: &Value| arn["Fn::GetAtt"][0].as_str().expect("a target").to_owned();
        let (carrier, written, targets) = match resource["Type"].as_str() {
            Some("AWS::Events::Rule") => {
                let targets = properties["Targets"].as_array().expect("targets");
                let targets = targets.iter().map(|each| target(&each["Arn"])).collect();
                (Carrier::Bus, &properties["EventPattern"], targets)
            }
            Some("AWS::SNS::Subscription") if !properties["FilterPolicy"].is_null() => {
                let targets = vec![target(&properties["Endpoint"])];
                (Carrier::MessageAttributes, &properties["FilterPolicy"], targets)
            }
            _ => continue,
        };
        let pattern = Pattern::parse(written).expect("a pattern");
        routes.push(Route { name: id.clone(), carrier, written: written.clone(), pattern, targets });
    }
    assert!(routes.len() > 10, "only {} routes were found", routes.len());
    routes
}
