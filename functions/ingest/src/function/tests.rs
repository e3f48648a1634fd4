//! The function as a whole, over ports in memory: requests of clients and messages of devices.

#[path = "tests/devices.rs"]
mod devices;
#[path = "tests/fixture.rs"]
mod fixture;
#[path = "tests/refusals.rs"]
mod refusals;
#[path = "tests/repeating.rs"]
mod repeating;

use serde_json::json;

use self::fixture::{Fixture, page, post};

#[test]
fn events_are_published_byte_for_byte_under_their_aggregate() {
    let fixture = Fixture::default();
    let odd = page(1).to_string().replace(',', " ,\n ");
    let body = format!("[ {odd} , {}]", page(2));
    let answer = fixture.answer(&post(&body));
    assert_eq!((answer.status, &answer.body["accepted"]), (200, &json!(2)));
    assert_eq!(answer.statuses(), ["accepted", "accepted"]);
    assert_eq!(answer.body["events"][1]["event_id"], page(2)["event_id"]);
    let expected = vec![("s-1".to_owned(), odd), ("s-1".to_owned(), page(2).to_string())];
    assert_eq!(fixture.published(), expected);
}

#[test]
fn lines_and_gzip_are_understood_and_one_event_alone_too() {
    for (content_type, body) in [
        ("application/x-ndjson", format!("{}\n{}\n", page(1), page(2))),
        ("application/x-ndjson; charset=utf-8", format!("[{},{}]", page(1), page(2))),
        ("Application/JSON", format!("[{},{}]", page(1), page(2))),
    ] {
        for gzip in [false, true] {
            let fixture = Fixture::default();
            let mut request = post(&body);
            request["headers"]["content-type"] = json!(content_type);
            if gzip {
                fixture::zip(&mut request);
            }
            let answer = fixture.answer(&request);
            assert_eq!((answer.status, &answer.body["accepted"]), (200, &json!(2)), "{content_type} {gzip}");
            assert_eq!(fixture.published()[1].1, page(2).to_string());
        }
    }
    assert_eq!(Fixture::default().answer(&post(&page(1).to_string())).body["accepted"], 1);
}

#[test]
fn each_event_is_answered_and_bad_ones_keep_no_good_one_back() {
    let fixture = Fixture::default();
    let mut bad = page(2);
    bad["data"]["page"] = json!("");
    let answer = fixture.answer(&post(&json!([page(1), bad, page(1), page(3)]).to_string()));
    assert_eq!(answer.status, 207);
    assert_eq!(answer.statuses(), ["accepted", "rejected", "duplicate", "accepted"]);
    let told = &answer.body["events"][1];
    assert_eq!((&told["index"], &told["reason"]), (&json!(1), &json!("invalid_value")));
    assert_eq!((&told["field"], &told["event_id"]), (&json!("data.page"), &page(2)["event_id"]));
    assert_eq!(answer.body["rejected"], 1);
    assert_eq!(fixture.published().len(), 2);
}

#[test]
fn an_event_of_a_newer_major_version_is_told_from_a_broken_one_so_that_its_client_keeps_it() {
    let fixture = Fixture::default();
    let of_version = |number, version: &str| {
        let mut event = page(number);
        event["metadata"]["version"] = json!(version);
        event
    };
    let mut newer = of_version(2, "2.0");
    newer["data"] = json!({"of": "another shape"});
    let events = [newer, of_version(3, "0.9"), of_version(4, "1.9")];
    let answer = fixture.answer(&post(&json!(events).to_string()));
    assert_eq!((answer.status, &answer.body["unsupported"]), (207, &json!(1)));
    assert_eq!(answer.statuses(), ["unsupported", "rejected", "accepted"]);
    let told = &answer.body["events"][0];
    assert_eq!(
        (&told["reason"], &told["field"]),
        (&json!("unsupported_version"), &json!("metadata.version"))
    );
    assert_eq!(told["event_id"], page(2)["event_id"]);
    assert_eq!(fixture.answer(&post(&json!([events[0]]).to_string())).status, 207, "alone, too");
    let published: Vec<String> = fixture.published().into_iter().map(|(_, value)| value).collect();
    assert_eq!(published, [events[2].to_string()], "as it was sent, its version too");
}

#[test]
fn a_batch_of_bad_events_leaves_no_trace() {
    let fixture = Fixture::default();
    let answer = fixture.answer(&post("[{}, 1]"));
    assert_eq!((answer.status, answer.statuses()), (207, vec!["rejected".to_owned(), "rejected".to_owned()]));
    assert_eq!((fixture.published().len(), fixture.calls()), (0, 0));
}

#[test]
fn a_batch_costs_one_call_of_kafka_and_two_writes_of_its_record() {
    let fixture = Fixture::default();
    let events: Vec<_> = (0..500).map(page).collect();
    assert_eq!(fixture.answer(&post(&json!(events).to_string())).body["accepted"], 500);
    assert_eq!((fixture.calls(), fixture.record_writes()), (1, 2));
}

#[test]
fn a_request_is_counted_in_the_invocations_line() {
    let fixture = Fixture::default();
    let (_, counts) = fixture.request(&post(&json!([page(1), page(1), {}]).to_string()));
    let mut expected = vec![("records", 3), ("accepted", 1), ("duplicate", 1)];
    expected.extend([("rejected", 1), ("retry", 0), ("unsupported", 0)]);
    assert_eq!(counts, expected);
}
