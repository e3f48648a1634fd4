//! The carrier as a port, and a simulated one behind it.
//!
//! Booking is an effect, and is repeated under the same key; tracking is a question, and may be repeated freely.
//! Knows nothing of how a shipment takes the answers.

use std::future::Future;
use std::time::Duration;

use semel_contracts::events::Carrier as CarrierName;
use semel_contracts::{InvalidValue, Timestamp, TrackingNumber};
use semel_domain::{BookParcel, TrackParcel};
use semel_exactly_once::{Class, Clock, PerformError, fingerprint};

/// Whoever carries parcels.
pub trait Carrier: Send + Sync {
    /// Asks for a parcel to be carried. A booking under the same [`BookParcel::idempotency_key`] is the same booking.
    ///
    /// A definite no is an answer; an error means that nothing is known, and the booking is repeated later.
    fn book(&self, parcel: &BookParcel) -> impl Future<Output = Result<Booking, PerformError>> + Send;

    /// Asks how far a parcel is.
    fn track(&self, parcel: &TrackParcel) -> impl Future<Output = Result<Tracking, PerformError>> + Send;
}

/// A carrier's answer to a booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Booking {
    /// The parcel is taken.
    Booked {
        /// Who carries it.
        carrier: CarrierName,
        /// The carrier's number for it.
        tracking_number: TrackingNumber,
        /// When it makes sense to ask how far it is.
        ask_at: Timestamp,
    },
    /// The carrier will never take it.
    Refused,
}

/// A carrier's answer to where a parcel is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tracking {
    /// On its way.
    InTransit {
        /// When to ask again.
        ask_again_at: Timestamp,
    },
    /// It has arrived.
    Delivered,
}

/// What the simulated carrier is called.
const NAME: &str = "Semel Parcel";

/// Characters of a tracking number after its prefix: 64 bits, so that no two bookings share one.
const NUMBER_CHARS: usize = 16;

/// Nobody lives there, and the simulated carrier does not go there: an address that shows what a refusal does.
const NOT_SERVED: &str = "AQ";

/// How long before its time a parcel that was asked about early is worth asking about again.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// A carrier that delivers every parcel a fixed time after it was booked. It keeps no books: the tracking number
/// follows from the booking's key, and when a parcel arrives from what the shipment knows.
#[derive(Debug, Clone)]
pub struct SimulatedCarrier<C> {
    clock: C,
    transit: Duration,
}

impl<C: Clock> SimulatedCarrier<C> {
    /// A carrier that takes `transit` from booking to delivery.
    pub fn new(clock: C, transit: Duration) -> Self {
        Self { clock, transit }
    }
}

impl<C: Clock> Carrier for SimulatedCarrier<C> {
    async fn book(&self, parcel: &BookParcel) -> Result<Booking, PerformError> {
        if parcel.parcel.ship_to.country.as_str() == NOT_SERVED {
            return Ok(Booking::Refused);
        }
        let hash = fingerprint(parcel.idempotency_key().as_bytes()).to_ascii_uppercase();
        let number = format!("SP{}", hash.get(..NUMBER_CHARS).unwrap_or(&hash));
        Ok(Booking::Booked {
            carrier: CarrierName::new(NAME).map_err(unusable)?,
            tracking_number: TrackingNumber::new(number).map_err(unusable)?,
            ask_at: self.clock.now().saturating_add(self.transit),
        })
    }

    /// A parcel is first asked about when its transit is over, so that time itself says whether it has arrived.
    async fn track(&self, parcel: &TrackParcel) -> Result<Tracking, PerformError> {
        if parcel.ask_at <= self.clock.now() {
            return Ok(Tracking::Delivered);
        }
        Ok(Tracking::InTransit { ask_again_at: parcel.ask_at.saturating_add(ASK_AGAIN_AFTER) })
    }
}

fn unusable(error: InvalidValue) -> PerformError {
    PerformError { class: Class::Fatal, what: "the carrier's answer".to_owned(), source: Box::new(error) }
}

#[cfg(test)]
mod tests {
    use semel_contracts::events::ShippingMethod;
    use semel_contracts::{Address, OrderId};
    use semel_domain::Parcel;
    use semel_testkit::{SimulatedClock, block_on};

    use super::*;

    const TRANSIT: Duration = Duration::from_mins(10);

    fn parcel(order: u8, country: &str) -> BookParcel {
        let text = |text: &str| text.parse().expect("an address line");
        let ship_to = Address {
            name: text("Ada Lovelace"),
            line1: text("12 Rue de la Paix"),
            line2: None,
            city: text("Paris"),
            postal_code: "75002".parse().expect("a postal code"),
            country: country.parse().expect("a country"),
        };
        let email = "ada@example.com".parse().expect("an address");
        let parcel = Parcel { shipping_method: ShippingMethod::Express, ship_to, email };
        BookParcel { order_id: OrderId::from_bytes([order; 16]), parcel }
    }

    fn booked(carrier: &impl Carrier, order: u8) -> TrackParcel {
        let parcel = parcel(order, "FR");
        match block_on(carrier.book(&parcel)).expect("answers") {
            Booking::Booked { carrier, tracking_number, ask_at } => {
                TrackParcel { order_id: parcel.order_id, carrier, tracking_number, ask_at }
            }
            Booking::Refused => panic!("France is served"),
        }
    }

    #[test]
    fn a_repeated_booking_is_the_same_booking() {
        let clock = SimulatedClock::default();
        let carrier = SimulatedCarrier::new(clock.clone(), TRANSIT);
        let first = booked(&carrier, 1);
        clock.advance(Duration::from_secs(5));
        let again = booked(&SimulatedCarrier::new(clock, TRANSIT), 1);
        assert_eq!((first.tracking_number.as_str().len(), &first.carrier), (18, &again.carrier));
        assert_eq!(first.tracking_number, again.tracking_number);
        assert_ne!(first.tracking_number, booked(&carrier, 2).tracking_number);
    }

    #[test]
    fn a_parcel_arrives_when_its_transit_is_over() {
        let clock = SimulatedClock::default();
        let carrier = SimulatedCarrier::new(clock.clone(), TRANSIT);
        let parcel = booked(&carrier, 1);
        clock.advance(TRANSIT.saturating_sub(Duration::from_millis(1)));
        match block_on(carrier.track(&parcel)).expect("answers") {
            Tracking::InTransit { ask_again_at } => assert!(ask_again_at > parcel.ask_at),
            Tracking::Delivered => panic!("not yet"),
        }
        clock.advance(Duration::from_millis(1));
        assert_eq!(block_on(carrier.track(&parcel)).expect("answers"), Tracking::Delivered);
    }

    #[test]
    fn an_address_that_is_not_served_is_refused() {
        let carrier = SimulatedCarrier::new(SimulatedClock::default(), TRANSIT);
        assert_eq!(block_on(carrier.book(&parcel(1, "AQ"))).expect("answers"), Booking::Refused);
    }
}
