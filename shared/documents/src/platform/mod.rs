//! What a platform is made of, as far as its events are concerned: who emits them, what carries them, who gets them.
//!
//! Owns the model. How it is found in a template is next door; how it is shown is none of its business.

mod carried;
mod events;
mod functions;
mod legs;
mod resource;

use std::collections::{BTreeMap, BTreeSet};

use semel_registry::Registry;
use semel_routing::Pattern;
use semel_routing::check::Carrier;
use serde::Deserialize;
use serde_json::Value;

use crate::Fault;
use crate::definitions::Definitions;

pub use events::EventType;

/// What documents are made from.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// What the platform is called.
    pub title: &'a str,
    /// Its version.
    pub version: &'a str,
    /// The SAM template as JSON, with short tags written out: `!Ref X` is `{"Ref": "X"}`.
    pub template: &'a Value,
    /// The released schemas.
    pub registry: &'a Registry,
    /// The template's rules and subscriptions with a pattern.
    pub routes: &'a [Route],
    /// The Kafka topics.
    pub topics: &'a [KafkaTopic],
}

/// A rule or a subscription.
#[derive(Debug, Clone)]
pub struct Route {
    /// Its logical id; of a function's event `<function>.<event>`.
    pub name: String,
    /// What it looks at.
    pub carrier: Carrier,
    /// Its pattern or filter policy as it is written.
    pub written: Value,
    /// The same, read.
    pub pattern: Pattern,
    /// The logical ids of what it sends to.
    pub targets: Vec<String>,
}

/// A Kafka topic.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct KafkaTopic {
    /// Its name.
    pub name: String,
    /// Its partitions.
    pub partitions: u32,
    /// Its settings, such as `retention.ms`.
    #[serde(default)]
    pub config: BTreeMap<String, String>,
}

/// The form in which a channel has an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// The envelope itself.
    Envelope,
    /// An event of the bus, with the envelope as its detail.
    OnBus,
}

/// What a channel is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChannelKind {
    /// An `EventBridge` bus.
    Bus,
    /// An SNS topic.
    Topic,
    /// An SQS queue.
    Queue {
        /// The address of where it puts what cannot be handled.
        dead_letters: Option<String>,
        /// How often a message is handed out before that.
        attempts: Option<u64>,
        /// How long a message is kept.
        kept_seconds: Option<u64>,
        /// Whether it keeps an order.
        fifo: bool,
    },
    /// A Kafka topic.
    Kafka(KafkaTopic),
}

/// Something that carries events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// Its logical id; of a Kafka topic `Kafka.<name>`.
    pub id: String,
    /// What it is.
    pub kind: ChannelKind,
    /// Its name, with `{stackName}` for the stack's; none if it gets one when it is deployed.
    pub address: Option<String>,
    /// The events that it carries, by type.
    pub messages: BTreeSet<(String, Form)>,
}

/// A way from a bus or a topic to a queue or a function.
#[derive(Debug, Clone, PartialEq)]
pub struct Leg {
    /// The rule or subscription.
    pub route: String,
    /// Its pattern.
    pub pattern: Value,
    /// The channel it looks at.
    pub from: String,
    /// The logical id of what it sends to.
    pub to: String,
    /// In which form.
    pub form: Form,
    /// The event types that it may let through.
    pub events: BTreeSet<String>,
}

/// Who puts an event on a channel.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Publication {
    /// The service that emits it.
    pub producer: String,
    /// The function that publishes it: the service's own, or a relay that follows its table.
    pub publisher: String,
    /// The channel.
    pub channel: String,
    /// The event type.
    pub event_type: String,
}

/// Who reads a channel.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reading {
    /// The channel.
    pub channel: String,
    /// The function.
    pub function: String,
    /// What connects the two, by logical id.
    pub mapping: String,
    /// The consumer group, of a Kafka topic.
    pub group: Option<String>,
}

/// One way of an event to a consumer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Delivery<'a> {
    /// The bus or the topic that it begins on.
    pub from: &'a str,
    /// The rule or subscription that takes it on, or the mapping where a consumer reads the channel itself.
    pub route: &'a str,
    /// What the consumer reads.
    pub at: &'a str,
    /// The consumer.
    pub function: &'a str,
}

/// A platform, read.
#[derive(Debug)]
pub struct Platform {
    /// What it is called.
    pub(crate) title: String,
    /// Its version.
    pub(crate) version: String,
    /// By name.
    pub(crate) events: Vec<EventType>,
    /// The schemas of all events.
    pub(crate) definitions: Definitions,
    /// By kind and id.
    pub(crate) channels: Vec<Channel>,
    /// By route and target.
    pub(crate) legs: Vec<Leg>,
    /// Sorted.
    pub(crate) publications: Vec<Publication>,
    /// Sorted.
    pub(crate) readings: Vec<Reading>,
}

impl Platform {
    /// Works out how events travel.
    pub fn read(input: &Input<'_>) -> Result<Self, Fault> {
        let events = events::read(input.registry)?;
        let schemas: Vec<(&str, &Value)> =
            events.iter().map(|event| (event.name.as_str(), &event.schema)).collect();
        let definitions = Definitions::of(&schemas)?;
        let functions = functions::read(input.template);
        let legs = legs::read(input, &events)?;
        let mut carriers = carried::carriers(input);
        let mut publications = carried::publications(&events, &functions, &carriers, &legs);
        publications.sort();
        let mut readings: Vec<Reading> = functions::readings(input.template, &functions, &legs);
        readings.retain(|reading| carriers.iter().any(|channel| channel.id == reading.channel));
        readings.sort();
        carried::fill(&mut carriers, &publications, &legs);
        let is_used = |channel: &Channel| {
            !channel.messages.is_empty() || readings.iter().any(|each| each.channel == channel.id)
        };
        carriers.retain(is_used);
        let (title, version) = (input.title.to_owned(), input.version.to_owned());
        Ok(Self { title, version, events, definitions, channels: carriers, legs, publications, readings })
    }

    /// The ways of an event to its consumers, sorted.
    pub(crate) fn deliveries(&self, event_type: &str) -> BTreeSet<Delivery<'_>> {
        let mut found = BTreeSet::new();
        for leg in self.legs.iter().filter(|leg| leg.events.contains(event_type)) {
            let read_by = self.readings.iter().filter(|reading| reading.channel == leg.to);
            let direct = self.readings.iter().filter(|reading| reading.mapping == leg.route);
            for reading in read_by.chain(direct) {
                found.insert(Delivery {
                    from: &leg.from,
                    route: &leg.route,
                    at: &reading.channel,
                    function: &reading.function,
                });
            }
        }
        for channel in self.channels.iter().filter(|channel| matches!(channel.kind, ChannelKind::Kafka(_))) {
            if channel.messages.iter().any(|(name, _)| name == event_type) {
                let readings = self.readings.iter().filter(|reading| reading.channel == channel.id);
                found.extend(readings.map(|reading| Delivery {
                    from: &channel.id,
                    route: &reading.mapping,
                    at: &channel.id,
                    function: &reading.function,
                }));
            }
        }
        found
    }

    /// The event types that some channel has as the bus does.
    pub(crate) fn on_bus(&self) -> BTreeSet<&str> {
        let carried = self.channels.iter().flat_map(|channel| &channel.messages);
        carried.filter(|(_, form)| *form == Form::OnBus).map(|(event, _)| event.as_str()).collect()
    }

    /// Who puts an event on which channel.
    pub(crate) fn publications_of(&self, event_type: &str) -> impl Iterator<Item = &Publication> {
        self.publications.iter().filter(move |publication| publication.event_type == event_type)
    }

    /// The channel of this id.
    pub(crate) fn channel(&self, id: &str) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.id == id)
    }
}
