//! Which events of a batch may pass: each is held to the contract, to the clock, to its sender and to its neighbours.
//!
//! Pure: the time is passed in. Nothing is copied of an event but what its answer says: a good one is read in place,
//! and only what is refused, or written in an unusual way, is read by the decoder that can say why.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use semel_contracts::borrowed::TelemetryEvent;
use semel_contracts::{ContractError, CustomerId, EventId, EventType, Fault, Timestamp};

use crate::facts::{Facts, Who};
use crate::limits::FUTURE_MAX;

/// Who sends, as far as somebody else than the sender says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sender<'a> {
    /// Nobody says.
    Anyone,
    /// The subject of a token.
    Customer(&'a CustomerId),
    /// The device that an MQTT topic names.
    Device(&'a str),
}

/// What is thought of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict<'a> {
    /// It may pass, under this key.
    Good { id: EventId, key: Cow<'a, str> },
    /// An event above it in the batch is the very same.
    Repeated { id: EventId },
    /// It may not pass.
    Rejected(Rejection),
}

/// Why an event may not pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rejection {
    /// The event's id and type, as far as they could be read.
    pub id: Option<EventId>,
    pub event_type: Option<String>,
    /// A short stable name.
    pub reason: &'static str,
    /// The field that is wrong, if it is one.
    pub field: Option<String>,
    /// What is wrong and what is allowed.
    pub detail: String,
    /// Whether a newer build of this function may take it as it is.
    pub is_newer: bool,
}

/// Judges the events of a batch, in their order.
pub(crate) fn judge<'a>(events: &[&'a str], sender: Sender<'_>, now: Timestamp) -> Vec<Verdict<'a>> {
    let latest = now.saturating_add(FUTURE_MAX);
    // Hashed with the process's seed: ids are chosen by clients.
    let mut met: HashMap<EventId, &str> = HashMap::with_capacity(events.len());
    events
        .iter()
        .map(|&text| {
            let facts = match read(text, sender, latest) {
                Ok(facts) => facts,
                Err(rejection) => return Verdict::Rejected(*rejection),
            };
            let id = facts.id;
            match met.entry(id) {
                Entry::Vacant(place) => {
                    place.insert(text);
                    Verdict::Good { id, key: facts.key }
                }
                Entry::Occupied(first) if *first.get() == text => Verdict::Repeated { id },
                Entry::Occupied(_) => Verdict::Rejected(of(
                    &facts,
                    "id_reused",
                    "event_id",
                    "an event above it in this request has the same id and says something else".to_owned(),
                )),
            }
        })
        .collect()
}

fn read<'a>(text: &'a str, sender: Sender<'_>, latest: Timestamp) -> Result<Facts<'a>, Box<Rejection>> {
    let event = TelemetryEvent::decode(text.as_bytes()).map_err(|error| Box::new(broken(&error)))?;
    let facts = Facts::from(event);
    if facts.timestamp > latest {
        let ahead = FUTURE_MAX.as_secs();
        let detail = format!("timestamp is more than {ahead} s ahead; set the clock, or correct it by ours");
        return Err(Box::new(of(&facts, "future_timestamp", "timestamp", detail)));
    }
    match (sender, &facts.who) {
        (Sender::Customer(subject), Who::Customer(Some(customer))) if customer != subject.as_str() => {
            let detail = "data.customer_id is not the token's subject; leave it out".to_owned();
            Err(Box::new(of(&facts, "not_the_sender", "data.customer_id", detail)))
        }
        // A device's name is its events' key.
        (Sender::Device(name), who) if *who != Who::Device || facts.key != name => {
            let detail = "a device reports about itself only, on the topic that its name is in".to_owned();
            Err(Box::new(of(&facts, "not_the_sender", "data.device_id", detail)))
        }
        (Sender::Anyone | Sender::Customer(_) | Sender::Device(_), _) => Ok(facts),
    }
}

fn broken(error: &ContractError) -> Rejection {
    let (reason, field) = place(error.fault());
    Rejection {
        id: error.event_id(),
        event_type: error.event_type().map(str::to_owned),
        reason,
        field: field.map(str::to_owned),
        detail: error.fault().to_string(),
        is_newer: matches!(error.fault(), Fault::UnsupportedVersion { found, known } if found.major > known.major),
    }
}

fn of(facts: &Facts<'_>, reason: &'static str, field: &str, detail: String) -> Rejection {
    Rejection {
        id: Some(facts.id),
        event_type: Some(facts.event_type.as_str().to_owned()),
        reason,
        field: Some(field.to_owned()),
        detail,
        is_newer: false,
    }
}

/// The reason's name and the field. That a client sends what only a service may say has a name of its own.
fn place(fault: &Fault) -> (&'static str, Option<&str>) {
    match fault {
        Fault::UnknownEventType { name } if EventType::parse(name).is_some() => {
            ("not_telemetry", Some("event_type"))
        }
        Fault::UnknownEventType { .. } => (fault.code(), Some("event_type")),
        Fault::UnsupportedVersion { .. } => (fault.code(), Some("metadata.version")),
        Fault::MissingField { path } | Fault::WrongType { path, .. } | Fault::InvalidValue { path, .. } => {
            (fault.code(), Some(path))
        }
        Fault::Disagrees { path, .. } => (fault.code(), Some(path)),
        Fault::TooLarge { .. } | Fault::NotJson { .. } => (fault.code(), None),
    }
}

#[cfg(test)]
mod tests;
