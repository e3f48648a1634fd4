//! A cancellation and what races it.

use futures::future::{join, join_all};
use semel_contracts::events::{InventoryReserved, PaymentAuthorized, ShipmentDispatched};
use semel_contracts::{Currency, Event, EventId, Lines, Money, Quantity, StockLine};
use semel_domain::OrderInput;
use semel_exactly_once::{Clock, Delivery, Known, Verdict, outbox};
use semel_testkit::{Faulty, MemoryAggregates, block_on, with_every_fault};

use super::*;

fn secured(order_id: OrderId) -> [Event; 2] {
    let amount = Money::new(5_300, Currency::EUR).expect("money");
    let line = StockLine { sku: "MUG-BLUE".parse().expect("a SKU"), quantity: Quantity::new(2).expect("2") };
    let lines = Lines::new(vec![line]).expect("lines");
    let authorization_id = "au_1".parse().expect("a reference");
    [
        PaymentAuthorized { order_id, amount, authorization_id }.into(),
        InventoryReserved { order_id, lines }.into(),
    ]
}

fn dispatched(order_id: OrderId) -> [Event; 1] {
    let dispatched = ShipmentDispatched {
        order_id,
        carrier: "Post".parse().expect("a carrier"),
        tracking_number: "SM42".parse().expect("a number"),
        email: "ann@example.com".parse().expect("an address"),
    };
    [dispatched.into()]
}

/// What the orders function does with facts.
async fn learn<S: AggregateStore, C: Clock>(committer: &Committer<S, C>, events: &[Event]) {
    let order_id = events[0].order_id().to_string();
    let delivery = |event: &Event| {
        let id = EventId::derive_from(&[event.event_type(), &order_id]);
        Delivery::new(id, OrderInput::Fact(event.clone()))
    };
    let deliveries: Vec<_> = events.iter().map(delivery).collect();
    let handled = committer.handle::<Order>(&order_id, Known::Unknown, &deliveries).await.expect("handled");
    assert!(handled.verdicts.iter().all(|verdict| matches!(verdict, Verdict::Applied | Verdict::NoEffect)));
}

#[tokio::test]
async fn a_pending_order_is_cancelled_once() {
    let shop = Shop::open(Auth::Anonymous).await;
    let order_id = placed(&shop.ask(place("k-1", &order())).await);
    shop.aws.requests().take();

    let answer = shop.ask(cancel(&order_id)).await;

    assert_eq!(answer.status(), 202, "{}", answer.body());
    let view = body(&answer);
    assert_eq!(
        (&view["status"], &view["cancellation_reason"]),
        (&json!("cancelling"), &json!("customer_request"))
    );
    let usage = shop.aws.requests().take();
    assert_eq!((usage.requests["DynamoDB.GetItem"], usage.requests["DynamoDB.PutItem"]), (1, 1));
    let cancelled = shop.orders();
    for wait in [Duration::ZERO, WINDOW * 2] {
        shop.clock.advance(wait);
        let again = shop.ask(cancel(&order_id)).await;
        assert_eq!((again.status(), again.body()), (202, answer.body()));
    }
    assert_eq!(shop.orders(), cancelled, "asking again writes nothing");
}

#[tokio::test]
async fn what_has_been_shipped_is_not_cancelled() {
    let shop = Shop::open(Auth::Anonymous).await;
    let order_id = placed(&shop.ask(place("k-1", &order())).await);
    let id = order_id.parse().expect("an id");
    learn(&shop.api.committer, &secured(id)).await;
    learn(&shop.api.committer, &dispatched(id)).await;
    let before = shop.orders();

    let answer = shop.ask(cancel(&order_id)).await;

    assert_eq!(answer.status(), 409, "{}", answer.body());
    assert_eq!(shop.orders(), before);
    assert_eq!(body(&shop.ask(read(&order_id)).await)["status"], "dispatched");
}

#[tokio::test]
async fn a_cancellation_that_lost_against_the_parcel_says_so_when_it_is_repeated() {
    let shop = Shop::open(Auth::Anonymous).await;
    let order_id = placed(&shop.ask(place("k-1", &order())).await);
    let id = order_id.parse().expect("an id");
    learn(&shop.api.committer, &secured(id)).await;
    assert_eq!(shop.ask(cancel(&order_id)).await.status(), 202);
    learn(&shop.api.committer, &dispatched(id)).await;
    for wait in [Duration::ZERO, WINDOW * 2] {
        shop.clock.advance(wait);
        assert_eq!(shop.ask(cancel(&order_id)).await.status(), 409);
    }
}

#[tokio::test]
async fn a_cancellation_and_a_confirmation_at_the_same_time_end_in_one_cancellation() {
    let shop = Shop::open(Auth::Anonymous).await;
    for n in 0..5 {
        let order_id = placed(&shop.ask(place(&format!("k-{n}"), &order())).await);
        let id = order_id.parse().expect("an id");
        let cancels = join_all((0..4).map(|_| shop.ask(cancel(&order_id))));
        let facts = secured(id);
        let (answers, ()) = join(cancels, learn(&shop.api.committer, &facts)).await;
        assert!(answers.iter().all(|answer| answer.status() == 202), "{answers:?}");
        let view = body(&shop.ask(read(&order_id)).await);
        assert_eq!(view["status"], "cancelling");
        let timeline = view["timeline"].as_array().expect("a timeline");
        let asked =
            |entry: &&Value| entry["what"] == "cancelling" || entry["what"] == "cancellation_requested";
        assert_eq!(timeline.iter().filter(asked).count(), 1, "{view}");
    }
}

#[test]
fn a_cancellation_is_told_once_whatever_fails() {
    let runs = with_every_fault(|faults| {
        block_on(async {
            let store = MemoryAggregates::default();
            let order_id =
                placed(&in_memory(store.clone(), &Shelf::full()).handle(place("k-1", &order())).await);
            let api = in_memory(Faulty::new(store.clone(), faults), &Shelf::full());
            let mut answer = api.handle(cancel(&order_id)).await;
            if answer.status() == 503 {
                answer = api.handle(cancel(&order_id)).await;
            }
            assert_eq!(answer.status(), 202, "{}", answer.body());
            let published = store.published();
            let told =
                published.iter().flat_map(|(_, _, text)| outbox::decode(text).expect("decodes").events);
            assert_eq!(told.filter(|event| event.event_type == "OrderCancelled").count(), 1);
        });
    });
    assert!(runs > 8, "faults were injected: {runs}");
}
