//! What the registry keeps beside a schema: whose it is, when it was released, and what it promises.
//!
//! One metadata file describes an event type and lists its releases, so that a release is one hunk in one file and
//! two new files in a review. Knows how metadata are written, not where.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::Version;
use crate::compatibility::{Mode, Policy};

/// An event type's metadata file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventTypeRecord {
    /// The service that emits it, such as `com.ecommerce.orders`.
    pub source: String,
    /// The event type, such as `OrderCreated`.
    pub event_type: String,
    /// What it says.
    pub description: String,
    /// Who answers for it.
    pub owner: String,
    /// What a new release must be compatible with, within its major version.
    pub compatibility: Mode,
    /// How undeclared fields are seen.
    pub policy: Policy,
    /// Why no rule and no subscription need route it, if none need: how it travels instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unrouted: Option<String>,
    /// Its releases, oldest first.
    pub releases: Vec<ReleaseRecord>,
}

/// One release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseRecord {
    /// Its version.
    pub version: Version,
    /// The hash of the schema's file: its name all over the registry.
    pub id: ContentId,
    /// The hash of the golden sample's file.
    pub sample: ContentId,
    /// The day of the release, as `2026-11-23`.
    pub created: Day,
    /// What is new in it.
    pub description: String,
}

/// The SHA-256 of a file, in lower-case hexadecimal: what `sha256sum` prints.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ContentId(String);

impl ContentId {
    /// The id of a file that holds this text.
    pub fn of(text: &str) -> Self {
        Self(hex::encode(Sha256::digest(text.as_bytes())))
    }

    /// The id of this name, if it is one.
    pub fn parse(name: &str) -> Option<Self> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (name.len() == 64 && name.bytes().all(is_digit)).then(|| Self(name.to_owned()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for ContentId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ContentId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::parse(&name)
            .ok_or_else(|| serde::de::Error::custom("an id is 64 lower-case hexadecimal digits"))
    }
}

/// A day of the Gregorian calendar, as `2026-11-23`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Day(String);

impl Day {
    /// The day of this name, if there is one.
    pub fn parse(text: &str) -> Option<Self> {
        let is_digit_or_dash =
            |(at, byte): (usize, u8)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() };
        if text.len() != 10 || !text.bytes().enumerate().all(is_digit_or_dash) {
            return None;
        }
        let (year, month, day): (u16, u8, u8) =
            (text[..4].parse().ok()?, text[5..7].parse().ok()?, text[8..].parse().ok()?);
        let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if is_leap => 29,
            2 => 28,
            _ => return None,
        };
        (1..=days).contains(&day).then(|| Self(text.to_owned()))
    }

    /// The day as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| serde::de::Error::custom("a day is written as 2026-11-23"))
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_in_the_calendar() {
        for text in ["2026-11-23", "2024-02-29", "2000-02-29"] {
            assert!(Day::parse(text).is_some(), "{text}");
        }
        for text in [
            "2026-02-29",
            "1900-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-11-31",
            "2026-1-1",
            "26-11-2300",
            "",
        ] {
            assert!(Day::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn an_id_is_what_sha256sum_prints() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(ContentId::of("").as_str(), empty);
        assert_eq!(ContentId::parse(empty), Some(ContentId::of("")));
        assert_eq!(ContentId::parse(&empty.to_uppercase()), None);
        assert_eq!(ContentId::parse(&empty[1..]), None);
    }
}
