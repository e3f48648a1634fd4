//! Operations: which service sends what on which channel, and which function receives it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{message, reference};
use crate::platform::{Channel, Form, Platform, Reading};

/// Every operation, by `<service>.sends.<channel>` and `<function>.receives.<channel>`.
pub fn all(platform: &Platform) -> Value {
    let mut operations = Map::new();
    let mut sent: BTreeMap<(&str, &str, &str), BTreeSet<&str>> = BTreeMap::new();
    for each in &platform.publications {
        let key = (each.producer.as_str(), each.channel.as_str(), each.publisher.as_str());
        sent.entry(key).or_default().insert(&each.event_type);
    }
    for ((producer, id, publisher), events) in sent {
        let Some(channel) = platform.channel(id) else { continue };
        let mut name = format!("{producer}.sends.{id}");
        if operations.contains_key(&name) {
            name = format!("{name}.{publisher}");
        }
        let summary = if producer == publisher {
            format!("{producer} emits what happened in it.")
        } else {
            format!("{producer} emits what happened in it; {publisher} publishes it.")
        };
        operations.insert(
            name,
            json!({
                "action": "send",
                "title": format!("{producer} sends to {id}"),
                "summary": summary,
                "channel": reference(&["channels", id]),
                "messages": messages(channel, &|event| events.contains(event)),
                "tags": [{ "name": producer }],
                "x-published-by": publisher,
            }),
        );
    }
    for reading in &platform.readings {
        if let Some(channel) = platform.channel(&reading.channel) {
            let name = format!("{}.receives.{}", reading.function, reading.channel);
            operations.insert(name, received(platform, reading, channel));
        }
    }
    Value::Object(operations)
}

fn received(platform: &Platform, reading: &Reading, channel: &Channel) -> Value {
    // A rule that calls a function takes a part of what the bus has.
    let direct = platform.legs.iter().find(|leg| leg.route == reading.mapping && leg.from == reading.channel);
    let takes = |event: &str| direct.is_none_or(|leg| leg.events.contains(event));
    let mut routes: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for leg in platform.legs.iter().filter(|leg| leg.to == reading.channel) {
        for event in &leg.events {
            routes.entry(event).or_default().insert(&leg.route);
        }
    }
    let mut operation = json!({
        "action": "receive",
        "title": format!("{} receives from {}", reading.function, reading.channel),
        "channel": reference(&["channels", &reading.channel]),
        "messages": messages(channel, &takes),
        "tags": [{ "name": reading.function }],
        "x-mapping": reading.mapping,
    });
    if !routes.is_empty() {
        operation["x-routes"] = json!(routes);
    }
    if let Some(group) = &reading.group {
        let group = json!({ "type": "string", "description": "The consumer group.", "examples": [group] });
        operation["bindings"] = json!({ "kafka": { "groupId": group, "bindingVersion": "0.5.0" } });
    }
    operation
}

fn messages(channel: &Channel, takes: &dyn Fn(&str) -> bool) -> Vec<Value> {
    let chosen = channel.messages.iter().filter(|(event, _)| takes(event));
    chosen
        .map(|(event, form): &(String, Form)| {
            reference(&["channels", &channel.id, "messages", &message(event, *form)])
        })
        .collect()
}
