//! Every way an event can break the contract, and what is said about it.

use semel_contracts::{ContractError, EventId, Fault, MAX_ENVELOPE_BYTES, SchemaVersion, decode};
use serde_json::{Value, json};

const EVENT_ID: &str = "0193557d-2a4b-7c1e-8f00-0123456789ab";
const ORDER_ID: &str = "f35eabf3-5bf1-591e-a9e2-74ebe431a47c";

fn order_created() -> Value {
    json!({
        "event_id": EVENT_ID,
        "event_type": "OrderCreated",
        "timestamp": "2026-11-22T16:50:00.123Z",
        "data": {
            "order_id": ORDER_ID,
            "customer": {"customer_id": "c-1", "email": "ann@example.com"},
            "lines": [{"sku": "MUG-BLUE", "quantity": 2, "unit_amount": 1999}],
            "total": {"amount": 3998, "currency": "EUR"},
            "shipping_method": "standard",
            "payment_method": "pm_card_visa",
        },
        "metadata": {
            "producer_id": "orders",
            "version": "1.0",
            "aggregate_id": ORDER_ID,
            "sequence": 1,
            "correlation_id": "request-1",
        },
    })
}

fn on_the_bus(detail: &Value) -> Value {
    json!({"version": "0", "id": "e", "source": "com.ecommerce.orders", "detail-type": "OrderCreated", "detail": detail})
}

/// The good event with one change, refused.
fn refused(change: impl FnOnce(&mut Value)) -> ContractError {
    let mut event = order_created();
    change(&mut event);
    decode(&event.to_string()).expect_err("the change breaks the contract")
}

/// The good event with the value at `pointer` replaced, refused.
fn refused_with(pointer: &str, value: Value) -> Fault {
    refused(|event| *event.pointer_mut(pointer).expect("the pointer is right") = value).fault().clone()
}

/// The good event without the field `name` of the object at `pointer`, refused.
fn refused_without(pointer: &str, name: &str) -> Fault {
    refused(|event| {
        let object = event.pointer_mut(pointer).and_then(Value::as_object_mut).expect("the pointer is right");
        object.remove(name).expect("the field was there");
    })
    .fault()
    .clone()
}

fn missing(path: &str) -> Fault {
    Fault::MissingField { path: path.to_owned() }
}

#[track_caller]
fn assert_invalid(fault: &Fault, at: &str, words: &str) {
    let Fault::InvalidValue { path, detail } = fault else {
        panic!("expected an invalid value at {at}, got {fault:?}")
    };
    assert_eq!(path, at);
    assert!(detail.contains(words), "{detail:?} says {words:?}");
}

#[track_caller]
fn assert_wrong_type(fault: &Fault, at: &str, words: &str) {
    let Fault::WrongType { path, detail } = fault else {
        panic!("expected a wrong type at {at}, got {fault:?}")
    };
    assert_eq!(path, at);
    assert!(detail.contains(words), "{detail:?} says {words:?}");
}

#[test]
fn the_event_is_good_before_it_is_changed() {
    let event = order_created();
    let bare = decode(&event.to_string()).expect("good");
    let bus = decode(&on_the_bus(&event).to_string()).expect("good");
    assert_eq!(bare, bus);
}

#[test]
fn what_is_not_json_is_said_to_be_so() {
    for body in ["", "hello", "{", "{}}", "[1,]", "{\"event_id\": \"", "\u{feff}{}"] {
        let error = decode(body).expect_err("is not JSON");
        assert!(matches!(error.fault(), Fault::NotJson { .. }), "{body:?}: {error}");
    }
    let error = decode(&[b'"', 0xff, b'"']).expect_err("is not UTF-8");
    assert!(error.to_string().contains("utf-8"), "{error}");
}

#[test]
fn json_that_is_no_object_has_the_wrong_type() {
    for body in ["null", "1", "\"text\"", "[]", "true"] {
        let error = decode(body).expect_err("is no object");
        assert_wrong_type(error.fault(), "the body", "expected");
    }
}

#[test]
fn a_body_above_the_bound_is_not_looked_at() {
    let body = " ".repeat(MAX_ENVELOPE_BYTES + 1);
    let error = decode(&body).expect_err("is too large");
    assert_eq!(error.fault(), &Fault::TooLarge { bytes: MAX_ENVELOPE_BYTES + 1 });

    let mut event = order_created();
    event["padding"] = json!("x".repeat(MAX_ENVELOPE_BYTES));
    assert!(matches!(decode(&event.to_string()).expect_err("too large").fault(), Fault::TooLarge { .. }));
}

#[test]
fn a_missing_field_is_named_at_every_depth() {
    for field in ["event_id", "event_type", "timestamp", "data", "metadata"] {
        assert_eq!(refused_without("", field), missing(field));
    }
    for field in ["order_id", "customer", "lines", "total", "shipping_method", "payment_method"] {
        assert_eq!(refused_without("/data", field), missing(&format!("data.{field}")));
    }
    for field in ["producer_id", "version", "aggregate_id", "sequence", "correlation_id"] {
        assert_eq!(refused_without("/metadata", field), missing(&format!("metadata.{field}")));
    }
    assert_eq!(refused_without("/data/lines/0", "sku"), missing("data.lines[0].sku"));
    assert_eq!(refused_without("/data/total", "currency"), missing("data.total.currency"));
}

#[test]
fn a_wrong_type_is_named_with_what_is_allowed() {
    assert_wrong_type(&refused_with("/data", json!("text")), "data", "string");
    assert_wrong_type(&refused_with("/event_id", json!(7)), "event_id", "an event id: a lower-case UUID");
    assert_wrong_type(&refused_with("/event_id", Value::Null), "event_id", "null");
    assert_wrong_type(&refused_with("/timestamp", json!(1_700_000_000)), "timestamp", "RFC 3339");
    assert_wrong_type(&refused_with("/metadata/version", json!(1)), "metadata.version", "major.minor");
    let quantity = "/data/lines/0/quantity";
    assert_wrong_type(&refused_with(quantity, json!("2")), "data.lines[0].quantity", "from 1 to 10000");
    assert_wrong_type(&refused_with(quantity, json!(1.5)), "data.lines[0].quantity", "from 1 to 10000");
    assert_wrong_type(&refused_with("/data/lines", json!({})), "data.lines", "map");
}

/// Serde's derives would take an object as an array of its values, and a word as the key of an object.
#[test]
fn an_object_is_no_array_and_a_word_is_no_object() {
    let line = json!(["MUG-BLUE", 2, 1999]);
    assert_wrong_type(&refused_with("/data/lines/0", line), "data.lines[0]", "sequence");
    assert_wrong_type(&refused_with("/data/total", json!([3998, "EUR"])), "data.total", "sequence");
    assert_wrong_type(&refused_with("/data", json!([])), "data", "sequence");
    assert_wrong_type(
        &refused_with("/metadata", json!(["orders", "1.0", ORDER_ID, 1, "r"])),
        "metadata",
        "sequence",
    );
    assert_wrong_type(
        &refused_with("/data/shipping_method", json!({"standard": null})),
        "data.shipping_method",
        "map",
    );
}

#[test]
fn a_value_out_of_bounds_is_named_with_what_is_allowed() {
    for quantity in [json!(0), json!(-1), json!(10_001), json!(u64::MAX)] {
        let fault = refused_with("/data/lines/0/quantity", quantity);
        assert_invalid(&fault, "data.lines[0].quantity", "an integer from 1 to 10000");
    }
    for amount in [json!(-1), json!(9_007_199_254_740_992_i64), json!(u64::MAX)] {
        let fault = refused_with("/data/total/amount", amount);
        assert_invalid(&fault, "data.total.amount", "from 0 to 9007199254740991");
    }
    for currency in ["eur", "XXX", "EU", "HRK"] {
        assert_invalid(
            &refused_with("/data/total/currency", json!(currency)),
            "data.total.currency",
            "ISO 4217",
        );
    }
    for sku in ["", "mug", "MUG BLUE", &"M".repeat(41)] {
        assert_invalid(&refused_with("/data/lines/0/sku", json!(sku)), "data.lines[0].sku", "1 to 40");
    }
    let line = order_created()["data"]["lines"][0].clone();
    assert_invalid(&refused_with("/data/lines", json!([])), "data.lines", "1 to 50");
    assert_invalid(&refused_with("/data/lines", json!(vec![line; 51])), "data.lines", "1 to 50");
    assert_invalid(
        &refused_with("/data/shipping_method", json!("pigeon")),
        "data.shipping_method",
        "`express`",
    );
    assert_invalid(&refused_with("/metadata/sequence", json!(-1)), "metadata.sequence", "from 0");
    assert_invalid(&refused_with("/timestamp", json!("2026-02-30T00:00:00.000Z")), "timestamp", "RFC 3339");
    let upper = EVENT_ID.to_uppercase();
    assert_invalid(&refused_with("/event_id", json!(upper)), "event_id", "lower-case UUID");
}

#[test]
fn a_number_that_no_machine_can_hold_is_named() {
    let body = order_created().to_string().replace("3998", "1e999");
    let error = decode(&body).expect_err("is out of range");
    assert!(error.to_string().contains("out of range"), "{error}");
}

#[test]
fn a_field_that_is_there_twice_is_refused() {
    let body = order_created().to_string().replacen('{', &format!("{{\"event_id\":\"{EVENT_ID}\","), 1);
    assert_invalid(decode(&body).expect_err("twice").fault(), "event_id", "twice");
    let body = order_created().to_string().replace("\"amount\":3998", "\"amount\":1,\"amount\":3998");
    assert_invalid(decode(&body).expect_err("twice").fault(), "data.total.amount", "twice");
}

#[test]
fn an_unknown_event_type_is_told_apart() {
    let error = refused(|event| event["event_type"] = json!("OrderEaten"));
    assert_eq!(error.fault(), &Fault::UnknownEventType { name: "OrderEaten".to_owned() });
    assert_eq!(error.event_type(), Some("OrderEaten"));

    let error = refused(|event| event["event_type"] = json!("X".repeat(1000)));
    assert_eq!(error.fault(), &Fault::UnknownEventType { name: "X".repeat(64) });
}

#[test]
fn a_newer_major_version_is_refused_even_if_its_data_cannot_be_read() {
    let expected = Fault::UnsupportedVersion {
        found: SchemaVersion { major: 2, minor: 1 },
        known: SchemaVersion { major: 1, minor: 0 },
    };
    let same_shape = refused(|event| event["metadata"]["version"] = json!("2.1"));
    assert_eq!(same_shape.fault(), &expected);
    let other_shape = refused(|event| {
        event["metadata"]["version"] = json!("2.1");
        event["data"] = json!({"orders": []});
    });
    assert_eq!(other_shape.fault(), &expected);
}

#[test]
fn a_newer_minor_version_is_read_and_its_new_fields_are_ignored() {
    let mut event = order_created();
    event["metadata"]["version"] = json!("1.7");
    event["metadata"]["tenant"] = json!("t-1");
    event["data"]["gift"] = json!({"wrap": true});
    event["priority"] = json!(3);
    let read = decode(&event.to_string()).expect("is read tolerantly");
    assert_eq!(read.metadata.version, SchemaVersion { major: 1, minor: 7 });
}

#[test]
fn an_event_that_contradicts_itself_is_refused() {
    let other = "11111111-2222-5333-8444-555555555555";
    let fault = refused_with("/metadata/aggregate_id", json!(other));
    let Fault::Disagrees { path: "metadata.aggregate_id", expected, because: "data.order_id" } = fault else {
        panic!("expected a disagreement, got {fault:?}");
    };
    assert_eq!(expected, ORDER_ID);

    for (field, wrong) in [("source", "com.ecommerce.payments"), ("detail-type", "OrderCancelled")] {
        let mut event = on_the_bus(&order_created());
        event[field] = json!(wrong);
        let error = decode(&event.to_string()).expect_err("the bus disagrees");
        assert!(matches!(error.fault(), Fault::Disagrees { path, .. } if *path == field), "{error}");
    }
}

#[test]
fn paths_in_an_event_of_the_bus_begin_at_its_detail() {
    let mut event = on_the_bus(&order_created());
    event["detail"]["data"]["lines"][0]["quantity"] = json!(0);
    let error = decode(&event.to_string()).expect_err("quantity");
    assert_invalid(error.fault(), "detail.data.lines[0].quantity", "1 to 10000");
    assert_eq!(error.event_id(), EVENT_ID.parse::<EventId>().ok());

    for field in ["source", "detail-type"] {
        let mut event = on_the_bus(&order_created());
        event.as_object_mut().expect("an object").remove(field);
        let error = decode(&event.to_string()).expect_err("is missing");
        assert_eq!(error.fault(), &missing(field));
    }
    let error = decode(&on_the_bus(&Value::Null).to_string()).expect_err("no envelope");
    assert_wrong_type(error.fault(), "detail", "null");
    let mut event = on_the_bus(&order_created());
    event["source"] = json!(1);
    assert_wrong_type(decode(&event.to_string()).expect_err("no text").fault(), "source", "integer");
}

#[test]
fn the_error_is_the_same_when_the_data_comes_before_its_type() {
    let event = order_created();
    let body = format!(
        r#"{{"data":{},"metadata":{},"timestamp":{},"event_id":{},"event_type":"OrderCreated"}}"#,
        event["data"].to_string().replace("\"quantity\":2", "\"quantity\":0"),
        event["metadata"],
        event["timestamp"],
        event["event_id"],
    );
    assert_invalid(decode(&body).expect_err("quantity").fault(), "data.lines[0].quantity", "1 to 10000");
}

#[test]
fn an_error_names_the_event_and_what_to_do_and_never_runs_on() {
    let error = refused(|event| event["data"]["lines"][0]["quantity"] = json!(0));
    let text = error.to_string();
    for part in ["OrderCreated", EVENT_ID, "data.lines[0].quantity", "1 to 10000", "correct the producer"] {
        assert!(text.contains(part), "{text:?} has {part:?}");
    }
    let error = refused(|event| event["data"]["shipping_method"] = json!("x".repeat(100_000)));
    assert!(error.to_string().len() < 1000);
}

#[test]
fn every_fault_has_a_code_of_its_own() {
    let codes = [
        decode("{").expect_err("not JSON").fault().code(),
        refused_without("", "data").code(),
        refused_with("/data", json!(1)).code(),
        refused_with("/event_id", json!("")).code(),
        refused_with("/event_type", json!("Nothing")).code(),
        refused_with("/metadata/version", json!("9.0")).code(),
        refused_with("/metadata/aggregate_id", json!("other")).code(),
        decode(&" ".repeat(MAX_ENVELOPE_BYTES + 1)).expect_err("too large").fault().code(),
    ];
    assert_eq!(
        codes,
        [
            "not_json",
            "missing_field",
            "wrong_type",
            "invalid_value",
            "unknown_event_type",
            "unsupported_version",
            "disagrees",
            "too_large"
        ]
    );
}
