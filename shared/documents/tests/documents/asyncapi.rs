//! The `AsyncAPI` document: valid by the official schema, whole, and as strict about events as the released schemas are.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jsonschema::Validator;
use semel_documents::asyncapi;
use serde_json::{Value, json};

use crate::source::{platform, platform_of, registry, template};

/// The JSON Schema that the `AsyncAPI` initiative publishes, unchanged (see the notice beside it).
const OFFICIAL: &str = include_str!("../official/asyncapi-3.0.0.json");

fn official() -> &'static Validator {
    static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
        let schema = serde_json::from_str(OFFICIAL).expect("JSON");
        jsonschema::draft7::options().offline().build(&schema).expect("the official schema")
    });
    &VALIDATOR
}

fn faults(document: &Value) -> Vec<String> {
    official().iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

fn texts(value: &Value) -> BTreeSet<&str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The keys of the messages that an operation names.
fn messages(operation: &Value) -> BTreeSet<&str> {
    let references = operation["messages"].as_array().into_iter().flatten();
    references.filter_map(|each| each["$ref"].as_str()?.rsplit('/').next()).collect()
}

#[test]
fn the_document_is_valid_by_the_official_schema() {
    assert_eq!(faults(&asyncapi(&platform())), Vec::<String>::new());
}

#[test]
fn the_official_schema_would_notice() {
    let broken: [(&str, Value); 4] = [
        ("/operations/orders.receives.OrdersQueue/action", json!("publish")),
        ("/channels/OrdersQueue/messages", json!([])),
        ("/servers/sqs/host", json!(null)),
        ("/components/schemas/Money/type", json!("money")),
    ];
    for (place, value) in broken {
        let mut document = asyncapi(&platform());
        *document.pointer_mut(place).unwrap_or_else(|| panic!("nothing at {place}")) = value;
        assert!(!faults(&document).is_empty(), "{place}");
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn follow(value: &Value, document: &Value, count: &mut usize) {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} is elsewhere"));
            assert!(document.pointer(pointer).is_some(), "{reference}");
            *count += 1;
        }
        match value {
            Value::Array(elements) => elements.iter().for_each(|each| follow(each, document, count)),
            Value::Object(members) => members.values().for_each(|each| follow(each, document, count)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let document = asyncapi(&platform());
    let mut count = 0;
    follow(&document, &document, &mut count);
    assert!(count > 300, "only {count} references");
}

#[test]
fn every_event_type_and_every_queue_of_a_consumer_is_there() {
    let document = asyncapi(&platform());
    let registry = registry();
    assert!(registry.list().count() >= 22);
    for found in registry.list() {
        let name = &found.record.event_type;
        let message = &document["components"]["messages"][name];
        assert_eq!(message["x-owner"], *found.record.owner, "{name}");
        let sample = &found.latest().expect("a release").sample;
        assert_eq!(message["examples"][0]["payload"], *sample, "{name}");
        let sent = document["operations"].as_object().expect("operations").values();
        let mut sent = sent.filter(|each| each["action"] == "send").map(messages);
        let on_bus = format!("{name}.OnBus");
        assert!(sent.any(|each| each.contains(name.as_str()) || each.contains(on_bus.as_str())), "{name}");
    }
    let template = template();
    let mut consumers = 0;
    for (id, resource) in template["Resources"].as_object().expect("resources") {
        let queue = &resource["Properties"]["Events"]["Queue"]["Properties"]["Queue"]["Fn::GetAtt"][0];
        let Some(queue) = queue.as_str() else { continue };
        let function = id.trim_end_matches("Function").to_lowercase();
        let channel = &document["channels"][queue];
        assert_eq!(channel["address"], format!("{{stackName}}-{function}"));
        assert!(channel["bindings"]["sqs"]["deadLetterQueue"]["name"].is_string(), "{queue}");
        let operation = &document["operations"][format!("{function}.receives.{queue}")];
        assert_eq!(operation["action"], "receive", "{function}");
        assert!(!messages(operation).is_empty(), "{function}");
        consumers += 1;
    }
    assert_eq!(consumers, 5);
}

#[test]
fn who_sends_and_who_receives_is_what_the_template_says() {
    let document = asyncapi(&platform());
    let operations = &document["operations"];
    let shipping = &operations["shipping.receives.ShippingQueue"];
    assert_eq!(
        messages(shipping),
        BTreeSet::from([
            "OrderCancellationRequested.OnBus",
            "OrderConfirmed.OnBus",
            "PaymentProcessed.OnBus"
        ])
    );
    let routes = &shipping["x-routes"]["OrderConfirmed"];
    assert_eq!(texts(routes), BTreeSet::from(["ShippingExpress", "ShippingStandard"]));
    // What comes from the topic is the envelope itself, what comes from the bus is wrapped.
    let payments = messages(&operations["payments.receives.PaymentsQueue"]);
    assert_eq!(payments, BTreeSet::from(["OrderCancelled", "OrderConfirmed.OnBus", "OrderCreated"]));
    let to_topic = &operations["orders.sends.OrderEventsTopic"];
    assert_eq!(messages(to_topic), BTreeSet::from(["OrderCancelled", "OrderCreated"]));
    assert_eq!(to_topic["x-published-by"], "relay");
    assert_eq!(messages(&operations["orders.sends.Bus"]).len(), 4);
    assert_eq!(operations["orders.sends.Kafka.orders"]["x-published-by"], "kafka-relay");
    let telemetry = &operations["ingest.sends.Kafka.telemetry"];
    assert_eq!((messages(telemetry).len(), &telemetry["x-published-by"]), (6, &json!("ingest")));
    assert_eq!(messages(&operations["analytics.receives.Kafka.telemetry"]), messages(telemetry));
    assert!(operations["analytics.receives.Kafka.inventory"].is_null(), "nobody reads that topic");
    assert!(document["channels"]["Bus"]["messages"]["PageViewed.OnBus"].is_null());
    assert!(document["channels"]["AlarmTopic"].is_null(), "alarms are no events");
}

#[test]
fn the_document_follows_the_template() {
    let mut changed = template();
    let rule = &mut changed["Resources"]["OrdersFromInventory"]["Properties"]["EventPattern"];
    rule["detail-type"] = json!(["InventoryReserved"]);
    let document = asyncapi(&platform_of(&changed, &registry()).expect("documents"));
    let received = messages(&document["operations"]["orders.receives.OrdersQueue"]);
    assert!(received.contains("InventoryReserved.OnBus") && !received.contains("InventoryRejected.OnBus"));
}

/// The schema of one message of the document, on its own.
fn validator(document: &Value, name: &str) -> Validator {
    let schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$ref": format!("#/components/schemas/{name}"),
        "components": document["components"],
    });
    let options = jsonschema::draft7::options().offline().should_validate_formats(true);
    options.build(&schema).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The event with each of its fields dropped, and with each replaced by other values.
pub fn mutations(event: &Value) -> Vec<Value> {
    fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
        match value {
            Value::Array(elements) => {
                for (index, each) in elements.iter().enumerate() {
                    found.push(format!("{at}/{index}"));
                    pointers(each, &format!("{at}/{index}"), found);
                }
            }
            Value::Object(members) => {
                for (name, each) in members {
                    found.push(format!("{at}/{name}"));
                    pointers(each, &format!("{at}/{name}"), found);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let mut places = Vec::new();
    pointers(event, "", &mut places);
    let mut found = Vec::new();
    for place in &places {
        for other in [json!(null), json!(-1), json!(""), json!("x\u{7}"), json!([]), json!({}), json!(1e300)]
        {
            let mut mutated = event.clone();
            *mutated.pointer_mut(place).expect("a place") = other;
            found.push(mutated);
        }
        let (parent, name) = place.rsplit_once('/').expect("a step");
        let mut mutated = event.clone();
        if let Some(Value::Object(members)) = mutated.pointer_mut(parent) {
            members.remove(name);
            found.push(mutated);
        }
    }
    found
}

#[test]
fn a_message_is_refused_exactly_where_the_released_schema_refuses_it() {
    let document = asyncapi(&platform());
    let (mut refused, mut taken) = (0, 0);
    for found in registry().list() {
        let release = found.latest().expect("a release");
        let validator = validator(&document, &found.record.event_type);
        assert!(validator.is_valid(&release.sample), "{}", found.record.event_type);
        for mutated in mutations(&release.sample) {
            let verdict = release.schema.is_valid(&mutated);
            assert_eq!(validator.is_valid(&mutated), verdict, "{mutated:#}");
            *(if verdict { &mut taken } else { &mut refused }) += 1;
        }
    }
    assert!(refused > 1000 && taken > 10, "{refused} refused, {taken} taken");
}

#[test]
fn what_the_bus_has_is_described_as_the_bus_has_it() {
    let document = asyncapi(&platform());
    let validator = validator(&document, "OrderConfirmed.OnBus");
    let example = &document["components"]["messages"]["OrderConfirmed.OnBus"]["examples"][0]["payload"];
    assert!(validator.is_valid(example));
    for (place, value) in [
        ("/source", json!("com.ecommerce.payments")),
        ("/detail/data/order_id", json!("7")),
        ("/detail", json!({})),
    ] {
        let mut event = example.clone();
        *event.pointer_mut(place).expect("a place") = value;
        assert!(!validator.is_valid(&event), "{place}");
    }
}

#[test]
fn the_same_input_gives_the_same_text() {
    let text = |()| serde_json::to_string(&asyncapi(&platform())).expect("JSON");
    assert_eq!(text(()), text(()));
    let mut turned = template();
    let resources = turned["Resources"].as_object_mut().expect("resources");
    *resources = std::mem::take(resources).into_iter().rev().collect();
    let turned = asyncapi(&platform_of(&turned, &registry()).expect("documents"));
    assert_eq!(serde_json::to_string(&turned).expect("JSON"), text(()));
}
