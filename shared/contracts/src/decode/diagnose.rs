//! The second, slow look at a body that could not be read: which field, which event, what is allowed.
//!
//! The envelope is put into its canonical field order and read once more by the same code as before, with a
//! tracker that knows the path at every moment. Nothing is accepted here; the answer is always an error.

use std::marker::PhantomData;

use serde::de::{DeserializeSeed, IgnoredAny};
use serde_path_to_error::Track;

use crate::error::bounded;
use crate::violation::examine;
use crate::{ContractError, Envelope, Family, Fault, Kind};

use super::Form;
use super::peek::{Opened, Peek, fault};
use super::read::IncomingSeed;

/// Why `text` was not read as an event of the family `E`. `opened` is what was found in it, and `first` the error that
/// the first pass gave.
pub(super) fn diagnose<E: Family>(
    text: &str,
    form: Form,
    opened: Result<Opened<'_>, Fault>,
    first: &serde_json::Error,
) -> ContractError {
    if let Err(error) = serde_json::from_str::<IgnoredAny>(text) {
        return ContractError::new(Fault::NotJson { detail: error.to_string() }, None, None);
    }
    let Opened { prefix, envelope } = match opened {
        Ok(opened) => opened,
        Err(fault) => return ContractError::new(fault, None, None),
    };
    let name = envelope.event_type();
    let fault = find::<E>(text, form, prefix, &envelope, name.as_deref()).unwrap_or_else(|| {
        Fault::InvalidValue { path: prefix.to_owned(), detail: bounded(&first.to_string()) }
    });
    ContractError::new(fault, envelope.event_id(), name.as_deref())
}

fn find<E: Family>(
    text: &str,
    form: Form,
    prefix: &str,
    envelope: &Peek<'_>,
    name: Option<&str>,
) -> Option<Fault> {
    if let Some(name) = name {
        let Some(kind) = E::Kind::find(name) else {
            return Some(Fault::UnknownEventType { name: bounded(name) });
        };
        // Before the data: the shape of another major version is not this build's to judge.
        if let Some(found) = envelope.version()
            && found.major != kind.newest().major
        {
            return Some(Fault::UnsupportedVersion { found, known: kind.newest() });
        }
    }
    let canonical = envelope.in_canonical_order();
    let read: Result<Envelope<E>, _> =
        serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(&canonical));
    if let Err(error) = read {
        return Some(fault(examine(error.inner(), error.path()), prefix));
    }
    // The envelope itself is good, so it is what the bus says around it, or a field that is there twice.
    if form == Form::Bare {
        let read: Result<Envelope<E>, _> =
            serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(text));
        return read.err().map(|error| fault(examine(error.inner(), error.path()), ""));
    }
    let mut track = Track::new();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let read = IncomingSeed::<E>(PhantomData)
        .deserialize(serde_path_to_error::Deserializer::new(&mut deserializer, &mut track));
    let error = read.err()?;
    Some(fault(examine(&error, &track.path()), ""))
}
