//! What carries events, and who puts which event on it.
//!
//! A service commits an event in a table of its own, and a relay that follows the table publishes it; or the service
//! publishes by itself. Both show in the template: the service's environment names the table, the relay reads the table's
//! stream, and the publisher's environment names the bus, the topic or the brokers.

use std::collections::BTreeSet;

use super::functions::Function;
use super::legs::DEFAULT_BUS;
use super::resource::{self, mentions, name};
use super::{Channel, ChannelKind, EventType, Form, Input, KafkaTopic, Leg, Publication};

/// The variable that tells a function where the brokers are: who has it publishes to Kafka.
const BROKERS: &str = "KAFKA_BROKERS";

/// The id of a Kafka topic.
pub fn kafka_id(topic: &str) -> String {
    format!("Kafka.{topic}")
}

/// Everything in the template that may carry events, without messages yet.
pub fn carriers(input: &Input<'_>) -> Vec<Channel> {
    let template = input.template;
    let channel = |id: &str, kind: ChannelKind, address: Option<String>| Channel {
        id: id.to_owned(),
        kind,
        address,
        messages: BTreeSet::new(),
    };
    let mut found = vec![channel(DEFAULT_BUS, ChannelKind::Bus, Some("default".to_owned()))];
    for (id, properties) in resource::of_type(template, "AWS::Events::EventBus") {
        found.push(channel(id, ChannelKind::Bus, name(&properties["Name"])));
    }
    for (id, properties) in resource::of_type(template, "AWS::SNS::Topic") {
        found.push(channel(id, ChannelKind::Topic, name(&properties["TopicName"])));
    }
    for (id, properties) in resource::of_type(template, "AWS::SQS::Queue") {
        let redrive = &properties["RedrivePolicy"];
        let letters = resource::id(&redrive["deadLetterTargetArn"]);
        let letters = letters.map(|id| &template["Resources"][id]["Properties"]["QueueName"]);
        let kind = ChannelKind::Queue {
            dead_letters: letters.and_then(name),
            attempts: redrive["maxReceiveCount"].as_u64(),
            kept_seconds: properties["MessageRetentionPeriod"].as_u64(),
            fifo: properties["FifoQueue"] == true,
        };
        found.push(channel(id, kind, name(&properties["QueueName"])));
    }
    let mut topics: Vec<&KafkaTopic> = input.topics.iter().collect();
    topics.sort_by_key(|topic| &topic.name);
    for topic in topics {
        found.push(channel(
            &kafka_id(&topic.name),
            ChannelKind::Kafka(topic.clone()),
            Some(topic.name.clone()),
        ));
    }
    found
}

/// Who puts which event where.
pub fn publications(
    events: &[EventType],
    functions: &[Function],
    channels: &[Channel],
    legs: &[Leg],
) -> Vec<Publication> {
    let mut found = Vec::new();
    for event in events {
        let Some(owner) = functions.iter().find(|function| function.name == event.owner) else { continue };
        let publishers = functions.iter().filter(|each| {
            *each == owner || each.streams.iter().any(|table| mentions(&owner.environment, table))
        });
        for publisher in publishers {
            for channel in channels.iter().filter(|channel| publishes(publisher, event, channel, legs)) {
                found.push(Publication {
                    producer: owner.name.clone(),
                    publisher: publisher.name.clone(),
                    channel: channel.id.clone(),
                    event_type: event.name.clone(),
                });
            }
        }
    }
    found
}

fn publishes(publisher: &Function, event: &EventType, channel: &Channel, legs: &[Leg]) -> bool {
    match &channel.kind {
        ChannelKind::Bus => mentions(&publisher.environment, &channel.id),
        // Not all events go to a topic; those that its subscribers ask for do.
        ChannelKind::Topic => {
            mentions(&publisher.environment, &channel.id)
                && legs.iter().any(|leg| leg.from == channel.id && leg.events.contains(&event.name))
        }
        // Queues are filled by rules; that a function knows one for its dead letters makes it no producer.
        ChannelKind::Queue { .. } => false,
        ChannelKind::Kafka(topic) => {
            !publisher.environment[BROKERS].is_null() && topic_of(publisher, event, channel, topic)
        }
    }
}

/// The topics that a publisher's environment names, of those else the one that is called after the event's service.
fn topic_of(publisher: &Function, event: &EventType, channel: &Channel, topic: &KafkaTopic) -> bool {
    let variables = publisher.environment.as_object().into_iter().flatten();
    let named: Vec<&str> = variables
        .filter(|(variable, _)| variable.ends_with("_TOPIC"))
        .filter_map(|(_, value)| value.as_str())
        .collect();
    if named.is_empty() {
        event.source.rsplit('.').next() == Some(topic.name.as_str())
    } else {
        channel.address.as_deref().is_some_and(|address| named.contains(&address))
    }
}

/// Says of each channel which events it carries.
pub fn fill(channels: &mut [Channel], publications: &[Publication], legs: &[Leg]) {
    for channel in channels {
        let form = match channel.kind {
            ChannelKind::Bus => Form::OnBus,
            ChannelKind::Topic | ChannelKind::Queue { .. } | ChannelKind::Kafka(_) => Form::Envelope,
        };
        let published = publications.iter().filter(|each| each.channel == channel.id);
        channel.messages.extend(published.map(|each| (each.event_type.clone(), form)));
        for leg in legs {
            let here = if leg.from == channel.id {
                Some(form)
            } else if leg.to == channel.id {
                Some(leg.form)
            } else {
                None
            };
            if let Some(form) = here {
                channel.messages.extend(leg.events.iter().map(|event| (event.clone(), form)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn the_name_of_a_topic_comes_from_the_environment_or_from_the_service() {
        let topic = |name: &str| KafkaTopic { name: name.to_owned(), partitions: 1, config: BTreeMap::new() };
        let channel = |name: &str| Channel {
            id: kafka_id(name),
            kind: ChannelKind::Kafka(topic(name)),
            address: Some(name.to_owned()),
            messages: BTreeSet::new(),
        };
        let function = |environment: Value| Function {
            id: "F".to_owned(),
            name: "f".to_owned(),
            environment,
            streams: Vec::new(),
        };
        let event = EventType {
            name: "OrderCreated".to_owned(),
            source: "com.ecommerce.orders".to_owned(),
            description: String::new(),
            owner: "orders".to_owned(),
            compatibility: semel_registry::compatibility::Mode::None,
            releases: Vec::new(),
            schema: json!({}),
            sample: json!({}),
        };
        let goes =
            |environment: Value, name: &str| publishes(&function(environment), &event, &channel(name), &[]);
        assert!(goes(json!({ "KAFKA_BROKERS": "b:1" }), "orders"));
        assert!(!goes(json!({ "KAFKA_BROKERS": "b:1" }), "telemetry"));
        assert!(!goes(json!({}), "orders"), "who knows no broker publishes nothing");
        let named = json!({ "KAFKA_BROKERS": "b:1", "TELEMETRY_TOPIC": "telemetry" });
        assert!(goes(named.clone(), "telemetry") && !goes(named, "orders"));
    }
}
