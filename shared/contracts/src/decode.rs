//! Reads an event, bare or inside an `EventBridge` event, and names what is wrong with a bad one.
//!
//! A good event is read in one pass over the body: our producers write `event_type` before `data`, so the data is
//! read as its type when it is met. Only when that fails is the body read again, slowly, to say exactly why. An event of
//! an older major version is read slowly too, and comes out as one of the newest.

mod diagnose;
mod older;
mod peek;
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
/// Unknown fields are ignored, so that a newer minor version can be read. An older major version is turned into the
/// newest, whose version is then the envelope's; a newer one is refused. Every error is fatal: reading the same bytes
/// again gives the same error.
pub fn decode(body: &(impl AsRef<[u8]> + ?Sized)) -> Result<Envelope, ContractError> {
    let text = text_of(body.as_ref())?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let incoming = IncomingSeed(PhantomData).deserialize(&mut deserializer).and_then(|incoming| {
        deserializer.end()?;
        Ok(incoming)
    });
    verdict(text, Form::BareOrOnBus, incoming)
}

/// Reads a telemetry event: a bare envelope, as it is sent by a client or a device and stored in Kafka. It never
/// travels over the bus, so a top-level `detail` is an unknown field like any other.
///
/// Unknown fields, versions and errors are treated as [`decode`] treats them. The name of an event of an order's life
/// is unknown here: whoever may send telemetry may not say that an order was paid.
pub fn decode_telemetry(body: &(impl AsRef<[u8]> + ?Sized)) -> Result<Envelope<Telemetry>, ContractError> {
    read_bare(body.as_ref())
}

/// Reads a bare envelope of any family.
pub(crate) fn read_bare<E: Family>(body: &[u8]) -> Result<Envelope<E>, ContractError> {
    let text = text_of(body)?;
    verdict(text, Form::Bare, serde_json::from_str(text).map(|envelope| Incoming { envelope, bus: None }))
}

/// What the first pass over a body comes to. A good event of the newest version is as good as done.
fn verdict<E: Family>(
    text: &str,
    form: Form,
    first: serde_json::Result<Incoming<'_, E>>,
) -> Result<Envelope<E>, ContractError> {
    let is_newest =
        |envelope: &Envelope<E>| !older::is_older(envelope.metadata.version, envelope.data.kind().newest());
    match first {
        Ok(Incoming { envelope, bus }) if is_newest(&envelope) => agree(envelope, bus.as_ref()),
        // Its data may have passed for the newest shape, or not: both say nothing of an older version.
        first => {
            let opened = peek::open(text, form);
            let older = opened.as_ref().ok().and_then(|opened| older::read(text, opened));
            older.unwrap_or_else(|| match first {
                Ok(Incoming { envelope, bus }) => agree(envelope, bus.as_ref()),
                Err(error) => Err(diagnose::diagnose::<E>(text, form, opened, &error)),
            })
        }
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
