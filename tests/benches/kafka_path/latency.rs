//! From publishing to the committed effect, at a steady rate: broker, bridge, the deployed function, and as DynamoDB
//! either the engine or the stand-in, which takes next to no time: what is left is everything but DynamoDB.
//!
//! Batches leave by a timetable, whatever became of the ones before, and an event's time begins when its batch was due:
//! a stall counts for every event that it kept waiting. It ends when DynamoDB's answer to the transaction that has the
//! event in it passed the proxy. The batches are those that the ingest function makes: one client's events under
//! one key in one transaction of a publisher, with several publishers, as there are several processes of that function.

use std::sync::Arc;
use std::time::{Duration, Instant};

use semel_bench::arguments;
use semel_kafka::{Connection, Position, Publisher, PublisherSettings, Record};
use semel_tests::{Analytics, Stack, eventually};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::breakdown::{Event, Invocations, Parts, millis};
use crate::figures::Percentiles;
use crate::load::Load;
use crate::proxy::Proxy;
use crate::split::{Split, Way};
use crate::stand_in::StandIn;

const TOPIC: &str = "telemetry";
const ARTICLES: u64 = 50;
/// Of one client, as the load has them.
const BATCH: u32 = 20;
const PUBLISHERS: u32 = 8;
/// A broker that has just started compiles its own code for a minute, on a third of a core.
const WARM_UP_SECONDS: u32 = 60;
const SECONDS: u32 = 30;
const TIMEOUT: Duration = Duration::from_mins(1);

#[derive(Serialize)]
pub struct Report {
    events_per_second: u32,
    seconds: u32,
    warm_up_seconds: u32,
    events: usize,
    events_per_call: u32,
    publishers: u32,
    /// From the moment at which a batch was due until the broker had committed it.
    published_ms: Percentiles,
    /// From the same moment to the committed effect.
    committed_ms: Percentiles,
    /// What that time went to.
    parts_ms: Parts,
    /// What the function and DynamoDB did in it.
    invocations: Invocations,
}

/// A batch that was published.
struct Sent {
    due: Instant,
    published: Instant,
    positions: Vec<Position>,
}

/// Measures. Ends the program if an event did not arrive.
pub fn measure() -> Report {
    let rate: u32 = arguments::number("--rate", 2_000);
    let (warm_up, seconds): (u32, u32) =
        (arguments::number("--warm-up", WARM_UP_SECONDS), arguments::number("--seconds", SECONDS));
    let stack = Stack::from_environment();
    let stand_in = match arguments::text("--dynamodb").as_str() {
        "engine" => None,
        "stand-in" => Some(StandIn::start()),
        other => panic!("--dynamodb {other}: neither engine nor stand-in"),
    };
    let upstream = stand_in.as_ref().map_or(stack.endpoint(), |stand_in| &stand_in.endpoint);
    let upstream = upstream.trim_start_matches("http://");
    let proxy = Proxy::start(upstream, &format!("fence#analytics#main#{TOPIC}-"));
    lead_through(&stack, &proxy);
    let sent = publish(rate, warm_up + seconds);
    let places = || sent.iter().flat_map(|sent| sent.positions.iter().map(move |position| (sent, *position)));
    let offset = |position: Position| position.offset.expect("a new record has one");
    eventually("every event is committed", || {
        let left =
            places().filter(|(_, position)| proxy.reached(position.partition) <= offset(*position)).count();
        if left == 0 { Ok(()) } else { Err(format!("{left} of {} events are not", places().count())) }
    });
    let exchanges = proxy.exchanges();
    assert!(exchanges.iter().all(|each| !each.trace.is_empty()), "the function's requests name their trace");
    let split = Split::of(exchanges);
    let way = |position: Position| split.way(position.partition, offset(position));
    let ways: Vec<(&Sent, Way)> =
        places().map(|(sent, position)| (sent, way(position).expect("it has been waited for"))).collect();
    // The first batches meet a cold broker and a cold function.
    let from = sent[0].due + Duration::from_secs(warm_up.into());
    let measured = ways.iter().filter(|(sent, _)| sent.due >= from);
    let events: Vec<Event> =
        measured.map(|(sent, way)| Event { due: sent.due, published: sent.published, way: *way }).collect();
    let ways: Vec<Way> = ways.iter().map(|(_, way)| *way).collect();
    let published = events.iter().map(|event| millis(event.due, event.published)).collect();
    let committed = events.iter().map(Event::committed_ms).collect();
    Report {
        events_per_second: rate,
        seconds,
        warm_up_seconds: warm_up,
        events: events.len(),
        events_per_call: BATCH,
        publishers: PUBLISHERS,
        published_ms: Percentiles::of(published).expect("there are events"),
        committed_ms: Percentiles::of(committed).expect("there are events"),
        parts_ms: Parts::of(&events, &split).expect("there are events"),
        invocations: Invocations::of(&events, &ways, &split).expect("there are events"),
    }
}

/// Lets the deployed function go to DynamoDB through the proxy.
fn lead_through(stack: &Stack, proxy: &Proxy) {
    let analytics = Analytics::of(stack);
    let function = analytics.function();
    let mut variables = stack.variables(function);
    variables.insert("AWS_ENDPOINT_URL_DYNAMODB".to_owned(), proxy.endpoint.clone());
    let url = format!("{}/2015-03-31/functions/{function}/configuration", stack.endpoint());
    let body = json!({ "Environment": { "Variables": variables } }).to_string();
    ureq::put(url.as_str()).send(body).expect("Lambda takes the new configuration");
    eventually("the new configuration is in use", || {
        let mut answer = ureq::get(url.as_str()).call().map_err(|error| error.to_string())?;
        let text = answer.body_mut().read_to_string().map_err(|error| error.to_string())?;
        let now: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        if now["LastUpdateStatus"] == "Successful" { Ok(()) } else { Err(text) }
    });
}

/// Publishes for so many seconds.
fn publish(rate: u32, seconds: u32) -> Vec<Sent> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let publishers: Vec<_> = (0..PUBLISHERS).map(|_| Arc::new(publisher())).collect();
        let mut load = Load::new(ARTICLES);
        let batches = rate * seconds / BATCH;
        let every = Duration::from_secs(1) * BATCH / rate;
        let mut calls = JoinSet::new();
        let start = tokio::time::Instant::now();
        for (number, publisher) in (0..batches).zip(publishers.iter().cycle()) {
            let due = start + every * number;
            let records = records(&mut load, number);
            tokio::time::sleep_until(due).await;
            let publisher = Arc::clone(publisher);
            calls.spawn(async move {
                let outcomes = publisher.publish(&records).await;
                let answered = Instant::now();
                let positions =
                    outcomes.into_iter().map(|outcome| outcome.expect("it is published")).collect();
                Sent { due: due.into_std(), published: answered, positions }
            });
        }
        let mut sent = calls.join_all().await;
        sent.sort_by_key(|sent| sent.due);
        for publisher in publishers {
            publisher.close().await.expect("it closes");
        }
        sent
    })
}

/// As the ingest function has it.
fn publisher() -> Publisher {
    let brokers = std::env::var("SEMEL_BROKERS").expect("SEMEL_BROKERS names the brokers");
    let id = format!("bench-{}", uuid::Uuid::new_v4().simple());
    let mut settings = PublisherSettings::new(Connection::plaintext(brokers)).transactional(id);
    settings.timeout = TIMEOUT;
    Publisher::new(settings)
}

fn records(load: &mut Load, batch: u32) -> Vec<Record<'static>> {
    let key = format!("session-{batch:08}");
    (0..BATCH).map(|_| Record::new(TOPIC, key.clone(), load.event().2)).collect()
}
