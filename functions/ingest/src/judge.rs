//! Which events of a batch may pass: each is held to the contract, to the clock, to its sender and to its neighbours.
//!
//! Pure: the time is passed in. Nothing is copied of an event but what its answer says.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use semel_contracts::telemetry::DeviceId;
use semel_contracts::{
    AggregateId, CustomerId, Envelope, EventId, EventType, Fault, Telemetry, Timestamp, decode_telemetry,
};

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
pub(crate) enum Verdict {
    /// It may pass, under this key.
    Good { id: EventId, key: AggregateId },
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
}

/// Judges the events of a batch, in their order.
pub(crate) fn judge(events: &[&str], sender: Sender<'_>, now: Timestamp) -> Vec<Verdict> {
    let latest = now.saturating_add(FUTURE_MAX);
    // Hashed with the process's seed: ids are chosen by clients.
    let mut met: HashMap<EventId, &str> = HashMap::with_capacity(events.len());
    events
        .iter()
        .map(|&text| {
            let envelope = match read(text, sender, latest) {
                Ok(envelope) => envelope,
                Err(rejection) => return Verdict::Rejected(*rejection),
            };
            let id = envelope.event_id;
            match met.entry(id) {
                Entry::Vacant(place) => {
                    place.insert(text);
                    Verdict::Good { id, key: envelope.metadata.aggregate_id }
                }
                Entry::Occupied(first) if *first.get() == text => Verdict::Repeated { id },
                Entry::Occupied(_) => Verdict::Rejected(of(
                    &envelope,
                    "id_reused",
                    "event_id",
                    "an event above it in this request has the same id and says something else".to_owned(),
                )),
            }
        })
        .collect()
}

fn read(text: &str, sender: Sender<'_>, latest: Timestamp) -> Result<Envelope<Telemetry>, Box<Rejection>> {
    let envelope = decode_telemetry(text).map_err(|error| {
        let (reason, field) = place(error.fault());
        Rejection {
            id: error.event_id(),
            event_type: error.event_type().map(str::to_owned),
            reason,
            field: field.map(str::to_owned),
            detail: error.fault().to_string(),
        }
    })?;
    if envelope.timestamp > latest {
        let ahead = FUTURE_MAX.as_secs();
        let detail = format!("timestamp is more than {ahead} s ahead; set the clock, or correct it by ours");
        return Err(Box::new(of(&envelope, "future_timestamp", "timestamp", detail)));
    }
    match sender {
        Sender::Anyone => {}
        Sender::Customer(subject) => {
            if customer_of(&envelope.data).is_some_and(|customer| customer != subject) {
                let detail = "data.customer_id is not the token's subject; leave it out".to_owned();
                return Err(Box::new(of(&envelope, "not_the_sender", "data.customer_id", detail)));
            }
        }
        Sender::Device(name) => {
            if device_of(&envelope.data).is_none_or(|device| device.as_str() != name) {
                let detail =
                    "a device reports about itself only, on the topic that its name is in".to_owned();
                return Err(Box::new(of(&envelope, "not_the_sender", "data.device_id", detail)));
            }
        }
    }
    Ok(envelope)
}

fn of(envelope: &Envelope<Telemetry>, reason: &'static str, field: &str, detail: String) -> Rejection {
    Rejection {
        id: Some(envelope.event_id),
        event_type: Some(envelope.event_type().as_str().to_owned()),
        reason,
        field: Some(field.to_owned()),
        detail,
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

fn customer_of(event: &Telemetry) -> Option<&CustomerId> {
    match event {
        Telemetry::PageViewed(event) => event.customer_id.as_ref(),
        Telemetry::ProductViewed(event) => event.customer_id.as_ref(),
        Telemetry::CartUpdated(event) => event.customer_id.as_ref(),
        Telemetry::ShelfCounted(_) | Telemetry::ItemScanned(_) | Telemetry::DeviceReported(_) => None,
    }
}

fn device_of(event: &Telemetry) -> Option<&DeviceId> {
    match event {
        Telemetry::ShelfCounted(event) => Some(&event.device_id),
        Telemetry::ItemScanned(event) => Some(&event.device_id),
        Telemetry::DeviceReported(event) => Some(&event.device_id),
        Telemetry::PageViewed(_) | Telemetry::ProductViewed(_) | Telemetry::CartUpdated(_) => None,
    }
}

#[cfg(test)]
mod tests;
