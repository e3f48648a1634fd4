//! Reads an event, bare or inside an `EventBridge` event, and names what is wrong with a bad one.
//!
//! A good event is read in one pass over the body: our producers write `event_type` before `data`, so the data is
//! read as its type when it is met. Only when that fails is the body read again, slowly, to say exactly why.

mod diagnose;
mod read;

use std::marker::PhantomData;

use serde::de::DeserializeSeed;

use crate::{ContractError, Envelope, Family, Fault, Kind, MAX_ENVELOPE_BYTES, Telemetry};

use read::{Bus, Incoming, IncomingSeed};

/// What a body may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Bare,
    BareOrOnBus,
}

/// Reads an event from the body of a message: a bare envelope, or an `EventBridge` event whose `detail` is one.
/// A body with a top-level `detail` is the latter; its `source` and `detail-type` must agree with the envelope.
///
/// Unknown fields are ignored, so that a newer minor version can be read; a newer major version is refused. Every
/// error is fatal: reading the same bytes again gives the same error.
pub fn decode(body: &(impl AsRef<[u8]> + ?Sized)) -> Result<Envelope, ContractError> {
    let text = text_of(body.as_ref())?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let incoming = IncomingSeed(PhantomData).deserialize(&mut deserializer).and_then(|incoming| {
        deserializer.end()?;
        Ok(incoming)
    });
    match incoming {
        Ok(Incoming { envelope, bus }) => agree(envelope, bus.as_ref()),
        Err(error) => Err(diagnose::diagnose::<crate::Event>(text, Form::BareOrOnBus, &error)),
    }
}

/// Reads a telemetry event: a bare envelope, as it is sent by a client or a device and stored in Kafka. It never
/// travels over the bus, so a top-level `detail` is an unknown field like any other.
///
/// Unknown fields, versions and errors are treated as [`decode`] treats them. The name of an event of an order's life
/// is unknown here: whoever may send telemetry may not say that an order was paid.
pub fn decode_telemetry(body: &(impl AsRef<[u8]> + ?Sized)) -> Result<Envelope<Telemetry>, ContractError> {
    let text = text_of(body.as_ref())?;
    match serde_json::from_str(text) {
        Ok(envelope) => agree(envelope, None),
        Err(error) => Err(diagnose::diagnose::<Telemetry>(text, Form::Bare, &error)),
    }
}

/// The body as text, if it is not too long and is text.
fn text_of(body: &[u8]) -> Result<&str, ContractError> {
    if body.len() > MAX_ENVELOPE_BYTES {
        return Err(ContractError::new(Fault::TooLarge { bytes: body.len() }, None, None));
    }
    std::str::from_utf8(body)
        .map_err(|error| ContractError::new(Fault::NotJson { detail: error.to_string() }, None, None))
}

/// Refuses an event that contradicts itself or is of a version that cannot be read.
fn agree<E: Family>(envelope: Envelope<E>, bus: Option<&Bus<'_>>) -> Result<Envelope<E>, ContractError> {
    let kind = envelope.data.kind();
    let refuse = |fault| Err(ContractError::new(fault, Some(envelope.event_id), Some(kind.name())));
    let disagrees =
        |path, expected: &str, because| Fault::Disagrees { path, expected: expected.to_owned(), because };

    let (found, known) = (envelope.metadata.version, kind.newest());
    if found.major != known.major {
        return refuse(Fault::UnsupportedVersion { found, known });
    }
    if let Some(bus) = bus {
        if bus.detail_type != kind.name() {
            return refuse(disagrees("detail-type", kind.name(), "detail.event_type"));
        }
        if bus.source != kind.origin() {
            return refuse(disagrees("source", kind.origin(), "the event type"));
        }
    }
    if !envelope.data.belongs_to(&envelope.metadata.aggregate_id) {
        let (path, because) = match bus {
            Some(_) => ("detail.metadata.aggregate_id", "detail.data.order_id"),
            None => ("metadata.aggregate_id", envelope.data.aggregate_field()),
        };
        return refuse(disagrees(path, envelope.data.aggregate_id().as_str(), because));
    }
    Ok(envelope)
}
