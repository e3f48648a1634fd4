//! The same request again: after the answer, at the same time, after a crash, and when the world has changed.

use futures::future::join_all;
use semel_exactly_once::{AggregateStore, Write};
use semel_testkit::{Fault, Faults, Faulty, MemoryAggregates, block_on, with_every_fault};

use super::*;

#[tokio::test]
async fn a_repetition_gets_the_first_answer() {
    let shop = Shop::open(Auth::Anonymous).await;
    let first = shop.ask(place("k-1", &order())).await;
    // Inside the window, and long after it.
    for wait in [Duration::from_secs(1), Duration::from_hours(24 * 30)] {
        shop.clock.advance(wait);
        let again = shop.ask(place("k-1", &order())).await;
        assert!(is_replay(&again) && !is_replay(&first));
        assert_eq!((again.status(), again.body()), (first.status(), first.body()));
        assert_eq!(again.header("location"), first.header("location"));
    }
    assert_eq!(shop.orders().len(), 1);
    assert_eq!(shop.orders()[0]["version"]["N"], "1", "repetitions write nothing");
}

#[tokio::test]
async fn spelling_does_not_matter() {
    let shop = Shop::open(Auth::Anonymous).await;
    placed(&shop.ask(place("k-1", &order())).await);
    let spelt = format!(
        r#"{{ "payment_method": "pm_card_visa", "lines": {}, "ship_to": {}, "shipping_method":"express",
             "customer": {{"email":"ann@example.com","customer_id":"c-1"}} }}"#,
        order()["lines"],
        order()["ship_to"]
    );
    let event = json!({ "headers": { "idempotency-key": "k-1" }, "body": spelt });
    let answer = shop.ask(request("POST /orders", &event)).await;
    assert!(is_replay(&answer), "{}", answer.body());
}

#[tokio::test]
async fn another_request_under_the_same_key_is_refused() {
    let shop = Shop::open(Auth::Anonymous).await;
    placed(&shop.ask(place("k-1", &order())).await);
    let before = shop.orders();
    let others = [
        order_with("/lines/0/quantity", json!(3)),
        order_with("/customer/email", json!("eve@example.com")),
        // The catalogue would refuse it, but the key is what is wrong first.
        order_with("/lines/0/sku", json!("CAP")),
    ];
    for other in others {
        let answer = shop.ask(place("k-1", &other)).await;
        assert_eq!(answer.status(), 422, "{}", answer.body());
        assert!(body(&answer)["detail"].as_str().is_some_and(|text| text.contains("Idempotency-Key")));
    }
    assert_eq!(shop.orders(), before);
    placed(&shop.ask(place("k-2", &order_with("/lines/0/quantity", json!(3)))).await);
}

#[tokio::test]
async fn requests_at_the_same_time_make_one_order() {
    let shop = Shop::open(Auth::Anonymous).await;
    let answers = join_all((0..8).map(|_| shop.ask(place("k-1", &order())))).await;
    assert_eq!(shop.orders().len(), 1);
    assert_eq!(answers.iter().filter(|answer| !is_replay(answer)).count(), 1);
    for answer in &answers {
        assert_eq!((answer.status(), answer.body()), (201, answers[0].body()));
    }
}

#[tokio::test]
async fn different_requests_at_the_same_time_make_one_order_and_one_refusal() {
    let shop = Shop::open(Auth::Anonymous).await;
    let other = order_with("/lines/0/quantity", json!(3));
    let answers = join_all([&order(), &other].map(|order| shop.ask(place("k-1", order)))).await;
    let mut statuses: Vec<u16> = answers.iter().map(Response::status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 422]);
    assert_eq!(shop.orders().len(), 1);
}

#[test]
fn a_repetition_does_not_depend_on_the_catalogue() {
    block_on(async {
        let shelf = Shelf::full();
        let api = in_memory(MemoryAggregates::default(), &shelf);
        let first = api.handle(place("k-1", &order())).await;
        let dearer = vec![article("MUG-BLUE", 1_500, Currency::EUR), article("TEE-M", 2_400, Currency::EUR)];
        let foreign = vec![article("MUG-BLUE", 1_500, Currency::JPY), article("TEE-M", 2_400, Currency::EUR)];
        for articles in [Some(dearer), Some(foreign), Some(Vec::new()), None] {
            shelf.replace(articles);
            let again = api.handle(place("k-1", &order())).await;
            assert!(is_replay(&again), "{}", again.body());
            assert_eq!(again.body(), first.body());
        }
        // The catalogue still does not answer: a new order has to wait.
        let new = api.handle(place("k-2", &order())).await;
        assert_eq!((new.status(), new.header("retry-after")), (503, Some("1")));
    });
}

#[test]
fn a_client_that_repeats_until_it_is_answered_gets_one_order_whatever_fails() {
    let runs = with_every_fault(|faults| {
        block_on(async {
            let store = MemoryAggregates::default();
            let shelf = Shelf::full();
            let api = in_memory(Faulty::new(store.clone(), faults), &shelf);
            let mut answer = api.handle(place("k-1", &order())).await;
            let placed_first = store.published().len() == 1;
            if answer.status() == 503 {
                assert_eq!(answer.header("retry-after"), Some("1"));
                // By the time that the client comes back, prices have changed.
                let dearer = articles().into_iter().map(|mut article| {
                    article.unit_amount = MinorUnits::new(5).expect("an amount");
                    article
                });
                shelf.replace(Some(dearer.collect()));
                api.committer.clock().advance(Duration::from_secs(7));
                answer = api.handle(place("k-1", &order())).await;
            }
            placed(&answer);
            let price = if placed_first { 5_300 } else { 15 };
            assert_eq!(body(&answer)["total"]["amount"], price, "the price of the attempt that took effect");
            let mut again = api.handle(place("k-1", &order())).await;
            if again.status() == 503 {
                again = api.handle(place("k-1", &order())).await;
            }
            assert_eq!((again.body(), is_replay(&again)), (answer.body(), true));
            assert_eq!(store.published().len(), 1, "told once");
        });
    });
    assert!(runs > 4, "faults were injected: {runs}");
}

#[test]
fn a_store_that_fails_for_good_is_our_fault_and_stays_inside() {
    block_on(async {
        let answer = in_memory(Broken, &Shelf::full()).handle(place("k-1", &order())).await;
        assert_eq!(answer.status(), 500);
        assert!(!answer.body().contains("secret") && !answer.body().contains("order#"), "{}", answer.body());
    });
}

#[test]
fn a_throttled_read_is_answered_with_when_to_come_back() {
    block_on(async {
        let store = MemoryAggregates::default();
        let order_id = placed(&in_memory(store.clone(), &Shelf::full()).handle(place("k-1", &order())).await);
        let faulty = Faulty::new(store, Faults::one(0, Fault::Before));
        let api = in_memory(faulty, &Shelf::full());
        assert_eq!(api.handle(read(&order_id)).await.status(), 503);
        assert_eq!(api.handle(read(&order_id)).await.status(), 200);
    });
}

/// A store that refuses everything, with a reason that is nobody's business.
struct Broken;

fn refused(key: &str) -> StoreError {
    let source = "AccessDenied for the secret role".into();
    StoreError { class: Class::Fatal, operation: "DynamoDB PutItem", key: key.to_owned(), source }
}

impl AggregateStore for Broken {
    async fn load(&self, key: &str) -> Result<Option<semel_exactly_once::Stored>, StoreError> {
        Err(refused(key))
    }

    async fn commit(&self, write: &Write<'_>) -> Result<(), semel_exactly_once::CommitError> {
        Err(refused(write.key).into())
    }

    async fn spilled(
        &self,
        key: &str,
        _: &[semel_contracts::EventId],
        _: Timestamp,
    ) -> Result<Vec<semel_contracts::EventId>, StoreError> {
        Err(refused(key))
    }
}
