//! Requests of the HTTP API: what is read, and what a bad one is answered.

use semel_contracts::api::{PlaceOrder, Problem, Violation, decode_command};
use serde_json::{Value, json};

fn place_order() -> Value {
    json!({
        "customer": {"customer_id": "c-1", "email": "ann@example.com"},
        "lines": [{"sku": "MUG-BLUE", "quantity": 2}, {"sku": "MUG-RED", "quantity": 1}],
        "shipping_method": "express",
        "ship_to": {
            "name": "Ann Olsen", "line1": "Main Street 1", "city": "Aarhus", "postal_code": "8000", "country": "DK",
        },
        "payment_method": "pm_card_visa",
        "expected_total": {"amount": 5997, "currency": "EUR"},
    })
}

/// The good request with the value at `pointer` replaced, refused.
#[track_caller]
fn assert_refused(pointer: &str, value: Value, at: &str, words: &str) {
    let mut request = place_order();
    *request.pointer_mut(pointer).expect("the pointer is right") = value;
    assert_violation(&request, at, words);
}

#[track_caller]
fn assert_violation(request: &Value, at: &str, words: &str) {
    let Violation { pointer, detail } = decode_command(&request.to_string()).expect_err("is refused");
    assert_eq!(pointer, at);
    assert!(detail.contains(words), "{detail:?} says {words:?}");
}

#[test]
fn a_good_request_is_read_and_written_alike() {
    let read: PlaceOrder = decode_command(&place_order().to_string()).expect("is good");
    assert_eq!(serde_json::to_value(&read).expect("encodes"), place_order());
}

#[test]
fn what_may_be_left_out_may_be_left_out() {
    let mut request = place_order();
    let fields = request.as_object_mut().expect("an object");
    fields.remove("customer");
    fields.remove("expected_total");
    let read = decode_command(&request.to_string()).expect("is good");
    assert!(read.customer.is_none() && read.expected_total.is_none());

    let mut guest = place_order();
    guest["customer"] = json!({"email": "ann@example.com"});
    let read = decode_command(&guest.to_string()).expect("is good");
    assert!(read.customer.is_some_and(|customer| customer.customer_id.is_none()));
}

#[test]
fn a_body_that_is_not_json_is_told_so() {
    for body in ["", "{", "lines", "{}x", "{\"lines\":}"] {
        let violation = decode_command(body).expect_err("is refused");
        assert_eq!(violation.pointer, "");
        assert!(
            violation.detail.contains("not JSON") || violation.detail.contains("trailing"),
            "{violation}"
        );
    }
    assert_eq!(decode_command(&[0xff]).expect_err("is refused").pointer, "");
    assert!(decode_command("[]").expect_err("is refused").detail.contains("expected"));
    assert!(decode_command(&"x".repeat(300_000)).expect_err("is refused").detail.contains("300000 bytes"));
}

#[test]
fn a_wrong_field_is_pointed_at() {
    assert_refused("/lines/1/quantity", json!(0), "/lines/1/quantity", "from 1 to 10000");
    assert_refused("/lines/1/quantity", json!(-3), "/lines/1/quantity", "from 1 to 10000");
    assert_refused("/lines/1/quantity", json!("2"), "/lines/1/quantity", "from 1 to 10000");
    assert_refused("/lines/0/sku", json!("mug blue"), "/lines/0/sku", "A-Z");
    assert_refused("/lines", json!([]), "/lines", "1 to 50");
    assert_refused("/ship_to/country", json!("dk"), "/ship_to/country", "ISO 3166");
    assert_refused("/ship_to/name", json!("Ann\nOlsen"), "/ship_to/name", "control characters");
    assert_refused("/ship_to/name", json!("   "), "/ship_to/name", "not blank");
    assert_refused("/customer/email", json!("ann"), "/customer/email", "name@domain.tld");
    assert_refused("/shipping_method", json!("teleport"), "/shipping_method", "`standard`");
    assert_refused("/expected_total/currency", json!("EURO"), "/expected_total/currency", "ISO 4217");
    assert_refused("/expected_total/amount", json!(-1), "/expected_total/amount", "from 0");
    assert_refused("/payment_method", Value::Null, "/payment_method", "null");
}

#[test]
fn a_missing_field_is_pointed_at() {
    for (object, field, at) in
        [("", "lines", "/lines"), ("/ship_to", "city", "/ship_to/city"), ("/lines/1", "sku", "/lines/1/sku")]
    {
        let mut request = place_order();
        let fields =
            request.pointer_mut(object).and_then(Value::as_object_mut).expect("the pointer is right");
        fields.remove(field).expect("the field was there");
        assert_violation(&request, at, "is missing");
    }
}

#[test]
fn an_unknown_field_is_pointed_at_at_any_depth() {
    for object in ["", "/customer", "/lines/1", "/ship_to", "/expected_total"] {
        let mut request = place_order();
        request.pointer_mut(object).expect("the pointer is right")["a/b~c"] = json!(1);
        assert_violation(&request, &format!("{object}/a~1b~0c"), "is not a field");
    }
}

#[test]
fn an_article_that_is_listed_twice_is_pointed_at() {
    assert_refused("/lines/1/sku", json!("MUG-BLUE"), "/lines/1/sku", "is listed above already");
}

#[test]
fn a_problem_document_has_the_members_of_its_rfc() {
    let violation = Violation { pointer: "/lines".to_owned(), detail: "is missing".to_owned() };
    let problem = Problem::new(422, "Invalid order", "Correct the fields.").with(violation);
    assert_eq!(
        serde_json::to_value(&problem).expect("encodes"),
        json!({
            "type": "about:blank",
            "title": "Invalid order",
            "status": 422,
            "detail": "Correct the fields.",
            "errors": [{"pointer": "/lines", "detail": "is missing"}],
        })
    );
}
