#![allow(clippy::unwrap_used)]

use std::time::Duration;

use semel_contracts::events::{
    CancellationReason, DeclineReason, DeclineStage, InventoryReleased, InventoryReserved,
    OrderCancellationRequested, PaymentAuthorized, PaymentDeclined, ShippingMethod,
};
use semel_contracts::{Event, EventId};
use semel_domain::{OrderStatus, PlaceOrder};
use semel_exactly_once::{Aggregate, Delivery, outbox};
use semel_testkit::sample::{self, amount, order_id, stock_lines};
use semel_testkit::{Faults, Faulty, MemoryAggregates, SimulatedClock, block_on, with_every_fault};

use super::*;

const WINDOW: Duration = Duration::from_mins(5);

fn placed(clock: &SimulatedClock) -> Delivery<OrderInput> {
    let place = PlaceOrder {
        order_id: order_id(),
        customer: sample::customer(),
        lines: sample::order_lines(),
        total: amount(),
        shipping_method: ShippingMethod::Standard,
        ship_to: sample::address(),
        payment_method: "pm_card_visa".parse().unwrap(),
        fingerprint: "f".to_owned(),
        deadline: clock.now().saturating_add(Duration::from_mins(15)),
    };
    Delivery::new(EventId::from_bytes(*order_id().as_bytes()), OrderInput::Place(Box::new(place)))
}

fn received(n: u8, data: impl Into<Event>) -> Received {
    Received { envelope: sample::envelope(n, data), receive_count: 1 }
}

fn authorized(n: u8) -> Received {
    let authorization_id = "pi_1".parse().unwrap();
    received(n, PaymentAuthorized { order_id: order_id(), amount: amount(), authorization_id })
}

fn reserved(n: u8) -> Received {
    received(n, InventoryReserved { order_id: order_id(), lines: stock_lines() })
}

fn declined(n: u8) -> Received {
    let reason = DeclineReason::CardDeclined;
    let stage = DeclineStage::Authorization;
    received(n, PaymentDeclined { order_id: order_id(), amount: amount(), stage, reason })
}

fn released(n: u8) -> Received {
    received(n, InventoryReleased { order_id: order_id(), lines: stock_lines().to_vec() })
}

struct World {
    memory: MemoryAggregates,
    orders: Orders<Faulty<MemoryAggregates>, SimulatedClock>,
}

async fn world(faults: Faults) -> World {
    let (memory, clock) = (MemoryAggregates::default(), SimulatedClock::default());
    let storefront = Committer::new(memory.clone(), clock.clone(), WINDOW);
    let id = order_id().to_string();
    storefront.handle::<Order>(&id, Known::Absent, &[placed(&clock)]).await.unwrap();
    let orders = Orders::new(Committer::new(Faulty::new(memory.clone(), faults), clock, WINDOW));
    World { memory, orders }
}

impl World {
    async fn deliver(&self, group: Vec<Received>) -> Vec<Outcome> {
        self.orders.handle(&order_id().to_string(), group).await
    }

    async fn status(&self) -> OrderStatus {
        let stored = self.memory.load(&Order::key(&order_id().to_string())).await.unwrap().unwrap();
        serde_json::from_str::<Order>(&stored.state).unwrap().status()
    }

    fn published(&self) -> Vec<String> {
        let texts = self.memory.published();
        let events = texts.iter().flat_map(|(_, _, text)| outbox::decode(text).unwrap().events);
        events.map(|event| event.event_type.to_owned()).collect()
    }
}

#[test]
fn money_and_stock_in_any_order_and_any_batch_confirm_once() {
    block_on(async {
        let histories = [
            vec![vec![authorized(1)], vec![reserved(2)]],
            vec![vec![reserved(2)], vec![authorized(1), authorized(1)]],
            vec![vec![reserved(2), authorized(1), reserved(2)], vec![authorized(1)]],
        ];
        for batches in histories {
            let world = world(Faults::none()).await;
            for batch in batches {
                world.deliver(batch).await;
            }
            assert_eq!(world.status().await, OrderStatus::Confirmed);
            assert_eq!(world.published(), ["OrderCreated", "OrderConfirmed"]);
        }
    });
}

#[test]
fn every_fault_at_every_request_still_confirms_once() {
    let runs = with_every_fault(|faults| {
        block_on(async {
            let world = world(faults).await;
            for batch in [vec![authorized(1)], vec![reserved(2), authorized(1)]] {
                let mut deliveries = 0;
                while world.deliver(batch.clone()).await.iter().any(|o| matches!(o, Outcome::Transient(_))) {
                    deliveries += 1;
                    assert!(deliveries < 5, "one fault must not block a batch for good");
                }
            }
            assert_eq!(world.status().await, OrderStatus::Confirmed);
            assert_eq!(world.published(), ["OrderCreated", "OrderConfirmed"]);
        });
    });
    assert!(runs > 10, "only {runs} runs: no faults were injected");
}

#[test]
fn a_declined_card_cancels_and_waits_for_the_stock_to_come_back() {
    block_on(async {
        let world = world(Faults::none()).await;
        world.deliver(vec![reserved(1), declined(2)]).await;
        assert_eq!(world.status().await, OrderStatus::Cancelling);
        assert_eq!(world.deliver(vec![released(3)]).await, [Outcome::Applied]);
        assert_eq!(world.status().await, OrderStatus::Cancelled);
        assert_eq!(world.published(), ["OrderCreated", "OrderCancelled"]);
    });
}

#[test]
fn a_fact_redelivered_after_the_window_changes_nothing() {
    block_on(async {
        let world = world(Faults::none()).await;
        world.deliver(vec![authorized(1), reserved(2)]).await;
        world.orders.committer.clock().advance(WINDOW + Duration::from_hours(1));
        assert_eq!(
            world.deliver(vec![authorized(1), reserved(2)]).await,
            [Outcome::NoEffect, Outcome::NoEffect]
        );
        assert_eq!(world.published(), ["OrderCreated", "OrderConfirmed"]);
    });
}

#[test]
fn a_fact_about_no_order_is_put_aside_with_its_reason() {
    block_on(async {
        let store = MemoryAggregates::default();
        let orders = Orders::new(Committer::new(store, SimulatedClock::default(), WINDOW));
        let outcomes = orders.handle(&order_id().to_string(), vec![authorized(1)]).await;
        assert!(
            matches!(&outcomes[..], [Outcome::Fatal(reason)] if reason.code == "rejected"),
            "{outcomes:?}"
        );
    });
}

#[test]
fn only_facts_from_others_are_routed() {
    let orders = Orders::new(Committer::new(MemoryAggregates::default(), SimulatedClock::default(), WINDOW));
    assert_eq!(orders.route(&authorized(1).envelope), Some(order_id().to_string()));
    let reason = CancellationReason::CustomerRequest;
    let own = received(1, OrderCancellationRequested { order_id: order_id(), reason });
    assert_eq!(orders.route(&own.envelope), None);
}
