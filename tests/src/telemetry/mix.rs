//! A shop's clients and devices on a bad day: events of every type, some sent twice, some late, some under an id that
//! was used, and some that nobody can read.
//!
//! Which event is what follows from its number, so that the mix can say beforehand what it is made of.

use std::collections::{BTreeMap, VecDeque};

use semel_contracts::Timestamp;
use uuid::Uuid;

/// Event time that a run spans: with the jitter less than the lateness that the platform allows, so that what shall
/// not be late is not, whatever the log held before.
const SPAN_MS: u64 = 200_000;
const JITTER_MS: u64 = 30_000;
/// How much older late events are: beyond any doubt.
const LATE_BY_MS: u64 = 1_000_000;
/// A record comes again at most so many events later.
const AGAIN_WITHIN: u64 = 8_000;
const UNREADABLE: u64 = 50;
const DEVICES: u64 = 96;
const SHELVES: u64 = 16;
const SKUS: u64 = 12;
const EVENTS_PER_SESSION: u64 = 8;

const CLIENT: &str = r#""client":{"kind":"mobile","os":"iOS 18.1.1","app_version":"5.12.3","locale":"de-AT","user_agent":"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1","viewport":{"width":393,"height":852}}"#;
const CAMPAIGN: &str = "utm_source=newsletter&utm_medium=email&utm_campaign=november-sale";

/// A record's key and value.
pub type Produced = (String, Vec<u8>);

/// How many records of a mix are what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Makeup {
    /// Events that take effect.
    pub applied: u64,
    /// Repetitions of some of them.
    pub duplicate: u64,
    /// Events that come too late.
    pub late: u64,
    /// Other events under an id of one of them.
    pub reused: u64,
    /// Records that are no events.
    pub unreadable: u64,
}

impl Makeup {
    /// All records.
    pub fn records(self) -> u64 {
        self.applied + self.duplicate + self.late + self.reused + self.unreadable
    }
}

/// A run's mix.
#[derive(Debug, Clone, Copy)]
pub struct Mix {
    run: Uuid,
    end_ms: u64,
    events: u64,
}

impl Mix {
    /// `events` different ones, whose times end at `end_ms`. `run` is in every name, so that no two runs meet.
    pub fn new(run: Uuid, end_ms: u64, events: u64) -> Self {
        Self { run, end_ms, events }
    }

    /// What it is made of.
    pub fn makeup(&self) -> Makeup {
        let count = |is: fn(&Self, u64) -> bool| -> u64 {
            (0..self.events).map(|number| u64::from(is(self, number))).sum()
        };
        let late = count(Self::is_late);
        Makeup {
            applied: self.events - late,
            duplicate: count(|_, number| is_sent_twice(number)),
            late,
            reused: count(|_, number| is_reused(number)),
            unreadable: count(Self::is_followed_by_nonsense),
        }
    }

    /// The records, in the order in which they are sent.
    pub fn records(&self) -> Records {
        Records { mix: *self, next: 0, waiting: BTreeMap::new(), due: VecDeque::new() }
    }

    fn is_late(&self, number: u64) -> bool {
        // Not at the very beginning: what is first in a partition cannot be late.
        number % 100 == 37 && number >= self.events / 20
    }

    fn is_followed_by_nonsense(&self, number: u64) -> bool {
        let every = (self.events / UNREADABLE).max(1);
        number % every == every / 2 && number / every < UNREADABLE
    }

    fn time_ms(&self, number: u64) -> u64 {
        let begin = self.end_ms - SPAN_MS;
        let time = begin + number * SPAN_MS / self.events - mixed(number ^ 0x7131) % JITTER_MS;
        if self.is_late(number) { time - LATE_BY_MS } else { time }
    }

    fn id(&self, number: u64) -> Uuid {
        let (high, _) = self.run.as_u64_pair();
        Uuid::from_u64_pair(high, mixed(number))
    }

    /// The event of this number; with another `sequence` another event under the same id.
    fn event(&self, number: u64, sequence: u64) -> Produced {
        let run = format!("{:08x}", self.run.as_fields().0);
        let chance = mixed(number ^ 0x0005_eed5);
        let ((event_type, data), producer, aggregate) = if chance % 20 < 15 {
            let session = format!("s-{run}-{:06}", number / EVENTS_PER_SESSION);
            (click(&run, &session, number, chance), "mobile-app", session)
        } else {
            let device = chance / 64 % DEVICES;
            let device_id = format!("d-{run}-{device:03}");
            (reading(&run, &device_id, device % SHELVES, number, chance), "shelf-sensor", device_id)
        };
        let (id, at) = (self.id(number), Timestamp::from_millis(self.time_ms(number)));
        let value = format!(
            r#"{{"event_id":"{id}","event_type":"{event_type}","timestamp":"{at}","data":{{{data}}},"metadata":{{"producer_id":"{producer}","version":"1.0","aggregate_id":"{aggregate}","sequence":{sequence},"correlation_id":"{aggregate}","traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}}}}"#
        );
        (aggregate, value.into_bytes())
    }

    /// What cannot be read, for a different reason each time.
    fn nonsense(&self, number: u64) -> Produced {
        let (key, value) = self.event(number, number);
        let text = String::from_utf8_lossy(&value).into_owned();
        let every = (self.events / UNREADABLE).max(1);
        let broken = match number / every % 5 {
            0 => vec![0xff, 0xfe, 0x00, 0x9f],
            1 => value[..value.len() / 2].to_vec(),
            2 => text.replacen(r#""event_type":""#, r#""event_type":"Un"#, 1).into_bytes(),
            3 => text.replacen(r#""event_id""#, r#""event_no""#, 1).into_bytes(),
            _ => Vec::new(),
        };
        (key, broken)
    }
}

/// What a client sends.
fn click(run: &str, session: &str, number: u64, chance: u64) -> (&'static str, String) {
    let sku = sku(run, chance / 16_384);
    let position = chance % 1_000;
    let visitor = format!(r#""session_id":"{session}","customer_id":"customer-{number:08}""#);
    let address = format!(
        r#""url":"https://shop.example.com/products/{sku}?{CAMPAIGN}&position={position:03}","referrer":"https://shop.example.com/search?q=blue+ceramic+mug&page=2&sort=price""#
    );
    match chance % 20 {
        0..6 => (
            "PageViewed",
            format!(
                r#"{visitor},"page":"/collections/autumn",{address},"title":"The autumn collection: mugs, plates and bowls",{CLIENT}"#
            ),
        ),
        6..13 => ("ProductViewed", format!(r#"{visitor},"sku":"{sku}",{address},{CLIENT}"#)),
        _ => ("CartUpdated", format!(r#"{visitor},"sku":"{sku}","quantity":{},{CLIENT}"#, position % 5)),
    }
}

/// What a device sends.
fn reading(run: &str, device_id: &str, shelf: u64, number: u64, chance: u64) -> (&'static str, String) {
    let (sku, quantity) = (sku(run, shelf), chance / 1_048_576 % 500);
    let place =
        format!(r#""device_id":"{device_id}","warehouse":"w-{run}","shelf":"S-{shelf:02}","sku":"{sku}""#);
    match chance % 20 {
        15..17 => ("ShelfCounted", format!(r#"{place},"quantity":{quantity}"#)),
        17 => ("ItemScanned", format!(r#"{place},"direction":"out","quantity":{}"#, quantity + 1)),
        _ => (
            "DeviceReported",
            format!(
                r#""device_id":"{device_id}","battery_percent":{},"signal_dbm":-{},"temperature_decicelsius":{},"firmware":"2.1.{}","uptime_seconds":{number},"errors":{}"#,
                quantity % 101,
                quantity % 150 + 1,
                quantity + 1,
                quantity % 7,
                (chance / 4_096 % 4).saturating_sub(1)
            ),
        ),
    }
}

fn sku(run: &str, number: u64) -> String {
    format!("E2E-{}-{:02}", run.to_uppercase(), number % SKUS)
}

/// One in twenty.
fn is_sent_twice(number: u64) -> bool {
    number % 20 == 3
}

fn is_reused(number: u64) -> bool {
    number % 1_000 == 501
}

/// The records of a mix.
#[derive(Debug)]
pub struct Records {
    mix: Mix,
    next: u64,
    /// What is sent before the event of that number.
    waiting: BTreeMap<u64, Vec<Produced>>,
    due: VecDeque<Produced>,
}

impl Iterator for Records {
    type Item = Produced;

    fn next(&mut self) -> Option<Produced> {
        if let Some(record) = self.due.pop_front() {
            return Some(record);
        }
        let (mix, number) = (self.mix, self.next);
        if number >= mix.events {
            let (_, rest) = self.waiting.pop_first()?;
            self.due = rest.into();
            return self.due.pop_front();
        }
        self.next += 1;
        self.due = self.waiting.remove(&self.next).unwrap_or_default().into();
        let record = mix.event(number, number);
        let mut again = |record| {
            let at = number + 2 + mixed(number ^ 0x00a9_a1a4) % AGAIN_WITHIN;
            self.waiting.entry(at).or_default().push(record);
        };
        if is_sent_twice(number) {
            again(record.clone());
        }
        if is_reused(number) {
            again(mix.event(number, number + 1));
        }
        if mix.is_followed_by_nonsense(number) {
            self.due.push_back(mix.nonsense(number));
        }
        Some(record)
    }
}

/// Spreads numbers evenly; one to one.
fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests;
