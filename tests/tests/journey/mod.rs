//! One usual order after another through every service's own handler, step by step, over whatever stores are given.
//!
//! Nothing here names who consumes what: an event goes to every consumer that routes it, as it left the relay. What
//! comes over the bus is wrapped as EventBridge does it, what comes over the topic is not.
//!
//! Knows no table and measures nothing; `cost` and the benchmarks do.

pub mod cost;
pub mod item;
pub mod ports;
pub mod shop;

use std::collections::VecDeque;
use std::time::Duration;

use inventory::handler::Inventory;
use notifications::handler::Notifications;
use orders::handler::Orders;
use payments::handler::Payments;
use payments::simulated::SimulatedGateway;
use relay::handler::Relay;
use relay::route::BusAndTopic;
use semel_contracts::{Envelope, decode};
use semel_domain::{Shipment, ShipmentInput};
use semel_exactly_once::{AggregateStore, Clock, Committer, Known, RecordStore, Verdict};
use semel_lambda::Deadline;
use semel_lambda::http::{Api, Request};
use semel_lambda::sqs::{Consumer, Outcome, Received};
use semel_lambda::stream::Follower;
use semel_testkit::SimulatedClock;
use shipping::carrier::SimulatedCarrier;
use shipping::handler::Shipping;
use storefront::{Auth, Catalogue, Storefront};

use ports::{Books, Carrier, Image, Images, Mailbox, NoHistory, NoLetters, Outgoing, Recording};

/// How long ids are remembered, as deployed by default.
pub const WINDOW: Duration = Duration::from_mins(5);
/// How long money and stock may take to be secured, as deployed by default.
pub const DEADLINE: Duration = Duration::from_mins(15);
const TRANSIT: Duration = Duration::from_hours(1);

/// The consumers of queues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Holds and takes money.
    Payments,
    /// Holds stock.
    Inventory,
    /// Moves the order on.
    Orders,
    /// Sends the parcel.
    Shipping,
    /// Tells the customer.
    Notifications,
}

impl Service {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Payments, Self::Inventory, Self::Orders, Self::Shipping, Self::Notifications];

    /// As in log lines.
    pub fn name(self) -> &'static str {
        match self {
            Self::Payments => "payments",
            Self::Inventory => "inventory",
            Self::Orders => "orders",
            Self::Shipping => "shipping",
            Self::Notifications => "notifications",
        }
    }
}

/// What the services keep their things in.
pub struct Stores<A, R, K> {
    /// Orders.
    pub orders: A,
    /// Payments.
    pub payments: A,
    /// Reservations and counters.
    pub inventory: A,
    /// Shipments.
    pub shipments: A,
    /// Records of mails.
    pub records: R,
    /// What is for sale.
    pub catalogue: K,
}

/// A thing to be done next.
enum Task {
    Place { request: String },
    Hear { service: Service, envelope: Box<Envelope>, body: String },
    Track { order_id: String },
}

/// A thing that was done.
#[derive(Debug)]
pub struct Step {
    /// Who did it: a service's name, `storefront`, or `sweeper`.
    pub service: &'static str,
    /// The consumer, if it was one.
    pub consumer: Option<Service>,
    /// What it was about: an event type, or what was asked.
    pub about: String,
    /// What came in: a request of API Gateway, or a message's body.
    pub input: String,
    /// The aggregates' items as they were written, in order.
    pub written: Vec<Image>,
}

/// All services over one set of stores, and what there is still to do.
pub struct Journey<A, R, K> {
    storefront: Storefront<Recording<A>, SimulatedClock, NoHistory, K>,
    payments: Payments<Recording<A>, SimulatedClock, SimulatedGateway<Books, SimulatedClock>>,
    inventory: Inventory<Recording<A>, SimulatedClock>,
    orders: Orders<Recording<A>, SimulatedClock>,
    shipping: Shipping<Recording<A>, SimulatedClock, SimulatedCarrier<SimulatedClock>>,
    notifications: Notifications<R, SimulatedClock, Mailbox>,
    shipments: Committer<Recording<A>, SimulatedClock>,
    relay: Relay<BusAndTopic<Carrier, Carrier>, NoLetters, SimulatedClock>,
    outgoing: Outgoing,
    images: Images,
    clock: SimulatedClock,
    tasks: VecDeque<Task>,
}

impl<A: AggregateStore + Clone, R: RecordStore, K: Catalogue> Journey<A, R, K> {
    /// Services over `stores`.
    pub fn over(stores: Stores<A, R, K>) -> Self {
        let clock = SimulatedClock::default();
        let (images, outgoing) = (Images::default(), Outgoing::default());
        let committer =
            |store: &A, table| Committer::new(Recording::new(store, table, &images), clock.clone(), WINDOW);
        let gateway = SimulatedGateway::new(Books::default(), clock.clone());
        let carrier = SimulatedCarrier::new(clock.clone(), TRANSIT);
        let route = BusAndTopic { bus: outgoing.bus(), topic: outgoing.topic() };
        Self {
            storefront: Storefront {
                committer: committer(&stores.orders, "OrdersTable"),
                history: NoHistory,
                catalogue: stores.catalogue,
                auth: Auth::Anonymous,
                deadline: DEADLINE,
            },
            payments: Payments::new(committer(&stores.payments, "PaymentsTable"), gateway),
            inventory: Inventory::new(committer(&stores.inventory, "InventoryTable")),
            orders: Orders::new(committer(&stores.orders, "OrdersTable")),
            shipping: Shipping::new(committer(&stores.shipments, "ShipmentsTable"), carrier),
            notifications: Notifications::new(stores.records, clock.clone(), Mailbox, shop::sender()),
            shipments: committer(&stores.shipments, "ShipmentsTable"),
            relay: Relay::new(route, NoLetters, clock.clone()),
            outgoing,
            images,
            clock,
            tasks: VecDeque::new(),
        }
    }

    /// Has an order of so many lines placed next, under this idempotency key.
    pub fn order(&mut self, key: &str, lines: usize) {
        self.tasks.push_back(Task::Place { request: shop::request(key, lines) });
    }

    /// Does what is next; `None` when every order is at its end.
    pub async fn step(&mut self) -> Option<Step> {
        let mut step = match self.tasks.pop_front()? {
            Task::Place { request } => self.place(request).await,
            Task::Hear { service, envelope, body } => self.hear(service, *envelope, body).await,
            Task::Track { order_id } => self.track(&order_id).await,
        };
        step.written = self.images.take();
        self.relay(&step.written).await;
        Some(step)
    }

    async fn place(&self, request: String) -> Step {
        let parsed = Request::from_json(&request).expect("an event of API Gateway");
        let answer = self.storefront.handle(parsed).await;
        assert_eq!(answer.status(), 201, "{}", answer.body());
        Step::by("storefront", None, "POST /orders", request)
    }

    async fn hear(&mut self, service: Service, envelope: Envelope, body: String) -> Step {
        let about = envelope.event_type().as_str();
        let order_id = envelope.order_id().to_string();
        let dispatched = about == "ShipmentDispatched" && service == Service::Orders;
        let key = self.route(service, &envelope).expect("it was routed before");
        let group = vec![Received { envelope, receive_count: 1 }];
        let outcomes = match service {
            Service::Payments => self.payments.handle(&key, group).await,
            Service::Inventory => self.inventory.handle(&key, group).await,
            Service::Orders => self.orders.handle(&key, group).await,
            Service::Shipping => self.shipping.handle(&key, group).await,
            Service::Notifications => self.notifications.handle(&key, group).await,
        };
        assert_eq!(outcomes, [Outcome::Applied], "{} hears {about}", service.name());
        if dispatched {
            self.tasks.push_back(Task::Track { order_id });
        }
        Step::by(service.name(), Some(service), about, body)
    }

    /// Tells a shipment that its parcel has arrived, as the sweeper does once its index says that it is time to ask.
    async fn track(&self, order_id: &str) -> Step {
        let current = self.shipments.load::<Shipment>(order_id).await.expect("read").expect("a shipment");
        let question = current.state.tracking().expect("the parcel is on its way");
        let answer = question.answered(ShipmentInput::ParcelDelivered);
        let handled = self.shipments.handle::<Shipment>(order_id, Known::Current(current), &[answer]).await;
        let verdicts = handled.expect("written").verdicts;
        assert!(matches!(verdicts[..], [Verdict::Applied]), "{verdicts:?}");
        Step::by("sweeper", None, "parcel arrived", String::new())
    }

    /// Publishes what was written, and hands it to whoever has a use for it.
    async fn relay(&mut self, written: &[Image]) {
        let records = written
            .iter()
            .map(|image| serde_json::from_value(image.stream_record()).expect("a stream record"));
        let end = self.clock.now().saturating_add(Duration::from_secs(30));
        let deadline = Deadline::new(self.clock.now(), end);
        let followed = self.relay.follow(records.collect(), deadline).await;
        assert_eq!(followed.first_failed, None);
        for body in self.outgoing.take() {
            let envelope = decode(&body).expect("what the relay publishes keeps the contract");
            for service in Service::ALL {
                if self.route(service, &envelope).is_some() {
                    let (envelope, body) = (Box::new(envelope.clone()), body.clone());
                    self.tasks.push_back(Task::Hear { service, envelope, body });
                }
            }
        }
    }

    fn route(&self, service: Service, envelope: &Envelope) -> Option<String> {
        match service {
            Service::Payments => self.payments.route(envelope),
            Service::Inventory => self.inventory.route(envelope),
            Service::Orders => self.orders.route(envelope),
            Service::Shipping => self.shipping.route(envelope),
            Service::Notifications => self.notifications.route(envelope),
        }
    }
}

impl Step {
    fn by(service: &'static str, consumer: Option<Service>, about: &str, input: String) -> Self {
        Self { service, consumer, about: about.to_owned(), input, written: Vec::new() }
    }
}
