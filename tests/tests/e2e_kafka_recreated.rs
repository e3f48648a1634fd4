//! A topic that is deleted and made again, on a real broker: what was counted from the old log stays as it was, and the
//! new one's records wait until somebody says that it is another log.
//!
//! The topic and its event source mapping are the test's own; both are gone in the end.

use std::collections::{BTreeMap, BTreeSet};

use semel_contracts::events::PaymentProcessed;
use semel_contracts::{Currency, MinorUnits, Money, OrderId};
use semel_exactly_once::batch::Fence;
use semel_kafka::Message;
use semel_tests::{Analytics, Kafka, OwnStack, Stack, envelope, eventually, kafka_payload, unique};
use serde_json::{Value, json};

const VALID: &str = "the test's own values are valid";
/// Payments before, far more than there are afterwards: the new log's offsets lie below the old fences.
const PAYMENTS: usize = 200;
const PARTITIONS: i32 = 2;
/// The topic comes back with one partition more, which has no past.
const PARTITIONS_AFTER: i32 = 3;
const NEW: i32 = 2;
const AMOUNT: i64 = 1_250;

#[test]
fn a_recreated_topic_halts_where_it_has_a_past_and_goes_on_where_it_has_none() {
    let stack = Stack::from_environment();
    let kafka = Kafka::from_environment();
    let test = Test { analytics: Analytics::of(&stack), kafka: &kafka, topic: unique("e2e-recreated") };
    kafka.create_topic(&test.topic, PARTITIONS);
    let mapping = OwnStack::create(&stack, &unique("e2e-mapping"), &test.mapping());
    let before = test.consume_the_first_life();
    let figures = test.analytics.figures(&test.topic, PARTITIONS_AFTER);
    let id = kafka.topic(&test.topic).id;

    kafka.delete_topic(&test.topic);
    kafka.create_topic(&test.topic, PARTITIONS_AFTER);
    assert_ne!(kafka.topic(&test.topic).id, id);
    let log = test.publish_to_every_partition();

    test.wait_until_halted(&log);
    test.assert_refused_when_invoked(&log);
    test.wait_for_the_new_partition(&log);
    // Where there is a past, nothing has moved: neither fence nor figure nor the group's place.
    assert_eq!(test.analytics.fences(&test.topic, PARTITIONS), before);
    let now = test.analytics.figures(&test.topic, PARTITIONS_AFTER);
    let writer = format!("{}-{NEW}@{}", test.topic, test.analytics.epoch());
    let (new, old): (BTreeMap<_, _>, _) = now.into_iter().partition(|((_, sk), _)| sk.ends_with(&writer));
    assert_eq!(old, figures);
    assert_eq!(revenue(new.values()), AMOUNT * i64::try_from(log[&NEW].len()).expect("few"));
    for offsets in kafka.offsets(&test.group(), &test.topic) {
        let records = i64::try_from(log[&offsets.partition].len()).expect("few");
        let lag = if offsets.partition == NEW { 0 } else { records };
        assert_eq!(offsets.lag(), lag, "{offsets:?}");
    }
    drop(mapping);
    kafka.delete_topic(&test.topic);
}

struct Test<'a> {
    analytics: Analytics<'a>,
    kafka: &'a Kafka,
    topic: String,
}

impl Test<'_> {
    fn group(&self) -> String {
        format!("{}-group", self.topic)
    }

    /// As the template's mappings are.
    fn mapping(&self) -> Value {
        json!({ "Resources": { "Mapping": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "FunctionName": self.analytics.function(),
                "SelfManagedEventSource": { "Endpoints": { "KafkaBootstrapServers": [self.kafka.brokers()] } },
                "SelfManagedKafkaEventSourceConfig": { "ConsumerGroupId": self.group() },
                "Topics": [self.topic],
                "StartingPosition": "TRIM_HORIZON",
                "BatchSize": 100,
                "MaximumBatchingWindowInSeconds": 0,
                "MaximumRetryAttempts": -1,
                "BisectBatchOnFunctionError": true,
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
            },
        } } })
    }

    fn publish(&self, payments: usize) -> BTreeSet<i32> {
        let records = (0..payments).map(|_| {
            let order_id = OrderId::derive(&unique("c"), "k");
            let payment = PaymentProcessed {
                order_id,
                amount: Money::of(MinorUnits::new(AMOUNT).expect(VALID), Currency::EUR),
                charge_id: "ch_1".parse().expect(VALID),
                email: "ada@example.com".parse().expect(VALID),
            };
            (order_id.to_string(), envelope(payment).encode().expect("small").into_bytes())
        });
        // A publisher that knew the topic in its life before would have to find out first.
        let publisher = self.kafka.publisher();
        let positions = self.kafka.publish(&publisher, &self.topic, records.collect());
        positions.into_iter().map(|position| position.partition).collect()
    }

    /// Publishes, and waits until everything has been counted; answers the fences.
    fn consume_the_first_life(&self) -> Vec<Option<Fence>> {
        self.publish(PAYMENTS);
        let fences = eventually("the payments are counted", || {
            let fences = self.analytics.fences(&self.topic, PARTITIONS);
            let applied: u64 = fences.iter().flatten().map(|fence| fence.totals.applied).sum();
            if applied == PAYMENTS as u64 { Ok(fences) } else { Err(format!("{applied} of {PAYMENTS}")) }
        });
        eventually("the group has no lag", || {
            let offsets = self.kafka.try_offsets(&self.group(), &self.topic)?;
            if offsets.iter().all(|each| each.lag() == 0) { Ok(()) } else { Err(format!("{offsets:?}")) }
        });
        let figures = self.analytics.figures(&self.topic, PARTITIONS);
        assert_eq!(revenue(figures.values()), AMOUNT * i64::try_from(PAYMENTS).expect("few"));
        fences
    }

    /// Publishes until each partition of the new life has something, and reads it all back.
    fn publish_to_every_partition(&self) -> BTreeMap<i32, Vec<Message>> {
        let mut reached = BTreeSet::new();
        while reached.len() < usize::try_from(PARTITIONS_AFTER).expect("few") {
            reached.extend(self.publish(4));
        }
        let reader = self.kafka.reader(&self.topic);
        let ends = self.kafka.offsets(&self.group(), &self.topic);
        let mut log: BTreeMap<i32, Vec<Message>> = BTreeMap::new();
        while !reader.has_reached(&ends) {
            for record in reader.poll() {
                log.entry(record.partition).or_default().push(record);
            }
        }
        reader.close();
        log
    }

    /// Waits until the bridge has delivered the new records, and the function has said what is the matter.
    fn wait_until_halted(&self, log: &BTreeMap<i32, Vec<Message>>) {
        for partition in 0..PARTITIONS {
            let offset = log[&partition][0].offset;
            let error = format!("halted at offset {offset} of {}-{partition} of main", self.topic);
            let line = eventually(&error, || {
                let lines = self.analytics.lines("stopped");
                let seen = lines.len();
                let is_it = |line: &Value| line["detail"].as_str().is_some_and(|text| text.contains(&error));
                lines.into_iter().find(is_it).ok_or_else(|| format!("{seen} others"))
            });
            assert_eq!((&line["level"], &line["topic"]), (&json!("ERROR"), &json!(self.topic)), "{line}");
            let detail = line["detail"].as_str().unwrap_or_default();
            for part in ["The topic was recreated or its offsets were reset", "deploy with a new epoch"] {
                assert!(detail.contains(part), "{detail}");
            }
        }
    }

    /// The same when the function is invoked with the records: it wants them again from the first one, and only those
    /// of the partitions that are halted.
    fn assert_refused_when_invoked(&self, log: &BTreeMap<i32, Vec<Message>>) {
        let slices: Vec<&[Message]> = log.values().map(Vec::as_slice).collect();
        let answered = self.analytics.deliver(&kafka_payload(self.kafka.brokers(), &slices));
        assert_eq!(answered.error, None, "{answered:?}");
        let failures = (0..PARTITIONS).map(|partition| {
            let offset = log[&partition][0].offset;
            json!({ "itemIdentifier": { "partition": format!("{}-{partition}", self.topic), "offset": offset } })
        });
        let mut found = answered.body["batchItemFailures"].as_array().cloned().unwrap_or_default();
        found.sort_by_key(Value::to_string);
        let mut expected: Vec<Value> = failures.collect();
        expected.sort_by_key(Value::to_string);
        assert_eq!(found, expected);
    }

    fn wait_for_the_new_partition(&self, log: &BTreeMap<i32, Vec<Message>>) {
        eventually("the new partition goes on", || {
            let fences = self.analytics.fences(&self.topic, PARTITIONS_AFTER);
            let applied = fences[2].as_ref().map(|fence| fence.totals.applied);
            let offsets = self.kafka.try_offsets(&self.group(), &self.topic)?;
            let is_done = applied == Some(log[&NEW].len() as u64) && offsets[2].lag() == 0;
            if is_done { Ok(()) } else { Err(format!("{applied:?} applied, {:?}", offsets[2])) }
        });
    }
}

fn revenue<'a>(figures: impl Iterator<Item = &'a BTreeMap<String, String>>) -> i64 {
    figures.map(|figure| figure["revenue"].parse::<i64>().expect("digits")).sum()
}
