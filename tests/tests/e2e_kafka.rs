//! Two hundred thousand events from a real broker into figures, under fire: each counts once.
//!
//! The bridge and the function are killed, and what the bridge delivers is delivered by another one too. In the end
//! the table is what a plain fold over the log says, and the fences' totals are what the mix was made of.

mod kafka;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use kafka::{Killer, Log, Rival};
use semel_exactly_once::Clock;
use semel_exactly_once::batch::{Fence, Settings, Totals};
use semel_tests::{
    Analytics, Kafka, Makeup, Mix, Produced, Reason, Reference, Rules, Stack, StoredFigures, eventually,
};

/// Different events; some are sent twice. About 200 MB.
const EVENTS: u64 = 200_000;
const TOPIC: &str = "telemetry";
const PARTITIONS: i32 = 12;
/// Records of one call to the publisher.
const CALL: usize = 2_000;
/// For a machine that does ten other things.
const TIME_MAX: Duration = Duration::from_mins(10);
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// Differences that are shown.
const SHOWN: usize = 10;

#[test]
fn every_event_counts_once_whatever_is_killed_or_delivered_twice() {
    let stack = Stack::from_environment();
    let kafka = Kafka::from_environment();
    assert_eq!(kafka.topic(TOPIC).partitions, PARTITIONS);
    let test = Test {
        analytics: Analytics::of(&stack),
        group: format!("{}-analytics-{TOPIC}", std::env::var("SEMEL_STACK").expect("the stack's name")),
        stack: &stack,
        kafka: &kafka,
        mix: Mix::new(uuid::Uuid::new_v4(), semel_aws::SystemClock.now().as_millis(), EVENTS),
    };
    // What earlier tests left in the log is a part of it.
    test.wait_for_lag();
    let before = test.judged();

    let fire = test.run(before.totals.records());

    let reference = test.fold(&fire.log);
    test.assert_reached(&reference);
    test.assert_made_up(&before, &test.judged());
    fire.report(test.mix.makeup(), &test.analytics);
}

struct Test<'a> {
    stack: &'a Stack,
    kafka: &'a Kafka,
    analytics: Analytics<'a>,
    group: String,
    mix: Mix,
}

/// What all partitions came to.
struct Judged {
    totals: Totals,
    parked: BTreeMap<Reason, u64>,
}

impl Test<'_> {
    /// Publishes the mix while it is consumed, and fires until everything is.
    fn run(&self, before: u64) -> Fire {
        let begun_at = semel_aws::SystemClock.now().to_string();
        let (log, over, started) = (Log::default(), AtomicBool::new(false), Instant::now());
        let mut killer = Killer::new(self.stack, self.analytics.function());
        let mut rival = Rival::new(&self.analytics, self.kafka);
        let (published, took) = thread::scope(|scope| {
            // Also when this thread panics.
            let ending = End(&over);
            let reading = scope.spawn(|| self.read(&log, &over));
            let publishing = scope.spawn(|| self.publish());
            self.consumed(
                before,
                || publishing.is_finished(),
                |hundredths, fences| {
                    assert!(!reading.is_finished(), "the log is not read any more");
                    killer.look(hundredths);
                    rival.look(hundredths, &log, fences);
                },
            );
            let published = publishing.join().expect("everything is published");
            self.wait_for_lag();
            let took = started.elapsed();
            drop(ending);
            reading.join().expect("the log is read");
            (published, took)
        });
        killer.assert_done();
        let log = log.into_inner().expect("the reader has not panicked");
        let overlaps = [rival.deliveries, rival.records, rival.failed];
        Fire { begun_at, log, published, took, kills: killer.kills(), overlaps }
    }

    /// Waits until the fences have counted everything, and calls `look` meanwhile.
    fn consumed(
        &self,
        before: u64,
        is_published: impl Fn() -> bool,
        mut look: impl FnMut(u64, &[Option<Fence>]),
    ) {
        let (records, deadline) = (self.mix.makeup().records(), Instant::now() + TIME_MAX);
        loop {
            let all = is_published();
            let fences = self.analytics.fences(TOPIC, PARTITIONS);
            let done = total(&fences).records() - before;
            if all && done >= records {
                return;
            }
            assert!(Instant::now() < deadline, "{done} of {records} records after {TIME_MAX:?}");
            look(done * 100 / records, &fences);
            thread::sleep(LOOK_AGAIN);
        }
    }

    fn publish(&self) -> Duration {
        let (started, publisher) = (Instant::now(), self.kafka.publisher());
        let mut records = self.mix.records();
        loop {
            let call: Vec<Produced> = records.by_ref().take(CALL).collect();
            if call.is_empty() {
                return started.elapsed();
            }
            self.kafka.publish(&publisher, TOPIC, call);
        }
    }

    /// Reads the log as it grows; to its end once it is `over`.
    fn read(&self, log: &Log, over: &AtomicBool) {
        let reader = self.kafka.reader(TOPIC);
        loop {
            let ends = over.load(Ordering::SeqCst).then(|| self.kafka.offsets(&self.group, TOPIC));
            let records = reader.poll();
            let is_idle = records.is_empty();
            let mut log = log.lock().expect("nobody panics with it");
            for record in records {
                log.entry(record.partition).or_default().push(record);
            }
            drop(log);
            if is_idle && ends.is_some_and(|ends| reader.has_reached(&ends)) {
                return reader.close();
            }
        }
    }

    fn wait_for_lag(&self) {
        eventually(&format!("{} has no lag", self.group), || {
            let offsets = self.kafka.try_offsets(&self.group, TOPIC)?;
            let lag: i64 = offsets.iter().map(semel_kafka::Offsets::lag).sum();
            if lag == 0 { Ok(()) } else { Err(format!("{lag} records")) }
        });
    }

    fn judged(&self) -> Judged {
        let totals = total(&self.analytics.fences(TOPIC, PARTITIONS));
        let mut parked = BTreeMap::new();
        for code in self.analytics.parked(TOPIC, PARTITIONS).values() {
            *parked.entry(Reason::of(code)).or_default() += 1;
        }
        Judged { totals, parked }
    }

    fn fold(&self, log: &BTreeMap<i32, Vec<semel_kafka::Message>>) -> Reference {
        let future_max_ms = u64::try_from(Settings::default().future_max.as_millis()).expect("minutes");
        let (epoch, allowed_lateness_ms) = (self.analytics.epoch(), self.analytics.allowed_lateness_ms());
        let mut reference = Reference::new(TOPIC, Rules { allowed_lateness_ms, future_max_ms, epoch });
        for offsets in self.kafka.offsets(&self.group, TOPIC) {
            assert_eq!(offsets.start, 0, "the whole log is there");
        }
        for record in log.values().flatten() {
            let kafka_ms = u64::try_from(record.timestamp_ms).expect("after 1970");
            reference.take(record.partition, record.offset, kafka_ms, record.value.as_ref());
        }
        reference
    }

    /// Figures, parked records and fences are those of the fold.
    fn assert_reached(&self, reference: &Reference) {
        let stored = self.analytics.figures(TOPIC, PARTITIONS);
        assert_eq!(different(reference.figures(), &stored), [""; 0], "expected, stored");
        let parked = self.analytics.parked(TOPIC, PARTITIONS);
        let parked: BTreeMap<_, _> = parked.iter().map(|(place, code)| (*place, Reason::of(code))).collect();
        assert_eq!(&parked, reference.parked());
        for (partition, fence) in (0..).zip(self.analytics.fences(TOPIC, PARTITIONS)) {
            let reached = fence.map(|Fence { next_offset, late_before, totals, .. }| {
                (totals, next_offset, late_before.as_millis())
            });
            let expected = reference.partition(partition).map(|(tally, next_offset, late_before_ms)| {
                let (applied, duplicate, late) = (tally.applied, tally.duplicate, tally.late);
                let totals = Totals { applied, duplicate, late, parked: tally.parked() };
                (totals, next_offset, late_before_ms)
            });
            assert_eq!(reached, expected, "the fence of partition {partition}");
        }
    }

    /// The run's records came to what they are: none lost, none counted twice.
    fn assert_made_up(&self, before: &Judged, after: &Judged) {
        let parked = |reason| {
            let count = |judged: &Judged| judged.parked.get(&reason).copied().unwrap_or_default();
            count(after) - count(before)
        };
        let found = Makeup {
            applied: after.totals.applied - before.totals.applied,
            duplicate: after.totals.duplicate - before.totals.duplicate,
            late: after.totals.late - before.totals.late,
            reused: parked(Reason::IdReused),
            unreadable: parked(Reason::Unreadable),
        };
        assert_eq!(found, self.mix.makeup());
        assert_eq!(found.unreadable, 50);
        assert_eq!(after.totals.records() - before.totals.records(), found.records());
    }
}

/// What a run left behind.
struct Fire {
    begun_at: String,
    log: BTreeMap<i32, Vec<semel_kafka::Message>>,
    published: Duration,
    took: Duration,
    kills: [usize; 2],
    overlaps: [usize; 3],
}

impl Fire {
    /// Says what happened, also when the test's output is not shown.
    fn report(&self, makeup: Makeup, analytics: &Analytics<'_>) {
        let Self {
            published,
            took,
            kills: [bridges, functions],
            overlaps: [deliveries, records, failed],
            ..
        } = self;
        let mut lines = analytics.lines("invocation");
        lines.retain(|line| line["timestamp"].as_str() >= Some(&self.begun_at));
        let sum = |name: &str| lines.iter().filter_map(|line| line[name].as_u64()).sum::<u64>();
        let text = format!(
            "{} records in {:.1} s ({:.0}/s; published in {:.1} s): {makeup:?}\n\
             killed: the bridge {bridges} times, the function {functions} times\n\
             a rival delivered {records} records in {deliveries} invocations, {failed} of which failed\n\
             {} invocations logged, with {} records delivered again; {} chunks, {} items, {} fences read\n",
            makeup.records(),
            took.as_secs_f64(),
            f64::from(u32::try_from(makeup.records()).unwrap_or(u32::MAX)) / took.as_secs_f64(),
            published.as_secs_f64(),
            lines.len(),
            sum("redelivered"),
            sum("chunks"),
            sum("items"),
            sum("loads"),
        );
        std::io::stderr().write_all(text.as_bytes()).expect("it is written");
    }
}

/// Ends the reading when it goes.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

fn total(fences: &[Option<Fence>]) -> Totals {
    let mut total = Totals::default();
    for fence in fences.iter().flatten() {
        total += fence.totals;
    }
    total
}

/// What is not the same, the first few of it.
fn different(expected: &StoredFigures, stored: &StoredFigures) -> Vec<String> {
    let keys: std::collections::BTreeSet<_> = expected.keys().chain(stored.keys()).collect();
    let different = keys.into_iter().filter(|key| expected.get(key) != stored.get(key));
    let shown = |key| format!("{key:?}: {:?}, {:?}", expected.get(key), stored.get(key));
    different.map(shown).take(SHOWN).collect()
}
