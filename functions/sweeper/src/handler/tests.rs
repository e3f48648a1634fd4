#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use semel_aws::dynamodb::Page;
use semel_contracts::events::{InventoryReserved, PaymentAuthorized, ShippingMethod};
use semel_contracts::{Event, Timestamp};
use semel_domain::order::OrderStatus;
use semel_domain::{DUE_AT, DUE_SHARD, PlaceOrder, ShipmentStatus};
use semel_exactly_once::{CommitError, IndexValue, StoreError, Stored, Write, outbox};
use semel_testkit::{Faults, Faulty, MemoryAggregates, SimulatedClock, block_on, sample, with_every_fault};
use shipping::carrier::SimulatedCarrier;

use super::*;

mod dynamo;

const WINDOW: Duration = Duration::from_mins(5);
const TRANSIT: Duration = Duration::from_hours(1);

/// Aggregates in memory, with the `due` index that DynamoDB would keep of them.
#[derive(Debug, Clone, Default)]
struct Indexed {
    memory: MemoryAggregates,
    due: Arc<Mutex<BTreeMap<String, (String, u64)>>>,
    pages: Arc<Mutex<usize>>,
}

impl AggregateStore for Indexed {
    async fn load(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        self.memory.load(key).await
    }

    async fn commit(&self, write: &Write<'_>) -> Result<(), CommitError> {
        self.memory.commit(write).await?;
        let mut due = self.due.lock().unwrap();
        match (write.index.get(DUE_SHARD), write.index.get(DUE_AT)) {
            (Some(IndexValue::Text(shard)), Some(IndexValue::Number(at))) => {
                due.insert(write.key.to_owned(), (shard.clone(), *at));
            }
            (None, None) => {
                due.remove(write.key);
            }
            other => panic!("half an index entry: {other:?}"),
        }
        Ok(())
    }

    async fn spilled(&self, key: &str, ids: &[EventId], now: Timestamp) -> Result<Vec<EventId>, StoreError> {
        self.memory.spilled(key, ids, now).await
    }
}

impl DueIndex for Indexed {
    async fn page(
        &self,
        shard: &str,
        now: Timestamp,
        limit: i32,
        after: Option<(&str, u64)>,
    ) -> Result<Page, StoreError> {
        *self.pages.lock().unwrap() += 1;
        let due = self.due.lock().unwrap();
        let mut found: Vec<(u64, String)> = due
            .iter()
            .filter(|(_, (s, at))| s == shard && *at <= now.as_millis())
            .map(|(key, (_, at))| (*at, key.clone()))
            .filter(|(at, key)| after.is_none_or(|(k, a)| (*at, key.as_str()) > (a, k)))
            .collect();
        found.sort();
        let limit = usize::try_from(limit).unwrap();
        let next = (found.len() > limit).then(|| (found[limit - 1].1.clone(), found[limit - 1].0));
        Ok(Page { keys: found.into_iter().take(limit).map(|(_, key)| key).collect(), next })
    }
}

/// An index that cannot be read.
struct Broken;

impl DueIndex for Broken {
    async fn page(
        &self,
        shard: &str,
        _: Timestamp,
        _: i32,
        _: Option<(&str, u64)>,
    ) -> Result<Page, StoreError> {
        let (operation, source) = ("DynamoDB Query", "throttled".into());
        Err(StoreError { class: Class::Transient, operation, key: shard.to_owned(), source })
    }
}

#[derive(Debug, Clone, Default)]
struct World {
    clock: SimulatedClock,
    orders: Indexed,
    shipments: Indexed,
}

fn order(n: u16) -> OrderId {
    let mut bytes = [0; 16];
    bytes[14..].copy_from_slice(&n.to_be_bytes());
    OrderId::from_bytes(bytes)
}

fn place(order_id: OrderId, deadline: Timestamp) -> Delivery<OrderInput> {
    let place = PlaceOrder {
        order_id,
        customer: sample::customer(),
        lines: sample::order_lines(),
        total: sample::amount(),
        shipping_method: ShippingMethod::Standard,
        ship_to: sample::address(),
        payment_method: "pm_card_visa".parse().unwrap(),
        fingerprint: "f".to_owned(),
        deadline,
    };
    Delivery::new(EventId::from_bytes(*order_id.as_bytes()), OrderInput::Place(Box::new(place)))
}

fn dispatch(order_id: OrderId, ask_at: Timestamp) -> Vec<Delivery<ShipmentInput>> {
    let id = |n: u8| EventId::derive_from(&[&order_id.to_string(), &n.to_string()]);
    let confirmed = semel_contracts::events::OrderConfirmed { order_id, ..sample::confirmed() };
    let paid = semel_contracts::events::PaymentProcessed { order_id, ..sample::paid() };
    let (carrier, tracking_number) = ("Semel Parcel".parse().unwrap(), "SP1".parse().unwrap());
    vec![
        Delivery::new(id(0), ShipmentInput::Confirmed(confirmed)),
        Delivery::new(id(1), ShipmentInput::Paid(paid)),
        Delivery::new(id(2), ShipmentInput::Booked { carrier, tracking_number, ask_at }),
    ]
}

impl World {
    /// Places an order that is due in `wait`.
    async fn place(&self, n: u16, wait: Duration) {
        let committer = Committer::new(self.orders.clone(), self.clock.clone(), WINDOW);
        let delivery = place(order(n), self.clock.now().saturating_add(wait));
        committer.handle::<Order>(&order(n).to_string(), Known::Absent, &[delivery]).await.unwrap();
    }

    /// Dispatches a parcel that arrives in `TRANSIT`.
    async fn dispatch(&self, n: u16) {
        let committer = Committer::new(self.shipments.clone(), self.clock.clone(), WINDOW);
        let deliveries = dispatch(order(n), self.clock.now().saturating_add(TRANSIT));
        committer.handle::<Shipment>(&order(n).to_string(), Known::Absent, &deliveries).await.unwrap();
    }

    fn sweeper<S: AggregateStore>(
        &self,
        store: impl Fn(&Indexed) -> S,
    ) -> Sweeper<S, SimulatedClock, Indexed, SimulatedCarrier<SimulatedClock>> {
        let table = |indexed: &Indexed| Table {
            committer: Committer::new(store(indexed), self.clock.clone(), WINDOW),
            due: indexed.clone(),
        };
        let carrier = SimulatedCarrier::new(self.clock.clone(), TRANSIT);
        let (orders, shipments) = (table(&self.orders), table(&self.shipments));
        Sweeper { page_keys: 2, ..Sweeper::new(orders, shipments, carrier) }
    }

    fn deadline(&self) -> Deadline {
        let now = self.clock.now();
        Deadline::new(now, now.saturating_add(Duration::from_secs(50)))
    }

    async fn sweep(&self) -> BTreeMap<&'static str, u64> {
        let counts = self.sweeper(Clone::clone).run(self.deadline()).await.unwrap();
        counts.into_iter().filter(|(_, count)| *count > 0).collect()
    }

    async fn status(&self, n: u16) -> OrderStatus {
        let stored = self.orders.load(&Order::key(&order(n).to_string())).await.unwrap().unwrap();
        serde_json::from_str::<Order>(&stored.state).unwrap().status()
    }

    async fn shipment(&self, n: u16) -> ShipmentStatus {
        let stored = self.shipments.load(&Shipment::key(&order(n).to_string())).await.unwrap().unwrap();
        serde_json::from_str::<Shipment>(&stored.state).unwrap().status
    }

    fn published(indexed: &Indexed) -> Vec<String> {
        let texts = indexed.memory.published();
        let events = texts.iter().flat_map(|(_, _, text)| outbox::decode(text).unwrap().events);
        events.map(|event| event.event_type.to_owned()).collect()
    }
}

#[test]
fn what_is_due_is_swept_in_every_shard_page_by_page_and_nothing_else() {
    block_on(async {
        let world = World::default();
        for n in 0..37 {
            world.place(n, if n % 5 == 0 { Duration::from_hours(2) } else { Duration::from_mins(15) }).await;
            world.dispatch(n).await;
        }
        assert!(world.sweep().await.is_empty(), "nothing is due yet");
        world.clock.advance(Duration::from_mins(15));
        assert_eq!(world.sweep().await, BTreeMap::from([("expired", 29)]));
        assert_eq!(world.sweep().await, BTreeMap::new(), "what was swept is no longer due");
        assert_eq!(world.status(0).await, OrderStatus::Pending);
        assert_ne!(world.status(1).await, OrderStatus::Pending);
        world.clock.advance(Duration::from_mins(45));
        assert_eq!(world.sweep().await, BTreeMap::from([("delivered", 37)]));
        assert!(matches!(world.shipment(7).await, ShipmentStatus::Delivered { .. }));
        assert!(*world.orders.pages.lock().unwrap() > 4 * 4, "pages of two");
    });
}

async fn expires_and_delivers_once(world: World, faults: Faults) {
    world.place(1, Duration::from_mins(15)).await;
    world.dispatch(2).await;
    world.clock.advance(TRANSIT);
    // A fault costs at most this sweep: what it left is still due in the next.
    let sweeper = world.sweeper(|store| Faulty::new(store.clone(), faults.clone()));
    for _ in 0..3 {
        sweeper.run(world.deadline()).await.unwrap();
    }
    assert_ne!(world.status(1).await, OrderStatus::Pending);
    assert!(matches!(world.shipment(2).await, ShipmentStatus::Delivered { .. }));
    assert_eq!(World::published(&world.orders), ["OrderCreated", "OrderCancelled"]);
    assert_eq!(
        World::published(&world.shipments),
        ["ShipmentCreated", "ShipmentDispatched", "ShipmentDelivered"]
    );
}

#[test]
fn every_fault_at_every_request_expires_and_delivers_once() {
    let runs = with_every_fault(|faults| block_on(expires_and_delivers_once(World::default(), faults)));
    assert!(runs > 10, "only {runs} runs: no faults were injected");
}

/// A store in which somebody else acts before one of the sweeper's requests.
struct Raced {
    store: Indexed,
    clock: SimulatedClock,
    at: Option<usize>,
    requests: Mutex<usize>,
}

impl Raced {
    /// What secures an order, told by the other services.
    async fn secure(store: &Indexed, clock: &SimulatedClock) {
        let committer = Committer::new(store.clone(), clock.clone(), WINDOW);
        let order_id = order(1);
        let reserved = InventoryReserved { order_id, lines: sample::stock_lines() };
        let authorization_id = "pi_1".parse().unwrap();
        let authorized = PaymentAuthorized { order_id, amount: sample::amount(), authorization_id };
        let facts: [Event; 2] = [reserved.into(), authorized.into()];
        let facts = facts
            .into_iter()
            .zip(200..)
            .map(|(fact, n)| Delivery::new(EventId::from_bytes([n; 16]), OrderInput::Fact(fact)));
        let facts: Vec<_> = facts.collect();
        committer.handle::<Order>(&order_id.to_string(), Known::Unknown, &facts).await.unwrap();
    }

    async fn race(&self) {
        let mine = {
            let mut requests = self.requests.lock().unwrap();
            *requests += 1;
            self.at == Some(*requests - 1)
        };
        if mine {
            Self::secure(&self.store, &self.clock).await;
        }
    }
}

impl AggregateStore for Raced {
    async fn load(&self, key: &str) -> Result<Option<Stored>, StoreError> {
        self.race().await;
        self.store.load(key).await
    }

    async fn commit(&self, write: &Write<'_>) -> Result<(), CommitError> {
        self.race().await;
        self.store.commit(write).await
    }

    async fn spilled(&self, key: &str, ids: &[EventId], now: Timestamp) -> Result<Vec<EventId>, StoreError> {
        self.store.spilled(key, ids, now).await
    }
}

#[test]
fn a_late_success_and_the_sweep_have_one_winner() {
    block_on(async {
        // Before the sweeper's read, between its read and its write, and after both.
        for (at, winner) in
            [(Some(0), "OrderConfirmed"), (Some(1), "OrderConfirmed"), (None, "OrderCancelled")]
        {
            let world = World::default();
            world.place(1, Duration::from_mins(15)).await;
            world.clock.advance(Duration::from_mins(15));
            let sweeper = world.sweeper(|store| Raced {
                store: store.clone(),
                clock: world.clock.clone(),
                at,
                requests: Mutex::new(0),
            });
            let counts = sweeper.run(world.deadline()).await.unwrap();
            let expired = counts.contains(&("expired", 1));
            assert_eq!(expired, winner == "OrderCancelled", "{counts:?}");
            if at.is_none() {
                Raced::secure(&world.orders, &world.clock).await;
            }
            assert_eq!(World::published(&world.orders), ["OrderCreated", winner]);
            assert_eq!(world.sweep().await, BTreeMap::new(), "nothing is left due");
        }
    });
}

#[test]
fn two_sweeps_at_once_cancel_once() {
    block_on(async {
        let world = World::default();
        for n in 0..9 {
            world.place(n, Duration::ZERO).await;
        }
        let (one, two) = (world.sweeper(Clone::clone), world.sweeper(Clone::clone));
        let (one, two) = join(one.run(world.deadline()), two.run(world.deadline())).await;
        let expired =
            |counts: Vec<(&str, u64)>| counts.iter().find(|(name, _)| *name == "expired").unwrap().1;
        assert_eq!(expired(one.unwrap()) + expired(two.unwrap()), 9);
        assert_eq!(World::published(&world.orders).len(), 18);
    });
}

/// A carrier that has not delivered yet, or does not answer.
struct Slow {
    ask_again_at: Option<Timestamp>,
}

impl Carrier for Slow {
    async fn book(&self, _: &semel_domain::BookParcel) -> Result<shipping::carrier::Booking, PerformError> {
        Ok(shipping::carrier::Booking::Refused)
    }

    async fn track(&self, _: &semel_domain::TrackParcel) -> Result<Tracking, PerformError> {
        self.ask_again_at.map(|ask_again_at| Tracking::InTransit { ask_again_at }).ok_or_else(|| {
            PerformError { class: Class::Transient, what: "tracking".to_owned(), source: "no answer".into() }
        })
    }
}

#[test]
fn a_parcel_on_its_way_is_asked_about_again_when_the_carrier_says() {
    block_on(async {
        let world = World::default();
        world.dispatch(1).await;
        world.clock.advance(TRANSIT);
        let later = world.clock.now().saturating_add(TRANSIT);
        for (ask_again_at, name) in [(None, "put_off"), (Some(later), "in_transit")] {
            let Sweeper { orders, shipments, page_keys, .. } = world.sweeper(Clone::clone);
            let sweeper = Sweeper { orders, shipments, carrier: Slow { ask_again_at }, page_keys };
            let counts = sweeper.run(world.deadline()).await.unwrap();
            assert!(counts.contains(&(name, 1)), "{counts:?}");
        }
        assert_eq!(world.sweep().await, BTreeMap::new(), "not due before the carrier said");
        world.clock.advance(TRANSIT);
        assert_eq!(world.sweep().await, BTreeMap::from([("delivered", 1)]));
    });
}

#[test]
fn a_sweep_without_time_leaves_the_rest_to_the_next() {
    block_on(async {
        let world = World::default();
        world.place(1, Duration::ZERO).await;
        let now = world.clock.now();
        let counts = world.sweeper(Clone::clone).run(Deadline::new(now, now)).await.unwrap();
        assert!(counts.contains(&("cut_short", 8)) && counts.contains(&("expired", 0)), "{counts:?}");
        assert_eq!(world.sweep().await, BTreeMap::from([("expired", 1)]));
    });
}

#[test]
fn what_cannot_be_swept_fails_the_sweep_but_not_its_neighbours() {
    block_on(async {
        let world = World::default();
        for n in 0..8 {
            world.place(n, Duration::ZERO).await;
        }
        // An entry of an order that does not exist, as after a deletion by hand, and one that is no order at all.
        for key in ["order#00000000-0000-0000-0000-00000000ffff", "cart#1"] {
            world.orders.due.lock().unwrap().insert(key.to_owned(), ("0".to_owned(), 0));
        }
        let failure = world.sweeper(Clone::clone).run(world.deadline()).await.unwrap_err();
        assert_eq!(failure.kind(), "Sweeper.Failed");
        assert!(failure.to_string().contains("expired: 8") && failure.to_string().contains("failed: 2"));
        for n in 0..8 {
            assert_ne!(world.status(n).await, OrderStatus::Pending);
        }
    });
}

#[test]
fn an_index_that_cannot_be_read_fails_the_sweep() {
    block_on(async {
        let world = World::default();
        let table = || Table {
            committer: Committer::new(world.orders.clone(), world.clock.clone(), WINDOW),
            due: Broken,
        };
        let carrier = SimulatedCarrier::new(world.clock.clone(), TRANSIT);
        let failure = Sweeper::new(table(), table(), carrier).run(world.deadline()).await.unwrap_err();
        assert_eq!(failure.kind(), "Sweeper.Failed");
    });
}
