//! The bridge over a log in memory and functions of our own: nothing is lost, whatever fails and whenever it is killed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::Notify;

use super::*;
use crate::kafka::bridge::answer::Answer;
use crate::kafka::bridge::record::{Record, TimestampType, TopicPartition};

const PARTITIONS: i32 = 3;
const BOUND: Duration = Duration::from_secs(30);
const FETCH_MAX: usize = 7;

/// The broker: a log for each partition, and the group's offsets.
#[derive(Default)]
struct Broker {
    state: Mutex<State>,
    committed: Notify,
}

#[derive(Default)]
struct State {
    records: BTreeMap<TopicPartition, Vec<Record>>,
    offsets: BTreeMap<TopicPartition, i64>,
    refused_commits: u32,
}

impl Broker {
    fn with(count: i64) -> Arc<Self> {
        let broker = Self::default();
        for partition in 0..PARTITIONS {
            let records = (0..count).map(|offset| record(partition, offset)).collect();
            broker.state().records.insert(TopicPartition::new("telemetry", partition), records);
        }
        Arc::new(broker)
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lag(&self) -> i64 {
        let state = self.state();
        let ends = state.records.iter().map(|(source, records)| {
            i64::try_from(records.len()).expect("small")
                - state.offsets.get(source).copied().unwrap_or_default()
        });
        ends.sum()
    }

    async fn until_lag_is(&self, at_most: i64) {
        let reached = async {
            loop {
                let changed = self.committed.notified();
                if self.lag() <= at_most {
                    return;
                }
                changed.await;
            }
        };
        tokio::time::timeout(BOUND, reached).await.expect("the group gets there");
    }

    fn join(self: &Arc<Self>) -> MemoryLog {
        let state = self.state();
        let positions = state
            .records
            .keys()
            .map(|source| (source.clone(), state.offsets.get(source).copied().unwrap_or_default()));
        MemoryLog {
            broker: Arc::clone(self),
            positions: positions.collect(),
            paused: BTreeSet::new(),
            joined: false,
        }
    }
}

/// A member that owns every partition.
struct MemoryLog {
    broker: Arc<Broker>,
    positions: BTreeMap<TopicPartition, i64>,
    paused: BTreeSet<TopicPartition>,
    joined: bool,
}

impl MemoryLog {
    fn fetch(&mut self) -> Vec<LogEvent> {
        let state = self.broker.state();
        let mut events = Vec::new();
        for (source, position) in &mut self.positions {
            let records = &state.records[source];
            let start = usize::try_from(*position).expect("an offset").min(records.len());
            let fetched: Vec<_> = records[start..].iter().take(FETCH_MAX).cloned().collect();
            if !fetched.is_empty() && !self.paused.contains(source) {
                *position += i64::try_from(fetched.len()).expect("small");
                events.push(LogEvent::Records { source: source.clone(), records: fetched, end: *position });
            }
        }
        events
    }
}

impl Log for MemoryLog {
    async fn poll(&mut self) -> Result<Vec<LogEvent>, LogError> {
        if !std::mem::replace(&mut self.joined, true) {
            return Ok(self.positions.keys().cloned().map(LogEvent::Assigned).collect());
        }
        let events = self.fetch();
        if events.is_empty() {
            // Until a command interrupts: nothing is ever appended.
            std::future::pending::<()>().await;
        }
        Ok(events)
    }

    async fn commit(&mut self, positions: &[(TopicPartition, i64)]) -> Result<(), LogError> {
        let mut state = self.broker.state();
        if state.refused_commits > 0 {
            state.refused_commits -= 1;
            return Err(LogError("a rebalance is under way".to_owned()));
        }
        for (source, offset) in positions {
            let before = state.offsets.insert(source.clone(), *offset);
            assert!(before <= Some(*offset), "{source} committed backwards");
        }
        drop(state);
        self.broker.committed.notify_waiters();
        Ok(())
    }

    async fn pause(&mut self, sources: &[TopicPartition]) {
        self.paused.extend(sources.iter().cloned());
    }

    async fn resume(&mut self, sources: &[TopicPartition]) {
        self.paused.retain(|source| !sources.contains(source));
    }

    async fn close(self) {}
}

fn record(partition: i32, offset: i64) -> Record {
    Record {
        offset,
        timestamp: 0,
        timestamp_type: TimestampType::LogAppendTime,
        key: None,
        value: Some(Bytes::from(format!("{partition}/{offset}"))),
        headers: Vec::new(),
    }
}

/// A function that remembers what it was sent, and answers as `behave` says.
struct Function<F> {
    behave: F,
    seen: Mutex<Seen>,
    given_up: Mutex<Vec<(String, Value)>>,
}

#[derive(Default)]
struct Seen {
    /// Offsets in the order in which they were sent.
    sent: BTreeMap<String, Vec<i64>>,
    /// Offsets that a successful answer covered.
    done: BTreeMap<String, BTreeSet<i64>>,
    at_work: BTreeSet<String>,
    most_at_work: usize,
    overlaps: usize,
}

impl<F> Function<F> {
    fn new(behave: F) -> Arc<Self> {
        Arc::new(Self { behave, seen: Mutex::default(), given_up: Mutex::default() })
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The offsets of an event, by partition.
fn offsets(event: &[u8]) -> BTreeMap<String, Vec<i64>> {
    let event: Value = serde_json::from_slice(event).expect("JSON");
    let records = event["records"].as_object().expect("partitions");
    let of = |list: &Value| {
        list.as_array()
            .expect("records")
            .iter()
            .map(|each| each["offset"].as_i64().expect("an offset"))
            .collect()
    };
    records.iter().map(|(partition, list)| (partition.clone(), of(list))).collect()
}

impl<F> Invoker for Arc<Function<F>>
where
    F: Fn(&BTreeMap<String, Vec<i64>>) -> Result<Answer, String> + Send + Sync + 'static,
{
    fn invoke(&self, _function: &str, event: &[u8]) -> Result<Answer, String> {
        let batch = offsets(event);
        {
            let mut seen = self.seen();
            seen.overlaps += usize::from(batch.keys().any(|key| seen.at_work.contains(key)));
            seen.at_work.extend(batch.keys().cloned());
            seen.most_at_work = seen.most_at_work.max(seen.at_work.len());
            for (partition, offsets) in &batch {
                seen.sent.entry(partition.clone()).or_default().extend(offsets);
            }
        }
        let answer = (self.behave)(&batch);
        let mut seen = self.seen();
        seen.at_work.retain(|key| !batch.contains_key(key));
        let failed = match answer.as_ref().map(|answer| answer.outcome(true)) {
            Ok(Outcome::Done) => Some(Vec::new()),
            Ok(Outcome::Partial(failed)) => Some(failed),
            Ok(Outcome::FunctionError(_) | Outcome::NotInvoked(_)) | Err(_) => None,
        };
        for (partition, offsets) in batch.iter().filter(|_| failed.is_some()) {
            let lowest = failed
                .iter()
                .flatten()
                .filter(|each| each.partition == *partition)
                .map(|each| each.offset)
                .min();
            let done = offsets.iter().filter(|offset| lowest.is_none_or(|lowest| **offset < lowest));
            seen.done.entry(partition.clone()).or_default().extend(done);
        }
        answer
    }
}

impl<F: Send + Sync + 'static> Destination for Arc<Function<F>> {
    fn put(&self, bucket: &str, key: &str, document: &Value) -> Result<(), String> {
        assert!(key.starts_with("aws/lambda/5a7e/analytics/"), "{key}");
        self.send(bucket, document)
    }

    fn send(&self, to: &str, document: &Value) -> Result<(), String> {
        let mut given_up = self.given_up.lock().unwrap_or_else(PoisonError::into_inner);
        given_up.push((to.to_owned(), document.clone()));
        Ok(())
    }
}

fn ok() -> Answer {
    Answer { status: 200, function_error: None, body: Vec::new() }
}

fn error() -> Answer {
    Answer { function_error: Some("Unhandled".to_owned()), ..ok() }
}

fn partial(failed: &[(&str, i64)]) -> Answer {
    let items: Vec<_> = failed
        .iter()
        .map(|(partition, offset)| serde_json::json!({"itemIdentifier": {"partition": partition, "offset": offset}}))
        .collect();
    Answer { body: serde_json::json!({ "batchItemFailures": items }).to_string().into_bytes(), ..ok() }
}

struct Running {
    stop: watch::Sender<bool>,
    task: tokio::task::JoinHandle<Result<(), LogError>>,
}

fn start<F>(function: &Arc<Function<F>>, broker: &Arc<Broker>, mapping: Mapping, options: Options) -> Running
where
    Arc<Function<F>>: Invoker + Destination,
{
    let drive = Drive { mapping, engine: Arc::clone(function), options, invocations: AtomicU64::new(0) };
    let (stop, stopped) = watch::channel(false);
    Running { stop, task: tokio::spawn(run(Arc::new(drive), broker.join(), stopped)) }
}

fn mapping() -> Mapping {
    Mapping { batch_size: 5, ..Mapping::for_tests("analytics") }
}

const PLAIN: Options = Options { pollers: 2, overlap_every: None };

fn every_record_was_done<F>(function: &Function<F>, count: i64) {
    for partition in 0..PARTITIONS {
        let done = function.seen().done.remove(&format!("telemetry-{partition}")).unwrap_or_default();
        assert!(done.into_iter().eq(0..count), "partition {partition}");
    }
}

#[tokio::test]
async fn every_record_is_sent_once_and_in_order_when_nothing_fails() {
    let broker = Broker::with(100);
    let function = Function::new(|_: &BTreeMap<String, Vec<i64>>| Ok(ok()));
    let running = start(&function, &broker, mapping(), PLAIN);
    broker.until_lag_is(0).await;
    running.stop.send_replace(true);
    running.task.await.expect("no panic").expect("a clean end");
    for (partition, sent) in &function.seen().sent {
        assert!(sent.iter().copied().eq(0..100), "{partition}: {sent:?}");
    }
    assert_eq!(function.seen().overlaps, 0);
    every_record_was_done(&function, 100);
}

#[tokio::test]
async fn what_one_poll_gave_goes_out_together() {
    let broker = Broker::with(1);
    let function = Function::new(|_: &BTreeMap<String, Vec<i64>>| Ok(ok()));
    let _running = start(&function, &broker, mapping(), Options { pollers: 1, ..PLAIN });
    broker.until_lag_is(0).await;
    assert_eq!(function.seen().most_at_work, 3, "each partition had an invocation of its own");
    every_record_was_done(&function, 1);
}

#[tokio::test]
async fn failures_of_every_kind_lose_nothing_and_overtake_nothing() {
    let broker = Broker::with(60);
    broker.state().refused_commits = 3;
    let calls = AtomicU64::new(0);
    let function = Function::new(move |batch: &BTreeMap<String, Vec<i64>>| {
        let (partition, offsets) = batch.iter().next().expect("a part");
        match calls.fetch_add(1, Ordering::Relaxed) % 6 {
            0 => Ok(partial(&[(partition, offsets[offsets.len() - 1])])),
            1 => Ok(error()),
            2 => Err("connection reset".to_owned()),
            3 => Ok(Answer { status: 429, ..ok() }),
            _ => Ok(ok()),
        }
    });
    let _running = start(&function, &broker, Mapping { bisects: true, ..mapping() }, PLAIN);
    broker.until_lag_is(0).await;
    for (partition, sent) in &function.seen().sent {
        let mut highest = -1;
        for offset in sent {
            assert!(*offset <= highest + 1, "{partition}: {offset} before {}", highest + 1);
            highest = highest.max(*offset);
        }
    }
    assert_eq!(function.seen().overlaps, 0);
    every_record_was_done(&function, 60);
}

#[tokio::test]
async fn poison_goes_to_the_destination_with_its_payload_and_holds_up_nobody() {
    let broker = Broker::with(20);
    let function = Function::new(|batch: &BTreeMap<String, Vec<i64>>| {
        let is_poison = batch.get("telemetry-1").is_some_and(|offsets| offsets.contains(&13));
        Ok(if is_poison { error() } else { ok() })
    });
    let mapping = Mapping {
        bisects: true,
        retries_max: Some(1),
        on_failure: Some("arn:aws:s3:::failed".to_owned()),
        ..mapping()
    };
    let _running = start(&function, &broker, mapping, PLAIN);
    broker.until_lag_is(0).await;
    let given_up = function.given_up.lock().expect("no panic").clone();
    assert_eq!(given_up.len(), 1, "{given_up:?}");
    let (bucket, record) = &given_up[0];
    assert_eq!(bucket, "failed");
    assert_eq!(record["requestContext"]["condition"], "RetryAttemptsExhausted");
    let payload = record["payload"].as_str().expect("the whole event");
    assert_eq!(offsets(payload.as_bytes()), BTreeMap::from([("telemetry-1".to_owned(), vec![13])]));
    let mut seen = function.seen();
    let done = seen.done.remove("telemetry-1").unwrap_or_default();
    assert!(done.into_iter().eq((0..20).filter(|offset| *offset != 13)));
}

#[tokio::test]
async fn a_partition_that_always_fails_stops_no_other() {
    let broker = Broker::with(50);
    let function = Function::new(|batch: &BTreeMap<String, Vec<i64>>| {
        Ok(if batch.contains_key("telemetry-0") { error() } else { ok() })
    });
    let _running = start(&function, &broker, mapping(), Options { pollers: 1, ..PLAIN });
    broker.until_lag_is(50).await;
    assert_eq!(broker.state().offsets.get(&TopicPartition::new("telemetry", 0)), None);
}

#[tokio::test]
async fn killed_at_any_moment_it_goes_on_behind_the_last_commit() {
    let broker = Broker::with(90);
    let function = Function::new(|_: &BTreeMap<String, Vec<i64>>| Ok(ok()));
    for killed_at in [230, 200, 150, 100, 40] {
        let running = start(&function, &broker, mapping(), PLAIN);
        broker.until_lag_is(killed_at).await;
        // As by SIGKILL: no commit, no leaving.
        running.task.abort();
    }
    let _running = start(&function, &broker, mapping(), PLAIN);
    broker.until_lag_is(0).await;
    every_record_was_done(&function, 90);
}

#[tokio::test]
async fn forced_overlaps_reach_the_function_at_the_same_time() {
    let broker = Broker::with(40);
    let meeting = std::sync::Barrier::new(2);
    // Every batch is delivered twice, so each invocation has a twin to wait for.
    let function = Function::new(move |_: &BTreeMap<String, Vec<i64>>| {
        meeting.wait();
        Ok(ok())
    });
    let options = Options { pollers: 1, overlap_every: Some(1) };
    let _running = start(&function, &broker, mapping(), options);
    broker.until_lag_is(0).await;
    assert!(function.seen().overlaps > 0);
    every_record_was_done(&function, 40);
}

#[tokio::test]
async fn a_member_that_ends_by_itself_ends_the_run_with_its_reason() {
    struct Gone;
    impl Log for Gone {
        async fn poll(&mut self) -> Result<Vec<LogEvent>, LogError> {
            Err(LogError("no broker answers".to_owned()))
        }
        async fn commit(&mut self, _positions: &[(TopicPartition, i64)]) -> Result<(), LogError> {
            Ok(())
        }
        async fn pause(&mut self, _sources: &[TopicPartition]) {}
        async fn resume(&mut self, _sources: &[TopicPartition]) {}
        async fn close(self) {}
    }
    let function = Function::new(|_: &BTreeMap<String, Vec<i64>>| Ok(ok()));
    let drive = Drive {
        mapping: mapping(),
        engine: Arc::clone(&function),
        options: PLAIN,
        invocations: AtomicU64::new(0),
    };
    let (_stop, stopped) = watch::channel(false);
    let ended = run(Arc::new(drive), Gone, stopped).await;
    assert_eq!(ended, Err(LogError("no broker answers".to_owned())));
}
