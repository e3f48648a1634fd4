//! The analytics hot path without IO, as JSON:
//! `cargo bench -p analytics --bench kafka_hot_path [-- --json FILE] [--payloads FOLDER [--peer PROGRAM SCRIPT]]`.
//!
//! What is timed is all that the function does with an invocation between its bytes and its writes: the payload's JSON,
//! base64, every event's JSON and its whole contract, deduplication against a ledger of 1.5 million ids (a window of
//! five minutes at 5,000 events a second), reduction, the fence and the writes of its chunks, ready to be sent. Not in
//! it: requests, and the encoding of requests.
//!
//! Next to it, in the same round, the floor: base64 of the same values and one pass over their bytes. Times are those
//! that the one thread was on a core, and it stays on one. With `--payloads` the batches of one round are left in a
//! folder, one file each, and with `--peer` a program in another language does the same with them, in turns with it.

mod load;
mod peer;
mod units;

use std::hint::black_box;
use std::time::Duration;

use analytics::Figures;
use mimalloc::MiMalloc;
use semel_bench::arguments::after;
use semel_bench::{Spread, on_core, stay_on_this_core};
use semel_contracts::Timestamp;
use semel_exactly_once::batch::{FenceKey, Frozen, PartitionState, Payload, Record, Settings};
use semel_lambda::kafka::MskEvent;
use serde::Serialize;

use load::{Batch, Load};
use peer::{Compared, Peer};

/// The function's own.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Batches of a round: 75 MB, more than the caches of one core hold.
const BATCHES: usize = 15;
const ROUNDS_WARM_UP: usize = 2;
/// Odd, so that a median is a measurement.
const ROUNDS: usize = 21;
/// Ids in the ledger before the first round.
const LEDGER_IDS: usize = 1_500_000;
/// The window whose memory is asked for.
const WINDOW_IDS: usize = 3_000_000;
/// Different articles: with them a batch fits into one transaction.
const ARTICLES: u64 = 50;

#[derive(Serialize)]
struct Report {
    rounds: usize,
    events_per_batch: usize,
    payload_bytes: usize,
    bytes_per_event: usize,
    ledger_ids: usize,
    chunks_per_batch: f64,
    events_per_second: Spread,
    /// Of it, decoding the payload into records.
    decode_ns_per_event: Spread,
    /// And everything after that.
    judge_ns_per_event: Spread,
    floor_events_per_second: Spread,
    times_floor: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    peer: Option<Compared>,
    ledger: Memory,
    units: Vec<units::Line>,
}

#[derive(Serialize)]
struct Memory {
    ids: usize,
    bytes: usize,
    bytes_per_id: f64,
}

struct Round {
    decode: Duration,
    judge: Duration,
    floor: Duration,
    events: usize,
    chunks: usize,
}

impl Round {
    fn whole(&self) -> Duration {
        self.decode + self.judge
    }

    fn events_per_second(&self) -> f64 {
        1e9 / per_event(self.whole(), self.events)
    }
}

fn main() {
    stay_on_this_core();
    let mut load = Load::new(ARTICLES);
    let mut state = PartitionState::new(key(), Settings::default());
    fill(&mut state, &mut load, LEDGER_IDS);
    let mut spare = MskEvent::default();
    let mut rounds = Vec::with_capacity(ROUNDS);
    let mut shape = None;
    let (mut peer, mut compared) = (None, Vec::new());
    for round in 0..ROUNDS_WARM_UP + ROUNDS {
        let batches: Vec<Batch> = (0..BATCHES).map(|_| load::batch(&mut load)).collect();
        if round == 0 {
            peer = leave(&batches);
        }
        let measured = measure(&mut state, &batches, &mut spare);
        let first = &batches[0];
        shape = Some((first.values.len(), first.payload.len(), first.value_bytes / first.values.len()));
        let others = peer.as_mut().map(Peer::round);
        if round >= ROUNDS_WARM_UP {
            compared.extend(others.map(|others| (measured.events_per_second(), others)));
            rounds.push(measured);
        }
    }
    let (events_per_batch, payload_bytes, bytes_per_event) = shape.expect("there are rounds");
    let ledger = window(&mut load);
    let of_rounds =
        |figure: &dyn Fn(&Round) -> f64| Spread::of(rounds.iter().map(figure)).expect("there are rounds");
    let each = |time: fn(&Round) -> Duration| of_rounds(&|round| per_event(time(round), round.events));
    let times = of_rounds(&|round| round.whole().as_secs_f64() / round.floor.as_secs_f64());
    semel_bench::write(&Report {
        rounds: ROUNDS,
        events_per_batch,
        payload_bytes,
        bytes_per_event,
        ledger_ids: LEDGER_IDS,
        chunks_per_batch: ratio(rounds[0].chunks, BATCHES),
        events_per_second: of_rounds(&Round::events_per_second),
        decode_ns_per_event: each(|round| round.decode),
        judge_ns_per_event: each(|round| round.judge),
        floor_events_per_second: of_rounds(&|round| 1e9 / per_event(round.floor, round.events)),
        times_floor: times.median,
        peer: peer.map(|peer| peer.end(&compared)),
        ledger,
        units: units::by_aggregates(),
    });
}

fn key() -> FenceKey {
    FenceKey {
        consumer: "analytics".to_owned(),
        cluster: "main".to_owned(),
        topic: "telemetry".to_owned(),
        partition: load::PARTITION,
        epoch: 1,
    }
}

/// Applies so many events that are in no payload.
fn fill(state: &mut PartitionState, load: &mut Load, ids: usize) {
    let mut left = ids;
    while left > 0 {
        let count = left.min(4_000);
        let events: Vec<_> = (0..count).map(|_| load.event()).collect();
        let records: Vec<Record<'_>> = events
            .iter()
            .map(|(offset, taken_ms, value)| Record {
                offset: *offset,
                timestamp: Timestamp::from_millis(*taken_ms),
                key: None,
                value: Payload::Bytes(value.as_bytes()),
                headers: &[],
            })
            .collect();
        applied(&state.judge_all(&Figures, &records), count);
        left -= count;
    }
}

/// A round that does not do all the work it was given would be fast and worth nothing, so it ends the benchmark.
#[track_caller]
fn applied(chunks: &[Frozen], events: usize) {
    let applied: u64 = chunks.iter().map(|chunk| chunk.totals.applied).sum();
    assert_eq!(usize::try_from(applied).expect("few events"), events, "every event is new and good");
}

fn measure(state: &mut PartitionState, batches: &[Batch], spare: &mut MskEvent) -> Round {
    let mut round =
        Round { decode: Duration::ZERO, judge: Duration::ZERO, floor: Duration::ZERO, events: 0, chunks: 0 };
    let mut room = vec![0; 4_096];
    for batch in batches {
        let started = on_core();
        let event = MskEvent::decode(black_box(&batch.payload), std::mem::take(spare)).expect("a batch");
        let headers = event.headers();
        let partitions: Vec<_> = event.partitions(&headers).collect();
        let mut decoded = on_core();
        round.decode += decoded.saturating_sub(started);
        for (_, records) in &partitions {
            let chunks = black_box(state.judge_all(&Figures, records));
            let judged = on_core();
            round.judge += judged.saturating_sub(decoded);
            decoded = judged;
            round.chunks += chunks.len();
            applied(&chunks, records.len());
        }
        round.events += batch.values.len();
        drop(partitions);
        drop(headers);
        *spare = event;

        let started = on_core();
        for value in &batch.values {
            let value = &batch.payload[value.clone()];
            let length = base64_turbo::STANDARD.decode_slice(value, &mut room).expect("base64");
            black_box(room[..length].iter().fold(0_u8, |sum, byte| sum ^ byte));
        }
        round.floor += on_core().saturating_sub(started);
    }
    round
}

/// What a whole window takes in memory.
fn window(load: &mut Load) -> Memory {
    let mut state = PartitionState::new(
        key(),
        Settings { allowed_lateness: Duration::from_hours(1), ..Settings::default() },
    );
    fill(&mut state, load, WINDOW_IDS);
    let (ids, bytes) = (state.ledger().len(), state.ledger().bytes());
    assert_eq!(ids, WINDOW_IDS);
    Memory { ids, bytes, bytes_per_id: ratio(bytes, ids) }
}

/// Leaves the batches in the folder after `--payloads`, if there is one, and starts the program after `--peer`.
fn leave(batches: &[Batch]) -> Option<Peer> {
    let [folder] = after("--payloads")?;
    for (number, batch) in batches.iter().enumerate() {
        let path = std::path::Path::new(&folder).join(format!("{number:02}.json"));
        std::fs::write(&path, &batch.payload)
            .unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
    }
    let [program, script] = after("--peer")?;
    Some(Peer::start(&program, &script, &folder))
}

#[allow(clippy::cast_precision_loss, reason = "counts and nanoseconds are far below 2^52")]
fn per_event(time: Duration, events: usize) -> f64 {
    time.as_nanos() as f64 / events as f64
}

#[allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn ratio(count: usize, of: usize) -> f64 {
    count as f64 / of as f64
}
