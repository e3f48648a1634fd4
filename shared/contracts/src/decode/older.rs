//! Events of an older major version, read as the newest one.
//!
//! The slow way, which no event of the newest version takes: the data as JSON values, through the steps of
//! [`upcast`](crate::upcast), and read again by the same code as any other event. Whether old data would pass for the
//! newest shape does not matter: the version says what they are.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Number, Value};
use serde_path_to_error::Track;

use crate::upcast::{Misfit, Step, Upcast};
use crate::violation::examine;
use crate::{ContractError, Envelope, Family, Fault, Kind, SchemaVersion};

use super::agree;
use super::peek::{Opened, fault, on_bus};
use super::read::IncomingSeed;

/// Whether an event is of a major version that has steps to the newest.
pub(super) fn is_older(found: SchemaVersion, newest: SchemaVersion) -> bool {
    (1..newest.major).contains(&found.major)
}

/// Reads `text`, in which `opened` was found, as an event of an older major version; `None` if it is none.
pub(super) fn read<E: Family>(text: &str, opened: &Opened<'_>) -> Option<Result<Envelope<E>, ContractError>> {
    let name = opened.envelope.event_type()?;
    let kind = E::Kind::find(&name)?;
    let (found, newest) = (opened.envelope.version()?, kind.newest());
    if !is_older(found, newest) {
        return None;
    }
    let steps = kind.steps().get(usize::from(found.major) - 1..)?;
    let read = upcast(text, opened, steps).and_then(|text| newest_of(&text, newest));
    let read =
        read.unwrap_or_else(|fault| Err(ContractError::new(fault, opened.envelope.event_id(), Some(&name))));
    Some(read.map_err(|error| error.of_version(found)))
}

/// The body with its data in the newest shape.
fn upcast(text: &str, opened: &Opened<'_>, steps: &[Step]) -> Result<String, Fault> {
    let Opened { prefix, envelope } = opened;
    let at = if prefix.is_empty() { "data".to_owned() } else { format!("{prefix}.data") };
    let data = envelope.data.map(|raw| newest_data(raw, steps, &at)).transpose()?;
    let envelope = envelope.around(data.as_deref());
    if prefix.is_empty() { Ok(envelope) } else { on_bus(text, &envelope) }
}

fn newest_data(raw: &RawValue, steps: &[Step], at: &str) -> Result<String, Fault> {
    let Value::Object(mut data) = values(raw, at)? else {
        // Not an object: no version allows that, and the newest type says it best.
        return Ok(raw.get().to_owned());
    };
    for step in steps {
        step(&mut data).map_err(|misfit| match misfit {
            Misfit::Missing(field) => Fault::MissingField { path: format!("{at}.{field}") },
            Misfit::WrongType(field, detail) => Fault::WrongType { path: format!("{at}.{field}"), detail },
            Misfit::Invalid(field, detail) => Fault::InvalidValue { path: format!("{at}.{field}"), detail },
        })?;
    }
    Ok(Value::Object(data).to_string())
}

/// Reads a body that was upcast. The version that it comes out with is the newest, which it has now.
fn newest_of<E: Family>(
    text: &str,
    newest: SchemaVersion,
) -> Result<Result<Envelope<E>, ContractError>, Fault> {
    let mut track = Track::new();
    let mut json = serde_json::Deserializer::from_str(text);
    let mut incoming = IncomingSeed::<E>(PhantomData)
        .deserialize(serde_path_to_error::Deserializer::new(&mut json, &mut track))
        .map_err(|error| fault(examine(&error, &track.path()), ""))?;
    incoming.envelope.metadata.version = newest;
    Ok(agree(incoming.envelope, incoming.bus.as_ref()))
}

/// JSON values in which no field is there twice: which of the two a step would take, nobody could say.
fn values(raw: &RawValue, at: &str) -> Result<Value, Fault> {
    let mut track = Track::new();
    let mut json = serde_json::Deserializer::from_str(raw.get());
    Values
        .deserialize(serde_path_to_error::Deserializer::new(&mut json, &mut track))
        .map_err(|error| fault(examine(&error, &track.path()), at))
}

struct Values;

impl<'de> DeserializeSeed<'de> for Values {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Values {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = items.next_element_seed(Self)? {
            values.push(value);
        }
        Ok(values.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            if values.contains_key(&name) {
                return Err(A::Error::custom(format_args!("duplicate field `{name}`")));
            }
            let value = fields.next_value_seed(Self)?;
            values.insert(name, value);
        }
        Ok(values.into())
    }
}
