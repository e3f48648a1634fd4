//! Who and what an event is about: identifiers, and how the derived ones are computed.
//!
//! Knows no random source and no clock: whoever makes a fresh id passes both in.

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize};
use uuid::{Builder, Uuid};

use crate::Timestamp;
use crate::family::Identity;
use crate::text::{InvalidValue, text_type};

/// `UUIDv5(URL namespace, "urn:semel:event:emitted")`: ids of events that a consumer emits for an input event.
const EMITTED_EVENTS: Uuid = Uuid::from_u128(0xf35e_abf3_5bf1_591e_a9e2_74eb_e431_a47c);
/// `UUIDv5(URL namespace, "urn:semel:event:named")`: ids of events that follow from named things, not from an event.
const NAMED_EVENTS: Uuid = Uuid::from_u128(0x7f50_ea17_cd9e_5841_bab2_47f6_c62e_6425);
/// `UUIDv5(URL namespace, "urn:semel:order")`: ids of orders.
const ORDERS: Uuid = Uuid::from_u128(0xa494_8840_bbad_5f16_9a34_e16f_e1ac_3435);

/// The identity of one event, and the key of its deduplication.
///
/// A UUID version 7 when an event starts a chain ([`EventId::new_v7`]), version 5 when it follows from
/// another event ([`EventId::derive`]), so that a repeated decision emits the same ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(Uuid);

impl EventId {
    /// The id of the event with number `index` among those that `consumer` emits because of `input`.
    ///
    /// `UUIDv5(emitted-events namespace, consumer ‖ input's 16 bytes ‖ index as 4 bytes big endian)`. The last
    /// 20 bytes have fixed places, so no two triples share a name.
    pub fn derive(consumer: &str, input: EventId, index: u32) -> Self {
        let mut name = Vec::with_capacity(consumer.len() + 20);
        name.extend_from_slice(consumer.as_bytes());
        name.extend_from_slice(input.as_bytes());
        name.extend_from_slice(&index.to_be_bytes());
        Self(Uuid::new_v5(&EMITTED_EVENTS, &name))
    }

    /// The id of an event that follows from something other than an event, such as a deadline or a command:
    /// equal parts give the equal id. Each part is preceded by its length, so `["ab", "c"]` and `["a", "bc"]` differ.
    pub fn derive_from(parts: &[&str]) -> Self {
        Self(Uuid::new_v5(&NAMED_EVENTS, &length_prefixed(parts)))
    }

    /// A fresh id, ordered by time. `random` must come from a cryptographic random source, read anew for each
    /// id: this crate reads none. Six of its 80 bits are overwritten by version and variant.
    pub fn new_v7(now: Timestamp, random: [u8; 10]) -> Self {
        Self(Builder::from_unix_timestamp_millis(now.as_millis(), &random).into_uuid())
    }

    /// The id's 16 bytes, as the `seen` list stores them.
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// The id with these 16 bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }
}

/// The identity of an order, and of everything that exists once per order: its payment, reservation, shipment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OrderId(Uuid);

impl OrderId {
    /// The id of the order that `caller` places with `idempotency_key`: a repeated request names the same order.
    pub fn derive(caller: &str, idempotency_key: &str) -> Self {
        Self(Uuid::new_v5(&ORDERS, &length_prefixed(&[caller, idempotency_key])))
    }

    /// The id's 16 bytes.
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    /// The id with these 16 bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(Uuid::from_bytes(bytes))
    }
}

fn length_prefixed(parts: &[&str]) -> Vec<u8> {
    let mut name = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
    for part in parts {
        name.extend_from_slice(&(part.len() as u64).to_be_bytes());
        name.extend_from_slice(part.as_bytes());
    }
    name
}

const UUID_RULE: &str = "a lower-case UUID with hyphens, such as 0193557d-2a4b-7c1e-8f00-0123456789ab";

/// One spelling only, so that ids can be compared as text in event patterns and filter policies too.
fn parse_uuid(text: &str, what: &'static str) -> Result<Uuid, InvalidValue> {
    let invalid = InvalidValue { what, rule: UUID_RULE };
    if text.len() != 36 || text.bytes().any(|b| b.is_ascii_uppercase()) {
        return Err(invalid);
    }
    Uuid::try_parse(text).map_err(|_| invalid)
}

macro_rules! uuid_type {
    ($name:ident, $what:literal) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self.0.as_hyphenated(), f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidValue;

            fn from_str(text: &str) -> Result<Self, InvalidValue> {
                parse_uuid(text, $what).map(Self)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Uuid {
                id.0
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.0.as_hyphenated().encode_lower(&mut Uuid::encode_buffer()))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct IdVisitor;

                impl Visitor<'_> for IdVisitor {
                    type Value = $name;

                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        write!(f, concat!($what, ": {}"), UUID_RULE)
                    }

                    fn visit_str<E: Error>(self, text: &str) -> Result<$name, E> {
                        text.parse().map_err(E::custom)
                    }
                }

                deserializer.deserialize_str(IdVisitor)
            }
        }

        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "type": "string",
                    "description": InvalidValue { what: $what, rule: UUID_RULE }.to_string(),
                    "format": "uuid",
                    "pattern": "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
                })
            }
        }
    };
}

uuid_type!(EventId, "an event id");
uuid_type!(OrderId, "an order id");

text_type! {
    /// A customer, as the identity provider names them (the token's subject).
    CustomerId, "a customer id",
    chars: 1..=64 of token,
}

text_type! {
    /// A stock keeping unit: one article that can be sold.
    Sku, "a SKU",
    chars: 1..=40 of upper,
}

text_type! {
    /// An e-mail address in the plain form that mail services accept: no display name, comment or quoting.
    EmailAddress, "an e-mail address", "of the form name@domain.tld in ASCII, at most 254 characters, 64 before the @",
    chars: 1..=254,
    pattern: r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$",
    accepts: is_email,
}

text_type! {
    /// The aggregate that emitted an event: an order, a session of a client, a device.
    AggregateId, "an aggregate id",
    chars: 1..=64 of token,
}

text_type! {
    /// The service that produced an event.
    ProducerId, "a producer id",
    chars: 1..=64 of lower,
}

text_type! {
    /// Ties together everything that one request set off.
    CorrelationId, "a correlation id",
    chars: 1..=128 of token,
}

text_type! {
    /// What the payment gateway calls an authorization, a charge or a refund.
    GatewayReference, "a gateway reference",
    chars: 1..=255 of token,
}

text_type! {
    /// The gateway's token for a payment method, such as `pm_card_visa`. Never a card number.
    PaymentMethod, "a payment method",
    chars: 1..=255 of token,
}

text_type! {
    /// What the carrier calls a parcel.
    TrackingNumber, "a tracking number",
    chars: 1..=64 of token,
}

impl From<OrderId> for AggregateId {
    fn from(order_id: OrderId) -> Self {
        // 36 visible characters: within the bounds by construction.
        Self(order_id.to_string())
    }
}

impl AggregateId {
    /// The id of what has a name whose rule is as narrow as this type's.
    pub(crate) fn of_name(name: &str) -> Self {
        debug_assert!(Self::new(name).is_ok(), "the name's rule allows what an aggregate id may not be");
        Self(name.to_owned())
    }
}

impl Identity for OrderId {
    fn is(&self, aggregate_id: &AggregateId) -> bool {
        aggregate_id.as_str() == self.0.as_hyphenated().encode_lower(&mut Uuid::encode_buffer())
    }

    fn to_aggregate_id(&self) -> AggregateId {
        (*self).into()
    }
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let local_ok = (1..=64).contains(&local.len())
        && local.bytes().all(|b| b.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&b));
    let label_ok = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    local_ok && domain.contains('.') && domain.split('.').all(label_ok)
}
