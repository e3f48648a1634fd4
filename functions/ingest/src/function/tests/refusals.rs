//! Requests that are refused as a whole: with a problem document, and without a trace.

use serde_json::{Value, json};

use super::fixture::{Fixture, gzip, page, post, set_bytes, with_key, zip};
use crate::Auth;
use crate::limits::{BODY_BYTES_MAX, EVENTS_MAX};

#[track_caller]
fn assert_refused(fixture: &Fixture, request: &Value, status: u16, words: &str) {
    let answer = fixture.answer(request);
    assert_eq!(answer.status, status, "{}", answer.body);
    let detail = answer.body["detail"].as_str().unwrap_or_default();
    assert!(detail.contains(words), "{detail:?} says {words:?}");
    assert_eq!((fixture.published().len(), fixture.record_writes()), (0, 0));
}

fn headed(name: &str, value: Value) -> Value {
    let mut request = post(&json!([page(1)]).to_string());
    request["headers"][name] = value;
    request
}

#[test]
fn what_is_no_batch_is_refused() {
    let fixture = Fixture::default();
    for body in ["{", "[", "[{}", "[1,]", "hello"] {
        assert_refused(&fixture, &post(body), 400, "not JSON");
    }
    for body in ["", " ", "[]", "[ ]"] {
        assert_refused(&fixture, &post(body), 400, "no event");
    }
    let mut none = post("");
    none["body"] = json!(null);
    assert_refused(&fixture, &none, 400, "no event");
    let mut binary = post("");
    set_bytes(&mut binary, &[0xff, 0xfe]);
    assert_refused(&fixture, &binary, 400, "UTF-8");
    let mut broken = post("not base64!");
    broken["isBase64Encoded"] = json!(true);
    assert_refused(&fixture, &broken, 400, "base64");
}

#[test]
fn content_that_is_not_understood_is_refused() {
    let fixture = Fixture::default();
    for value in [json!("text/plain"), json!(""), json!("application/xml"), json!("application/jsonx")] {
        assert_refused(&fixture, &headed("content-type", value), 415, "application/x-ndjson");
    }
    for value in ["br", "deflate", "gzip, gzip"] {
        assert_refused(&fixture, &headed("content-encoding", json!(value)), 415, "gzip");
    }
}

#[test]
fn gzip_that_is_none_or_broken_is_refused() {
    let fixture = Fixture::default();
    assert_refused(&fixture, &headed("content-encoding", json!("gzip")), 415, "application/x-ndjson");
    let mut cut = post(&json!([page(1)]).to_string());
    zip(&mut cut);
    let mut bytes = gzip(b"[1]");
    bytes.truncate(bytes.len() - 3);
    set_bytes(&mut cut, &bytes);
    assert_refused(&fixture, &cut, 400, "gzip is broken");
}

#[test]
fn gzip_that_was_read_as_text_on_its_way_is_told_from_all_else() {
    let fixture = Fixture::default();
    let zipped = gzip(json!([page(1)]).to_string().as_bytes());
    let lossy = String::from_utf8_lossy(&zipped).into_owned();
    assert!(lossy.starts_with("\u{1f}\u{fffd}"), "{lossy:?}");
    let latin: String = zipped.iter().map(|&byte| char::from(byte)).collect();
    for text in [lossy, latin] {
        for encoding in [json!("gzip"), json!("identity"), json!(null)] {
            for content_type in ["application/json", "application/x-ndjson"] {
                let mut request = post(&text);
                request["headers"]["content-type"] = json!(content_type);
                if !encoding.is_null() {
                    request["headers"]["content-encoding"] = encoding.clone();
                }
                assert_refused(&fixture, &request, 400, "Content-Type: application/x-ndjson");
                assert_refused(&fixture, &request, 400, "Content-Encoding: gzip");
            }
        }
    }
}

#[test]
fn bodies_are_bounded_zipped_and_unzipped() {
    let fixture = Fixture::default();
    let large = format!("[{}{}]", page(1), " ".repeat(BODY_BYTES_MAX));
    assert_refused(&fixture, &post(&large), 413, "bytes");
    let mut bomb = post(&large);
    zip(&mut bomb);
    assert_refused(&fixture, &bomb, 413, "unzipped");
    let many = json!((0..=EVENTS_MAX).map(page).collect::<Vec<_>>()).to_string();
    assert_refused(&fixture, &post(&many), 413, "500 events");
}

#[test]
fn a_key_is_one_or_is_left_out() {
    let fixture = Fixture::default();
    for key in ["", "two words", "é", &"k".repeat(256)] {
        assert_refused(&fixture, &with_key(post("[]"), key), 400, "Idempotency-Key");
    }
}

#[test]
fn a_token_must_name_its_subject() {
    let fixture = Fixture::of(Auth::Jwt);
    assert_refused(&fixture, &post(&json!([page(1)]).to_string()), 401, "sub");
    let mut odd = post(&json!([page(1)]).to_string());
    odd["requestContext"]["authorizer"] = json!({"jwt": {"claims": {"sub": "two words"}, "scopes": null}});
    assert_refused(&fixture, &odd, 403, "subject");
}

#[test]
fn there_is_one_path_and_one_method() {
    let fixture = Fixture::default();
    let mut get = post("[]");
    get["routeKey"] = json!("GET /events");
    assert_refused(&fixture, &get, 405, "POST");
    get["rawPath"] = json!("/elsewhere");
    assert_refused(&fixture, &get, 404, "/events");
}
