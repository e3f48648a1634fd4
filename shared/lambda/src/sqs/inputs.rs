//! What a consumer takes of all events, and as what: one list, asked before an event is taken and again when it is.
//!
//! An event is looked at to route it and moved to handle it; it is never copied for either.

use semel_contracts::{Envelope, Event};
use semel_exactly_once::Delivery;

use super::Received;

/// Makes an input of an event; `None` if it is asked with another event than the one that it was answered for.
pub type Input<I> = fn(Event) -> Option<I>;

/// Declares the function that says what each event is to a consumer: the type that it becomes, or nothing.
///
/// Every event type is in one of the two lists, or it does not compile: a new one waits for each consumer's decision.
///
/// ```
/// use semel_contracts::events::{OrderCancelled, OrderCreated};
///
/// enum PrintInput {
///     Placed(OrderCreated),
///     Cancelled(OrderCancelled),
/// }
///
/// semel_lambda::inputs! {
///     /// What the printer of packing lists takes.
///     fn input -> PrintInput {
///         OrderCreated => PrintInput::Placed,
///         OrderCancelled => PrintInput::Cancelled,
///     }
///     else {
///         OrderConfirmed, OrderCancellationRequested,
///         PaymentAuthorized, PaymentDeclined, PaymentProcessed, PaymentVoided, PaymentRefunded,
///         InventoryReserved, InventoryRejected, InventoryReleased,
///         ShipmentCreated, ShipmentDispatched, ShipmentDelivered, ShipmentCancelled,
///     }
/// }
/// ```
///
/// ```compile_fail,E0004
/// semel_lambda::inputs! {
///     fn input -> semel_contracts::events::OrderCreated {
///         OrderCreated => std::convert::identity,
///     }
///     else { OrderConfirmed }
/// }
/// ```
#[macro_export]
macro_rules! inputs {
    (
        $(#[$doc:meta])*
        fn $name:ident -> $input:ty { $($taken:ident => $make:expr),+ $(,)? }
        else { $($left:ident),+ $(,)? }
    ) => {
        $(#[$doc])*
        fn $name(event: &$crate::sqs::Event) -> Option<$crate::sqs::Input<$input>> {
            match event {
                $($crate::sqs::Event::$taken(_) => {
                    let make: $crate::sqs::Input<$input> = |event| {
                        if let $crate::sqs::Event::$taken(data) = event { Some($make(data)) } else { None }
                    };
                    Some(make)
                })+
                $($crate::sqs::Event::$left(_))|+ => None,
            }
        }
    };
}

/// Routes by order what `input` takes, and nothing else.
pub fn order_of<I>(envelope: &Envelope, input: impl FnOnce(&Event) -> Option<Input<I>>) -> Option<String> {
    input(&envelope.data).map(|_| envelope.order_id().to_string())
}

/// A group as deliveries, for a consumer that routes by the same `input`: then each record is one.
pub fn deliveries<I>(group: Vec<Received>, input: impl Fn(&Event) -> Option<Input<I>>) -> Vec<Delivery<I>> {
    group.into_iter().filter_map(|received| received.delivery(|event| input(&event)?(event))).collect()
}

#[cfg(test)]
mod tests {
    use semel_contracts::decode;
    use semel_contracts::events::{OrderCancelled, PaymentVoided};

    use super::*;

    #[derive(Debug, PartialEq, Eq)]
    enum Heard {
        Off(OrderCancelled),
        Back(PaymentVoided),
    }

    crate::inputs! {
        fn input -> Heard {
            OrderCancelled => Heard::Off,
            PaymentVoided => Heard::Back,
        }
        else {
            OrderCreated, OrderConfirmed, OrderCancellationRequested,
            PaymentAuthorized, PaymentDeclined, PaymentProcessed, PaymentRefunded,
            InventoryReserved, InventoryRejected, InventoryReleased,
            ShipmentCreated, ShipmentDispatched, ShipmentDelivered, ShipmentCancelled,
        }
    }

    const ORDER_ID: &str = "0193557d-2a4b-7c1e-8f00-0123456789ab";

    fn received(event_type: &str, producer: &str, data: &str) -> Received {
        let text = format!(
            r#"{{"event_id":"0193557d-2a4b-7c1e-8f00-000000000001","event_type":"{event_type}",
                "timestamp":"2026-01-01T00:00:00.000Z","data":{{"order_id":"{ORDER_ID}"{data}}},
                "metadata":{{"producer_id":"{producer}","version":"1.0","aggregate_id":"{ORDER_ID}","sequence":1,
                "correlation_id":"c-1","traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}}}}"#
        );
        Received { envelope: decode(&text).expect("an event"), receive_count: 1 }
    }

    fn voided() -> Received {
        received("PaymentVoided", "payments", r#","amount":{"amount":2900,"currency":"EUR"}"#)
    }

    #[test]
    fn what_is_taken_goes_by_order_and_all_else_nowhere() {
        assert_eq!(order_of(&voided().envelope, input).as_deref(), Some(ORDER_ID));
        let delivered = received("ShipmentDelivered", "shipping", r#","email":"ada@example.com""#);
        assert_eq!(order_of(&delivered.envelope, input), None);
        assert!(deliveries(vec![delivered], input).is_empty());
    }

    #[test]
    fn a_record_becomes_the_input_that_its_type_stands_for() {
        let received = voided();
        let Event::PaymentVoided(payment) = received.envelope.data.clone() else { panic!("it is one") };
        let deliveries = deliveries(vec![received.clone()], input);
        assert_eq!(deliveries[0].input, Heard::Back(payment));
        assert_eq!(deliveries[0].id, received.envelope.event_id);
        assert_eq!(deliveries[0].traceparent, received.envelope.metadata.traceparent);
    }

    #[test]
    fn an_input_is_made_of_its_own_event_only() {
        let make = input(&voided().envelope.data).expect("it is taken");
        let delivered = received("ShipmentDelivered", "shipping", r#","email":"ada@example.com""#);
        assert_eq!(make(delivered.envelope.data), None);
    }
}
