//! The order's saga in memory: the four machines, the stock counters, a gateway and a carrier, and who is told what.
//!
//! It routes and performs, and notes what must never happen. It has no deduplication on purpose: the machines alone
//! have to make every repetition a no-op. In which order messages come, and how often, is the test's to say.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use semel_contracts::events::{Customer, DeclineReason, ShippingMethod};
use semel_contracts::{Address, Currency, Event, Lines, OrderId, Quantity, StockLine, Timestamp};
use semel_domain::{
    BookParcel, GatewayAnswer, GatewayCall, GatewayOperation, Order, OrderInput, OrderRejection, OrderStatus,
    Payment, PaymentInput, PlaceOrder, Reservation, ReservationInput, Shipment, ShipmentInput, StockItem,
    TrackParcel, quote,
};
use semel_exactly_once::{Adjustment, Aggregate, Change, Decision, Intent};

/// The price of one unit of every article.
const UNIT_AMOUNT: i64 = 1_000;

/// A message under way to one of the services, or a call to the outside that is owed.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    Order(OrderInput),
    Payment(PaymentInput),
    Inventory(ReservationInput),
    Shipping(ShipmentInput),
    CallGateway(GatewayCall),
    Book(BookParcel),
    Track(TrackParcel),
}

/// What the outside answers about one order, the same each time it is asked.
#[derive(Debug, Clone, Copy)]
pub struct Fate {
    pub authorizes: bool,
    pub captures: bool,
    pub books: bool,
    /// How often the carrier says "not yet".
    pub polls: u64,
}

/// One order with everything that exists once per order, and what the outside did for it.
#[derive(Debug, Clone)]
pub struct Saga {
    pub order: Option<Order>,
    pub payment: Option<Payment>,
    pub reservation: Option<Reservation>,
    pub shipment: Option<Shipment>,
    /// Operations that the gateway performed, by idempotency key.
    pub performed: BTreeSet<String>,
    pub captured: i64,
    pub refunded: i64,
    pub parcels: u32,
    /// Units that the counters were moved by.
    pub taken: i64,
    pub request: PlaceOrder,
    pub fate: Fate,
}

/// Prices and wraps an order for these units.
pub fn request(number: usize, units: &[(&str, u32)], deadline: Timestamp) -> PlaceOrder {
    let wanted = units.iter().map(|(sku, units)| StockLine {
        sku: sku.parse().expect("a SKU"),
        quantity: Quantity::new(*units).expect("a quantity"),
    });
    let wanted = Lines::new(wanted.collect()).expect("lines");
    let catalogue: Vec<StockItem> = wanted
        .iter()
        .map(|line| StockItem {
            sku: line.sku.clone(),
            name: line.sku.to_string(),
            unit_amount: UNIT_AMOUNT.try_into().expect("an amount"),
            currency: Currency::EUR,
            available: 0,
        })
        .collect();
    let quote = quote(&wanted, &catalogue).expect("a price");
    PlaceOrder {
        order_id: OrderId::derive("c-1", &number.to_string()),
        customer: Customer {
            customer_id: "c-1".parse().expect("an id"),
            email: "ada@example.com".parse().expect("an address"),
        },
        lines: quote.lines,
        total: quote.total,
        shipping_method: ShippingMethod::Express,
        ship_to: Address {
            name: "Ada Lovelace".parse().expect("a name"),
            line1: "12 Rue de la Paix".parse().expect("a street"),
            line2: None,
            city: "Paris".parse().expect("a city"),
            postal_code: "75002".parse().expect("a code"),
            country: "FR".parse().expect("a country"),
        },
        payment_method: "pm_card_visa".parse().expect("a token"),
        fingerprint: number.to_string(),
        deadline,
    }
}

impl Saga {
    pub fn new(request: PlaceOrder, fate: Fate) -> Self {
        Self {
            order: None,
            payment: None,
            reservation: None,
            shipment: None,
            performed: BTreeSet::new(),
            captured: 0,
            refunded: 0,
            parcels: 0,
            taken: 0,
            request,
            fate,
        }
    }

    pub fn place(&self) -> Message {
        Message::Order(OrderInput::Place(Box::new(self.request.clone())))
    }

    pub fn cancel(&self) -> Message {
        Message::Order(OrderInput::Cancel(self.request.order_id))
    }

    pub fn expire(&self) -> Message {
        Message::Order(OrderInput::Expire(self.request.order_id))
    }

    pub fn status(&self) -> Option<OrderStatus> {
        self.order.as_ref().map(Order::status)
    }

    /// Delivers `message`, moves the counters in `stock`, and answers with what is sent because of it.
    pub fn deliver(
        &mut self,
        message: &Message,
        stock: &mut BTreeMap<String, i64>,
        now: Timestamp,
    ) -> Vec<Message> {
        match message {
            Message::Order(input) => self.tell_order(input, now),
            Message::Payment(input) => {
                let events =
                    changed::<Payment>(&mut self.payment, input, now).map_or(Vec::new(), |c| c.events);
                let call = self.payment.as_ref().and_then(|payment| Payment::intent("", payment));
                sent(&events).chain(call.map(Message::CallGateway)).collect()
            }
            Message::Inventory(input) => self.tell_inventory(input, stock, now),
            Message::Shipping(input) => {
                let events =
                    changed::<Shipment>(&mut self.shipment, input, now).map_or(Vec::new(), |c| c.events);
                let shipment = self.shipment.as_ref();
                let booking = shipment.and_then(|shipment| Shipment::intent("", shipment)).map(Message::Book);
                let question = shipment.and_then(Shipment::tracking).map(Message::Track);
                sent(&events).chain(booking).chain(question).collect()
            }
            Message::CallGateway(call) => vec![Message::Payment(self.gateway(call))],
            Message::Book(call) => vec![Message::Shipping(self.carrier(call))],
            Message::Track(question) => vec![Message::Shipping(self.whereabouts(question))],
        }
    }

    fn tell_order(&mut self, input: &OrderInput, now: Timestamp) -> Vec<Message> {
        let before = self.status().filter(|status| status.is_final());
        match Order::decide(self.order.as_ref(), input, now) {
            Ok(Decision::Unchanged) => Vec::new(),
            Ok(Decision::Changed(change)) => {
                self.order = Some(change.state);
                assert!(before.is_none() || before == self.status(), "{before:?} was left");
                sent(&change.events).collect()
            }
            // A customer may ask too late, and who asks before the order is placed asks for nothing.
            Err(OrderRejection::TooLate) if matches!(input, OrderInput::Cancel(_)) => Vec::new(),
            Err(OrderRejection::Unknown) if !matches!(input, OrderInput::Fact(_)) => Vec::new(),
            Err(rejection) => panic!("{input:?} is refused: {rejection}"),
        }
    }

    fn tell_inventory(
        &mut self,
        input: &ReservationInput,
        stock: &mut BTreeMap<String, i64>,
        now: Timestamp,
    ) -> Vec<Message> {
        let mut reservation = self.reservation.clone();
        let Some(change) = changed::<Reservation>(&mut reservation, input, now) else { return Vec::new() };
        let is_short = |a: &&Adjustment| stock.get(&a.key).is_none_or(|free| free + a.delta < 0);
        let short: Vec<String> = change.adjust.iter().filter(is_short).map(|a| a.key.clone()).collect();
        if let (false, ReservationInput::Placed(order)) = (short.is_empty(), input) {
            return self.tell_inventory(&ReservationInput::short(order, &short), stock, now);
        }
        assert!(short.is_empty(), "only placing takes stock: {input:?}");
        for adjustment in change.adjust {
            *stock.entry(adjustment.key).or_default() += adjustment.delta;
            self.taken -= adjustment.delta;
        }
        self.reservation = reservation;
        sent(&change.events).collect()
    }

    fn gateway(&mut self, call: &GatewayCall) -> PaymentInput {
        let first = self.performed.insert(call.idempotency_key());
        let reference = |of: &str| of.parse().expect("a reference");
        let done = |operation: &str| format!("{}/{operation}", call.order_id);
        let answer = match &call.operation {
            GatewayOperation::Authorize { .. } if self.fate.authorizes => {
                GatewayAnswer::Authorized { authorization_id: reference("au_1") }
            }
            GatewayOperation::Authorize { .. } => {
                GatewayAnswer::Declined { reason: DeclineReason::InsufficientFunds }
            }
            GatewayOperation::Capture { .. } if self.fate.captures => {
                assert!(!self.performed.contains(&done("void")), "captured what was voided");
                self.captured += if first { call.amount.amount() } else { 0 };
                GatewayAnswer::Captured { charge_id: reference("ch_1") }
            }
            GatewayOperation::Capture { .. } => {
                GatewayAnswer::CaptureRefused { reason: DeclineReason::ExpiredCard }
            }
            GatewayOperation::Void { .. } => {
                assert!(!self.performed.contains(&done("capture")), "voided what was captured");
                GatewayAnswer::Voided
            }
            GatewayOperation::Refund { .. } => {
                assert_eq!(self.captured, call.amount.amount(), "refunded what was not captured");
                self.refunded += if first { call.amount.amount() } else { 0 };
                GatewayAnswer::Refunded { refund_id: reference("re_1") }
            }
        };
        PaymentInput::Answered(answer)
    }

    fn carrier(&mut self, call: &BookParcel) -> ShipmentInput {
        let first = self.performed.insert(call.idempotency_key());
        if !self.fate.books {
            return ShipmentInput::BookingRefused;
        }
        if first {
            assert_eq!(self.captured - self.refunded, self.request.total.amount(), "an unpaid parcel leaves");
            assert_ne!(self.status(), Some(OrderStatus::Cancelled), "a parcel of a cancelled order leaves");
            self.parcels += 1;
        }
        ShipmentInput::Booked {
            carrier: "Post".parse().expect("a carrier"),
            tracking_number: "SM000042".parse().expect("a number"),
            ask_at: Timestamp::from_millis(0),
        }
    }

    /// The nth question has the time n.
    fn whereabouts(&self, question: &TrackParcel) -> ShipmentInput {
        let asked = question.ask_at.as_millis();
        if asked >= self.fate.polls {
            return ShipmentInput::ParcelDelivered;
        }
        ShipmentInput::StillInTransit { ask_again_at: Timestamp::from_millis(asked + 1) }
    }

    /// What must hold once nothing is under way any more.
    pub fn check_end(&self) {
        let units: i64 = self.request.lines.iter().map(|line| i64::from(line.quantity.get())).sum();
        let kept = (self.captured - self.refunded, self.taken, self.parcels);
        match self.status() {
            Some(OrderStatus::Completed) => assert_eq!(kept, (self.request.total.amount(), units, 1)),
            Some(OrderStatus::Cancelled) => assert_eq!(kept, (0, 0, 0)),
            other => panic!("the order is stuck at {other:?}: {self:?}"),
        }
        assert!(self.payment.as_ref().is_none_or(|payment| Payment::intent("", payment).is_none()));
        assert!(self.shipment.as_ref().is_none_or(|shipment| Shipment::intent("", shipment).is_none()));
    }
}

/// Decides and takes over the state; `None` if nothing changes. None of these machines has anything to refuse here.
fn changed<A>(
    state: &mut Option<A::State>,
    input: &A::Input,
    now: Timestamp,
) -> Option<Change<A::State, Event>>
where
    A: Aggregate<Event = Event, Input: Debug>,
{
    match A::decide(state.as_ref(), input, now) {
        Ok(Decision::Unchanged) => None,
        Ok(Decision::Changed(change)) => {
            *state = Some(change.state.clone());
            Some(change)
        }
        Err(rejection) => panic!("{} refuses {input:?}: {rejection}", A::KIND),
    }
}

fn sent(events: &[Event]) -> impl Iterator<Item = Message> + '_ {
    events.iter().flat_map(route)
}

/// Who is told of an event: the wiring of the queues.
fn route(event: &Event) -> Vec<Message> {
    match event.clone() {
        Event::OrderCreated(event) => vec![
            Message::Payment(PaymentInput::Placed(event.clone())),
            Message::Inventory(ReservationInput::Placed(event)),
        ],
        Event::OrderConfirmed(event) => vec![
            Message::Payment(PaymentInput::Confirmed(event.clone())),
            Message::Shipping(ShipmentInput::Confirmed(event)),
        ],
        Event::OrderCancellationRequested(event) => {
            vec![Message::Shipping(ShipmentInput::CancellationRequested(event))]
        }
        Event::OrderCancelled(event) => vec![
            Message::Payment(PaymentInput::Cancelled(event.clone())),
            Message::Inventory(ReservationInput::Cancelled(event)),
        ],
        Event::PaymentProcessed(paid) => vec![
            Message::Order(OrderInput::Fact(event.clone())),
            Message::Shipping(ShipmentInput::Paid(paid)),
        ],
        Event::PaymentAuthorized(_)
        | Event::PaymentDeclined(_)
        | Event::PaymentVoided(_)
        | Event::PaymentRefunded(_)
        | Event::InventoryReserved(_)
        | Event::InventoryRejected(_)
        | Event::InventoryReleased(_)
        | Event::ShipmentCreated(_)
        | Event::ShipmentDispatched(_)
        | Event::ShipmentDelivered(_)
        | Event::ShipmentCancelled(_) => vec![Message::Order(OrderInput::Fact(event.clone()))],
    }
}
