//! Kafka away: the shop goes on, and Kafka gets everything when it is back.

use std::collections::{BTreeMap, BTreeSet};

use semel_contracts::decode;
use semel_exactly_once::Clock;
use semel_kafka::Message;
use semel_tests::{Goods, Kafka, Outage, Reader, Stack, eventually, order_request, unique};

/// Every event of an order that goes well, with the topic of the service that emits it.
const EVENTS: [(&str, &str); 8] = [
    ("inventory", "InventoryReserved"),
    ("orders", "OrderConfirmed"),
    ("orders", "OrderCreated"),
    ("payments", "PaymentAuthorized"),
    ("payments", "PaymentProcessed"),
    ("shipping", "ShipmentCreated"),
    ("shipping", "ShipmentDelivered"),
    ("shipping", "ShipmentDispatched"),
];
/// The topics of these that analytics reads, each in a group of its own.
const COUNTED: [&str; 2] = ["orders", "payments"];

#[test]
fn an_order_completes_while_kafka_is_away_and_its_events_are_there_when_it_is_back() {
    let stack = Stack::from_environment();
    let kafka = Kafka::from_environment();
    let goods = Goods::usual(&stack);
    let relay = stack.output("KafkaRelayFunctionName");
    let begun_at = semel_aws::SystemClock.now().to_string();

    let outage = Outage::begin();
    let request = order_request(&unique("c"), &[(&goods.sku, 1)], "pm_card_visa");
    let order_id = stack.place(&unique("k"), &request);
    // Every step of it comes from a table's stream.
    let order = stack.wait_for_status(&order_id, "delivered");
    assert_eq!(order.timeline().last(), Some(&"completed"), "{order:?}");
    // And it was away indeed.
    eventually(&format!("{relay} has tried in vain"), || {
        let mut lines = stack.log_lines(relay, "events could not be published yet");
        lines.retain(|line| line["timestamp"].as_str() >= Some(&begun_at) && line["carrier"] == "kafka");
        if lines.is_empty() { Err("it has no such line".to_owned()) } else { Ok(()) }
    });
    outage.end();

    let mut arrived = Arrived::default();
    let topics: BTreeSet<&str> = EVENTS.iter().map(|(topic, _)| *topic).collect();
    let reader = |topic: &&str| eventually("the broker is back", || kafka.try_reader(topic));
    let readers: Vec<Reader<'_>> = topics.iter().map(reader).collect();
    eventually("Kafka has every event of the order", || {
        for reader in &readers {
            for message in reader.try_poll()? {
                arrived.take(&order_id, &message);
            }
        }
        let found = arrived.events();
        if found == EVENTS.map(|(topic, event)| (topic.to_owned(), event.to_owned())) {
            return Ok(());
        }
        Err(format!("{found:?}"))
    });
    arrived.assert_each_is_one_event();
    readers.into_iter().for_each(Reader::close);
    // What the bridge reads of it goes on as well; the next test finds it in order.
    wait_until_consumed(&kafka);
}

/// The group in which analytics reads a topic.
fn group(topic: &str) -> String {
    let stack = std::env::var("SEMEL_STACK").expect("the stack's name");
    format!("{stack}-analytics-{topic}")
}

/// Waits until analytics has taken all that is in its topics.
fn wait_until_consumed(kafka: &Kafka) {
    for topic in COUNTED {
        eventually(&format!("{} has no lag", group(topic)), || {
            let offsets = kafka.try_offsets(&group(topic), topic)?;
            let lag: i64 = offsets.iter().map(semel_kafka::Offsets::lag).sum();
            if lag == 0 { Ok(()) } else { Err(format!("{lag} records")) }
        });
    }
}

/// The bytes of an event, for each time that it is in the log, by its id.
type Copies = BTreeMap<String, Vec<Vec<u8>>>;

/// The events of one order, by topic and type.
///
/// What was written while nobody knew whether it was is written again, as the same event: consumers know it by its id.
#[derive(Debug, Default)]
struct Arrived(BTreeMap<(String, String), Copies>);

impl Arrived {
    fn take(&mut self, order_id: &str, message: &Message) {
        if message.key.as_deref() != Some(order_id.as_bytes()) {
            return;
        }
        let value = message.value.as_deref().expect("an event has a value");
        let envelope = decode(std::str::from_utf8(value).expect("text")).expect("an event of the contract");
        let place = (message.topic.to_string(), envelope.data.kind().as_str().to_owned());
        let ids = self.0.entry(place).or_default();
        ids.entry(envelope.event_id.to_string()).or_default().push(value.to_vec());
    }

    /// Topics and types, in order.
    fn events(&self) -> Vec<(String, String)> {
        self.0.keys().cloned().collect()
    }

    fn assert_each_is_one_event(&self) {
        for (place, ids) in &self.0 {
            assert_eq!(ids.len(), 1, "{place:?} under several ids: {:?}", ids.keys());
            for copies in ids.values() {
                assert!(copies.iter().all(|copy| *copy == copies[0]), "{place:?} with different bytes");
            }
        }
    }
}
