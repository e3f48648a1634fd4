//! The fields of a body, found but not read: for the slow looks at events that are broken or of an older version.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_path_to_error::Track;

use crate::strict::Object;
use crate::violation::{Violated, dotted, examine};
use crate::{EventId, Fault, SchemaVersion};

use super::Form;

/// The fields of an envelope, unread.
#[derive(Deserialize)]
pub(super) struct Peek<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    event_id: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    event_type: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    timestamp: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    pub(super) data: Option<&'a RawValue>,
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

/// A body whose envelope was found.
pub(super) struct Opened<'a> {
    /// Where the envelope is: `detail` in an event of the bus, nothing in a bare one.
    pub(super) prefix: &'static str,
    /// The envelope's fields.
    pub(super) envelope: Peek<'a>,
}

/// Finds the envelope of a body. Of one that is not JSON the fault says less than [`Fault::NotJson`] does.
pub(super) fn open(text: &str, form: Form) -> Result<Opened<'_>, Fault> {
    let outer = peek(text).map_err(|violated| fault(violated, ""))?;
    match (form, outer.detail) {
        (Form::Bare, _) | (Form::BareOrOnBus, None) => Ok(Opened { prefix: "", envelope: outer }),
        (Form::BareOrOnBus, Some(detail)) => match peek(detail.get()) {
            Ok(envelope) => Ok(Opened { prefix: "detail", envelope }),
            Err(violated) => Err(fault(violated, "detail")),
        },
    }
}

fn peek(text: &str) -> Result<Peek<'_>, Violated> {
    let mut track = Track::new();
    let mut json = serde_json::Deserializer::from_str(text);
    let tracked = serde_path_to_error::Deserializer::new(&mut json, &mut track);
    Peek::deserialize(Object(tracked)).map_err(|error| examine(&error, &track.path()))
}

/// What is wrong at a path behind `prefix`.
pub(super) fn fault(violated: Violated, prefix: &str) -> Fault {
    let path = dotted(prefix, violated.path());
    match violated {
        Violated::Missing { .. } => Fault::MissingField { path },
        Violated::WrongType { detail, .. } => Fault::WrongType { path, detail },
        Violated::Invalid { detail, .. } => Fault::InvalidValue { path, detail },
    }
}

impl Peek<'_> {
    /// The event's id, if it can be read.
    pub(super) fn event_id(&self) -> Option<EventId> {
        self.event_id.and_then(|raw| serde_json::from_str(raw.get()).ok())
    }

    /// What the event calls its type, if it can be read.
    pub(super) fn event_type(&self) -> Option<String> {
        self.event_type.and_then(|raw| serde_json::from_str(raw.get()).ok())
    }

    /// The version of the data, if it can be read.
    pub(super) fn version(&self) -> Option<SchemaVersion> {
        self.metadata
            .and_then(|raw| serde_json::from_str::<PeekVersion>(raw.get()).ok())
            .map(|peek| peek.version)
    }

    /// The envelope with the type before the data, so that a tracker follows into the data.
    pub(super) fn in_canonical_order(&self) -> String {
        self.around(self.data.map(RawValue::get))
    }

    /// The envelope in canonical order, around these data.
    pub(super) fn around(&self, data: Option<&str>) -> String {
        let fields = [
            ("event_id", self.event_id.map(RawValue::get)),
            ("event_type", self.event_type.map(RawValue::get)),
            ("timestamp", self.timestamp.map(RawValue::get)),
            ("data", data),
            ("metadata", self.metadata.map(RawValue::get)),
        ];
        object(&fields)
    }
}

/// The fields of the bus that are looked at, unread.
#[derive(Deserialize)]
struct PeekBus<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    source: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "detail-type", deserialize_with = "present")]
    detail_type: Option<&'a RawValue>,
}

/// The event of the bus that `text` is, around another envelope.
pub(super) fn on_bus(text: &str, envelope: &str) -> Result<String, Fault> {
    let bus: PeekBus<'_> = serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(text))
        .map_err(|error| fault(examine(error.inner(), error.path()), ""))?;
    Ok(object(&[
        ("source", bus.source.map(RawValue::get)),
        ("detail-type", bus.detail_type.map(RawValue::get)),
        ("detail", Some(envelope)),
    ]))
}

fn object(fields: &[(&str, Option<&str>)]) -> String {
    let written: Vec<String> =
        fields.iter().filter_map(|(name, value)| value.map(|value| format!("\"{name}\":{value}"))).collect();
    format!("{{{}}}", written.join(","))
}
