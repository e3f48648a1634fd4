//! The second, slow look at a body that could not be read: which field, which event, what is allowed.
//!
//! The envelope is put into its canonical field order and read once more by the same code as before, with a
//! tracker that knows the path at every moment. Nothing is accepted here; the answer is always an error.

use std::marker::PhantomData;

use serde::de::{DeserializeSeed, IgnoredAny};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_path_to_error::Track;

use crate::error::bounded;
use crate::strict::Object;
use crate::violation::{Violated, dotted, examine};
use crate::{ContractError, Envelope, EventId, Family, Fault, Kind, SchemaVersion};

use super::Form;
use super::read::IncomingSeed;

/// The fields of a body, unread.
#[derive(Deserialize)]
struct Peek<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    event_id: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    event_type: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    timestamp: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    data: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    metadata: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    detail: Option<&'a RawValue>,
}

/// Keeps a `null` as a value that is there.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

#[derive(Deserialize)]
struct PeekVersion {
    version: SchemaVersion,
}

impl<'a> Peek<'a> {
    fn event_id(&self) -> Option<EventId> {
        self.event_id.and_then(|raw| serde_json::from_str(raw.get()).ok())
    }

    fn event_type(&self) -> Option<String> {
        self.event_type.and_then(|raw| serde_json::from_str(raw.get()).ok())
    }

    fn version(&self) -> Option<SchemaVersion> {
        self.metadata
            .and_then(|raw| serde_json::from_str::<PeekVersion>(raw.get()).ok())
            .map(|peek| peek.version)
    }

    /// The envelope with the type before the data, so that the tracker follows into the data.
    fn in_canonical_order(&self) -> String {
        let fields: [(&str, Option<&'a RawValue>); 5] = [
            ("event_id", self.event_id),
            ("event_type", self.event_type),
            ("timestamp", self.timestamp),
            ("data", self.data),
            ("metadata", self.metadata),
        ];
        let written: Vec<String> = fields
            .iter()
            .filter_map(|(name, raw)| raw.map(|raw| format!("\"{name}\":{}", raw.get())))
            .collect();
        format!("{{{}}}", written.join(","))
    }
}

/// Why `text` was not read as an event of the family `E`. `first` is the error that the first pass gave.
pub(super) fn diagnose<E: Family>(text: &str, form: Form, first: &serde_json::Error) -> ContractError {
    if let Err(error) = serde_json::from_str::<IgnoredAny>(text) {
        return ContractError::new(Fault::NotJson { detail: error.to_string() }, None, None);
    }
    let outer = match peek(text) {
        Ok(outer) => outer,
        Err(violated) => return ContractError::new(fault(violated, ""), None, None),
    };
    let (prefix, envelope) = match (form, outer.detail) {
        (Form::Bare, _) | (Form::BareOrOnBus, None) => ("", outer),
        (Form::BareOrOnBus, Some(detail)) => match peek(detail.get()) {
            Ok(envelope) => ("detail", envelope),
            Err(violated) => return ContractError::new(fault(violated, "detail"), None, None),
        },
    };
    let name = envelope.event_type();
    let fault = find::<E>(text, form, prefix, &envelope, name.as_deref()).unwrap_or_else(|| {
        Fault::InvalidValue { path: prefix.to_owned(), detail: bounded(&first.to_string()) }
    });
    ContractError::new(fault, envelope.event_id(), name.as_deref())
}

fn peek(text: &str) -> Result<Peek<'_>, Violated> {
    let mut track = Track::new();
    let mut json = serde_json::Deserializer::from_str(text);
    let tracked = serde_path_to_error::Deserializer::new(&mut json, &mut track);
    Peek::deserialize(Object(tracked)).map_err(|error| examine(&error, &track.path()))
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

fn fault(violated: Violated, prefix: &str) -> Fault {
    let path = dotted(prefix, violated.path());
    match violated {
        Violated::Missing { .. } => Fault::MissingField { path },
        Violated::WrongType { detail, .. } => Fault::WrongType { path, detail },
        Violated::Invalid { detail, .. } => Fault::InvalidValue { path, detail },
    }
}
