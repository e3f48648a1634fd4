//! The functions of a template: what they read, and what their environment names.

use serde_json::Value;

use super::resource::{self, id, name};
use super::{Leg, Reading};

/// A function.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// Its logical id.
    pub id: String,
    /// Its name without the stack's.
    pub name: String,
    /// The variables of its environment.
    pub environment: Value,
    /// The logical ids of the tables whose streams it reads.
    pub streams: Vec<String>,
}

/// What connects a function with what it reads.
struct Mapping<'a> {
    name: String,
    function: &'a str,
    properties: &'a Value,
}

/// Every function, by logical id.
pub fn read(template: &Value) -> Vec<Function> {
    let mappings = mappings(template);
    let function = |(id, properties): (&str, &Value)| Function {
        id: id.to_owned(),
        name: function_name(id, &properties["FunctionName"]),
        environment: properties["Environment"]["Variables"].clone(),
        streams: mappings.iter().filter(|each| each.function == id).filter_map(stream).collect(),
    };
    resource::of_type(template, "AWS::Serverless::Function").map(function).collect()
}

/// Who reads which channel; also functions that a rule calls without a queue between.
pub fn readings(template: &Value, functions: &[Function], legs: &[Leg]) -> Vec<Reading> {
    let mut readings = Vec::new();
    for mapping in mappings(template) {
        let Some(function) = functions.iter().find(|function| function.id == mapping.function) else {
            continue;
        };
        let mut reads = |channel: String, group: Option<String>| {
            let (function, mapping) = (function.name.clone(), mapping.name.clone());
            readings.push(Reading { channel, function, mapping, group });
        };
        for topic in mapping.properties["Topics"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let group = resource::under(mapping.properties, "ConsumerGroupId").and_then(name);
            reads(super::carried::kafka_id(topic), group);
        }
        let source = [&mapping.properties["Queue"], &mapping.properties["EventSourceArn"]];
        if let Some(queue) = source.into_iter().find_map(id) {
            reads(queue.to_owned(), None);
        }
    }
    for leg in legs {
        if let Some(function) = functions.iter().find(|function| function.id == leg.to) {
            let (channel, mapping) = (leg.from.clone(), leg.route.clone());
            readings.push(Reading { channel, function: function.name.clone(), mapping, group: None });
        }
    }
    readings
}

/// In both spellings: as a resource, and in the function.
fn mappings(template: &Value) -> Vec<Mapping<'_>> {
    let mut found = Vec::new();
    for (id, properties) in resource::of_type(template, "AWS::Lambda::EventSourceMapping") {
        if let Some(function) = resource::id(&properties["FunctionName"]) {
            found.push(Mapping { name: id.to_owned(), function, properties });
        }
    }
    for (function, properties) in resource::of_type(template, "AWS::Serverless::Function") {
        let events = properties["Events"].as_object().into_iter().flatten();
        for (event, described) in events {
            if matches!(described["Type"].as_str(), Some("SQS" | "DynamoDB" | "MSK" | "SelfManagedKafka")) {
                let name = format!("{function}.{event}");
                found.push(Mapping { name, function, properties: &described["Properties"] });
            }
        }
    }
    found
}

fn stream(mapping: &Mapping<'_>) -> Option<String> {
    let source = [&mapping.properties["Stream"], &mapping.properties["EventSourceArn"]];
    let is_stream = |value: &&Value| value["Fn::GetAtt"][1] == "StreamArn";
    source.into_iter().find(is_stream).and_then(id).map(str::to_owned)
}

fn function_name(id: &str, given: &Value) -> String {
    let given = name(given).map(|name| name.trim_start_matches("{stackName}-").to_owned());
    given.unwrap_or_else(|| id.trim_end_matches("Function").to_ascii_lowercase())
}
