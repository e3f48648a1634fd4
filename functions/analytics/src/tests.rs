//! Samples and events through the reducer, the protocol and the batch loop, over stores in memory.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use semel_contracts::Timestamp;
use semel_exactly_once::batch::{Attributes, Batches, ItemKey, ParkedPayload, Scalar, Settings, Stream};
use semel_lambda::Deadline;
use semel_lambda::kafka::{ExactlyOnce, MskEvent, Tally, process};
use semel_testkit::{MemoryFences, MemoryObjects, SimulatedClock, block_on};
use serde_json::{Value, json};

use crate::Figures;

const AT: &str = "2026-11-22T16:50:00.123Z";
/// When Kafka took the records, half a second later.
const TAKEN_MS: u64 = 1_795_366_200_500;

struct Function {
    fences: MemoryFences,
    consumer: ExactlyOnce<Figures, MemoryFences, MemoryObjects, SimulatedClock>,
}

impl Function {
    fn new() -> Self {
        Self::over(MemoryFences::default(), MemoryObjects::default())
    }

    /// A container over what others left.
    fn over(fences: MemoryFences, objects: MemoryObjects) -> Self {
        let stream = Stream { consumer: "analytics".to_owned(), cluster: "main".to_owned(), epoch: 1 };
        let clock = SimulatedClock::default();
        let batches = Batches::new(Figures, fences.clone(), objects, clock, stream, Settings::default());
        Self { fences, consumer: ExactlyOnce::new("analytics", batches) }
    }

    /// Invokes it; answers what failed, and the counters.
    fn invoke(&self, payload: &str) -> (Vec<(String, i64)>, Tally) {
        let event = MskEvent::decode(payload.as_bytes(), MskEvent::default()).unwrap();
        let clock = SimulatedClock::default();
        let deadline = Deadline::new(Timestamp::EPOCH, Timestamp::from_secs(4_000_000_000));
        let (answer, tally) = block_on(process(&self.consumer, &clock, deadline, &event));
        let failed = answer.failed().map(|(partition, offset)| (partition.to_owned(), offset)).collect();
        (failed, tally)
    }

    #[track_caller]
    fn item(&self, pk: &str, sk: &str) -> Attributes {
        let key = ItemKey { pk: pk.to_owned(), sk: sk.to_owned() };
        let items = self.fences.items();
        items.get(&key).unwrap_or_else(|| panic!("{pk} / {sk} is not among {:?}", items.keys())).clone()
    }
}

fn sample(name: &str) -> String {
    let path = format!("{}/../../events/analytics/{name}.json", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap()
}

fn attributes<const N: usize>(list: [(&str, Scalar); N]) -> Attributes {
    BTreeMap::from(list.map(|(name, value)| (name.to_owned(), value)))
}

fn number(value: i64) -> Scalar {
    Scalar::Number(value)
}

fn text(value: &str) -> Scalar {
    Scalar::Text(value.to_owned())
}

/// What is left of an item without the attribute that the table deletes it by.
fn figures(mut item: Attributes) -> Attributes {
    item.remove("expires_at");
    item
}

fn count(tally: &Tally, name: &str) -> u64 {
    tally.counts.get(name).copied().unwrap_or_default()
}

#[test]
fn the_good_sample_becomes_figures() {
    let function = Function::new();
    let (failed, tally) = function.invoke(&sample("good"));
    assert_eq!(failed, []);
    assert_eq!((tally.records, tally.partitions), (5, 3));
    assert_eq!((count(&tally, "applied"), count(&tally, "parked")), (5, 0));
    let item = |pk: &str, sk: &str| figures(function.item(pk, sk));
    assert_eq!(item("sales#EUR", "2026-11-22T16:50Z#orders-900@1"), attributes([("orders", number(1))]));
    assert_eq!(
        item("sales#EUR", "2026-11-22T16:50Z#payments-900@1"),
        attributes([("revenue", number(2_900))])
    );
    assert_eq!(
        item("product#MUG-BLUE", "2026-11-22T16:50Z#orders-900@1"),
        attributes([("units", number(2))])
    );
    assert_eq!(
        item("product#MUG-BLUE", "2026-11-22T16:50Z#telemetry-900@1"),
        attributes([("views", number(1))])
    );
    assert_eq!(
        item("shelf#vie-1#A-07", "MUG-BLUE#telemetry-900@1"),
        attributes([("reports", number(1)), ("quantity", number(41)), ("at", text(AT))])
    );
    assert_eq!(
        item("device#sensor-7", "health#telemetry-900@1"),
        attributes([
            ("reports", number(1)),
            ("errors", number(1)),
            ("at", text(AT)),
            ("battery_percent", number(87)),
            ("signal_dbm", number(-61)),
            ("temperature_decicelsius", number(214)),
            ("firmware", text("2.1.0")),
            ("uptime_seconds", number(86_400)),
        ])
    );
}

#[test]
fn a_batch_that_comes_again_changes_nothing_in_a_warm_container_or_a_cold_one() {
    let (fences, objects) = (MemoryFences::default(), MemoryObjects::default());
    let function = Function::over(fences.clone(), objects.clone());
    function.invoke(&sample("good"));
    let items = fences.items();
    for function in [function, Function::over(fences.clone(), objects)] {
        let (failed, tally) = function.invoke(&sample("good"));
        assert_eq!((failed, count(&tally, "applied"), count(&tally, "redelivered")), (vec![], 0, 5));
        assert_eq!(fences.items(), items);
    }
}

#[test]
fn an_event_that_was_produced_twice_counts_once() {
    let function = Function::new();
    let (failed, tally) = function.invoke(&sample("duplicate"));
    assert_eq!(failed, []);
    assert_eq!((count(&tally, "applied"), count(&tally, "duplicate")), (2, 1));
    let item = function.item("product#MUG-BLUE", "2026-11-22T16:50Z#telemetry-901@1");
    assert_eq!(figures(item), attributes([("views", number(2))]));
}

#[test]
fn what_cannot_be_read_is_parked_with_its_reason_and_its_neighbours_count() {
    let function = Function::new();
    let (failed, tally) = function.invoke(&sample("malformed"));
    assert_eq!(failed, []);
    assert_eq!((count(&tally, "applied"), count(&tally, "parked")), (1, 5));
    let reasons: Vec<_> =
        function.fences.all_parked().iter().map(|((_, offset), parked)| (*offset, parked.code)).collect();
    let expected = [
        (0, "undecodable"),
        (1, "not_json"),
        // Whoever may write telemetry may not place orders there.
        (2, "unknown_event_type"),
        (3, "no_value"),
        (4, "future_timestamp"),
    ];
    assert_eq!(reasons, expected);
}

/// A payload with these telemetry events at these offsets.
fn payload(events: &[(i64, Value)]) -> String {
    let records: Vec<Value> = events
        .iter()
        .map(|(offset, event)| {
            json!({
                "topic": "telemetry", "partition": 0, "offset": offset, "timestamp": TAKEN_MS,
                "key": STANDARD.encode("sensor-7"), "value": STANDARD.encode(event.to_string()), "headers": [],
            })
        })
        .collect();
    json!({ "eventSource": "aws:kafka", "records": { "telemetry-0": records } }).to_string()
}

/// A count of a shelf, so many milliseconds after the samples' time.
fn counted(id: u32, after_ms: u64, units: u32) -> Value {
    let at: Timestamp = AT.parse().unwrap();
    json!({
        "event_id": format!("019abd4e-0000-7000-8000-{id:012}"),
        "event_type": "ShelfCounted",
        "timestamp": at.saturating_add(Duration::from_millis(after_ms)).to_string(),
        "data": {
            "device_id": "sensor-7", "warehouse": "vie-1", "shelf": "A-07", "sku": "MUG-BLUE", "quantity": units,
        },
        "metadata": {
            "producer_id": "shelf-sensor", "version": "1.0", "aggregate_id": "sensor-7", "sequence": id,
            "correlation_id": "sensor-7",
        },
    })
}

#[test]
fn a_shelf_shows_the_count_of_the_latest_event_time_however_the_log_is_cut() {
    let events = [
        (0, counted(1, 100, 10)),
        (1, counted(2, 300, 30)),
        (5, counted(3, 200, 20)),
        (6, counted(4, 300, 31)),
    ];
    let mut seen = Vec::new();
    for cut in 0..=events.len() {
        let function = Function::new();
        for part in [&events[..cut], &events[cut..]] {
            function.invoke(&payload(part));
        }
        seen.push(figures(function.item("shelf#vie-1#A-07", "MUG-BLUE#telemetry-0@1")));
    }
    let latest = ("at", text("2026-11-22T16:50:00.423Z"));
    let expected = attributes([("reports", number(4)), ("quantity", number(31)), latest]);
    assert_eq!(seen, vec![expected; events.len() + 1]);
}

#[test]
fn an_event_of_a_newer_major_version_is_parked_and_not_lost() {
    let mut newer = counted(1, 0, 10);
    newer["metadata"]["version"] = json!("2.0");
    newer["data"] = json!({"of": "another shape"});
    let function = Function::new();
    let (failed, tally) = function.invoke(&payload(&[(0, newer.clone()), (1, counted(2, 0, 20))]));
    assert_eq!((failed, count(&tally, "applied"), count(&tally, "parked")), (Vec::new(), 1, 1));
    let parked = function.fences.all_parked().into_values().next().unwrap();
    assert_eq!(parked.code, "unsupported_version");
    let value = Some(newer.to_string().into_bytes());
    let whole = ParkedPayload::Inline { key: Some(b"sensor-7".to_vec()), value, headers: Vec::new() };
    assert_eq!(parked.payload, whole);
}

/// What was applied is known by its bytes: an older version sent again is a duplicate, whatever it is read as.
#[test]
fn an_old_event_that_comes_again_is_a_duplicate_and_no_other_event() {
    let path = "../../schemas/released/com.ecommerce.payments/PaymentDeclined/1.0.sample.json";
    let old = std::fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let at = |offset: i64| {
        json!({
            "topic": "payments", "partition": 0, "offset": offset, "timestamp": TAKEN_MS,
            "key": STANDARD.encode("o"), "value": STANDARD.encode(&old), "headers": [],
        })
    };
    let records = |list: Vec<Value>| {
        json!({ "eventSource": "aws:kafka", "records": { "payments-0": list } }).to_string()
    };
    let function = Function::new();
    let (_, first) = function.invoke(&records(vec![at(0)]));
    let (failed, second) = function.invoke(&records(vec![at(1)]));
    assert_eq!((count(&first, "applied"), count(&second, "parked"), failed), (1, 0, Vec::new()));
    assert_eq!((count(&second, "applied"), count(&second, "duplicate")), (0, 1));
}

#[test]
fn an_event_is_read_alike_however_it_is_written() {
    let plain = counted(1, 0, 10).to_string();
    // An escape takes the event to the reader that copies.
    let escaped = plain.replace("MUG-BLUE", "MUG\\u002dBLUE");
    let observe = |text: &str| {
        use semel_exactly_once::batch::Reducer;
        let observed = Figures.observe("telemetry", text.as_bytes()).unwrap();
        let mut changes = Vec::new();
        Figures.reduce(&observed, &mut changes);
        format!("{:?} {changes:?}", observed.id)
    };
    assert_ne!(plain, escaped);
    assert_eq!(observe(&plain), observe(&escaped));
}

#[test]
fn a_stored_item_that_is_none_of_ours_stops_its_partition_at_that_record() {
    let function = Function::new();
    let key = ItemKey { pk: "shelf#vie-1#A-07".to_owned(), sk: "MUG-BLUE#telemetry-0@1".to_owned() };
    function.fences.set_item(key, attributes([("at", text("yesterday"))]));
    let (failed, tally) = function.invoke(&payload(&[(7, counted(1, 0, 10))]));
    assert_eq!((failed, count(&tally, "applied")), (vec![("telemetry-0".to_owned(), 7)], 0));
}
