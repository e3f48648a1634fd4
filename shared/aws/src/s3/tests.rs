//! Objects against an S3 of the test's own, at the level of HTTP.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aws_smithy_types::body::SdkBody;
use semel_exactly_once::Class;
use semel_testkit::object_store_contract;

use super::*;
use crate::wire::{Response, Sent, Wire, text};

/// A bucket that keeps what it gets.
fn bucket_of_its_own() -> Wire {
    let objects = Arc::new(Mutex::new(BTreeMap::new()));
    Wire::answering(move |sent| answer(&mut objects.lock().expect("no panic"), sent))
}

fn answer(objects: &mut BTreeMap<String, Vec<u8>>, sent: &Sent) -> Response {
    let status = |status| text(status, String::new());
    match sent.method.as_str() {
        "PUT" => {
            objects.insert(sent.uri.clone(), sent.bytes.clone());
            status(200)
        }
        "GET" => match objects.get(&sent.uri) {
            Some(bytes) => {
                http::Response::builder().status(200).body(SdkBody::from(bytes.clone())).expect("a response")
            }
            None => refusal(404, "NoSuchKey"),
        },
        "DELETE" => {
            objects.remove(&sent.uri);
            status(204)
        }
        method => panic!("nobody sends {method}"),
    }
}

fn refusal(status: u16, code: &str) -> Response {
    text(status, format!("<Error><Code>{code}</Code><Message>refused &amp; explained</Message></Error>"))
}

#[tokio::test]
async fn a_bucket_keeps_the_contract() {
    object_store_contract(&bucket_of_its_own().aws().bucket("ledger")).await;
}

#[tokio::test]
async fn every_byte_comes_back_and_every_request_is_counted() {
    let aws = bucket_of_its_own().aws();
    let bucket = aws.bucket("ledger");
    let bytes: Vec<u8> = (0..=255).collect();
    bucket.put("a", &bytes).await.expect("it is put");
    assert_eq!(bucket.get("a").await.expect("an answer"), Some(bytes));
    let keys: Vec<String> = (0..20).map(|n| format!("a{n}")).chain(["a".to_owned()]).collect();
    bucket.delete(&keys).await.expect("they are not there");
    assert_eq!(bucket.get("a").await.expect("an answer"), None);
    let requests = aws.requests().take().requests;
    assert_eq!((requests["S3.PutObject"], requests["S3.GetObject"]), (1, 2));
    assert_eq!(requests["S3.DeleteObject"], 21);
}

#[tokio::test]
async fn a_request_is_signed_for_the_buckets_own_host_with_its_payload() {
    let wire = bucket_of_its_own();
    wire.aws().bucket("ledger").put("ledger/a b+c/0=1", b"ids").await.expect("it is put");
    let sent = &wire.requests()[0];
    assert_eq!(sent.uri, "https://ledger.s3.eu-central-1.amazonaws.com/ledger/a%20b%2Bc/0%3D1");
    let header = |name: &str| sent.headers[name].to_str().expect("text");
    // `printf ids | sha256sum`
    let sha256 = "23466067f626bf8a3ae1a39cdf81f31303220b331b5064c6e00662dcc34deaaf";
    assert_eq!(header("x-amz-content-sha256"), sha256);
    let authorization = header("authorization");
    assert!(authorization.starts_with("AWS4-HMAC-SHA256 Credential=id/"), "{authorization}");
    assert!(authorization.contains("/eu-central-1/s3/aws4_request"), "{authorization}");
    assert!(authorization.contains("host;x-amz-content-sha256;x-amz-date"), "{authorization}");
}

#[tokio::test]
async fn refusals_are_classed_and_named() {
    for (status, code, class) in [
        (503, "SlowDown", Class::Transient),
        (500, "InternalError", Class::Transient),
        (400, "RequestTimeout", Class::Transient),
        (403, "AccessDenied", Class::Fatal),
        (404, "NoSuchBucket", Class::Fatal),
    ] {
        let wire = Wire::answering(move |_| refusal(status, code));
        let bucket = wire.aws().bucket("ledger");
        let put = bucket.put("k", &[]).await.expect_err("refused");
        let get = bucket.get("k").await.expect_err("refused");
        let delete = bucket.delete(&["k".to_owned()]).await.expect_err("refused");
        let named = [(&put, "S3 PutObject"), (&get, "S3 GetObject"), (&delete, "S3 DeleteObject")];
        for (error, operation) in named {
            assert_eq!((error.class, error.operation, error.key.as_str()), (class, operation, "k"), "{code}");
        }
        let cause = aws_smithy_types::error::display::DisplayErrorContext(&*put.source).to_string();
        assert!(cause.contains(code) && cause.contains("refused & explained"), "{cause}");
    }
}

#[tokio::test]
async fn a_refusal_without_a_reason_is_classed_by_its_status() {
    for (status, class) in [(502, Class::Transient), (418, Class::Fatal)] {
        let wire = Wire::answering(move |_| text(status, "<html>".to_owned()));
        let error = wire.aws().bucket("ledger").get("k").await.expect_err("refused");
        assert_eq!(error.class, class, "{status}");
    }
}

#[tokio::test]
async fn a_request_that_is_slowed_down_is_repeated_with_the_same_body() {
    let answers = Mutex::new(vec![text(200, String::new()), refusal(503, "SlowDown")]);
    let wire = Wire::answering(move |_| answers.lock().expect("no panic").pop().expect("two requests"));
    let aws = wire.aws_with_retries(3);
    aws.bucket("ledger").put("k", b"ids").await.expect("the second is taken");
    let bodies: Vec<_> = wire.requests().into_iter().map(|sent| sent.body).collect();
    assert_eq!(bodies, ["ids", "ids"]);
    assert_eq!(aws.requests().take().requests["S3.PutObject"], 2, "attempts are counted");
}

#[test]
fn elsewhere_a_bucket_is_a_part_of_the_path() {
    let config = aws_config::SdkConfig::builder()
        .region(aws_config::Region::new("us-east-1"))
        .endpoint_url("http://127.0.0.1:4566/");
    let rest = rest::endpoint(&config.build(), "ledger");
    assert_eq!(rest, "http://127.0.0.1:4566/ledger");
    let china = aws_config::SdkConfig::builder().region(aws_config::Region::new("cn-north-1"));
    assert_eq!(rest::endpoint(&china.build(), "ledger"), "https://ledger.s3.cn-north-1.amazonaws.com.cn");
}
