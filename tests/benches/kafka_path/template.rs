//! A batch that is made once and is another one each time it is sent.
//!
//! What may not repeat is patched where it stands: each event's id and time (both inside base64, which stays in step
//! because groups of three bytes are replaced whole), its offset and its Kafka timestamp. Everything else of an event is
//! the same in every batch.

use std::fmt::Write as _;
use std::ops::Range;

use base64_turbo::STANDARD;
use semel_contracts::Timestamp;

use crate::load::{self, Batch};

/// The first offset: all have as many digits.
const OFFSET_FIRST: i64 = 100_000_000_000;
const OFFSET_DIGITS: usize = 12;
const MILLIS_DIGITS: usize = 13;
/// `2026-11-22T16:50:00.000Z`.
const TIME_BYTES: usize = 24;
/// An event begins with `{"event_id":"`, of which the last byte begins a group of three; with the id, the quote and
/// the comma after it these are 39 bytes, or 52 characters.
const ID_GROUPS: Range<usize> = 12..51;
const ID_BYTES: usize = 36;

/// A batch of one partition, ready to be sent.
#[derive(Debug)]
pub struct Template {
    payload: Vec<u8>,
    events: Vec<Event>,
    /// Events before this batch.
    before: u64,
    partition: u64,
    first_ms: u64,
    events_per_second: u64,
}

/// Where in the payload the parts of an event are that change.
#[derive(Debug)]
struct Event {
    offset: usize,
    timestamp: usize,
    id: usize,
    time: usize,
    /// The groups of three bytes that the time is in, and where it begins in them.
    time_groups: Vec<u8>,
    time_from: usize,
}

impl Template {
    /// Makes a template of a batch: for `partition`, its events at `events_per_second` of their own time from `first_ms`
    /// on.
    pub fn new(batch: &Batch, partition: i32, first_ms: u64, events_per_second: u64) -> Self {
        let mut payload = Vec::with_capacity(batch.payload.len() + 16 * batch.values.len());
        let mut done = 0;
        let mut events = Vec::with_capacity(batch.values.len());
        for value in &batch.values {
            let envelope = std::str::from_utf8(&batch.payload[done..value.start]).expect("JSON");
            let (offset, timestamp) = push_envelope(&mut payload, envelope, partition);
            events.push(Event::of(&batch.payload[value.clone()], payload.len(), offset, timestamp));
            payload.extend_from_slice(&batch.payload[value.clone()]);
            done = value.end;
        }
        payload.extend_from_slice(&batch.payload[done..]);
        let partition = u64::try_from(partition).expect("not negative");
        let mut template = Self { payload, events, before: 0, partition, first_ms, events_per_second };
        template.patch();
        template
    }

    /// The batch as it is now.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Events of a batch.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// How many batches there were before the one that it is now.
    pub fn batches(&self) -> u64 {
        self.before / self.events.len() as u64
    }

    /// The first offset of the batch as it is now.
    pub fn first_offset(&self) -> i64 {
        OFFSET_FIRST + i64::try_from(self.before).expect("few events")
    }

    /// Makes it the batch that follows.
    pub fn advance(&mut self) {
        self.before += self.events.len() as u64;
        self.patch();
    }

    fn patch(&mut self) {
        let mut moment = Moment::of(self.first_ms);
        let mut id_groups = *b"\"00000000-0000-7000-8000-000000000000\",";
        for (number, event) in (self.before..).zip(&mut self.events) {
            moment.go_to(self.first_ms + number * 1_000 / self.events_per_second);
            write_digits(
                &mut self.payload[event.offset..event.offset + OFFSET_DIGITS],
                OFFSET_FIRST.unsigned_abs() + number,
            );
            self.payload[event.timestamp..event.timestamp + MILLIS_DIGITS].copy_from_slice(&moment.digits);
            // Each partition's ids are its own.
            write_id(&mut id_groups[1..=ID_BYTES], number | (self.partition + 1) << 48);
            encode(&id_groups, &mut self.payload[event.id..]);
            event.time_groups[event.time_from..event.time_from + TIME_BYTES].copy_from_slice(&moment.text);
            encode(&event.time_groups, &mut self.payload[event.time..]);
        }
    }
}

impl Event {
    /// `at` is where the value will stand in the payload.
    fn of(value: &[u8], at: usize, offset: usize, timestamp: usize) -> Self {
        let text = STANDARD.decode(value).expect("base64");
        assert!(text.starts_with(b"{\"event_id\":\""), "an event begins with its id");
        let label: &[u8] = b"\"timestamp\":\"";
        let from = text.windows(label.len()).position(|window| window == label).expect("an event has a time");
        let time = from + label.len();
        let groups = time / 3 * 3..(time + TIME_BYTES).div_ceil(3) * 3;
        Self {
            offset,
            timestamp,
            id: at + ID_GROUPS.start / 3 * 4,
            time: at + groups.start / 3 * 4,
            time_from: time - groups.start,
            time_groups: text[groups].to_vec(),
        }
    }
}

/// Copies what stands before a value, for another partition and with room for the offset; answers where offset and
/// timestamp are.
fn push_envelope(payload: &mut Vec<u8>, envelope: &str, partition: i32) -> (usize, usize) {
    let envelope = envelope
        .replace(&format!("\"telemetry-{}\"", load::PARTITION), &format!("\"telemetry-{partition}\""))
        .replace(&format!("\"partition\":{},", load::PARTITION), &format!("\"partition\":{partition},"));
    let (before, rest) = envelope.split_once("\"offset\":").expect("a record has an offset");
    let rest = rest.trim_start_matches(|digit: char| digit.is_ascii_digit());
    let mut text = format!("{before}\"offset\":");
    let offset = payload.len() + text.len();
    // Writing to a string cannot fail.
    let _ = write!(text, "{OFFSET_FIRST}{rest}");
    let label = "\"timestamp\":";
    let timestamp = text.find(label).expect("a record has a timestamp") + label.len();
    assert!(text[timestamp..].starts_with(|digit: char| digit.is_ascii_digit()));
    let timestamp = payload.len() + timestamp;
    payload.extend_from_slice(text.as_bytes());
    (offset, timestamp)
}

/// A millisecond in its two notations. Most events are of the millisecond of the one before.
struct Moment {
    millis: u64,
    text: [u8; TIME_BYTES],
    digits: [u8; MILLIS_DIGITS],
}

impl Moment {
    fn of(millis: u64) -> Self {
        let text = Timestamp::from_millis(millis).to_string();
        let mut digits = [0; MILLIS_DIGITS];
        write_digits(&mut digits, millis);
        Self { millis, text: text.as_bytes().try_into().expect("milliseconds in every time"), digits }
    }

    fn go_to(&mut self, millis: u64) {
        if self.millis != millis {
            *self = Self::of(millis);
        }
    }
}

fn write_digits(to: &mut [u8], mut number: u64) {
    for digit in to.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
    }
}

fn encode(groups: &[u8], to: &mut [u8]) {
    STANDARD.encode_slice(groups, &mut to[..groups.len() / 3 * 4]).expect("room for it");
}

/// A UUID of version 7 in form, without a time in it, of a number: another one for another number.
fn write_id(to: &mut [u8], number: u64) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    // Together they hold enough of both that no two numbers look alike.
    let (high, low) = (mixed(number), mixed(!number));
    let mut put = |at: Range<usize>, mut bits: u64| {
        for digit in to[at].iter_mut().rev() {
            *digit = HEX[usize::try_from(bits & 15).unwrap_or_default()];
            bits >>= 4;
        }
    };
    put(0..8, high >> 32);
    put(9..13, high >> 16);
    put(15..18, high);
    put(20..23, low >> 48);
    put(24..36, low);
}

/// Spreads numbers evenly; one to one.
fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::load::Load;

    /// 2026-11-22T23:59:59.000Z: the second batch is of the next day.
    const FIRST_MS: u64 = 1_795_391_999_000;
    const PER_SECOND: u64 = 5_000;

    struct Read {
        offset: i64,
        timestamp: u64,
        event: Value,
    }

    fn read(template: &Template) -> Vec<Read> {
        let payload: Value = serde_json::from_slice(template.payload()).expect("JSON");
        let records = payload["records"]["telemetry-3"].as_array().expect("the partition").clone();
        let read = |record: Value| {
            assert_eq!(record["partition"], 3);
            let value = STANDARD.decode(record["value"].as_str().expect("a text")).expect("base64");
            Read {
                offset: record["offset"].as_i64().expect("a number"),
                timestamp: record["timestamp"].as_u64().expect("a number"),
                event: serde_json::from_slice(&value).expect("JSON"),
            }
        };
        records.into_iter().map(read).collect()
    }

    fn template() -> (Template, Vec<Value>) {
        let batch = load::batch(&mut Load::new(50));
        let value = |range: &Range<usize>| {
            let text = STANDARD.decode(&batch.payload[range.clone()]).expect("base64");
            serde_json::from_slice(&text).expect("JSON")
        };
        let values = batch.values.iter().map(value).collect();
        (Template::new(&batch, 3, FIRST_MS, PER_SECOND), values)
    }

    #[test]
    fn only_ids_times_and_offsets_change() {
        let (mut template, originals) = template();
        let mut ids = BTreeSet::new();
        let mut expected_offset = OFFSET_FIRST;
        for _ in 0..3 {
            for (number, (read, original)) in
                (expected_offset..).zip(read(&template).into_iter().zip(&originals))
            {
                let at =
                    FIRST_MS + u64::try_from(number - OFFSET_FIRST).expect("from there") * 1_000 / PER_SECOND;
                assert_eq!((read.offset, read.timestamp), (number, at));
                assert_eq!(read.event["timestamp"], Timestamp::from_millis(at).to_string());
                let id = read.event["event_id"].as_str().expect("a text");
                let id: uuid::Uuid = id.parse().expect("a UUID");
                assert_eq!(id.get_version_num(), 7);
                assert!(ids.insert(id), "{id} comes twice");
                let (mut event, mut original) = (read.event, original.clone());
                for changed in ["event_id", "timestamp"] {
                    event[changed].take();
                    original[changed].take();
                }
                assert_eq!(event, original);
            }
            expected_offset += i64::try_from(template.len()).expect("few");
            template.advance();
            assert_eq!(template.first_offset(), expected_offset);
        }
        assert_eq!((ids.len(), template.batches()), (3 * originals.len(), 3));
    }

    #[test]
    fn ids_of_partitions_differ() {
        let batch = load::batch(&mut Load::new(50));
        let one = Template::new(&batch, 3, FIRST_MS, PER_SECOND);
        let mut other = Template::new(&batch, 4, FIRST_MS, PER_SECOND);
        let id = |template: &Template| template.payload[template.events[0].id..][..52].to_vec();
        assert_ne!(id(&one), id(&other));
        let first = id(&other);
        other.advance();
        assert_ne!(first, id(&other));
    }
}
