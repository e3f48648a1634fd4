//! The same crate against a real Apache Kafka broker: `SEMEL_BROKERS=127.0.0.1:9092 cargo test -p semel-kafka
//! --features consumer --test real_broker -- --ignored`. Every test makes a topic of its own and deletes it.
#![cfg(feature = "consumer")]

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use semel_exactly_once::Class;
use semel_kafka::{
    Cluster, Connection, Consumer, Group, KafkaError, Message, NewTopic, Publisher, PublisherSettings,
    Record, TimestampType, TopicPartition,
};
use uuid::Uuid;

const TIMEOUT: Duration = Duration::from_secs(20);

struct Lab {
    cluster: Cluster,
    connection: Connection,
    topic: String,
}

impl Lab {
    async fn with(partitions: i32, setting: (&str, &str)) -> Self {
        let brokers = std::env::var("SEMEL_BROKERS").expect("SEMEL_BROKERS names the brokers");
        let connection = Connection::plaintext(brokers);
        let cluster = Cluster::connect(&connection, TIMEOUT).await.expect("the brokers answer");
        let topic = format!("test-{}", Uuid::new_v4());
        let mut wanted = NewTopic::new(&topic, partitions).with(setting.0, setting.1);
        wanted.replication = 1;
        assert!(cluster.create_topic(&wanted).await.expect("creates"));
        assert!(!cluster.create_topic(&wanted).await.expect("exists"));
        Self { cluster, connection, topic }
    }

    async fn new(partitions: i32) -> Self {
        Self::with(partitions, ("cleanup.policy", "delete")).await
    }

    fn publisher(&self) -> Publisher {
        Publisher::new(PublisherSettings::new(self.connection.clone()))
    }

    async fn member(&self) -> Consumer {
        self.cluster.join(Group::new(&self.topic, [&self.topic])).await.expect("joins")
    }

    async fn end(self) {
        assert!(self.cluster.delete_topic(&self.topic).await.expect("deletes"));
    }
}

/// Polls until `count` messages came.
async fn read(consumer: &Consumer, count: usize) -> Vec<Message> {
    let mut all = Vec::new();
    let reading = async {
        while all.len() < count {
            all.extend(consumer.poll(Duration::from_millis(200)).await.expect("polls"));
        }
    };
    let ended = tokio::time::timeout(TIMEOUT, reading).await;
    assert!(ended.is_ok(), "{} of {count} messages", all.len());
    all
}

fn text(message: &Message) -> String {
    String::from_utf8(message.value.as_deref().expect("a value").to_vec()).expect("UTF-8")
}

fn fault(outcome: Result<semel_kafka::Position, KafkaError>) -> (Class, String) {
    let error = outcome.expect_err("refused");
    (error.class, error.code)
}

#[tokio::test]
#[ignore = "needs a Kafka broker: SEMEL_BROKERS"]
async fn what_is_published_is_read_once_and_goes_on_after_the_commit() {
    let lab = Lab::with(3, ("message.timestamp.type", "LogAppendTime")).await;
    let publisher = lab.publisher();
    let values: Vec<String> = (0..3_000).map(|n| n.to_string()).collect();
    let mut records: Vec<Record<'_>> = values
        .iter()
        .map(|value| Record::new(&lab.topic, format!("key-{}", value.len()), value.clone()))
        .collect();
    records[0].key = None;
    records[0].headers = vec![("a", Bytes::from_static(b"1")), ("a", Bytes::new())];
    assert!(publisher.publish(&records).await.iter().all(Result::is_ok));

    let member = lab.member().await;
    let first = read(&member, values.len()).await;
    let seen: BTreeSet<String> = first.iter().map(text).collect();
    assert_eq!((first.len(), seen.len()), (values.len(), values.len()));
    assert!(first.iter().all(|message| message.timestamp_type == TimestampType::LogAppendTime));
    let keyless = first.iter().find(|message| text(message) == "0").expect("the first record");
    assert_eq!(keyless.key, None);
    let pair = |value: &'static [u8]| ("a".to_owned(), Some(Bytes::from_static(value)));
    assert_eq!(keyless.headers, [pair(b"1"), pair(b"")]);
    // Messages of a key are in one partition, in the order they were given.
    let fours: Vec<usize> = first
        .iter()
        .map(text)
        .filter(|value| value.len() == 4)
        .map(|value| value.parse().expect("a number"))
        .collect();
    assert_eq!(fours, (1_000..3_000).collect::<Vec<_>>());

    let before = lab.cluster.offsets(&lab.topic, &lab.topic).await.expect("offsets");
    assert_eq!(before.iter().map(semel_kafka::Offsets::lag).sum::<i64>(), 3_000);
    let ends: Vec<(TopicPartition, i64)> =
        before.iter().map(|at| (TopicPartition::new(&lab.topic, at.partition), at.end)).collect();
    member.commit(&ends).await.expect("commits");
    let after = lab.cluster.offsets(&lab.topic, &lab.topic).await.expect("offsets");
    assert_eq!(after.iter().map(semel_kafka::Offsets::lag).sum::<i64>(), 0);
    member.close(TIMEOUT).await.expect("leaves");

    assert!(publisher.publish(&[Record::new(&lab.topic, "k", "next")]).await[0].is_ok());
    let member = lab.member().await;
    assert_eq!(read(&member, 1).await.iter().map(text).collect::<Vec<_>>(), ["next"]);
    member.close(TIMEOUT).await.expect("leaves");
    publisher.close().await.expect("closes");
    lab.end().await;
}

#[tokio::test]
#[ignore = "needs a Kafka broker: SEMEL_BROKERS"]
async fn a_member_can_go_back_and_hold_partitions() {
    let lab = Lab::new(2).await;
    let publisher = lab.publisher();
    let keys: Vec<String> = (0..40).map(|n| format!("key-{n}")).collect();
    let records: Vec<Record<'_>> =
        keys.iter().map(|key| Record::new(&lab.topic, key.clone(), key.clone())).collect();
    assert!(publisher.publish(&records).await.iter().all(Result::is_ok));
    let member = lab.member().await;
    let all = read(&member, 40).await;
    let zero = TopicPartition::new(&lab.topic, 0);
    let of_zero = all.iter().filter(|message| message.partition == 0).count();
    assert!(of_zero > 0 && of_zero < 40, "both partitions have some");
    assert_eq!(member.assignment().await.len(), 2);

    member.seek(&zero, 0).await.expect("seeks");
    member.pause(std::slice::from_ref(&zero)).await;
    assert!(member.poll(Duration::from_millis(500)).await.expect("polls").is_empty(), "held");
    member.resume(std::slice::from_ref(&zero)).await;
    let again = read(&member, of_zero).await;
    assert!(again.iter().all(|message| message.partition == 0));
    assert_eq!(again.len(), of_zero);
    member.close(TIMEOUT).await.expect("leaves");
    lab.end().await;
}

#[tokio::test]
#[ignore = "needs a Kafka broker: SEMEL_BROKERS"]
async fn an_aborted_transaction_is_never_read() {
    let lab = Lab::with(1, ("max.message.bytes", "20000")).await;
    let settings = PublisherSettings::new(lab.connection.clone());
    let publisher = Publisher::new(settings.transactional(format!("{}-id", lab.topic)));
    let small = |value: &'static str| Record::new(&lab.topic, "k", value);
    let large = Record::new(&lab.topic, "k", "x".repeat(50_000));
    assert!(publisher.publish(&[small("1"), small("2")]).await.iter().all(Result::is_ok));
    // A batch of its own, so that the refusal is told from the small one's.
    let outcomes = publisher.publish(&[large]).await;
    assert_eq!(
        outcomes.into_iter().map(fault).collect::<Vec<_>>(),
        [(Class::Fatal, "MessageTooLarge".to_owned())]
    );
    assert!(publisher.publish(&[small("3")]).await[0].is_ok());
    let member = lab.member().await;
    let values: Vec<String> = read(&member, 3).await.iter().map(text).collect();
    assert_eq!(values, ["1", "2", "3"]);
    member.close(TIMEOUT).await.expect("leaves");
    publisher.close().await.expect("closes");
    lab.end().await;
}

#[tokio::test]
#[ignore = "needs a Kafka broker: SEMEL_BROKERS"]
async fn a_record_too_large_for_the_topic_is_refused_and_its_neighbours_are_written() {
    let lab = Lab::with(1, ("max.message.bytes", "300000")).await;
    let publisher = lab.publisher();
    let records = [
        Record::new(&lab.topic, "k", "1"),
        Record::new(&lab.topic, "k", "x".repeat(400_000)),
        Record::new(&lab.topic, "k", "2"),
    ];
    let mut outcomes = publisher.publish(&records).await;
    assert_eq!(fault(outcomes.remove(1)), (Class::Fatal, "MessageTooLarge".to_owned()));
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    lab.end().await;
}

#[tokio::test]
#[ignore = "needs a Kafka broker: SEMEL_BROKERS"]
async fn an_unknown_topic_is_a_fatal_error_and_a_topic_made_anew_has_another_id() {
    let lab = Lab::new(1).await;
    let missing = lab.publisher().publish(&[Record::new("no-such-topic", "k", "v")]).await.remove(0);
    assert_eq!(fault(missing), (Class::Fatal, "UnknownTopicOrPartition".to_owned()));
    assert_eq!(lab.cluster.topic("no-such-topic").await.expect("answers"), None);
    assert!(!lab.cluster.delete_topic("no-such-topic").await.expect("answers"));

    let first = lab.cluster.topic(&lab.topic).await.expect("answers").expect("exists");
    assert!(lab.cluster.delete_topic(&lab.topic).await.expect("deletes"));
    let mut again = NewTopic::new(&lab.topic, 2);
    again.replication = 1;
    assert!(lab.cluster.create_topic(&again).await.expect("the name is free again"));
    let second = lab.cluster.topic(&lab.topic).await.expect("answers").expect("exists");
    assert_ne!(first.id, second.id);
    assert_eq!(second.partitions, 2);
    lab.end().await;
}
