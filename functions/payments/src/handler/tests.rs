#![allow(clippy::unwrap_used)]

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use semel_contracts::EventId;
use semel_contracts::events::{
    CancellationReason, OrderCancellationRequested, OrderCancelled, OrderCreated, ShippingMethod,
};
use semel_domain::{GatewayAnswer, GatewayCall, PaymentStatus};
use semel_exactly_once::{Aggregate, Class, PerformError, outbox};
use semel_testkit::sample::{self, amount, customer, order_id, order_lines};
use semel_testkit::{Faults, Faulty, MemoryAggregates, SimulatedClock, block_on, with_every_fault};

use super::*;
use crate::simulated::SimulatedGateway;
use crate::simulated::memory::MemoryLedger;

const WINDOW: Duration = Duration::from_mins(5);

type Simulated = SimulatedGateway<MemoryLedger, SimulatedClock>;

fn received(n: u8, data: impl Into<Event>) -> Received {
    Received { envelope: sample::envelope(n, data), receive_count: 1 }
}

fn created_with(payment_method: &str) -> Received {
    let order = OrderCreated {
        order_id: order_id(),
        customer: customer(),
        lines: order_lines(),
        total: amount(),
        shipping_method: ShippingMethod::Standard,
        payment_method: payment_method.parse().unwrap(),
    };
    received(1, order)
}

fn created() -> Received {
    created_with("pm_card_visa")
}

fn confirmed() -> Received {
    received(2, sample::confirmed())
}

fn cancelled() -> Received {
    let reason = CancellationReason::CustomerRequest;
    received(3, OrderCancelled { order_id: order_id(), customer: customer(), total: amount(), reason })
}

/// What happens while a call is at the gateway, once.
type Meanwhile = Mutex<Option<Pin<Box<dyn Future<Output = ()> + Send>>>>;

/// The line to a gateway, which may go dead before or after the gateway acted, and on which time passes.
struct Line {
    gateway: Simulated,
    attempts: Arc<Mutex<Vec<(&'static str, Attempt)>>>,
    calls: AtomicU32,
    dead_at: Option<(u32, bool)>,
    class: Class,
    meanwhile: Meanwhile,
}

impl Gateway for Line {
    async fn call(&self, call: &GatewayCall, attempt: Attempt) -> Result<GatewayAnswer, PerformError> {
        self.attempts.lock().unwrap().push((call.operation.as_str(), attempt));
        let at = self.calls.fetch_add(1, Ordering::SeqCst);
        let dead = self.dead_at.filter(|(dead_at, _)| *dead_at == at);
        let error = || PerformError {
            class: self.class,
            what: "a call".to_owned(),
            source: "the line went dead".into(),
        };
        if dead.is_some_and(|(_, after)| !after) {
            return Err(error());
        }
        let meanwhile = self.meanwhile.lock().unwrap().take();
        if let Some(meanwhile) = meanwhile {
            meanwhile.await;
        }
        let answer = self.gateway.call(call, attempt).await?;
        if dead.is_some() { Err(error()) } else { Ok(answer) }
    }
}

struct World {
    memory: MemoryAggregates,
    clock: SimulatedClock,
    ledger: MemoryLedger,
    attempts: Arc<Mutex<Vec<(&'static str, Attempt)>>>,
    payments: Payments<Faulty<MemoryAggregates>, SimulatedClock, Line>,
}

fn world(faults: Faults, dead_at: Option<(u32, bool)>) -> World {
    let (memory, clock, ledger) =
        (MemoryAggregates::default(), SimulatedClock::default(), MemoryLedger::default());
    let attempts = Arc::default();
    let line = Line {
        gateway: SimulatedGateway::new(ledger.clone(), clock.clone()),
        attempts: Arc::clone(&attempts),
        calls: AtomicU32::new(0),
        dead_at,
        class: Class::Transient,
        meanwhile: Mutex::default(),
    };
    let committer = Committer::new(Faulty::new(memory.clone(), faults), clock.clone(), WINDOW);
    World { memory, clock, ledger, attempts, payments: Payments::new(committer, line) }
}

impl World {
    async fn deliver(&self, group: Vec<Received>) -> Vec<Outcome> {
        self.payments.handle(&order_id().to_string(), group).await
    }

    /// Delivers as a queue does: again, until nothing is put off.
    async fn deliver_until_taken(&self, group: &[Received]) {
        for receive_count in 1..=5 {
            let again = group.iter().cloned().map(|received| Received { receive_count, ..received });
            let outcomes = self.deliver(again.collect()).await;
            assert!(!outcomes.iter().any(|outcome| matches!(outcome, Outcome::Fatal(_))), "{outcomes:?}");
            if !outcomes.iter().any(|outcome| matches!(outcome, Outcome::Transient(_))) {
                return;
            }
        }
        panic!("one fault must not block a payment for good");
    }

    /// A second invocation at the same payment and the same gateway, whose line is sound.
    fn rival(&self) -> Payments<MemoryAggregates, SimulatedClock, Simulated> {
        let gateway = SimulatedGateway::new(self.ledger.clone(), self.clock.clone());
        Payments::new(Committer::new(self.memory.clone(), self.clock.clone(), WINDOW), gateway)
    }

    /// Has a rival handle `event` while the next call is at the gateway.
    fn meanwhile(&self, event: Received) {
        let rival = self.rival();
        let work = async move {
            let outcomes = rival.handle(&order_id().to_string(), vec![event]).await;
            assert_eq!(outcomes, [Outcome::Applied]);
        };
        *self.payments.gateway.meanwhile.lock().unwrap() = Some(Box::pin(work));
    }

    fn status(&self) -> PaymentStatus {
        let key = Payment::key(&order_id().to_string());
        let stored = block_on(semel_exactly_once::AggregateStore::load(&self.memory, &key)).unwrap().unwrap();
        serde_json::from_str::<Payment>(&stored.state).unwrap().status
    }

    fn published(&self) -> Vec<String> {
        let texts = self.memory.published();
        let events = texts.iter().flat_map(|(_, _, text)| outbox::decode(text).unwrap().events);
        events.map(|event| event.event_type.to_owned()).collect()
    }

    fn published_ids(&self) -> Vec<EventId> {
        let texts = self.memory.published();
        texts.iter().flat_map(|(_, _, text)| outbox::decode(text).unwrap().events).map(|e| e.id).collect()
    }
}

/// Runs `batches` through every fault at every request to the store, crossed with a line that goes dead before and
/// after every call, and expects the same books and events each time.
fn through_everything(batches: &[Vec<Received>], booked: &[&str], published: &[&str]) {
    let calls = u32::try_from(booked.len()).unwrap();
    let dead = (0..calls).flat_map(|at| [Some((at, false)), Some((at, true))]);
    let mut runs = 0;
    let mut ids = None;
    for dead_at in std::iter::once(None).chain(dead) {
        runs += with_every_fault(|faults| {
            let world = world(faults, dead_at);
            for batch in batches {
                block_on(world.deliver_until_taken(batch));
            }
            assert_eq!(world.ledger.operations(), booked, "{dead_at:?}");
            assert_eq!(world.published(), published, "{dead_at:?}");
            // Whatever was repeated, every event has the id that it has without faults.
            assert_eq!(*ids.get_or_insert_with(|| world.published_ids()), world.published_ids());
        });
    }
    assert!(runs > 10 * (booked.len() + 1), "only {runs} runs: no faults were injected");
}

#[test]
fn a_plain_order_is_charged_once_whatever_fails_when() {
    through_everything(
        &[vec![created()], vec![confirmed()]],
        &["authorize", "capture"],
        &["PaymentAuthorized", "PaymentProcessed"],
    );
}

#[test]
fn a_cancelled_order_is_refunded_once_whatever_fails_when() {
    through_everything(
        &[vec![created(), created()], vec![confirmed()], vec![cancelled(), confirmed()]],
        &["authorize", "capture", "refund"],
        &["PaymentAuthorized", "PaymentProcessed", "PaymentRefunded"],
    );
}

#[test]
fn a_hold_is_released_once_whatever_fails_when() {
    through_everything(
        &[vec![created()], vec![cancelled()], vec![created(), cancelled()]],
        &["authorize", "void"],
        &["PaymentAuthorized", "PaymentVoided"],
    );
}

#[test]
fn a_declined_card_is_told_once_whatever_fails_when() {
    let created = created_with("pm_card_chargeDeclinedInsufficientFunds");
    through_everything(&[vec![created], vec![cancelled()]], &["authorize"], &["PaymentDeclined"]);
}

#[test]
fn the_plain_path_reads_nothing_first_and_each_redelivery_is_a_duplicate() {
    let faults = Faults::none();
    let world = world(faults.clone(), None);
    assert_eq!(block_on(world.deliver(vec![created()])), [Outcome::Applied]);
    assert_eq!(faults.requests(), 2, "the intent and the answer, no read");
    let again = Received { receive_count: 2, ..created() };
    assert_eq!(block_on(world.deliver(vec![again])), [Outcome::Duplicate]);
    assert_eq!(faults.requests(), 3, "a read");
    assert_eq!(*world.attempts.lock().unwrap(), [("authorize", Attempt::First)]);
}

#[test]
fn a_redelivery_resumes_what_died_between_commit_and_call() {
    let world = world(Faults::none(), Some((0, false)));
    assert!(matches!(block_on(world.deliver(vec![created()]))[..], [Outcome::Transient(_)]));
    assert!(world.published().is_empty());
    // Redriven by hand: the queue counts from one again.
    assert_eq!(block_on(world.deliver(vec![created()])), [Outcome::Duplicate]);
    assert_eq!(world.published(), ["PaymentAuthorized"]);
    let attempts = [("authorize", Attempt::First), ("authorize", Attempt::Repeated)];
    assert_eq!(*world.attempts.lock().unwrap(), attempts);
}

#[test]
fn after_the_window_a_redelivery_changes_nothing_and_still_resumes() {
    let world = world(Faults::none(), Some((0, true)));
    assert!(matches!(block_on(world.deliver(vec![created()]))[..], [Outcome::Transient(_)]));
    world.clock.advance(WINDOW + Duration::from_hours(48));
    assert_eq!(block_on(world.deliver(vec![created()])), [Outcome::NoEffect]);
    assert_eq!(world.published(), ["PaymentAuthorized"]);
    world.clock.advance(WINDOW + Duration::from_hours(48));
    assert_eq!(block_on(world.deliver(vec![created()])), [Outcome::NoEffect]);
    assert_eq!(world.attempts.lock().unwrap().len(), 2, "nothing is owed any more");
    assert_eq!(world.ledger.operations(), ["authorize"]);
}

#[test]
fn a_cancellation_before_its_order_asks_the_gateway_for_nothing() {
    for batches in [vec![vec![cancelled()], vec![created()]], vec![vec![cancelled(), created()]]] {
        let world = world(Faults::none(), None);
        let outcomes: Vec<_> = batches.into_iter().flat_map(|batch| block_on(world.deliver(batch))).collect();
        assert_eq!(outcomes, [Outcome::Applied, Outcome::NoEffect]);
        assert_eq!(world.published(), ["PaymentVoided"]);
        assert!(world.attempts.lock().unwrap().is_empty());
    }
}

#[test]
fn an_order_cancelled_while_its_card_is_asked_is_voided_by_either_invocation_once() {
    let world = world(Faults::none(), None);
    world.meanwhile(cancelled());
    assert_eq!(block_on(world.deliver(vec![created()])), [Outcome::Applied]);
    assert_eq!(world.status(), PaymentStatus::Voided);
    assert_eq!(world.ledger.operations(), ["authorize", "void"]);
    assert_eq!(world.published(), ["PaymentVoided"]);
}

#[test]
fn an_order_cancelled_while_it_is_captured_is_refunded_by_either_invocation_once() {
    let world = world(Faults::none(), None);
    block_on(world.deliver(vec![created()]));
    world.meanwhile(cancelled());
    assert_eq!(block_on(world.deliver(vec![confirmed()])), [Outcome::Applied]);
    assert!(matches!(world.status(), PaymentStatus::Refunded { .. }));
    assert_eq!(world.ledger.operations(), ["authorize", "capture", "refund"]);
    assert_eq!(world.published(), ["PaymentAuthorized", "PaymentProcessed", "PaymentRefunded"]);
}

#[test]
fn a_confirmation_that_comes_while_the_hold_is_released_loses() {
    let world = world(Faults::none(), None);
    block_on(world.deliver(vec![created()]));
    let late = world.rival();
    let work = async move {
        let outcomes = late.handle(&order_id().to_string(), vec![confirmed()]).await;
        assert_eq!(outcomes, [Outcome::NoEffect]);
    };
    *world.payments.gateway.meanwhile.lock().unwrap() = Some(Box::pin(work));
    assert_eq!(block_on(world.deliver(vec![cancelled()])), [Outcome::Applied]);
    assert_eq!(world.status(), PaymentStatus::Voided);
    assert_eq!(world.ledger.operations(), ["authorize", "void"]);
    assert_eq!(world.published(), ["PaymentAuthorized", "PaymentVoided"]);
}

#[test]
fn a_fatal_answer_of_the_gateway_puts_the_group_aside_and_keeps_the_intent() {
    let mut world = world(Faults::none(), Some((0, false)));
    world.payments.gateway.class = Class::Fatal;
    let outcomes = block_on(world.deliver(vec![created()]));
    assert!(matches!(&outcomes[..], [Outcome::Fatal(reason)] if reason.code == "effect"), "{outcomes:?}");
    assert!(matches!(world.status(), PaymentStatus::Authorizing { .. }));
    // Mended and redriven.
    assert_eq!(block_on(world.deliver(vec![created()])), [Outcome::Duplicate]);
    assert_eq!(world.published(), ["PaymentAuthorized"]);
}

#[test]
fn a_confirmation_without_an_order_is_put_aside_and_its_neighbour_is_not() {
    let world = world(Faults::none(), None);
    let outcomes = block_on(world.deliver(vec![confirmed(), created()]));
    assert!(
        matches!(&outcomes[..], [Outcome::Fatal(reason), Outcome::Applied] if reason.code == "rejected"),
        "{outcomes:?}"
    );
    assert_eq!(world.published(), ["PaymentAuthorized"]);
}

#[test]
fn only_the_orders_own_three_events_are_routed() {
    let world = world(Faults::none(), None);
    for event in [created(), confirmed(), cancelled()] {
        assert_eq!(world.payments.route(&event.envelope), Some(order_id().to_string()));
    }
    let reason = CancellationReason::CustomerRequest;
    let request = received(4, OrderCancellationRequested { order_id: order_id(), reason });
    assert_eq!(world.payments.route(&request.envelope), None);
    assert_eq!(world.payments.route(&received(5, sample::paid()).envelope), None);
}

/// The samples' records as the batch loop hands them over: those that can be read and concern payments.
fn readable(sample: &str) -> (usize, Vec<Received>) {
    let event: serde_json::Value = serde_json::from_str(sample).unwrap();
    let records = event["Records"].as_array().unwrap();
    let envelopes = records.iter().filter_map(|r| semel_contracts::decode(r["body"].as_str().unwrap()).ok());
    (records.len(), envelopes.map(|envelope| Received { envelope, receive_count: 1 }).collect())
}

#[test]
fn the_samples_are_what_their_names_say() {
    let cases: [(&str, &str, usize, &[&str]); 7] = [
        ("good", include_str!("../../../../events/payments/good.json"), 0, &["PaymentAuthorized"]),
        ("duplicate", include_str!("../../../../events/payments/duplicate.json"), 0, &["PaymentAuthorized"]),
        ("cancelled", include_str!("../../../../events/payments/cancelled.json"), 0, &["PaymentVoided"]),
        ("first", include_str!("../../../../events/payments/cancelled-first.json"), 0, &["PaymentVoided"]),
        ("declined", include_str!("../../../../events/payments/declined.json"), 0, &["PaymentDeclined"]),
        ("malformed", include_str!("../../../../events/payments/malformed.json"), 6, &["PaymentAuthorized"]),
        ("other", include_str!("../../../../events/payments/not-for-payments.json"), 0, &[]),
    ];
    for (name, sample, unreadable, published) in cases {
        let world = world(Faults::none(), None);
        let (records, received) = readable(sample);
        assert_eq!(records - received.len(), unreadable, "{name}");
        let mut groups: Vec<(String, Vec<Received>)> = Vec::new();
        for event in received {
            let Some(key) = world.payments.route(&event.envelope) else { continue };
            match groups.iter_mut().find(|(known, _)| *known == key) {
                Some((_, group)) => group.push(event),
                None => groups.push((key, vec![event])),
            }
        }
        for (key, group) in groups {
            let outcomes = block_on(world.payments.handle(&key, group));
            assert!(!outcomes.iter().any(|o| matches!(o, Outcome::Transient(_))), "{name}: {outcomes:?}");
        }
        assert_eq!(world.published(), published, "{name}");
    }
}
