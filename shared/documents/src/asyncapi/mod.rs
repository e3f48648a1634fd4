//! The `AsyncAPI` 3.0 document: servers, channels, operations, messages and schemas of a platform.
//!
//! Says what `AsyncAPI` has words for in its words; what routes an event is in extensions (`x-routes`).

mod channels;
mod components;
mod operations;

use serde_json::{Map, Value, json};

use crate::platform::{ChannelKind, Form, Platform};

/// The document. Valid by the official JSON Schema of `AsyncAPI` 3.0.0; each schema in it is the released one of its event
/// in the words of draft-07.
pub fn asyncapi(platform: &Platform) -> Value {
    sorted(json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": platform.title,
            "version": platform.version,
            "description": "Every event of the platform, what carries it, who emits it and who gets it. Made from the \
                            template and the released schemas.",
        },
        "defaultContentType": "application/json",
        "servers": servers(platform),
        "channels": channels::all(platform),
        "operations": operations::all(platform),
        "components": {
            "messages": components::messages(platform),
            "schemas": components::schemas(platform),
        },
    }))
}

/// One server for each kind of carrier.
fn servers(platform: &Platform) -> Value {
    let mut servers = Map::new();
    for channel in &platform.channels {
        let name = server(&channel.kind);
        let described = match &channel.kind {
            ChannelKind::Kafka(_) => json!({
                "host": "{bootstrapServers}",
                "protocol": "kafka",
                "description": "Apache Kafka, or Amazon MSK with IAM.",
                "variables": {
                    "bootstrapServers": { "description": "host:port of the brokers, several by commas." },
                },
            }),
            ChannelKind::Bus | ChannelKind::Topic | ChannelKind::Queue { .. } => json!({
                "host": format!("{}.{{region}}.amazonaws.com", host(&channel.kind)),
                "protocol": name,
                "description": "AWS's endpoint; requests are signed (Signature Version 4).",
                "variables": { "region": { "description": "The AWS region of the stack." } },
            }),
        };
        servers.insert(name.to_owned(), described);
    }
    Value::Object(servers)
}

/// The server that has channels of this kind; also its protocol.
const fn server(kind: &ChannelKind) -> &'static str {
    match kind {
        ChannelKind::Bus => "eventbridge",
        ChannelKind::Topic => "sns",
        ChannelKind::Queue { .. } => "sqs",
        ChannelKind::Kafka(_) => "kafka",
    }
}

const fn host(kind: &ChannelKind) -> &'static str {
    match kind {
        ChannelKind::Bus => "events",
        ChannelKind::Topic | ChannelKind::Queue { .. } | ChannelKind::Kafka(_) => server(kind),
    }
}

/// The key of a message: an event in one of its forms.
fn message(event_type: &str, form: Form) -> String {
    match form {
        Form::Envelope => event_type.to_owned(),
        Form::OnBus => format!("{event_type}.OnBus"),
    }
}

fn reference(path: &[&str]) -> Value {
    json!({ "$ref": format!("#/{}", path.join("/")) })
}

/// The same order whatever order maps keep.
pub fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<(String, Value)> = members.into_iter().collect();
            members.sort_by(|(one, _), (other, _)| one.cmp(other));
            Value::Object(members.into_iter().map(|(name, value)| (name, sorted(value))).collect())
        }
        Value::Array(elements) => Value::Array(elements.into_iter().map(sorted).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}
