#![allow(clippy::unwrap_used)]

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use semel_contracts::Event;
use semel_contracts::events::{CancellationReason, OrderCancellationRequested};
use semel_domain::{ShipmentStatus, TrackParcel};
use semel_exactly_once::{Aggregate, Class, outbox};
use semel_testkit::sample::{self, order_id};
use semel_testkit::{Faults, Faulty, MemoryAggregates, SimulatedClock, block_on, with_every_fault};

use super::*;
use crate::carrier::{SimulatedCarrier, Tracking};

const WINDOW: Duration = Duration::from_mins(5);
const TRANSIT: Duration = Duration::from_hours(1);

fn received(n: u8, data: impl Into<Event>) -> Received {
    Received { envelope: sample::envelope(n, data), receive_count: 1 }
}

fn confirmed() -> Received {
    received(1, sample::confirmed())
}

fn paid() -> Received {
    received(2, sample::paid())
}

fn cancellation() -> Received {
    let reason = CancellationReason::CustomerRequest;
    received(3, OrderCancellationRequested { order_id: order_id(), reason })
}

/// The simulated carrier, on which the line may go dead before or after it took the parcel.
struct Line {
    carrier: SimulatedCarrier<SimulatedClock>,
    calls: AtomicU32,
    dead_at: Option<u32>,
    after: bool,
}

impl Carrier for Line {
    async fn book(&self, parcel: &BookParcel) -> Result<Booking, PerformError> {
        let dead = self.dead_at == Some(self.calls.fetch_add(1, Ordering::SeqCst));
        let error = || PerformError {
            class: Class::Transient,
            what: "booking".to_owned(),
            source: "the line went dead".into(),
        };
        if dead && !self.after {
            return Err(error());
        }
        let booking = self.carrier.book(parcel).await?;
        if dead { Err(error()) } else { Ok(booking) }
    }

    async fn track(&self, parcel: &TrackParcel) -> Result<Tracking, PerformError> {
        self.carrier.track(parcel).await
    }
}

struct World {
    memory: MemoryAggregates,
    shipping: Shipping<Faulty<MemoryAggregates>, SimulatedClock, Line>,
}

fn world(faults: Faults, dead_at: Option<u32>, after: bool) -> World {
    let (memory, clock) = (MemoryAggregates::default(), SimulatedClock::default());
    let carrier = SimulatedCarrier::new(clock.clone(), TRANSIT);
    let line = Line { carrier, calls: AtomicU32::new(0), dead_at, after };
    let committer = Committer::new(Faulty::new(memory.clone(), faults), clock, WINDOW);
    World { memory, shipping: Shipping::new(committer, line) }
}

impl World {
    async fn deliver(&self, group: Vec<Received>) -> Vec<Outcome> {
        self.shipping.handle(&order_id().to_string(), group).await
    }

    /// Delivers as a queue does: again, until nothing is put off.
    async fn deliver_until_taken(&self, group: &[Received]) {
        for _ in 0..5 {
            let outcomes = self.deliver(group.to_vec()).await;
            if !outcomes.iter().any(|outcome| matches!(outcome, Outcome::Transient(_))) {
                return;
            }
        }
        panic!("one fault must not block a batch for good");
    }

    async fn status(&self) -> ShipmentStatus {
        let stored = self.memory.load(&Shipment::key(&order_id().to_string())).await.unwrap().unwrap();
        serde_json::from_str::<Shipment>(&stored.state).unwrap().status
    }

    fn published(&self) -> Vec<String> {
        let texts = self.memory.published();
        let events = texts.iter().flat_map(|(_, _, text)| outbox::decode(text).unwrap().events);
        events.map(|event| event.event_type.to_owned()).collect()
    }
}

#[test]
fn nothing_leaves_before_it_is_paid() {
    block_on(async {
        let world = world(Faults::none(), None, false);
        assert_eq!(world.deliver(vec![confirmed()]).await, [Outcome::Applied]);
        assert!(matches!(world.status().await, ShipmentStatus::Created(_)));
        assert_eq!(world.deliver(vec![paid()]).await, [Outcome::Applied]);
        assert!(matches!(world.status().await, ShipmentStatus::Dispatched { .. }));
        assert_eq!(world.published(), ["ShipmentCreated", "ShipmentDispatched"]);
    });
}

#[test]
fn a_payment_that_overtakes_the_order_waits_for_it() {
    block_on(async {
        let world = world(Faults::none(), None, false);
        world.deliver(vec![paid()]).await;
        assert!(matches!(world.status().await, ShipmentStatus::AwaitingOrder));
        world.deliver(vec![confirmed(), paid()]).await;
        assert!(matches!(world.status().await, ShipmentStatus::Dispatched { .. }));
        assert_eq!(world.published(), ["ShipmentCreated", "ShipmentDispatched"]);
    });
}

#[test]
fn a_cancellation_wins_before_the_carrier_has_the_parcel_and_loses_after() {
    block_on(async {
        let early = world(Faults::none(), None, false);
        early.deliver(vec![cancellation()]).await;
        let late_arrivals = early.deliver(vec![confirmed(), paid()]).await;
        assert_eq!(late_arrivals, [Outcome::NoEffect, Outcome::NoEffect]);
        assert_eq!(early.published(), ["ShipmentCancelled"]);

        let late = world(Faults::none(), None, false);
        late.deliver(vec![confirmed(), paid()]).await;
        assert_eq!(late.deliver(vec![cancellation()]).await, [Outcome::NoEffect]);
        assert_eq!(late.published(), ["ShipmentCreated", "ShipmentDispatched"]);
    });
}

async fn dispatches_once(world: World) {
    world.deliver_until_taken(&[confirmed()]).await;
    world.deliver_until_taken(&[paid(), confirmed()]).await;
    assert!(matches!(world.status().await, ShipmentStatus::Dispatched { .. }));
    assert_eq!(world.published(), ["ShipmentCreated", "ShipmentDispatched"]);
}

#[test]
fn every_fault_at_every_request_dispatches_once() {
    let runs = with_every_fault(|faults| block_on(dispatches_once(world(faults, None, false))));
    assert!(runs > 10, "only {runs} runs: no faults were injected");
}

#[test]
fn a_carrier_that_fails_before_or_after_taking_the_parcel_is_asked_again() {
    for after in [false, true] {
        block_on(dispatches_once(world(Faults::none(), Some(0), after)));
    }
}

#[test]
fn an_effect_that_failed_puts_its_group_off_and_stays_intended() {
    block_on(async {
        let world = world(Faults::none(), Some(0), false);
        let outcomes = world.deliver(vec![confirmed(), paid()]).await;
        assert!(matches!(&outcomes[..], [Outcome::Transient(_), Outcome::Transient(_)]), "{outcomes:?}");
        assert!(matches!(world.status().await, ShipmentStatus::Booking(_)));
        assert_eq!(world.deliver(vec![confirmed(), paid()]).await, [Outcome::Duplicate, Outcome::Duplicate]);
        assert!(matches!(world.status().await, ShipmentStatus::Dispatched { .. }));
    });
}

#[test]
fn only_what_concerns_shipping_is_routed() {
    let world = world(Faults::none(), None, false);
    assert!(world.shipping.route(&confirmed().envelope).is_some());
    let own =
        semel_contracts::events::ShipmentDelivered { order_id: order_id(), email: sample::customer().email };
    assert_eq!(world.shipping.route(&sample::envelope(9, own)), None);
}
