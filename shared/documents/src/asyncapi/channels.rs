//! Channels: buses, topics and queues, each with its messages and what routes them on.

use serde_json::{Map, Value, json};

use super::{message, reference, server};
use crate::platform::{Channel, ChannelKind, Platform};

/// Every channel, by id.
pub fn all(platform: &Platform) -> Value {
    let described = platform.channels.iter().map(|channel| (channel.id.clone(), one(platform, channel)));
    Value::Object(described.collect())
}

fn one(platform: &Platform, channel: &Channel) -> Value {
    let messages: Map<String, Value> = channel
        .messages
        .iter()
        .map(|(event_type, form)| message(event_type, *form))
        .map(|key| (key.clone(), reference(&["components", "messages", &key])))
        .collect();
    let mut described = json!({
        "address": channel.address,
        "title": channel.id,
        "description": description(&channel.kind),
        "servers": [reference(&["servers", server(&channel.kind)])],
        "messages": messages,
    });
    if let Some(address) = &channel.address {
        let parameters = parameters(address);
        if !parameters.is_empty() {
            described["parameters"] = Value::Object(parameters);
        }
    }
    if let Some(bindings) = bindings(channel) {
        described["bindings"] = bindings;
    }
    let routes: Map<String, Value> = platform
        .legs
        .iter()
        .filter(|leg| leg.from == channel.id)
        .map(|leg| {
            let route = json!({ "to": leg.to, "pattern": leg.pattern, "events": leg.events });
            (leg.route.clone(), route)
        })
        .collect();
    if !routes.is_empty() {
        described["x-routes"] = Value::Object(routes);
    }
    described
}

const fn description(kind: &ChannelKind) -> &'static str {
    match kind {
        ChannelKind::Bus => "An EventBridge bus. Rules (x-routes) take events on to queues.",
        ChannelKind::Topic => "An SNS topic. Subscriptions (x-routes) take messages on to queues.",
        ChannelKind::Queue { .. } => {
            "An SQS queue. It may hand out a message more than once, and in any order."
        }
        ChannelKind::Kafka(_) => {
            "A Kafka topic. The key is metadata.aggregate_id, so that an aggregate's events stay in order."
        }
    }
}

/// What an address leaves open.
fn parameters(address: &str) -> Map<String, Value> {
    let mut found = Map::new();
    let mut rest = address;
    while let Some((_, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else { break };
        let description = match name {
            "stackName" => "The name of the CloudFormation stack.",
            _ => "Filled in when the stack is deployed.",
        };
        found.insert(name.to_owned(), json!({ "description": description }));
        rest = after;
    }
    found
}

fn bindings(channel: &Channel) -> Option<Value> {
    match &channel.kind {
        // AsyncAPI has no binding for EventBridge, and that of SNS needs a name, which not every topic has.
        ChannelKind::Bus => None,
        ChannelKind::Topic => {
            let name = channel.address.as_ref()?;
            Some(json!({ "sns": { "name": name, "bindingVersion": "0.1.0" } }))
        }
        ChannelKind::Queue { dead_letters, attempts, kept_seconds, fifo } => {
            let name = channel.address.as_ref()?;
            let mut queue = json!({ "name": name, "fifoQueue": fifo });
            if let Some(seconds) = kept_seconds {
                queue["messageRetentionPeriod"] = json!(seconds);
            }
            let mut binding = json!({ "bindingVersion": "0.2.0" });
            if let Some(letters) = dead_letters {
                let mut redrive = json!({ "deadLetterQueue": { "name": letters } });
                if let Some(attempts) = attempts {
                    redrive["maxReceiveCount"] = json!(attempts);
                }
                queue["redrivePolicy"] = redrive;
                binding["deadLetterQueue"] = json!({ "name": letters, "fifoQueue": fifo });
            }
            binding["queue"] = queue;
            Some(json!({ "sqs": binding }))
        }
        ChannelKind::Kafka(topic) => {
            let config: Map<String, Value> = topic
                .config
                .iter()
                .map(|(name, value)| {
                    let number = value.parse::<i64>().map(Value::from);
                    (name.clone(), number.unwrap_or_else(|_| Value::from(value.as_str())))
                })
                .collect();
            Some(json!({ "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": config,
                "bindingVersion": "0.5.0",
            } }))
        }
    }
}
