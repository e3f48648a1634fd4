//! What a request may hold, and where the bounds come from.

use std::ops::RangeInclusive;
use std::time::Duration;

/// Most events of a request. One refused event is answered with up to 700 bytes, so that an answer stays far below
/// the 6 MB that Lambda may answer.
pub const EVENTS_MAX: usize = 500;

/// Largest body, as it came and unzipped: 500 events of 2 KB.
///
/// An HTTP API takes 10 MB and Lambda 6 MB (quotas of API Gateway and of Lambda), in which the body is text: as base64
/// it has a third more, as JSON text up to twice as much. An MQTT message has 128 KB (quotas of AWS `IoT` Core).
pub const BODY_BYTES_MAX: usize = 1024 * 1024;

/// How far ahead a producer's clock may be. Consumers hold to the same: an event further ahead would move their
/// windows past everything that is happening now.
pub const FUTURE_MAX: Duration = Duration::from_mins(5);

/// How long a request may be at work under its record, before a repetition may take over: above the function's
/// timeout.
pub const LEASE: Duration = Duration::from_secs(30);

/// For how long a batch is recognised that was sent before: an hour to 30 days.
pub const MEMORY_SECONDS: RangeInclusive<u32> = 3600..=2_592_000;

/// The same when nothing is said: a week, for a phone that was offline on a journey.
pub const MEMORY_SECONDS_DEFAULT: u32 = 604_800;
