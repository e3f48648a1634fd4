//! What a customer is told about an event: subject, words, figures. No markup: `html` and `text` lay it out, and
//! escape whatever comes from outside.
//!
//! Whether a customer is told of an event is [`News`]' to say; only what is sent is put into words.

use semel_contracts::events::{
    CancellationReason, OrderCancelled, OrderConfirmed, OrderCreated, PaymentProcessed, ShipmentDelivered,
    ShipmentDispatched, ShippingMethod,
};
use semel_contracts::{Address, EmailAddress, Event, Lines, Money, OrderId, OrderLine};

/// An event that a customer is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News<'a> {
    /// We have the order.
    Created(&'a OrderCreated),
    /// It will be sent.
    Confirmed(&'a OrderConfirmed),
    /// It will not.
    Cancelled(&'a OrderCancelled),
    /// The receipt.
    Paid(&'a PaymentProcessed),
    /// The parcel left.
    Dispatched(&'a ShipmentDispatched),
    /// The parcel arrived.
    Delivered(&'a ShipmentDelivered),
}

impl<'a> News<'a> {
    /// The event as news; `None` if no customer is told of such events.
    pub fn of(event: &'a Event) -> Option<Self> {
        match event {
            Event::OrderCreated(event) => Some(Self::Created(event)),
            Event::OrderConfirmed(event) => Some(Self::Confirmed(event)),
            Event::OrderCancelled(event) => Some(Self::Cancelled(event)),
            Event::PaymentProcessed(event) => Some(Self::Paid(event)),
            Event::ShipmentDispatched(event) => Some(Self::Dispatched(event)),
            Event::ShipmentDelivered(event) => Some(Self::Delivered(event)),
            Event::OrderCancellationRequested(_)
            | Event::PaymentAuthorized(_)
            | Event::PaymentDeclined(_)
            | Event::PaymentVoided(_)
            | Event::PaymentRefunded(_)
            | Event::InventoryReserved(_)
            | Event::InventoryRejected(_)
            | Event::InventoryReleased(_)
            | Event::ShipmentCreated(_)
            | Event::ShipmentCancelled(_) => None,
        }
    }

    /// The mail that tells it.
    pub fn mail(self) -> Mail<'a> {
        match self {
            Self::Created(event) => created(event),
            Self::Confirmed(event) => confirmed(event),
            Self::Cancelled(event) => cancelled(event),
            Self::Paid(event) => paid(event),
            Self::Dispatched(event) => dispatched(event),
            Self::Delivered(event) => delivered(event),
        }
    }
}

/// A mail before it is laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail<'a> {
    /// Who gets it.
    pub to: &'a EmailAddress,
    /// One line, made of our own words and the order's number.
    pub subject: String,
    /// The same in the mail itself.
    pub heading: &'static str,
    /// Good news, or not.
    pub tone: Tone,
    /// What happened, in a sentence or two.
    pub words: String,
    /// What was ordered, with the total.
    pub basket: Option<Basket>,
    /// Names and values.
    pub facts: Vec<(&'static str, String)>,
    /// What the customer reads it under.
    pub order: String,
}

/// The colour of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Under way.
    Neutral,
    /// Done.
    Good,
    /// Off.
    Bad,
}

/// What was ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basket {
    /// Each line: how many of what, and what they cost.
    pub lines: Vec<(String, String)>,
    /// What all of them cost.
    pub total: String,
}

impl<'a> Mail<'a> {
    fn new(to: &'a EmailAddress, order_id: OrderId, heading: &'static str, tone: Tone) -> Self {
        let order = number(order_id);
        let subject = format!("{heading} (order {order})");
        Self { to, subject, heading, tone, words: String::new(), basket: None, facts: Vec::new(), order }
    }

    fn words(self, words: impl Into<String>) -> Self {
        Self { words: words.into(), ..self }
    }

    fn basket(self, lines: &Lines<OrderLine>, total: Money) -> Self {
        Self { basket: Some(Basket::new(lines, total)), ..self }
    }

    fn fact(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.facts.push((name, value.into()));
        self
    }
}

impl Basket {
    fn new(lines: &Lines<OrderLine>, total: Money) -> Self {
        let line = |line: &OrderLine| {
            let price = Money::of(line.unit_amount, total.currency()).checked_mul(line.quantity);
            // A line costs no more than the total, so it always has a price.
            (format!("{} × {}", line.quantity, line.sku), price.map(|p| p.to_string()).unwrap_or_default())
        };
        Self { lines: lines.iter().map(line).collect(), total: total.to_string() }
    }
}

/// What a customer can read out on the phone: the first group of the order's id.
fn number(order_id: OrderId) -> String {
    order_id.to_string().chars().take(8).collect::<String>().to_ascii_uppercase()
}

fn shipping(method: ShippingMethod) -> &'static str {
    match method {
        ShippingMethod::Standard => "Standard",
        ShippingMethod::Express => "Express",
    }
}

fn one_line(address: &Address) -> String {
    let Address { name, line1, line2, city, postal_code, country } = address;
    let line2 = line2.as_ref().map(|line| format!(", {line}")).unwrap_or_default();
    format!("{name}, {line1}{line2}, {postal_code} {city}, {country}")
}

fn created(event: &OrderCreated) -> Mail<'_> {
    Mail::new(&event.customer.email, event.order_id, "We have your order", Tone::Neutral)
        .words(
            "Thank you. We are securing your articles and your payment now, and write again as soon as both are \
             settled.",
        )
        .basket(&event.lines, event.total)
        .fact("Shipping", shipping(event.shipping_method))
}

fn confirmed(event: &OrderConfirmed) -> Mail<'_> {
    Mail::new(&event.customer.email, event.order_id, "Your order is confirmed", Tone::Good)
        .words("Your articles are reserved and your payment is authorised. We are packing.")
        .basket(&event.lines, event.total)
        .fact("Shipping", shipping(event.shipping_method))
        .fact("Delivery to", one_line(&event.ship_to))
}

fn cancelled(event: &OrderCancelled) -> Mail<'_> {
    let why = match event.reason {
        CancellationReason::CustomerRequest => "As you asked, we have cancelled your order.",
        CancellationReason::PaymentDeclined => {
            "Your bank declined the payment, so we had to cancel your order. You are welcome to try again with \
             another card."
        }
        CancellationReason::PaymentFailed => {
            "The payment could not be completed, so we had to cancel your order."
        }
        CancellationReason::OutOfStock => {
            "Somebody was faster: an article of your order is no longer in stock in this quantity, so we had to \
             cancel it. We are sorry."
        }
        CancellationReason::DeadlinePassed => {
            "We could not secure your order in time and have cancelled it. We are sorry; please try again."
        }
        CancellationReason::Undeliverable => {
            "No carrier delivers to your address, so we had to cancel your order. We are sorry."
        }
    };
    Mail::new(&event.customer.email, event.order_id, "Your order is cancelled", Tone::Bad)
        .words(format!("{why} Whatever was held or taken on your card is on its way back to you."))
        .fact("Amount of the order", event.total.to_string())
}

fn paid(event: &PaymentProcessed) -> Mail<'_> {
    Mail::new(&event.email, event.order_id, "We have received your payment", Tone::Good)
        .words("Thank you. This is your receipt.")
        .fact("Amount", event.amount.to_string())
        .fact("Reference", event.charge_id.as_str())
}

fn dispatched(event: &ShipmentDispatched) -> Mail<'_> {
    Mail::new(&event.email, event.order_id, "Your parcel is on its way", Tone::Neutral)
        .words("It has left our warehouse. The carrier knows it by the number below.")
        .fact("Carrier", event.carrier.as_str())
        .fact("Tracking number", event.tracking_number.as_str())
}

fn delivered(event: &ShipmentDelivered) -> Mail<'_> {
    Mail::new(&event.email, event.order_id, "Your parcel has arrived", Tone::Good)
        .words("We hope that you enjoy what is in it. Thank you for ordering with us.")
}

#[cfg(test)]
mod tests {
    use semel_testkit::sample;

    use super::*;

    #[test]
    fn a_subject_is_one_line_with_the_orders_number() {
        let event = Event::from(sample::paid());
        let mail = News::of(&event).expect("a customer is told").mail();
        let number = sample::order_id().to_string()[..8].to_uppercase();
        assert_eq!(mail.subject, format!("We have received your payment (order {number})"));
        assert_eq!(mail.to.as_str(), "ada@example.com");
    }

    #[test]
    fn a_basket_adds_up() {
        let event = Event::from(sample::confirmed());
        let basket = News::of(&event).and_then(|news| news.mail().basket).expect("a basket");
        assert_eq!(basket.lines, [("2 × MUG-BLUE".to_owned(), "29.00 EUR".to_owned())]);
        assert_eq!(basket.total, "29.00 EUR");
    }
}
