//! Batches that are sent again: at once, days later, changed, and while Kafka is away.

use std::time::Duration;

use serde_json::json;

use super::fixture::{Fixture, page, post, with_key, zip};
use crate::limits::MEMORY_SECONDS_DEFAULT;

fn batch() -> serde_json::Value {
    post(&json!([page(1), page(2)]).to_string())
}

#[test]
fn a_batch_that_is_sent_again_days_later_is_told_so() {
    for request in [batch(), with_key(batch(), "k-1")] {
        let fixture = Fixture::default();
        assert_eq!(fixture.answer(&request).statuses(), ["accepted", "accepted"]);
        fixture.clock.advance(Duration::from_hours(6 * 24));
        let again = fixture.answer(&request);
        assert_eq!((again.status, again.statuses()), (200, vec!["duplicate".to_owned(); 2]));
        assert_eq!((fixture.published().len(), fixture.calls()), (2, 1));
    }
}

#[test]
fn how_a_batch_is_wrapped_makes_no_other_batch_of_it() {
    let fixture = Fixture::default();
    fixture.answer(&with_key(batch(), "k-1"));
    let mut lines = with_key(post(&format!("{}\n{}", page(1), page(2))), "k-1");
    lines["headers"]["content-type"] = json!("application/x-ndjson");
    zip(&mut lines);
    assert_eq!(fixture.answer(&lines).statuses(), ["duplicate", "duplicate"]);
}

#[test]
fn after_its_time_a_batch_is_published_again_with_the_same_bytes() {
    let fixture = Fixture::default();
    fixture.answer(&batch());
    fixture.clock.advance(Duration::from_secs(u64::from(MEMORY_SECONDS_DEFAULT) + 1));
    assert_eq!(fixture.answer(&batch()).statuses(), ["accepted", "accepted"]);
    let published = fixture.published();
    assert_eq!(published[..2], published[2..], "so that consumers drop them by their ids");
}

#[test]
fn another_batch_under_the_same_key_is_refused() {
    let fixture = Fixture::default();
    fixture.answer(&with_key(batch(), "k-1"));
    let other = with_key(post(&json!([page(1), page(3)]).to_string()), "k-1");
    assert_eq!(fixture.answer(&other).status, 422);
    assert_eq!(fixture.answer(&with_key(other, "k-2")).status, 200);
}

#[test]
fn the_same_ids_with_other_content_are_refused() {
    let fixture = Fixture::default();
    fixture.answer(&batch());
    let mut changed = page(2);
    changed["data"]["page"] = json!("/another");
    assert_eq!(fixture.answer(&post(&json!([page(1), changed]).to_string())).status, 422);
    assert_eq!(fixture.published().len(), 2);
}

#[test]
fn an_event_that_was_early_then_is_taken_when_it_is_no_more() {
    let mut early = page(2);
    early["timestamp"] = json!("2026-01-01T00:10:00.000Z");
    let request = with_key(post(&json!([page(1), early]).to_string()), "k-1");
    let fixture = Fixture::default();
    assert_eq!(fixture.answer(&request).statuses(), ["accepted", "rejected"]);
    fixture.clock.advance(Duration::from_mins(6));
    assert_eq!(fixture.answer(&request).statuses(), ["duplicate", "accepted"]);
    assert_eq!(fixture.answer(&request).statuses(), ["duplicate", "duplicate"]);
    assert_eq!(fixture.published().len(), 2);
}

#[test]
fn nothing_is_remembered_of_a_batch_that_kafka_did_not_take() {
    let fixture = Fixture::default();
    fixture.fail_next([0, 1]);
    let failed = fixture.answer(&batch());
    assert_eq!((failed.status, failed.retry_after.as_deref()), (503, Some("1")));
    assert_eq!(fixture.answer(&batch()).statuses(), ["accepted", "accepted"]);
    assert_eq!(fixture.published().len(), 2);
}

#[test]
fn what_kafka_took_in_part_is_sent_again_under_the_same_key() {
    let fixture = Fixture::default();
    fixture.fail_next([1]);
    let request = with_key(batch(), "k-1");
    let partly = fixture.answer(&request);
    assert_eq!((partly.status, partly.statuses()), (207, vec!["accepted".to_owned(), "retry".to_owned()]));
    assert_eq!(partly.body["retry"], 1);
    assert_eq!(fixture.answer(&request).statuses(), ["accepted", "accepted"]);
    let bytes: Vec<String> = fixture.published().into_iter().map(|(_, value)| value).collect();
    assert_eq!(bytes, [page(1), page(1), page(2)].map(|event| event.to_string()));
}

#[test]
fn two_callers_may_use_the_same_key() {
    let fixture = Fixture::of(crate::Auth::Jwt);
    for subject in ["ada", "eve"] {
        let mut request = with_key(batch(), "k-1");
        request["requestContext"]["authorizer"] =
            json!({"jwt": {"claims": {"sub": subject}, "scopes": null}});
        assert_eq!(fixture.answer(&request).statuses(), ["accepted", "accepted"], "{subject}");
    }
}
