//! Publishing in transactions: all of a call is written, or none of it, whatever fails in between.

use std::time::Duration;

use krafka::error::ErrorCode;
use krafka::testing::{ApiKey, Control, FakeBroker};
use semel_exactly_once::Class;
use semel_kafka::{Publisher, Record};

mod support;

use support::{TOPIC, broker, settings, values};

const ID: &str = "relay-1";

fn transactional(broker: &FakeBroker) -> Publisher {
    Publisher::new(settings(broker).transactional(ID))
}

fn three() -> [Record<'static>; 3] {
    ["1", "2", "3"].map(|value| Record::new(TOPIC, value, value))
}

async fn codes(publisher: &Publisher, records: &[Record<'_>]) -> Vec<(Class, String)> {
    let outcomes = publisher.publish(records).await;
    outcomes
        .into_iter()
        .map(|outcome| outcome.expect_err("refused"))
        .map(|error| (error.class, error.code))
        .collect()
}

#[tokio::test]
async fn a_call_is_one_transaction() {
    let broker = broker(3).await;
    let publisher = transactional(&broker);
    for _ in 0..3 {
        assert!(publisher.publish(&three()).await.iter().all(Result::is_ok));
    }
    assert_eq!(broker.request_count(ApiKey::EndTxn), 3);
    assert!(!broker.transaction_is_open(ID));
    assert_eq!(values(&broker, TOPIC).len(), 9);
}

#[tokio::test]
async fn a_refusal_undoes_the_call_and_says_why() {
    for code in [ErrorCode::MessageTooLarge, ErrorCode::TopicAuthorizationFailed, ErrorCode::InvalidRecord] {
        let broker = broker(1).await;
        let publisher = transactional(&broker);
        broker.on_once(ApiKey::Produce, move |_| Control::Error(code));
        let refused = codes(&publisher, &three()).await;
        assert_eq!(refused, vec![(Class::Fatal, format!("{code:?}")); 3]);
        assert_eq!(values(&broker, TOPIC).len(), 0);
        assert!(
            publisher.publish(&three()).await.iter().all(Result::is_ok),
            "the next transaction is not affected"
        );
        assert_eq!(values(&broker, TOPIC).len(), 3);
    }
}

#[tokio::test]
async fn one_record_too_large_to_send_stops_the_call_before_it_begins() {
    let broker = broker(1).await;
    let mut settings = settings(&broker).transactional(ID);
    settings.message_bytes_max = 10;
    let publisher = Publisher::new(settings);
    let records = [Record::new(TOPIC, "k", "1"), Record::new(TOPIC, "k", "2".repeat(10))];
    let aborted = (Class::Transient, "TransactionAborted".to_owned());
    assert_eq!(codes(&publisher, &records).await, [aborted, (Class::Fatal, "EntryTooLarge".to_owned())]);
    assert_eq!(broker.request_count(ApiKey::Produce), 0);
}

#[tokio::test]
async fn an_unknown_topic_undoes_the_call() {
    let broker = broker(1).await;
    let publisher = transactional(&broker);
    let records = [Record::new(TOPIC, "k", "1"), Record::new("nowhere", "k", "2")];
    let aborted = (Class::Transient, "TransactionAborted".to_owned());
    assert_eq!(
        codes(&publisher, &records).await,
        [aborted, (Class::Fatal, "UnknownTopicOrPartition".to_owned())]
    );
    assert_eq!(values(&broker, TOPIC).len(), 0);
    assert!(publisher.publish(&three()).await.iter().all(Result::is_ok));
}

#[tokio::test]
async fn a_commit_that_was_applied_and_lost_its_answer_is_a_success() {
    let broker = broker(1).await;
    let publisher = transactional(&broker);
    broker.on_once(ApiKey::EndTxn, |_| Control::ApplyThen(Box::new(Control::Disconnect)));
    assert!(publisher.publish(&three()).await.iter().all(Result::is_ok));
    assert_eq!(values(&broker, TOPIC), ["1", "2", "3"]);
}

#[tokio::test]
async fn a_commit_without_an_answer_ends_in_time_and_the_next_call_finds_a_decided_transaction() {
    let broker = broker(1).await;
    let mut settings = settings(&broker).transactional(ID);
    settings.timeout = Duration::from_secs(1);
    let publisher = Publisher::new(settings);
    broker.on(ApiKey::EndTxn, |_| Control::Disconnect);
    let refused = tokio::time::timeout(Duration::from_secs(30), codes(&publisher, &three())).await;
    assert!(refused.expect("bounded").iter().all(|(class, _)| *class == Class::Transient));
    assert_eq!(values(&broker, TOPIC).len(), 0);
    broker.clear_hooks();
    assert!(publisher.publish(&three()).await.iter().all(Result::is_ok));
    assert_eq!(values(&broker, TOPIC), ["1", "2", "3"], "what was never committed is not there");
    assert!(!broker.transaction_is_open(ID));
}

#[tokio::test]
async fn a_publisher_that_was_put_out_says_so_and_comes_back() {
    let broker = broker(1).await;
    let first = transactional(&broker);
    assert!(first.publish(&three()).await.iter().all(Result::is_ok));
    let second = transactional(&broker);
    assert!(second.publish(&three()).await.iter().all(Result::is_ok));
    let refused = codes(&first, &three()).await;
    assert!(refused.iter().all(|(class, _)| *class == Class::Transient), "{refused:?}");
    assert!(first.publish(&three()).await.iter().all(Result::is_ok));
    assert_eq!(values(&broker, TOPIC).len(), 9);
}

#[tokio::test]
async fn calls_at_the_same_time_follow_one_another() {
    let broker = broker(3).await;
    let publisher = transactional(&broker);
    let (one, two, three) = (three(), three(), three());
    let (a, b, c) = tokio::join!(publisher.publish(&one), publisher.publish(&two), publisher.publish(&three));
    assert!(a.iter().chain(&b).chain(&c).all(Result::is_ok));
    assert_eq!(values(&broker, TOPIC).len(), 9);
}
