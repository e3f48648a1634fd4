//! Property tests: whatever is told, however often and in whatever order, the machines hold their ground.

use std::fmt::Debug;

use proptest::collection::vec;
use proptest::prelude::*;
use semel_contracts::events::DeclineReason;
use semel_contracts::{EventType, Timestamp};
use semel_exactly_once::{Aggregate, Decision};

use crate::samples::{self, PLACED_AT, order_id};
use crate::{
    GatewayAnswer, Order, OrderInput, Payment, PaymentInput, PaymentStatus, Reservation, ReservationInput,
    Shipment, ShipmentInput, ShipmentStatus,
};

/// Tells a fresh aggregate `history`, as positions in `inputs` and times, and checks after every step that
/// - an input that was applied changes nothing when it comes again, at once or at any later time;
/// - an end, once reached, is never left;
/// - the state survives storage.
fn check<A>(
    inputs: &[A::Input],
    history: &[(usize, u64)],
    end: impl Fn(&A::State) -> Option<&'static str>,
) -> Result<(), TestCaseError>
where
    A: Aggregate<Input: Debug, State: PartialEq + Debug, Event: PartialEq + Debug>,
{
    let mut state: Option<A::State> = None;
    let mut applied: Vec<usize> = Vec::new();
    for (at, after_ms) in history {
        let at = at % inputs.len();
        let now = Timestamp::from_millis(PLACED_AT.as_millis() + after_ms);
        let Ok(Decision::Changed(change)) = A::decide(state.as_ref(), &inputs[at], now) else { continue };
        let ended = state.as_ref().and_then(&end);
        prop_assert!(ended.is_none() || ended == end(&change.state), "{:?} left {ended:?}", inputs[at]);
        applied.push(at);
        for again in &applied {
            let repeated = A::decide(Some(&change.state), &inputs[*again], now);
            let changes = matches!(repeated, Ok(Decision::Changed(_)));
            prop_assert!(!changes, "{:?} was applied twice, to {:?}", inputs[*again], change.state);
        }
        let stored = serde_json::to_string(&change.state).expect("serialises");
        let read: A::State = serde_json::from_str(&stored).expect("reads");
        prop_assert_eq!(&read, &change.state);
        state = Some(change.state);
    }
    Ok(())
}

/// Up to 40 tellings at times around the deadline: orders, gaps and repetitions of every kind.
fn history() -> impl Strategy<Value = Vec<(usize, u64)>> {
    vec((0_usize..64, 0_u64..2_000_000), 0..40)
}

/// The same after the first input, so that most histories get somewhere.
fn begun() -> impl Strategy<Value = Vec<(usize, u64)>> {
    history().prop_map(|mut history| {
        history.insert(0, (0, 0));
        history
    })
}

fn order_inputs() -> Vec<OrderInput> {
    let facts = EventType::ALL.iter().map(|event_type| OrderInput::Fact(samples::event(*event_type)));
    std::iter::once(OrderInput::Place(Box::new(samples::place())))
        .chain([OrderInput::Cancel(order_id()), OrderInput::Expire(order_id())])
        .chain(facts)
        .collect()
}

fn payment_inputs() -> Vec<PaymentInput> {
    let reference = |text: &str| text.parse().expect("a reference");
    let answers = [
        GatewayAnswer::Authorized { authorization_id: reference("au_1") },
        GatewayAnswer::Declined { reason: DeclineReason::CardDeclined },
        GatewayAnswer::Captured { charge_id: reference("ch_1") },
        GatewayAnswer::CaptureRefused { reason: DeclineReason::InsufficientFunds },
        GatewayAnswer::Voided,
        GatewayAnswer::Refunded { refund_id: reference("re_1") },
    ];
    let told = [
        PaymentInput::Placed(samples::created()),
        PaymentInput::Confirmed(samples::confirmed()),
        PaymentInput::Cancelled(samples::cancelled()),
    ];
    told.into_iter().chain(answers.map(PaymentInput::Answered)).collect()
}

fn shipment_inputs() -> Vec<ShipmentInput> {
    let at = |after_ms| Timestamp::from_millis(PLACED_AT.as_millis() + after_ms);
    vec![
        ShipmentInput::Confirmed(samples::confirmed()),
        ShipmentInput::Paid(samples::paid()),
        ShipmentInput::CancellationRequested(samples::cancellation_requested()),
        ShipmentInput::Booked {
            carrier: "Post".parse().expect("a carrier"),
            tracking_number: "SM000042".parse().expect("a number"),
            ask_at: at(1),
        },
        ShipmentInput::BookingRefused,
        ShipmentInput::ParcelDelivered,
        ShipmentInput::StillInTransit { ask_again_at: at(2) },
        ShipmentInput::StillInTransit { ask_again_at: at(3) },
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_order_holds_its_ground(history in prop_oneof![begun(), history()]) {
        let end = |order: &Order| order.status().is_final().then(|| order.status().as_str());
        check::<Order>(&order_inputs(), &history, end)?;
    }

    #[test]
    fn a_payment_holds_its_ground(history in prop_oneof![begun(), history()]) {
        let end = |payment: &Payment| match payment.status {
            PaymentStatus::Declined(_) => Some("declined"),
            PaymentStatus::Voided => Some("voided"),
            PaymentStatus::Refunded { .. } => Some("refunded"),
            PaymentStatus::Authorizing { .. }
            | PaymentStatus::Authorized { .. }
            | PaymentStatus::Capturing { .. }
            | PaymentStatus::Captured { .. }
            | PaymentStatus::Voiding { .. }
            | PaymentStatus::Refunding { .. } => None,
        };
        check::<Payment>(&payment_inputs(), &history, end)?;
    }

    #[test]
    fn a_reservation_holds_its_ground(history in prop_oneof![begun(), history()]) {
        let inputs = [
            ReservationInput::Placed(samples::created()),
            ReservationInput::Cancelled(samples::cancelled()),
            ReservationInput::short(&samples::created(), &["sku#TEE-M"]),
        ];
        let end = |reservation: &Reservation| match reservation {
            Reservation::Reserved(_) => None,
            Reservation::Rejected => Some("rejected"),
            Reservation::Released => Some("released"),
        };
        check::<Reservation>(&inputs, &history, end)?;
    }

    #[test]
    fn a_shipment_holds_its_ground(history in prop_oneof![begun(), history()]) {
        let end = |shipment: &Shipment| match shipment.status {
            ShipmentStatus::Delivered { .. } => Some("delivered"),
            ShipmentStatus::Cancelled => Some("cancelled"),
            ShipmentStatus::AwaitingOrder
            | ShipmentStatus::Created(_)
            | ShipmentStatus::Booking(_)
            | ShipmentStatus::Dispatched { .. } => None,
        };
        check::<Shipment>(&shipment_inputs(), &history, end)?;
    }
}
