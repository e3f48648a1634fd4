//! Points in time: milliseconds since the Unix epoch inside, RFC 3339 on the wire.
//!
//! Reads no clock; the time is always passed in.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize};

use crate::InvalidValue;

const MILLIS_PER_DAY: u64 = 86_400_000;
/// 9999-12-31T23:59:59.999Z, the last instant that RFC 3339 can write.
const LAST_MILLIS: u64 = 253_402_300_799_999;
const INVALID: InvalidValue = InvalidValue {
    what: "a timestamp",
    rule: "RFC 3339 in UTC with milliseconds, such as 2026-11-22T16:50:00.123Z, from 1970 to 9999",
};

/// A point in time with millisecond precision, from 1970 to the end of 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The Unix epoch.
    pub const EPOCH: Self = Self(0);

    /// The instant this many milliseconds after the epoch; later than the year 9999 saturates to its end.
    pub const fn from_millis(millis: u64) -> Self {
        if millis > LAST_MILLIS { Self(LAST_MILLIS) } else { Self(millis) }
    }

    /// The instant this many seconds after the epoch; saturates like [`Timestamp::from_millis`].
    pub const fn from_secs(secs: u64) -> Self {
        Self::from_millis(secs.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn as_secs(self) -> u64 {
        self.0 / 1000
    }

    /// This instant and a while (whole milliseconds); saturates at the end of 9999.
    #[must_use]
    pub fn saturating_add(self, duration: Duration) -> Self {
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        Self::from_millis(self.0.saturating_add(millis))
    }

    /// This instant less a while (whole milliseconds); saturates at the epoch.
    #[must_use]
    pub fn saturating_sub(self, duration: Duration) -> Self {
        let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_sub(millis))
    }

    /// How long after `earlier` this instant is; zero if it is not after it.
    pub fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// The 24 characters of the wire form.
    fn to_wire(self) -> [u8; 24] {
        let (year, month, day) = civil_from_days(self.0 / MILLIS_PER_DAY);
        let of_day = self.0 % MILLIS_PER_DAY;
        let mut wire = *b"0000-00-00T00:00:00.000Z";
        write_digits(&mut wire[0..4], year);
        write_digits(&mut wire[5..7], month);
        write_digits(&mut wire[8..10], day);
        write_digits(&mut wire[11..13], of_day / 3_600_000);
        write_digits(&mut wire[14..16], of_day / 60_000 % 60);
        write_digits(&mut wire[17..19], of_day / 1000 % 60);
        write_digits(&mut wire[20..23], of_day % 1000);
        wire
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(std::str::from_utf8(&self.to_wire()).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for Timestamp {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        parse(text.as_bytes()).map(Self).ok_or(INVALID)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TimestampVisitor;

        impl Visitor<'_> for TimestampVisitor {
            type Value = Timestamp;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}: {}", INVALID.what, INVALID.rule)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Timestamp, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_str(TimestampVisitor)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Timestamp {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": INVALID.to_string(),
            "format": "date-time",
            "pattern": r"^(19[7-9][0-9]|[2-9][0-9]{3})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z$",
        })
    }
}

/// Milliseconds since the epoch of `YYYY-MM-DDTHH:MM:SS.mmmZ`, or nothing if it is not exactly that.
///
/// Eight characters at a time: an event has at least one, and byte by byte it would be a tenth of its reading.
fn parse(text: &[u8]) -> Option<u64> {
    let [date, day_time, time] = <&[u8; 24]>::try_from(text).ok()?.as_chunks().0 else { return None };
    let date = pairs(*date, *b"dddd-dd-")?;
    let day_time = pairs(*day_time, *b"ddTdd:dd")?;
    let last = u64::from(time[6].wrapping_sub(b'0'));
    let time = pairs(*time, *b":dd.dddZ")?;
    let (year, month) = (date[0] * 100 + date[2], date[5]);
    let (day, hour, minute) = (day_time[0], day_time[3], day_time[6]);
    let (second, millis) = (time[1], time[4] * 10 + last);
    let days = days_from_civil(year, month, day)?;
    // A leap second has no millisecond of its own in Unix time; it is refused rather than moved.
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    Some(days * MILLIS_PER_DAY + hour * 3_600_000 + minute * 60_000 + second * 1000 + millis)
}

/// Of each two characters side by side the number that they are, at the first one's place. Digits have to be where the
/// form has a `d`, and elsewhere what the form has there.
#[inline]
fn pairs(text: [u8; 8], form: [u8; 8]) -> Option<[u64; 8]> {
    const ONES: u64 = u64::MAX / 255;
    let expected = form.map(|byte| if byte == b'd' { b'0' } else { byte });
    let exact = form.map(|byte| if byte == b'd' { 0 } else { 0xff });
    let values = u64::from_le_bytes(text) ^ u64::from_le_bytes(expected);
    // The highest bit of each byte above nine; no sum carries over.
    let above_nine = (((values & (ONES * 0x7f)) + ONES * (0x80 - 10)) | values) & (ONES * 0x80);
    if above_nine != 0 || values & u64::from_le_bytes(exact) != 0 {
        return None;
    }
    Some((values * 10 + (values >> 8)).to_le_bytes().map(u64::from))
}

fn write_digits(place: &mut [u8], mut value: u64) {
    for byte in place.iter_mut().rev() {
        // The remainder is below ten.
        *byte = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

/// Days from 1970-01-01, by Howard Hinnant's `days_from_civil`: the year starts in March, so that the leap day
/// comes last. Nothing before 1970 and no day that its month lacks.
fn days_from_civil(year: u64, month: u64, day: u64) -> Option<u64> {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let last_day = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => return None,
    };
    if year < 1970 || day < 1 || day > last_day {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let of_era = (year % 400) * 365 + (year % 400) / 4 - (year % 400) / 100 + of_year;
    Some(year / 400 * 146_097 + of_era - 719_468)
}

/// The inverse of [`days_from_civil`].
fn civil_from_days(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, day)
}
