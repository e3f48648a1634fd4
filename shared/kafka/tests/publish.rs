//! Publishing without transactions: what is acknowledged is written once, in order; what is not has a reason; every
//! call ends.

use std::time::Duration;

use bytes::Bytes;
use krafka::error::ErrorCode;
use krafka::testing::{ApiKey, Control, FakeBroker};
use semel_exactly_once::{Class, Clock};
use semel_kafka::{Compression, Connection, KafkaError, Position, Publisher, PublisherSettings, Record};
use semel_testkit::SimulatedClock;

mod support;

use support::{TOPIC, broker, settings, values};

fn publisher(broker: &FakeBroker) -> Publisher {
    Publisher::new(settings(broker))
}

fn numbered(count: usize) -> Vec<Record<'static>> {
    (0..count).map(|n| Record::new(TOPIC, "one key", n.to_string())).collect()
}

fn reasons(outcomes: &[Result<Position, KafkaError>]) -> Vec<(Class, &str)> {
    outcomes
        .iter()
        .map(|outcome| outcome.as_ref().expect_err("refused"))
        .map(|error| (error.class, error.code.as_str()))
        .collect()
}

#[tokio::test]
async fn nothing_connects_before_the_first_call() {
    let broker = broker(1).await;
    let publisher = publisher(&broker);
    assert!(publisher.publish(&[]).await.is_empty());
    publisher.flush().await.expect("nothing to flush");
    publisher.close().await.expect("nothing to close");
    assert_eq!(broker.requests().len(), 0);
    assert!(publisher.publish(&numbered(1)).await[0].is_ok());
}

#[tokio::test]
async fn records_of_a_key_are_written_in_order_with_their_headers() {
    let broker = broker(3).await;
    let mut settings = settings(&broker);
    // Many batches, so that their order is put to the test and not only that inside one.
    settings.batch_bytes = 300;
    settings.compression = Compression::Lz4;
    let publisher = Publisher::new(settings);
    let mut records = numbered(200);
    records[0].headers.push(("content-type", Bytes::from_static(b"application/json")));
    let outcomes = publisher.publish(&records).await;
    let offsets: Vec<i64> =
        outcomes.iter().map(|outcome| outcome.as_ref().expect("written").offset.expect("known")).collect();
    assert_eq!(offsets, (0..200).collect::<Vec<i64>>());
    assert_eq!(values(&broker, TOPIC), (0..200).map(|n| n.to_string()).collect::<Vec<_>>());
    let first = &broker.committed_records(TOPIC).expect("the log decodes")[0];
    assert_eq!(first.headers, [("content-type".to_owned(), Some(Bytes::from_static(b"application/json")))]);
}

/// The partitions that `org.apache.kafka.common.utils.Utils.murmur2` of Kafka 4.3 gives these keys, of 12: what one
/// producer puts into a partition, another must put there as well.
#[tokio::test]
async fn a_key_has_the_partition_that_javas_producer_gives_it() {
    let broker = broker(12).await;
    let records: Vec<Record<'_>> =
        JAVA_PARTITIONS.iter().map(|(key, _)| Record::new(TOPIC, Bytes::copy_from_slice(key), "v")).collect();
    let outcomes = publisher(&broker).publish(&records).await;
    for ((key, partition), outcome) in JAVA_PARTITIONS.iter().zip(outcomes) {
        assert_eq!(outcome.expect("written").partition, *partition, "{key:?}");
    }
}

const JAVA_PARTITIONS: [(&[u8], i32); 7] = [
    (b"", 9),
    (b"a", 4),
    (b"ab", 2),
    (b"abc", 3),
    (b"order-42", 0),
    (&[0xff, 0x80, 0x00], 10),
    ("07d151e8-5cc4-5cda-9326-91cd4e522548".as_bytes(), 1),
];

#[tokio::test]
async fn what_was_written_and_lost_its_answer_is_written_once() {
    let broker = broker(1).await;
    let publisher = publisher(&broker);
    broker.on_times(ApiKey::Produce, 2, |_| Control::ApplyThen(Box::new(Control::Disconnect)));
    let outcomes = publisher.publish(&numbered(20)).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    assert_eq!(values(&broker, TOPIC), (0..20).map(|n| n.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn refusals_that_pass_are_repeated_in_order() {
    for code in [
        ErrorCode::NotLeaderForPartition,
        ErrorCode::NotEnoughReplicasAfterAppend,
        ErrorCode::RequestTimedOut,
    ] {
        let broker = broker(1).await;
        let mut settings = settings(&broker);
        settings.batch_bytes = 200;
        let publisher = Publisher::new(settings);
        broker.on_times(ApiKey::Produce, 2, move |_| Control::Error(code));
        let outcomes = publisher.publish(&numbered(30)).await;
        assert!(outcomes.iter().all(Result::is_ok), "{code:?}: {outcomes:?}");
        assert_eq!(values(&broker, TOPIC), (0..30).map(|n| n.to_string()).collect::<Vec<_>>(), "{code:?}");
    }
}

/// The brokers forgot the producer, or lost a batch of it: this batch is refused, not written out of order, and the
/// next call goes through under a new epoch.
#[tokio::test]
async fn a_sequence_out_of_order_fails_its_batch_and_the_next_call_goes_through() {
    let broker = broker(1).await;
    let publisher = publisher(&broker);
    assert!(publisher.publish(&[Record::new(TOPIC, "k", "before")]).await[0].is_ok());
    broker.on_once(ApiKey::Produce, |_| Control::Error(ErrorCode::OutOfOrderSequenceNumber));
    let refused = publisher.publish(&[Record::new(TOPIC, "k", "refused")]).await;
    assert_eq!(reasons(&refused), [(Class::Transient, "OutOfOrderSequenceNumber")]);
    assert!(publisher.publish(&[Record::new(TOPIC, "k", "after")]).await[0].is_ok());
    assert_eq!(values(&broker, TOPIC), ["before", "after"]);
}

#[tokio::test]
async fn a_record_too_large_to_send_is_refused_alone() {
    let broker = broker(1).await;
    let mut settings = settings(&broker);
    settings.message_bytes_max = 10;
    let publisher = Publisher::new(settings);
    let records =
        [Record::new(TOPIC, "k", "1"), Record::new(TOPIC, "k", "2".repeat(10)), Record::new(TOPIC, "k", "3")];
    let outcomes = publisher.publish(&records).await;
    assert_eq!(reasons(&outcomes[1..2]), [(Class::Fatal, "EntryTooLarge")]);
    assert_eq!(values(&broker, TOPIC), ["1", "3"]);
}

#[tokio::test]
async fn refusals_for_good_are_fatal_by_the_brokers_code() {
    for code in [ErrorCode::MessageTooLarge, ErrorCode::TopicAuthorizationFailed, ErrorCode::InvalidRecord] {
        let broker = broker(1).await;
        let publisher = publisher(&broker);
        broker.on_once(ApiKey::Produce, move |_| Control::Error(code));
        let outcomes = publisher.publish(&numbered(1)).await;
        assert_eq!(reasons(&outcomes), [(Class::Fatal, format!("{code:?}").as_str())]);
        assert!(publisher.publish(&numbered(1)).await[0].is_ok(), "the next one is not affected");
    }
}

#[tokio::test]
async fn an_unknown_topic_is_fatal_and_leaves_other_topics_alone() {
    let broker = broker(1).await;
    let publisher = publisher(&broker);
    let records =
        [Record::new("nowhere", "k", "1"), Record::new(TOPIC, "k", "2"), Record::new("nowhere", "k", "3")];
    let outcomes = publisher.publish(&records).await;
    assert!(outcomes[1].is_ok(), "{outcomes:?}");
    let refused = [outcomes[0].clone(), outcomes[2].clone()];
    assert_eq!(reasons(&refused), [(Class::Fatal, "UnknownTopicOrPartition"); 2]);
}

#[tokio::test]
async fn no_broker_at_the_start_is_an_error_in_time_and_a_broker_later_is_found() {
    let broker = broker(1).await;
    broker.crash(0);
    let mut settings = settings(&broker);
    settings.timeout = Duration::from_secs(1);
    let publisher = Publisher::new(settings);
    let outcomes = tokio::time::timeout(Duration::from_secs(30), publisher.publish(&numbered(2))).await;
    for (class, code) in reasons(&outcomes.expect("bounded")) {
        assert!(class == Class::Transient && matches!(code, "Network" | "Timeout"), "{code}");
    }
    broker.restart(0);
    assert!(publisher.publish(&numbered(2)).await.iter().all(Result::is_ok));
    assert_eq!(values(&broker, TOPIC), ["0", "1"]);
}

#[tokio::test]
async fn a_broker_that_falls_silent_is_an_error_in_time_and_nothing_is_written_after_it() {
    let broker = broker(1).await;
    let mut settings = settings(&broker);
    settings.timeout = Duration::from_secs(1);
    let publisher = Publisher::new(settings);
    assert!(publisher.publish(&[Record::new(TOPIC, "k", "before")]).await[0].is_ok());
    broker.on(ApiKey::Produce, |_| Control::Silence);
    let outcomes = tokio::time::timeout(Duration::from_secs(30), publisher.publish(&numbered(3))).await;
    assert_eq!(reasons(&outcomes.expect("bounded")), [(Class::Transient, "Timeout"); 3]);
    broker.clear_hooks();
    assert!(publisher.publish(&[Record::new(TOPIC, "k", "after")]).await[0].is_ok());
    assert_eq!(values(&broker, TOPIC), ["before", "after"]);
}

/// Frozen between two calls, for longer than anything on the way remembers a connection.
#[tokio::test]
async fn a_connection_that_lay_unused_for_too_long_is_made_anew() {
    let broker = broker(1).await;
    let clock = SimulatedClock::default();
    let now = clock.clone();
    let publisher = publisher(&broker).with_now(move || now.now());
    assert!(publisher.publish(&numbered(1)).await[0].is_ok());
    let made = broker.request_count(ApiKey::InitProducerId);
    clock.advance(Duration::from_mins(3));
    assert!(publisher.publish(&numbered(1)).await[0].is_ok());
    assert_eq!(broker.request_count(ApiKey::InitProducerId), made, "in use: kept");
    clock.advance(Duration::from_hours(3));
    assert!(publisher.publish(&numbered(1)).await[0].is_ok());
    assert_eq!(broker.request_count(ApiKey::InitProducerId), made + 1, "made anew");
    assert_eq!(values(&broker, TOPIC).len(), 3);
}

#[tokio::test]
async fn a_closed_publisher_connects_again() {
    let broker = broker(1).await;
    let publisher = publisher(&broker);
    assert!(publisher.publish(&numbered(1)).await[0].is_ok());
    publisher.close().await.expect("closes");
    assert!(publisher.publish(&numbered(1)).await[0].is_ok());
}

#[tokio::test]
async fn addresses_that_are_none_are_a_fatal_fault_of_the_configuration() {
    let publisher = Publisher::new(PublisherSettings::new(Connection::plaintext(" ")));
    assert_eq!(reasons(&publisher.publish(&numbered(1)).await), [(Class::Fatal, "Configuration")]);
}
