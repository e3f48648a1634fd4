//! The borrowing reader against the contract: what it reads, `decode_telemetry` reads too and alike, however the event
//! is written, spoilt or broken; and what is usually written it does read.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use semel_contracts::borrowed::{EnvelopeRef, TelemetryEvent};
use semel_contracts::decode_telemetry;

const SESSION: &str = "0193557d-2a4b-7c1e-8f00-0123456789ab";

/// The data of each type: its fields with values, all of them good.
const EVENTS: [(&str, &[(&str, &str)]); 6] = [
    (
        "PageViewed",
        &[
            ("session_id", "\"s.1_2:3-4\""),
            ("customer_id", "\"customer-1\""),
            ("page", "\"/products\""),
            ("url", "\"https://shop.example.com/products?page=2&sort=price\""),
            ("referrer", "null"),
            ("title", "\"Blaue Becher – 漢 🎁\""),
            ("client", CLIENT),
        ],
    ),
    (
        "ProductViewed",
        &[
            ("session_id", "\"s.1_2:3-4\""),
            ("sku", "\"MUG-BLUE\""),
            ("url", "\"https://shop.example.com/products/MUG-BLUE\""),
            ("referrer", "\"https://shop.example.com/search?q=blue+mug\""),
            ("client", CLIENT),
        ],
    ),
    (
        "CartUpdated",
        &[
            ("session_id", "\"s.1_2:3-4\""),
            ("customer_id", "null"),
            ("sku", "\"MUG-BLUE\""),
            ("quantity", "0"),
            ("client", "{\"kind\":\"web\",\"os\":\"Linux\",\"app_version\":\"1\",\"locale\":\"de\"}"),
        ],
    ),
    (
        "ShelfCounted",
        &[
            ("device_id", "\"s.1_2:3-4\""),
            ("warehouse", "\"vie-1\""),
            ("shelf", "\"A-07\""),
            ("sku", "\"MUG-BLUE\""),
            ("quantity", "1000000"),
        ],
    ),
    (
        "ItemScanned",
        &[
            ("device_id", "\"s.1_2:3-4\""),
            ("warehouse", "\"vie-1\""),
            ("shelf", "\"A-07\""),
            ("sku", "\"MUG-BLUE\""),
            ("direction", "\"out\""),
            ("quantity", "12"),
        ],
    ),
    (
        "DeviceReported",
        &[
            ("device_id", "\"s.1_2:3-4\""),
            ("battery_percent", "98"),
            ("signal_dbm", "-67"),
            ("temperature_decicelsius", "-5"),
            ("firmware", "\"2.1.0+build.7\""),
            ("uptime_seconds", "4294967295"),
            ("errors", "0"),
        ],
    ),
];

const CLIENT: &str = concat!(
    "{\"kind\":\"mobile\",\"os\":\"iOS 18.1\",\"app_version\":\"5.12.3\",\"locale\":\"de-AT\",",
    "\"user_agent\":\"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1_1 like Mac OS X)\",",
    "\"viewport\":{\"width\":393,\"height\":852}}"
);

const METADATA: [(&str, &str); 7] = [
    ("producer_id", "\"mobile-app\""),
    ("version", "\"1.0\""),
    ("aggregate_id", "\"s.1_2:3-4\""),
    ("sequence", "9007199254740991"),
    ("correlation_id", "\"c-1\""),
    ("causation_id", "\"0193557d-2a4b-7c1e-8f00-0123456789ab\""),
    ("traceparent", "\"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\""),
];

/// Values that stand where others should.
const STRANGERS: &[&str] = &[
    "null",
    "true",
    "0",
    "-0",
    "1.0",
    "1e3",
    "-1",
    "00",
    "01",
    "9007199254740992",
    "99999999999999999999",
    "1 ",
    "\"\"",
    "\" \"",
    "\"a b\"",
    "\"\\u0041\"",
    "\"a\\nb\"",
    "\"MUG\\\"BLUE\"",
    "\"ä\"",
    "\"\u{7f}\"",
    "\"\u{1}\"",
    "\"in\"",
    "\"web\"",
    "\"1.1\"",
    "\"2.0\"",
    "\"01.0\"",
    "\"1970-01-01T00:00:00.000Z\"",
    "\"2026-02-30T00:00:00.000Z\"",
    "[]",
    "[1,\"a\"]",
    "{}",
    "{\"a\":[{}]}",
    "tru",
    "\"",
    "-",
    "",
];

type Member = (String, String);

fn object(members: &[Member], space: &str) -> String {
    let written: Vec<String> =
        members.iter().map(|(key, value)| format!("{space}\"{key}\"{space}:{space}{value}{space}")).collect();
    format!("{{{}}}", written.join(","))
}

fn members(fields: &[(&str, &str)]) -> Vec<Member> {
    fields.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// What is done to the members of one of the three objects.
#[derive(Debug, Clone)]
enum Change {
    Swap(Index, Index),
    Drop(Index),
    Repeat(Index, Index),
    Replace(Index, &'static str),
    Add(Index, &'static str, &'static str),
    Escape(Index),
}

fn change() -> impl Strategy<Value = (u8, Change)> {
    let unknown = select(vec!["more", "detail", "source", "\u{e4}", "data", "", "event\\u005fid"]);
    let stranger = || select(STRANGERS);
    let change = prop_oneof![
        4 => (any::<Index>(), any::<Index>()).prop_map(|(one, other)| Change::Swap(one, other)),
        1 => any::<Index>().prop_map(Change::Drop),
        1 => (any::<Index>(), any::<Index>()).prop_map(|(one, at)| Change::Repeat(one, at)),
        3 => (any::<Index>(), stranger()).prop_map(|(one, value)| Change::Replace(one, value)),
        3 => (any::<Index>(), unknown, stranger()).prop_map(|(at, key, value)| Change::Add(at, key, value)),
        1 => any::<Index>().prop_map(Change::Escape),
    ];
    (0..3_u8, change)
}

fn apply(change: &Change, members: &mut Vec<Member>) {
    if members.is_empty() {
        return;
    }
    let count = members.len();
    match change {
        Change::Swap(one, other) => members.swap(one.index(count), other.index(count)),
        Change::Drop(one) => drop(members.remove(one.index(count))),
        Change::Repeat(one, at) => members.insert(at.index(count + 1), members[one.index(count)].clone()),
        Change::Replace(one, value) => (*value).clone_into(&mut members[one.index(count)].1),
        Change::Add(at, key, value) => {
            members.insert(at.index(count + 1), ((*key).to_owned(), (*value).to_owned()));
        }
        Change::Escape(one) => {
            let (key, _) = &mut members[one.index(count)];
            if let Some(first) = key.chars().next() {
                *key = format!("\\u{:04x}{}", first as u32, &key[first.len_utf8()..]);
            }
        }
    }
}

/// An event with these changes, and white space around everything.
fn event(place: usize, changes: &[(u8, Change)], space: &str) -> String {
    let (event_type, fields) = EVENTS[place];
    let (mut data, mut metadata) = (members(fields), members(&METADATA));
    for (_, change) in changes.iter().filter(|(object, _)| *object == 0) {
        apply(change, &mut data);
    }
    for (_, change) in changes.iter().filter(|(object, _)| *object == 1) {
        apply(change, &mut metadata);
    }
    let mut envelope = members(&[
        ("event_id", &format!("\"{SESSION}\"")),
        ("event_type", &format!("\"{event_type}\"")),
        ("timestamp", "\"2026-11-22T16:50:00.123Z\""),
        ("data", &object(&data, space)),
        ("metadata", &object(&metadata, space)),
    ]);
    for (_, change) in changes.iter().filter(|(object, _)| *object == 2) {
        apply(change, &mut envelope);
    }
    format!("{space}{}{space}", object(&envelope, space))
}

/// Both readers' answers to the same bytes. Whether the borrowing one read them.
#[track_caller]
fn compare(bytes: &[u8]) -> bool {
    let (borrowed, owned) = (EnvelopeRef::read(bytes), decode_telemetry(bytes));
    let text = String::from_utf8_lossy(bytes);
    if let Some(borrowed) = &borrowed {
        assert_eq!(Ok(borrowed.to_envelope()), owned, "{text}");
    }
    match (TelemetryEvent::decode(bytes), owned) {
        (Ok(event), Ok(owned)) => {
            assert_eq!((event.event_id(), event.timestamp()), (owned.event_id, owned.timestamp), "{text}");
        }
        (Err(one), Err(other)) => assert_eq!(one, other, "{text}"),
        (one, other) => panic!("{one:?} but {other:?} for {text}"),
    }
    borrowed.is_some()
}

#[test]
fn what_is_usually_written_is_read_in_place() {
    for place in 0..EVENTS.len() {
        for space in ["", " ", "\n\t", "\r\n  "] {
            let event = event(place, &[], space);
            assert!(decode_telemetry(&event).is_ok(), "{:?}", decode_telemetry(&event));
            assert!(compare(event.as_bytes()), "{event}");
        }
        // As our own code writes it.
        let written = decode_telemetry(&event(place, &[], "")).expect("good").encode().expect("short");
        assert!(compare(written.as_bytes()), "{written}");
        // With the fields of a newer minor version.
        let newer =
            written.replacen("\"metadata\":{", "\"since\":\"1.1\",\"metadata\":{\"n\":-5,\"b\":true,", 1);
        assert!(compare(newer.as_bytes()), "{newer}");
        let newer = newer.replacen("\"version\":\"1.0\"", "\"version\":\"1.7\"", 1);
        assert!(compare(newer.as_bytes()), "{newer}");
        let read = EnvelopeRef::read(newer.as_bytes()).expect("compared");
        assert_eq!(read.metadata.version.to_string(), "1.7");
        // Another major version is left to the contract, which knows what becomes of it.
        let other = newer.replacen("\"version\":\"1.7\"", "\"version\":\"2.0\"", 1);
        assert!(!compare(other.as_bytes()), "{other}");
    }
}

#[test]
fn fields_in_any_order_are_read_in_place_as_long_as_the_type_comes_before_the_data() {
    for (event_type, fields) in EVENTS {
        let (mut data, mut metadata) = (members(fields), members(&METADATA));
        data.reverse();
        metadata.reverse();
        let rest = [
            ("metadata".to_owned(), object(&metadata, "")),
            ("event_type".to_owned(), format!("\"{event_type}\"")),
            ("data".to_owned(), object(&data, "")),
            ("timestamp".to_owned(), "\"2026-11-22T16:50:00.123Z\"".to_owned()),
            ("event_id".to_owned(), format!("\"{SESSION}\"")),
        ];
        assert!(compare(object(&rest, "").as_bytes()));
        let mut turned = rest.to_vec();
        turned.reverse();
        let turned = object(&turned, "");
        assert!(decode_telemetry(&turned).is_ok(), "{turned}");
        assert!(!compare(turned.as_bytes()));
    }
}

#[test]
fn what_is_too_long_or_no_text_is_left_to_the_contract() {
    let long = format!("{}{}", event(0, &[], ""), " ".repeat(semel_contracts::MAX_ENVELOPE_BYTES));
    assert!(!compare(long.as_bytes()));
    for bytes in [&b""[..], b"{", b"{}", b"[]", b"null", b"\xff", b"{\"event_id\":\"", b"{\"\xc3\":1}"] {
        assert!(!compare(bytes));
    }
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(200), "]".repeat(200));
    assert!(!compare(deep.as_bytes()));
}

#[test]
fn an_event_cut_off_anywhere_or_with_one_byte_changed_is_judged_as_the_contract_judges_it() {
    for place in 0..EVENTS.len() {
        let event = event(place, &[], "").into_bytes();
        for at in 0..event.len() {
            compare(&event[..at]);
            for byte in
                [b'"', b'\\', b' ', b',', b':', b'}', b'0', b'a', b'A', b'-', b'.', 0, 0x7f, 0x80, 0xff]
            {
                let mut changed = event.clone();
                changed[at] = byte;
                compare(&changed);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn changed_fields_are_judged_as_the_contract_judges_them(
        place in 0..EVENTS.len(),
        changes in vec(change(), 0..4),
        space in select(vec!["", "", " ", "\t"]),
    ) {
        compare(event(place, &changes, space).as_bytes());
    }

    #[test]
    fn changed_bytes_are_judged_as_the_contract_judges_them(
        place in 0..EVENTS.len(),
        edits in vec((any::<Index>(), 0..3_u8, any::<u8>()), 1..4),
    ) {
        let mut bytes = event(place, &[], "").into_bytes();
        for (at, kind, byte) in edits {
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => drop(bytes.remove(at)),
            }
        }
        compare(&bytes);
    }
}
