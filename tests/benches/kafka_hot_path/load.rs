//! Batches as Lambda's poller sends them: 5 MB of telemetry events of about 1 KB, in base64.
//!
//! What clients send is mostly what people do in the shop: of 100 events 50 are pages, 33 products, 10 carts, and 7 come
//! from devices. Every event has an id of its own.

use std::fmt::Write;

/// The partition that everything is in.
pub const PARTITION: i32 = 7;
/// 2026-11-22T16:50:00Z.
const START_MS: u64 = 1_795_366_200_000;
/// What a batch may have: the poller's 6 MB, less what the envelope of the invocation may add.
const PAYLOAD_BYTES: usize = 5_000_000;
/// Events a second of event time: a partition of a topic that takes a million a second on 200 partitions.
const EVENTS_PER_SECOND: u64 = 5_000;

/// Writes events, numbered.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// How many articles are looked at: most of what a batch has of different aggregates.
    pub articles: u64,
    next: u64,
}

impl Load {
    /// From the first event on.
    pub fn new(articles: u64) -> Self {
        Self { articles, next: 0 }
    }

    /// The next event's offset, value and Kafka timestamp.
    pub fn event(&mut self) -> (i64, u64, String) {
        let number = self.next;
        self.next += 1;
        let taken_ms = START_MS + number * 1_000 / EVENTS_PER_SECOND;
        (i64::try_from(number).expect("few events"), taken_ms, self.value(number, taken_ms))
    }

    fn value(self, number: u64, at_ms: u64) -> String {
        let mut value = String::with_capacity(1_200);
        let (minute, second, milli) = (at_ms / 60_000 % 60, at_ms / 1_000 % 60, at_ms % 1_000);
        let hour = at_ms / 3_600_000 % 24;
        let session = uuid(number / 20 + (1 << 40));
        let place = number % 100;
        let (event_type, aggregate, data) = match place {
            0..50 => ("PageViewed", &session, page(&session, number)),
            50..83 => ("ProductViewed", &session, self.product(&session, number)),
            83..93 => ("CartUpdated", &session, self.cart(&session, number)),
            93..99 => ("ItemScanned", &session, scan(&session, number)),
            _ => ("DeviceReported", &session, report(&session)),
        };
        let id = uuid(number);
        // Writing to a string cannot fail.
        let _ = write!(
            value,
            "{{\"event_id\":\"{id}\",\"event_type\":\"{event_type}\",\
             \"timestamp\":\"2026-11-22T{hour:02}:{minute:02}:{second:02}.{milli:03}Z\",\"data\":{data},\
             \"metadata\":{{\"producer_id\":\"mobile-app\",\"version\":\"1.0\",\"aggregate_id\":\"{aggregate}\",\
             \"sequence\":{number},\"correlation_id\":\"{session}\",\
             \"traceparent\":\"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\"}}}}"
        );
        value
    }

    fn product(self, session: &str, number: u64) -> String {
        let sku = mixed(number) % self.articles;
        format!(
            "{{\"session_id\":\"{session}\",\"customer_id\":\"customer-{number:08}\",\"sku\":\"SKU-{sku:06}\",\
             \"url\":\"https://shop.example.com/products/SKU-{sku:06}?utm_source=newsletter&utm_medium=email\
             &utm_campaign=november-sale&position={:03}\",\
             \"referrer\":\"https://shop.example.com/search?q=blue+ceramic+mug&page=2&sort=price\",{CLIENT}}}",
            number % 1_000
        )
    }

    fn cart(self, session: &str, number: u64) -> String {
        let sku = mixed(number) % self.articles;
        format!(
            "{{\"session_id\":\"{session}\",\"customer_id\":\"customer-{number:08}\",\"sku\":\"SKU-{sku:06}\",\
             \"quantity\":{},{CLIENT}}}",
            number % 5
        )
    }
}

const CLIENT: &str = "\"client\":{\"kind\":\"mobile\",\"os\":\"iOS 18.1.1\",\"app_version\":\"5.12.3\",\
    \"locale\":\"de-AT\",\"user_agent\":\"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1_1 like Mac OS X) \
    AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1\",\
    \"viewport\":{\"width\":393,\"height\":852}}";

fn page(session: &str, number: u64) -> String {
    format!(
        "{{\"session_id\":\"{session}\",\"customer_id\":\"customer-{number:08}\",\"page\":\"/collections/autumn\",\
         \"url\":\"https://shop.example.com/collections/autumn?utm_source=newsletter&utm_medium=email\
         &utm_campaign=november-sale&page={:03}\",\
         \"referrer\":\"https://www.example.org/articles/2026/11/the-best-ceramics-of-the-year?ref=frontpage\",\
         \"title\":\"The autumn collection: mugs, plates and bowls\",{CLIENT}}}",
        number % 1_000
    )
}

fn scan(device: &str, number: u64) -> String {
    format!(
        "{{\"device_id\":\"{device}\",\"warehouse\":\"vie-1\",\"shelf\":\"A-{:04}\",\"sku\":\"SKU-000001\",\
         \"direction\":\"out\",\"quantity\":1}}",
        number % 1_000
    )
}

fn report(device: &str) -> String {
    format!(
        "{{\"device_id\":\"{device}\",\"battery_percent\":87,\"signal_dbm\":-61,\"temperature_decicelsius\":214,\
         \"firmware\":\"2.1.0\",\"uptime_seconds\":86400,\"errors\":0}}"
    )
}

/// Spreads numbers evenly; one to one.
fn mixed(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

fn uuid(number: u64) -> String {
    let (high, low) = (mixed(number), mixed(!number));
    format!(
        "{:08x}-{:04x}-7{:03x}-8{:03x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 48 & 0xfff,
        low & 0xffff_ffff_ffff
    )
}

/// One invocation.
#[derive(Debug)]
pub struct Batch {
    /// The payload.
    pub payload: Vec<u8>,
    /// Where its values are in the payload, in base64.
    pub values: Vec<std::ops::Range<usize>>,
    /// Bytes of all values.
    pub value_bytes: usize,
}

/// The next batch.
pub fn batch(load: &mut Load) -> Batch {
    let mut payload = format!(
        "{{\"eventSource\":\"aws:kafka\",\"eventSourceArn\":\"arn:aws:kafka:eu-central-1:123456789012:cluster/semel/1\",\
         \"bootstrapServers\":\"b-1.semel.kafka.eu-central-1.amazonaws.com:9098\",\"records\":{{\"telemetry-{PARTITION}\":["
    );
    let (mut values, mut value_bytes) = (Vec::new(), 0);
    while payload.len() < PAYLOAD_BYTES {
        let (offset, taken_ms, value) = load.event();
        value_bytes += value.len();
        if !values.is_empty() {
            payload.push(',');
        }
        let encode = |text: &str| base64_turbo::STANDARD.encode(text);
        // The key is the session, which every value names at the same place.
        let key = encode(&uuid(u64::try_from(offset).expect("from zero on") / 20 + (1 << 40)));
        let _ = write!(
            payload,
            "{{\"topic\":\"telemetry\",\"partition\":{PARTITION},\"offset\":{offset},\"timestamp\":{taken_ms},\
             \"timestampType\":\"LOG_APPEND_TIME\",\"key\":\"{key}\",\"value\":\""
        );
        let from = payload.len();
        payload.push_str(&encode(&value));
        values.push(from..payload.len());
        payload.push_str("\",\"headers\":[]}");
    }
    payload.push_str("]}}");
    Batch { payload: payload.into_bytes(), values, value_bytes }
}
