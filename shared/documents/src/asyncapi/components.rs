//! Messages and schemas: every event in every form that some channel has.

use serde_json::{Map, Value, json};

use super::message;
use crate::definitions::PREFIX;
use crate::platform::{EventType, Form, Platform};

/// Every event, and for those that some channel has as the bus does, that form too.
pub fn messages(platform: &Platform) -> Value {
    let on_bus = platform.on_bus();
    let mut messages = Map::new();
    for event in &platform.events {
        messages.insert(message(&event.name, Form::Envelope), one(event, Form::Envelope));
        if on_bus.contains(event.name.as_str()) {
            messages.insert(message(&event.name, Form::OnBus), one(event, Form::OnBus));
        }
    }
    Value::Object(messages)
}

/// Every definition, and the bus's form of those events that it carries.
pub fn schemas(platform: &Platform) -> Value {
    let mut schemas: Map<String, Value> =
        platform.definitions.iter().map(|(name, schema)| (name.to_owned(), schema.clone())).collect();
    let on_bus = platform.on_bus();
    for event in platform.events.iter().filter(|event| on_bus.contains(event.name.as_str())) {
        schemas.insert(message(&event.name, Form::OnBus), wrapped(event));
    }
    Value::Object(schemas)
}

fn one(event: &EventType, form: Form) -> Value {
    let (title, example) = match form {
        Form::Envelope => (event.name.clone(), event.sample.clone()),
        Form::OnBus => (format!("{} on the bus", event.name), example(event)),
    };
    json!({
        "name": event.name,
        "title": title,
        "summary": event.description,
        "contentType": "application/json",
        "payload": { "$ref": format!("{PREFIX}{}", message(&event.name, form)) },
        "examples": [{ "name": format!("version {}", event.version()), "payload": example }],
        "tags": [{ "name": event.owner }],
        "x-source": event.source,
        "x-owner": event.owner,
        "x-version": event.version(),
        "x-compatibility": event.compatibility.name(),
    })
}

/// An event of the bus, whose detail is the envelope.
fn wrapped(event: &EventType) -> Value {
    let text = json!({ "type": "string" });
    json!({
        "type": "object",
        "description": "An event of the bus; its detail is the envelope.",
        "required": ["version", "id", "source", "detail-type", "account", "time", "region", "resources", "detail"],
        "properties": {
            "version": { "const": "0" },
            "id": { "type": "string", "format": "uuid", "description": "EventBridge's own id: another one after a replay." },
            "source": { "const": event.source },
            "detail-type": { "const": event.name },
            "account": { "type": "string", "pattern": "^[0-9]{12}$" },
            "time": { "type": "string", "format": "date-time" },
            "region": text,
            "resources": { "type": "array", "items": text },
            "replay-name": { "type": "string", "description": "Only of an event that is replayed from the archive." },
            "detail": { "$ref": format!("{PREFIX}{}", event.name) },
        },
    })
}

fn example(event: &EventType) -> Value {
    json!({
        "version": "0",
        "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        "source": event.source,
        "detail-type": event.name,
        "account": "123456789012",
        "time": event.sample["timestamp"].as_str().unwrap_or("2026-01-01T00:00:00Z"),
        "region": "eu-central-1",
        "resources": [],
        "detail": event.sample,
    })
}
