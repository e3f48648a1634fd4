//! Reads an event, bare or inside an `EventBridge` event, and names what is wrong with a bad one.
//!
//! A good event is read in one pass over the body: our producers write `event_type` before `data`, so the data is
//! read as its type when it is met. Only when that fails is the body read again, slowly, to say exactly why.

mod diagnose;
mod read;

use serde::de::DeserializeSeed;

use crate::{AggregateId, ContractError, Envelope, Fault, MAX_ENVELOPE_BYTES, OrderId};

use read::{Incoming, IncomingSeed};

/// Reads an event from the body of a message: a bare envelope, or an `EventBridge` event whose `detail` is one.
/// A body with a top-level `detail` is the latter; its `source` and `detail-type` must agree with the envelope.
///
/// Unknown fields are ignored, so that a newer minor version can be read; a newer major version is refused. Every
/// error is fatal: reading the same bytes again gives the same error.
pub fn decode(body: &(impl AsRef<[u8]> + ?Sized)) -> Result<Envelope, ContractError> {
    let body = body.as_ref();
    if body.len() > MAX_ENVELOPE_BYTES {
        return Err(ContractError::new(Fault::TooLarge { bytes: body.len() }, None, None));
    }
    let text = std::str::from_utf8(body)
        .map_err(|error| ContractError::new(Fault::NotJson { detail: error.to_string() }, None, None))?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let incoming = IncomingSeed.deserialize(&mut deserializer).and_then(|incoming| {
        deserializer.end()?;
        Ok(incoming)
    });
    match incoming {
        Ok(incoming) => agree(incoming),
        Err(error) => Err(diagnose::diagnose(text, &error)),
    }
}

/// Refuses an event that contradicts itself or is of a version that cannot be read.
fn agree(incoming: Incoming<'_>) -> Result<Envelope, ContractError> {
    let Incoming { envelope, bus } = incoming;
    let event_type = envelope.event_type();
    let refuse = |fault| Err(ContractError::new(fault, Some(envelope.event_id), Some(event_type.as_str())));
    let disagrees =
        |path, expected: &str, because| Fault::Disagrees { path, expected: expected.to_owned(), because };

    let (found, known) = (envelope.metadata.version, event_type.version());
    if found.major != known.major {
        return refuse(Fault::UnsupportedVersion { found, known });
    }
    if let Some(bus) = &bus {
        if bus.detail_type != event_type.as_str() {
            return refuse(disagrees("detail-type", event_type.as_str(), "detail.event_type"));
        }
        if bus.source != event_type.source() {
            return refuse(disagrees("source", event_type.source(), "the event type"));
        }
    }
    if !names_order(&envelope.metadata.aggregate_id, envelope.order_id()) {
        let (path, because) = match bus {
            Some(_) => ("detail.metadata.aggregate_id", "detail.data.order_id"),
            None => ("metadata.aggregate_id", "data.order_id"),
        };
        return refuse(disagrees(path, &envelope.order_id().to_string(), because));
    }
    Ok(envelope)
}

fn names_order(aggregate_id: &AggregateId, order_id: OrderId) -> bool {
    let mut buffer = uuid::Uuid::encode_buffer();
    aggregate_id.as_str() == uuid::Uuid::from(order_id).as_hyphenated().encode_lower(&mut buffer)
}
