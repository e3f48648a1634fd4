//! One round of one function: its handler over fresh stores, timed from the first payload's bytes to the last answer's.
//!
//! A round that does not do all the work it was given would be fast and worth nothing, so it ends the benchmark.

use std::future::Future;
use std::hint::black_box;
use std::time::{Duration, Instant};

use inventory::handler::Inventory;
use notifications::handler::Notifications;
use orders::handler::Orders;
use payments::handler::Payments;
use payments::simulated::SimulatedGateway;
use relay::handler::Relay;
use relay::route::BusAndTopic;
use semel_aws::SystemClock;
use semel_contracts::RawEnvelope;
use semel_exactly_once::{Clock, Committer, Publish, PublishError};
use semel_lambda::Deadline;
use semel_lambda::http::{Api, Request};
use semel_lambda::sqs::{Consumer, process};
use semel_lambda::stream::{Follower, StreamEvent};
use semel_testkit::{MemoryAggregates, MemoryRecords};
use serde::de::IgnoredAny;
use shipping::carrier::SimulatedCarrier;
use shipping::handler::Shipping;
use storefront::{Auth, Storefront};

use crate::inputs::{Inputs, Invocations, stocked};
use crate::journey::ports::{Books, Mailbox, NoHistory, NoLetters};
use crate::journey::shop::{Shelf, sender};
use crate::journey::{DEADLINE, WINDOW};

/// The timeout of the functions is of this order; nothing here comes near it.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The same bytes, looked through and thrown away.
pub fn floor(invocations: &Invocations) -> Duration {
    let started = Instant::now();
    for payload in &invocations.payloads {
        black_box(serde_json::from_slice::<IgnoredAny>(black_box(payload)).expect("JSON"));
    }
    started.elapsed()
}

/// A round of `service`.
pub fn handler(service: &str, invocations: &Invocations, inputs: &Inputs) -> Duration {
    let committer = |store: MemoryAggregates| Committer::new(store, SystemClock, WINDOW);
    match service {
        "storefront" => on_runtime(place(MemoryAggregates::default(), invocations)),
        "payments" => {
            let gateway = SimulatedGateway::new(Books::default(), SystemClock);
            let payments = Payments::new(committer(MemoryAggregates::default()), gateway);
            on_runtime(consume(&payments, invocations))
        }
        "inventory" => on_runtime(consume(&Inventory::new(committer(stocked())), invocations)),
        "orders" => {
            let store = MemoryAggregates::default();
            on_runtime(place(store.clone(), inputs.places()));
            on_runtime(consume(&Orders::new(committer(store)), invocations))
        }
        "shipping" => {
            let carrier = SimulatedCarrier::new(SystemClock, Duration::from_hours(1));
            on_runtime(consume(&Shipping::new(committer(MemoryAggregates::default()), carrier), invocations))
        }
        "notifications" => {
            let notifications = Notifications::new(MemoryRecords::default(), SystemClock, Mailbox, sender());
            on_runtime(consume(&notifications, invocations))
        }
        "relay" => {
            let route = BusAndTopic { bus: Sink, topic: Sink };
            on_runtime(follow(&Relay::new(route, NoLetters, SystemClock), invocations))
        }
        other => panic!("nothing is known of {other}"),
    }
}

/// The runtime that a function has.
fn on_runtime<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.expect("a runtime").block_on(work)
}

fn deadline() -> Deadline {
    let now = SystemClock.now();
    Deadline::new(now, now.saturating_add(TIMEOUT))
}

async fn consume<C: Consumer>(consumer: &C, invocations: &Invocations) -> Duration {
    let mut applied = 0;
    let started = Instant::now();
    for payload in &invocations.payloads {
        let event = serde_json::from_slice(black_box(payload)).expect("an event of SQS");
        let (answer, tally) = process(consumer, &NoLetters, &NoLetters, &SystemClock, deadline(), event)
            .await
            .expect("every record has an id");
        black_box(serde_json::to_vec(&answer).expect("an answer"));
        applied += tally.applied;
    }
    let elapsed = started.elapsed();
    assert_eq!(applied, invocations.events as u64, "{} did not apply everything", C::NAME);
    elapsed
}

async fn place(store: MemoryAggregates, invocations: &Invocations) -> Duration {
    let api = Storefront {
        committer: Committer::new(store, SystemClock, WINDOW),
        history: NoHistory,
        catalogue: Shelf::default(),
        auth: Auth::Anonymous,
        deadline: DEADLINE,
    };
    let mut placed = 0;
    let started = Instant::now();
    for payload in &invocations.payloads {
        let request = std::str::from_utf8(black_box(payload)).expect("text");
        let answer = api.handle(Request::from_json(request).expect("an event of API Gateway")).await;
        placed += usize::from(answer.status() == 201);
        black_box(serde_json::to_vec(&answer).expect("an answer"));
    }
    let elapsed = started.elapsed();
    assert_eq!(placed, invocations.events, "not every order was placed");
    elapsed
}

async fn follow<F: Follower>(follower: &F, invocations: &Invocations) -> Duration {
    let mut published = 0;
    let started = Instant::now();
    for payload in &invocations.payloads {
        let event: StreamEvent = serde_json::from_slice(black_box(payload)).expect("an event of a stream");
        let done = follower.follow(event.records, deadline()).await;
        assert_eq!(done.first_failed, None);
        published += done.counts.iter().find(|(name, _)| *name == "bus").map_or(0, |(_, count)| *count);
    }
    let elapsed = started.elapsed();
    assert_eq!(published, invocations.events as u64, "not everything was published");
    elapsed
}

/// Writes each event as it would travel, and forgets it.
struct Sink;

impl Publish for Sink {
    async fn publish(&self, events: &[RawEnvelope<'_>]) -> Vec<Result<(), PublishError>> {
        let outcome = |event: &RawEnvelope<'_>| {
            black_box(event.encode().expect("it fits"));
            Ok(())
        };
        events.iter().map(outcome).collect()
    }
}
