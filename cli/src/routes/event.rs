//! An event from a file, as each carrier shows it: on the bus, as a message's attributes, as a message's body.

use std::fs;
use std::path::Path;

use semel_contracts::{EventType, TelemetryType};
use semel_routing::check::Carrier;
use serde_json::{Value, json};

use crate::error::Error;

/// One event in all its clothes.
#[derive(Debug)]
pub struct Sample {
    on_bus: Value,
    attributes: Value,
    body: Value,
}

impl Sample {
    /// Reads the file.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = fs::read_to_string(path).map_err(Error::io("read", path))?;
        let event = serde_json::from_str(&text).map_err(|error| error.to_string());
        event.and_then(Self::of).map_err(|reason| Error::Unexpected(format!("{}: {reason}", path.display())))
    }

    /// Takes an event of the bus, which has a `detail-type`, or an envelope, which has an `event_type`.
    pub fn of(event: Value) -> Result<Self, String> {
        let (on_bus, body) = match (event["detail-type"].as_str(), event["event_type"].as_str()) {
            (Some(_), _) => {
                let detail = event["detail"].clone();
                (event, detail)
            }
            (None, Some(event_type)) => (enveloped(event_type, &event), event),
            (None, None) => {
                return Err(
                    "neither an event of the bus (detail-type, detail) nor an envelope (event_type, data)"
                        .to_owned(),
                );
            }
        };
        let attributes = json!({ "event_type": on_bus["detail-type"] });
        Ok(Self { on_bus, attributes, body })
    }

    /// What a rule on this carrier looks at.
    pub const fn seen_by(&self, carrier: Carrier) -> &Value {
        match carrier {
            Carrier::Bus => &self.on_bus,
            Carrier::MessageAttributes => &self.attributes,
            Carrier::MessageBody => &self.body,
        }
    }
}

/// The envelope as the bus carries it. A type that nobody knows has no source.
fn enveloped(event_type: &str, envelope: &Value) -> Value {
    let source = EventType::parse(event_type).map(EventType::source);
    let source = source.or_else(|| TelemetryType::parse(event_type).map(TelemetryType::source));
    let mut event = json!({ "version": "0", "detail-type": event_type, "detail": envelope });
    for (name, value) in [("source", source), ("time", envelope["timestamp"].as_str())] {
        if let Some(value) = value {
            event[name] = Value::from(value);
        }
    }
    event
}
