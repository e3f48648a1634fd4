//! Stock in memory, where every request can fail, and in tables, where many orders want the same article at once.

use std::time::Duration;

use futures::future::join_all;
use semel_aws::Aws;
use semel_contracts::events::{CancellationReason, OrderCancelled, OrderCreated, ShippingMethod};
use semel_contracts::{
    Currency, Event, EventId, Lines, MinorUnits, OrderId, OrderLine, Quantity, Sku, Timestamp,
};
use semel_domain::StockItem;
use semel_domain::stock::AVAILABLE;
use semel_exactly_once::outbox;
use semel_testkit::{
    Faults, Faulty, LocalDynamo, MemoryAggregates, SimulatedClock, block_on, sample, with_every_fault,
};

use super::*;

const WINDOW: Duration = Duration::from_mins(5);
const MUGS: &str = "sku#MUG-BLUE";
const TEES: &str = "sku#TEE-M";

fn lines(wanted: &[(&str, u32)]) -> Lines<OrderLine> {
    let line = |(sku, quantity): &(&str, u32)| OrderLine {
        sku: sku.parse().expect("a SKU"),
        quantity: Quantity::new(*quantity).expect("a quantity"),
        unit_amount: MinorUnits::new(100).expect("an amount"),
    };
    Lines::new(wanted.iter().map(line).collect()).expect("lines")
}

fn created(order_id: OrderId, wanted: &[(&str, u32)]) -> OrderCreated {
    OrderCreated {
        order_id,
        customer: sample::customer(),
        lines: lines(wanted),
        total: sample::amount(),
        shipping_method: ShippingMethod::Standard,
        payment_method: "pm_card_visa".parse().expect("a token"),
    }
}

fn cancelled(order_id: OrderId) -> OrderCancelled {
    let reason = CancellationReason::CustomerRequest;
    OrderCancelled { order_id, customer: sample::customer(), total: sample::amount(), reason }
}

/// The first delivery of the usual order: two mugs and a shirt.
fn placed(n: u8) -> Received {
    first(n, created(sample::order_id(), &[("MUG-BLUE", 2), ("TEE-M", 1)]))
}

fn off(n: u8) -> Received {
    first(n, cancelled(sample::order_id()))
}

fn first(n: u8, data: impl Into<Event>) -> Received {
    Received { envelope: sample::envelope(n, data), receive_count: 1 }
}

fn again(received: &Received) -> Received {
    Received { receive_count: received.receive_count + 1, ..received.clone() }
}

struct World {
    memory: MemoryAggregates,
    clock: SimulatedClock,
    inventory: Inventory<Faulty<MemoryAggregates>, SimulatedClock>,
}

fn world(mugs: i64, tees: i64, faults: Faults) -> World {
    let (memory, clock) = (MemoryAggregates::default(), SimulatedClock::default());
    memory.set_counter(MUGS, AVAILABLE, mugs);
    memory.set_counter(TEES, AVAILABLE, tees);
    let store = Faulty::new(memory.clone(), faults);
    let inventory = Inventory::new(Committer::new(store, clock.clone(), WINDOW));
    World { memory, clock, inventory }
}

impl World {
    async fn hear(&self, group: &[Received]) -> Vec<Outcome> {
        self.inventory.handle(&sample::order_id().to_string(), group.to_vec()).await
    }

    /// As the queue does: what failed for now comes again.
    async fn deliver(&self, group: &[Received]) {
        let mut group = group.to_vec();
        for _ in 0..5 {
            let outcomes = self.hear(&group).await;
            let open = outcomes.iter().zip(&group).filter(|(o, _)| matches!(o, Outcome::Transient(_)));
            group = open.map(|(_, received)| again(received)).collect();
            if group.is_empty() {
                return;
            }
        }
        panic!("still failing: {group:?}");
    }

    fn left(&self) -> (i64, i64) {
        let counter = |key| self.memory.counter(key, AVAILABLE).expect("a counter");
        (counter(MUGS), counter(TEES))
    }

    /// Types of the events told, in order.
    fn told(&self) -> Vec<String> {
        let outboxes = self.memory.published();
        let events = outboxes.iter().flat_map(|(_, _, text)| outbox::decode(text).expect("decodes").events);
        events.map(|event| event.event_type.to_owned()).collect()
    }

    /// Data of the only event told.
    fn only_told(&self) -> serde_json::Value {
        let outboxes = self.memory.published();
        let [(_, _, text)] = outboxes.as_slice() else { panic!("one outbox: {outboxes:?}") };
        let outbox = outbox::decode(text).expect("decodes");
        serde_json::from_str(outbox.events[0].data.get()).expect("JSON")
    }
}

#[test]
fn an_order_holds_all_its_units_and_a_cancellation_gives_them_back() {
    block_on(async {
        let world = world(5, 5, Faults::none());
        assert_eq!(world.hear(&[placed(1)]).await, [Outcome::Applied]);
        assert_eq!(world.left(), (3, 4));
        assert_eq!(world.hear(&[off(2)]).await, [Outcome::Applied]);
        assert_eq!(world.left(), (5, 5));
        assert_eq!(world.told(), ["InventoryReserved", "InventoryReleased"]);
    });
}

#[test]
fn repetitions_move_nothing_inside_the_window_and_after_it() {
    block_on(async {
        let world = world(5, 5, Faults::none());
        assert_eq!(world.hear(&[placed(1), placed(1)]).await, [Outcome::Applied, Outcome::Duplicate]);
        assert_eq!(world.hear(&[again(&placed(1))]).await, [Outcome::Duplicate]);
        assert_eq!(world.hear(&[off(2), off(2)]).await, [Outcome::Applied, Outcome::Duplicate]);
        world.clock.advance(WINDOW * 2);
        // From a dead-letter queue, in the wrong order.
        for received in [off(2), placed(1), again(&placed(1)), off(3)] {
            assert_eq!(world.hear(&[received]).await, [Outcome::NoEffect]);
        }
        assert_eq!((world.left(), world.told().len()), ((5, 5), 2));
    });
}

#[test]
fn a_short_order_holds_nothing_and_says_what_is_short() {
    block_on(async {
        let world = world(5, 0, Faults::none());
        assert_eq!(world.hear(&[placed(1)]).await, [Outcome::Applied]);
        assert_eq!(world.left(), (5, 0));
        assert_eq!(world.told(), ["InventoryRejected"]);
        let shortage = serde_json::json!([{ "sku": "TEE-M", "quantity": 1 }]);
        assert_eq!(world.only_told()["shortages"], shortage);

        // Stock comes in: a rejection is final, and a repetition of the order is none of its business.
        world.memory.set_counter(TEES, AVAILABLE, 9);
        assert_eq!(world.hear(&[again(&placed(1))]).await, [Outcome::Duplicate]);
        world.clock.advance(WINDOW * 2);
        assert_eq!(world.hear(&[placed(1)]).await, [Outcome::NoEffect]);
        assert_eq!(world.hear(&[off(2)]).await, [Outcome::NoEffect]);
        assert_eq!((world.left(), world.told().len()), ((5, 9), 1));
    });
}

#[test]
fn an_article_that_is_not_listed_is_short() {
    block_on(async {
        let world = world(5, 5, Faults::none());
        let order = created(sample::order_id(), &[("MUG-BLUE", 1), ("CAP", 1)]);
        assert_eq!(world.hear(&[first(1, order)]).await, [Outcome::Applied]);
        assert_eq!((world.left(), world.told()), ((5, 5), vec!["InventoryRejected".to_owned()]));
    });
}

#[test]
fn a_cancellation_that_overtakes_the_order_leaves_nothing_to_hold() {
    block_on(async {
        let world = world(5, 5, Faults::none());
        assert_eq!(world.hear(&[off(2), placed(1)]).await, [Outcome::Applied, Outcome::NoEffect]);
        assert_eq!(world.hear(&[placed(1)]).await, [Outcome::NoEffect]);
        assert_eq!((world.left(), world.told()), ((5, 5), vec!["InventoryReleased".to_owned()]));
    });
}

#[test]
fn an_order_and_its_cancellation_in_one_batch_end_with_nothing_held() {
    block_on(async {
        for (tees, told) in [(5, 2), (0, 1)] {
            let world = world(5, tees, Faults::none());
            let outcomes = world.hear(&[placed(1), off(2)]).await;
            assert!(
                outcomes.iter().all(|o| matches!(o, Outcome::Applied | Outcome::NoEffect)),
                "{outcomes:?}"
            );
            assert_eq!((world.left(), world.told().len()), ((5, tees), told));
        }
    });
}

#[test]
fn units_that_cannot_be_given_back_are_a_dead_letter() {
    block_on(async {
        let (memory, clock) = (MemoryAggregates::default(), SimulatedClock::default());
        memory.set_counter(MUGS, AVAILABLE, 5);
        memory.set_counter(TEES, AVAILABLE, 5);
        let inventory = Inventory::new(Committer::new(memory.clone(), clock, WINDOW));
        let id = sample::order_id().to_string();
        inventory.handle(&id, vec![placed(1)]).await;
        // A counter below what a release can mend: somebody has tampered with it.
        memory.set_counter(TEES, AVAILABLE, -3);
        let outcomes = inventory.handle(&id, vec![off(2)]).await;
        assert!(matches!(&outcomes[..], [Outcome::Fatal(reason)] if reason.code == "short"), "{outcomes:?}");
        assert_eq!(memory.counter(MUGS, AVAILABLE), Some(3), "nothing was given back in part");
    });
}

#[test]
fn stock_adds_up_whatever_fails() {
    for (mugs, tees, held) in [(5, 5, true), (5, 0, false), (1, 0, false)] {
        let runs = with_every_fault(|faults| {
            block_on(async {
                let world = world(mugs, tees, faults);
                world.deliver(&[placed(1)]).await;
                let expected = if held { (mugs - 2, tees - 1) } else { (mugs, tees) };
                assert_eq!(world.left(), expected);
                world.deliver(&[placed(1), off(2), off(2)]).await;
                world.deliver(&[off(2), placed(1)]).await;
                assert_eq!(world.left(), (mugs, tees), "all of it is back, once");
                let told = if held {
                    vec!["InventoryReserved", "InventoryReleased"]
                } else {
                    vec!["InventoryRejected"]
                };
                assert_eq!(world.told(), told);
            });
        });
        assert!(runs > 8, "faults were injected: {runs}");
    }
}

#[test]
fn an_order_and_its_cancellation_in_either_order_add_up_whatever_fails() {
    for group in [[placed(1), off(2)], [off(2), placed(1)]] {
        for tees in [0, 5] {
            let runs = with_every_fault(|faults| {
                block_on(async {
                    let world = world(5, tees, faults);
                    world.deliver(&group).await;
                    world.deliver(&group).await;
                    assert_eq!(world.left(), (5, tees));
                });
            });
            assert!(runs > 4, "faults were injected: {runs}");
        }
    }
}

#[test]
fn only_the_two_events_of_an_order_come_here() {
    let world = world(1, 1, Faults::none());
    let order_id = sample::order_id().to_string();
    assert_eq!(world.inventory.route(&placed(1).envelope), Some(order_id.clone()));
    assert_eq!(world.inventory.route(&off(1).envelope), Some(order_id));
    assert_eq!(world.inventory.route(&sample::envelope(1, sample::confirmed())), None);
    assert_eq!(world.inventory.route(&sample::envelope(1, sample::paid())), None);
}

/// Inventory on its real adapter, with `available` blue mugs.
async fn on_dynamo(
    dynamo: &LocalDynamo,
    available: u64,
) -> (Aws, Inventory<semel_aws::dynamodb::DynamoAggregates, SimulatedClock>) {
    let aws = Aws::local(dynamo.endpoint()).await;
    let mug = StockItem {
        sku: "MUG-BLUE".parse().expect("a SKU"),
        name: "Blue mug".to_owned(),
        unit_amount: MinorUnits::new(1_450).expect("an amount"),
        currency: Currency::EUR,
        available,
    };
    aws.catalogue("InventoryTable").list(&mug, Timestamp::from_secs(1)).await.expect("listed");
    aws.requests().take();
    let store = aws.aggregates("InventoryTable");
    (aws, Inventory::new(Committer::new(store, SimulatedClock::default(), WINDOW)))
}

async fn mugs_left(aws: &Aws) -> u64 {
    let mug: Sku = "MUG-BLUE".parse().expect("a SKU");
    aws.catalogue("InventoryTable").articles(&[mug]).await.expect("articles")[0].available
}

#[tokio::test]
async fn many_orders_for_one_article_take_what_there_is_and_no_more() {
    let dynamo = LocalDynamo::start().await;
    let (aws, inventory) = on_dynamo(&dynamo, 7).await;
    let orders: Vec<OrderId> = (0..20).map(|n| OrderId::derive("c-1", &n.to_string())).collect();
    let hear = async |n: u8, order_id: OrderId, data: Event| {
        // Each delivery comes twice, at the same time.
        let key = order_id.to_string();
        let handle = || inventory.handle(&key, vec![first(n, data.clone())]);
        let (one, other) = futures::future::join(handle(), handle()).await;
        assert!(
            [&one[0], &other[0]]
                .iter()
                .all(|o| matches!(o, Outcome::Applied | Outcome::Duplicate | Outcome::NoEffect)),
            "{one:?} {other:?}"
        );
    };

    join_all((1..).zip(&orders).map(|(n, id)| hear(n, *id, created(*id, &[("MUG-BLUE", 1)]).into()))).await;

    let states = || {
        let mut states = std::collections::BTreeMap::new();
        for item in dynamo.items("InventoryTable") {
            if let Some(state) = item["state"]["S"].as_str() {
                let name = state.trim_matches(['{', '"']).split('"').next().unwrap_or_default();
                *states.entry(name.to_owned()).or_insert(0) += 1;
            }
        }
        states
    };
    assert_eq!(states(), [("rejected".to_owned(), 13), ("reserved".to_owned(), 7)].into());
    assert_eq!(mugs_left(&aws).await, 0);

    join_all((101..).zip(&orders).map(|(n, id)| hear(n, *id, cancelled(*id).into()))).await;

    assert_eq!(states(), [("rejected".to_owned(), 13), ("released".to_owned(), 7)].into());
    assert_eq!(mugs_left(&aws).await, 7);
}

#[tokio::test]
async fn a_first_delivery_is_one_transaction_and_nothing_else() {
    let dynamo = LocalDynamo::start().await;
    let (aws, inventory) = on_dynamo(&dynamo, 7).await;
    let order_id = sample::order_id();
    let order = first(1, created(order_id, &[("MUG-BLUE", 2)]));
    assert_eq!(inventory.handle(&order_id.to_string(), vec![order.clone()]).await, [Outcome::Applied]);
    let usage = aws.requests().take();
    assert_eq!(usage.requests.into_iter().collect::<Vec<_>>(), [("DynamoDB.TransactWriteItems".into(), 1)]);

    let repeated = inventory.handle(&order_id.to_string(), vec![again(&order)]).await;
    assert_eq!(repeated, [Outcome::Duplicate]);
    let usage = aws.requests().take();
    assert_eq!(usage.requests.into_iter().collect::<Vec<_>>(), [("DynamoDB.GetItem".into(), 1)]);
    assert_eq!(mugs_left(&aws).await, 5);
}

#[test]
fn what_is_told_has_the_id_that_the_order_gives_it() {
    block_on(async {
        let world = world(5, 0, Faults::none());
        world.hear(&[placed(1)]).await;
        let published = world.memory.published();
        let outbox = outbox::decode(&published[0].2).expect("decodes");
        let cause = EventId::from_bytes([1; 16]);
        assert_eq!(outbox.events[0].cause, cause);
        assert_eq!(outbox.events[0].id, EventId::derive("inventory", cause, 0));
    });
}
