//! The files in `schemas` are what the types say, and the types accept what the schemas accept. What was released of
//! them, in `schemas/released`, is the registry's.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use semel_contracts::{
    ContractError, EventType, Fault, Kind, TelemetryType, decode, decode_telemetry, schema,
};
use serde_json::{Value, json};

const REMEDY: &str =
    "run `cargo run -p semel-contracts --features schema --example write_schemas` and commit the result";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas")
}

/// Every file at any depth under `folder`, as paths from the root of the schemas.
fn files_under(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).expect("the folder of the schemas can be read") {
        let path = entry.expect("the folder's entry can be read").path();
        if path.is_dir() {
            found.extend(files_under(&path));
        } else {
            let relative = path.strip_prefix(root()).expect("is below the root");
            found.insert(relative.to_string_lossy().replace('\\', "/"));
        }
    }
    found
}

#[test]
fn every_schema_file_is_what_its_type_says() {
    for file in schema::files() {
        let written = fs::read_to_string(root().join(&file.path))
            .unwrap_or_else(|error| panic!("schemas/{} cannot be read ({error}): {REMEDY}", file.path));
        let first_difference = written.lines().zip(file.text.lines()).position(|(left, right)| left != right);
        let line = first_difference.map_or_else(|| "its end".to_owned(), |at| format!("line {}", at + 1));
        assert!(
            written == file.text,
            "schemas/{} differs from its type from {line} on: if the change to the type is meant, {REMEDY}",
            file.path
        );
    }
}

#[test]
fn every_schema_file_has_a_type() {
    let wanted: BTreeSet<String> = schema::files().into_iter().map(|file| file.path).collect();
    let stale: Vec<String> = files_under(&root())
        .difference(&wanted)
        .filter(|path| !path.starts_with("released/"))
        .cloned()
        .collect();
    assert!(stale.is_empty(), "no event type has these files in schemas: {stale:?}; {REMEDY}");
}

fn validator(event_type: impl Kind, schema: &Value) -> Validator {
    jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(schema)
        .unwrap_or_else(|error| panic!("a schema of {event_type} is no valid schema: {error}"))
}

/// What was released of the major versions before the newest, as pairs of a schema and its golden sample. Their types
/// are gone; what is read of them is what these schemas accept.
fn older(event_type: impl Kind) -> Vec<(Value, Value)> {
    let folder = root().join("released").join(event_type.origin()).join(event_type.name());
    let json = |name: &str| -> Value {
        let text = fs::read_to_string(folder.join(name)).expect("a released file can be read");
        serde_json::from_str(&text).expect("a released file is JSON")
    };
    let is_older = |name: &&str| {
        let major = name.split('.').next().and_then(|major| major.parse::<u16>().ok());
        major.is_some_and(|major| major < event_type.newest().major)
    };
    let entries = fs::read_dir(&folder).expect("the folder of a released type can be read");
    let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    let versions: BTreeSet<String> =
        names.filter_map(|name| Some(name.strip_suffix(".sample.json")?.to_owned())).collect();
    let versions = versions.iter().map(String::as_str).filter(is_older);
    versions.map(|name| (json(&format!("{name}.json")), json(&format!("{name}.sample.json")))).collect()
}

const ORDER_ID: &str = "f35eabf3-5bf1-591e-a9e2-74ebe431a47c";

/// A good event of each type with every field that it can have.
fn good(event_type: EventType) -> Value {
    let customer = json!({"customer_id": "c-1", "email": "ann@example.com"});
    let order_lines = json!([{"sku": "MUG-BLUE", "quantity": 2, "unit_amount": 1999}]);
    let lines = json!([{"sku": "MUG-BLUE", "quantity": 2}]);
    let money = json!({"amount": 3998, "currency": "EUR"});
    let ship_to = json!({
        "name": "Ann Olsen", "line1": "Main Street 1", "line2": "2nd floor", "city": "Århus", "postal_code": "8000",
        "country": "DK",
    });
    let mut data = match event_type {
        EventType::OrderCreated => json!({
            "customer": customer, "lines": order_lines, "total": money, "shipping_method": "standard",
            "payment_method": "pm_card_visa",
        }),
        EventType::OrderConfirmed => json!({
            "customer": customer, "lines": order_lines, "total": money, "shipping_method": "express",
            "ship_to": ship_to,
        }),
        EventType::OrderCancellationRequested => json!({"reason": "customer_request"}),
        EventType::OrderCancelled => json!({"customer": customer, "total": money, "reason": "out_of_stock"}),
        EventType::PaymentAuthorized => json!({"amount": money, "authorization_id": "pi_1"}),
        EventType::PaymentDeclined => json!({"amount": money, "stage": "capture", "reason": "card_declined"}),
        EventType::PaymentProcessed => {
            json!({"amount": money, "charge_id": "ch_1", "email": "ann@example.com"})
        }
        EventType::PaymentVoided => json!({"amount": money}),
        EventType::PaymentRefunded => json!({"amount": money, "refund_id": "re_1"}),
        EventType::InventoryReserved | EventType::InventoryReleased => json!({"lines": lines}),
        EventType::InventoryRejected => json!({"shortages": lines}),
        EventType::ShipmentCreated => json!({"shipping_method": "standard"}),
        EventType::ShipmentDispatched => {
            json!({"carrier": "Parcel & Sons", "tracking_number": "PS-1", "email": "ann@example.com"})
        }
        EventType::ShipmentDelivered => json!({"email": "ann@example.com"}),
        EventType::ShipmentCancelled => json!({"reason": "requested"}),
    };
    data["order_id"] = json!(ORDER_ID);
    enveloped(event_type, ORDER_ID, &data)
}

/// A good telemetry event of each type with every field that it can have.
fn good_telemetry(event_type: TelemetryType) -> Value {
    let client = json!({
        "kind": "mobile", "os": "Android 16", "app_version": "3.2.0", "locale": "de-AT", "user_agent": "Semel/3.2.0",
        "viewport": {"width": 412, "height": 915},
    });
    let (aggregate_id, data) = match event_type {
        TelemetryType::PageViewed => (
            "s-1",
            json!({
                "session_id": "s-1", "customer_id": "c-1", "page": "/mugs", "url": "https://shop.example/mugs",
                "referrer": "https://search.example/", "title": "Mugs", "client": client,
            }),
        ),
        TelemetryType::ProductViewed => (
            "s-1",
            json!({
                "session_id": "s-1", "customer_id": "c-1", "sku": "MUG-BLUE", "url": "https://shop.example/mug",
                "referrer": "https://shop.example/mugs", "client": client,
            }),
        ),
        TelemetryType::CartUpdated => (
            "s-1",
            json!({"session_id": "s-1", "customer_id": "c-1", "sku": "MUG-BLUE", "quantity": 2, "client": client}),
        ),
        TelemetryType::ShelfCounted => (
            "d-1",
            json!({"device_id": "d-1", "warehouse": "par1", "shelf": "A-1", "sku": "MUG-BLUE", "quantity": 40}),
        ),
        TelemetryType::ItemScanned => (
            "d-1",
            json!({
                "device_id": "d-1", "warehouse": "par1", "shelf": "A-1", "sku": "MUG-BLUE", "direction": "out",
                "quantity": 2,
            }),
        ),
        TelemetryType::DeviceReported => (
            "d-1",
            json!({
                "device_id": "d-1", "battery_percent": 87, "signal_dbm": -61, "temperature_decicelsius": 214,
                "firmware": "2.4.1", "uptime_seconds": 86400, "errors": 0,
            }),
        ),
    };
    enveloped(event_type, aggregate_id, &data)
}

fn enveloped(event_type: impl Kind, aggregate_id: &str, data: &Value) -> Value {
    json!({
        "event_id": "0193557d-2a4b-7c1e-8f00-0123456789ab",
        "event_type": event_type.name(),
        "timestamp": "2026-11-22T16:50:00.123Z",
        "data": data,
        "metadata": {
            "producer_id": "a-producer",
            "version": event_type.newest().to_string(),
            "aggregate_id": aggregate_id,
            "sequence": 1,
            "correlation_id": "request-1",
            "causation_id": "0193557d-2a4b-7c1e-8f00-0123456789ab",
            "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        },
    })
}

/// Values that some field allows and most do not: every kind of JSON, and both sides of every bound.
#[allow(clippy::too_many_lines, reason = "a list")]
fn values() -> Vec<Value> {
    let line = json!({"sku": "MUG-BLUE", "quantity": 2, "unit_amount": 1999});
    let numbers = [
        0_i64,
        1,
        -1,
        100,
        101,
        -150,
        -151,
        -1000,
        -1001,
        2000,
        2001,
        10_000,
        10_001,
        32_768,
        32_769,
        1_000_000,
        1_000_001,
        4_294_967_295,
        4_294_967_296,
        9_007_199_254_740_991,
        9_007_199_254_740_992,
        i64::MIN,
    ];
    let lengths = [
        2, 16, 17, 32, 33, 35, 36, 40, 41, 54, 55, 64, 65, 100, 101, 128, 129, 200, 201, 254, 255, 256, 512,
        513, 2048, 2049,
    ];
    let texts = [
        "",
        " ",
        "   ",
        "x",
        "X",
        "x y",
        "x\n",
        "\n",
        "x\u{7f}",
        "x\u{85}",
        "\u{a0}",
        "ü",
        "漢字",
        "🎁",
        "-",
        "'",
        "1.0",
        "1.9999",
        "1.10000",
        "01.0",
        "1.",
        "2.0",
        "0.1",
        "DK",
        "dk",
        "DKK",
        "EUR",
        "eur",
        "XXX",
        "BGN",
        "standard",
        "Standard",
        "express",
        "requested",
        "undeliverable",
        "web",
        "mobile",
        "in",
        "out",
        "Out",
        "a.b_c:d-e",
        "a#b",
        "a/b",
        "1.0+b_2",
        "customer_request",
        "card_declined",
        "capture_failed",
        "insufficient_funds",
        "authorization",
        "capture",
        "deadline_passed",
        "a@b.co",
        "a@b",
        "@b.co",
        "a@-b.co",
        "a@b-.co",
        "a@b..co",
        "a b@c.de",
        "A.o'B+c@d-e.f.gh",
        "a@b.co,c@d.co",
        "a@b.co\n",
        "2026-02-28T23:59:59.999Z",
        "2026-02-30T00:00:00.000Z",
        "2024-02-29T00:00:00.000Z",
        "1969-12-31T23:59:59.999Z",
        "9999-12-31T23:59:59.999Z",
        "2026-11-22T16:50:00Z",
        "2026-11-22T16:50:00.123+00:00",
        "2016-12-31T23:59:60.000Z",
        "2026-11-22T24:00:00.000Z",
        "F35EABF3-5bf1-591e-a9e2-74ebe431a47c",
        "f35eabf35bf1591ea9e274ebe431a47c",
        "{f35eabf3-5bf1-591e-a9e2-74ebe431a47c}",
        "00000000-0000-0000-0000-000000000000",
        "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    ];
    let mut values = vec![json!(null), json!(true), json!(1.5), json!(u64::MAX), json!([]), json!({})];
    values.extend(numbers.map(|number| json!(number)));
    values.extend(texts.map(|text| json!(text)));
    values.extend(lengths.map(|length| json!("X".repeat(length))));
    values.extend(lengths.map(|length| json!("ü".repeat(length))));
    values.extend([64, 65].map(|length| json!(format!("{}@example.com", "a".repeat(length)))));
    values.extend([250, 251].map(|length| json!(format!("a@{}.c", "b".repeat(length)))));
    values.extend([1, 50, 51].map(|length| json!(vec![line.clone(); length])));
    values
}

/// The pointers of every value inside `value`.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(key, child)| (key.clone(), child)).collect(),
        Value::Array(items) => {
            items.iter().enumerate().map(|(index, child)| (index.to_string(), child)).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    for (key, child) in children {
        let pointer = format!("{at}/{key}");
        pointers(child, &pointer, found);
        found.push(pointer);
    }
}

/// Every event that differs from a good one in one value, one missing field, or one unknown field.
fn variations(good: &Value) -> Vec<Value> {
    let mut places = Vec::new();
    pointers(good, "", &mut places);
    let mut variations = vec![good.clone()];
    for place in places {
        for value in values() {
            let mut changed = good.clone();
            *changed.pointer_mut(&place).expect("the place is there") = value;
            variations.push(changed);
        }
        let (parent, key) = place.rsplit_once('/').expect("a pointer has a slash");
        let mut less = good.clone();
        if let Some(fields) = less.pointer_mut(parent).expect("the parent is there").as_object_mut() {
            fields.remove(key);
            variations.push(less);
        }
        let mut more = good.clone();
        if let Some(fields) = more.pointer_mut(&place).expect("the place is there").as_object_mut() {
            fields.insert("a_field_of_tomorrow".to_owned(), json!(1));
            variations.push(more);
        }
    }
    variations
}

/// Compares what the schemas of an event type and the decoder of its family say of each event. The newest schema is
/// made from the type; those of older major versions are as they were released.
fn compare<T>(event_type: impl Kind, good: &Value, decode: impl Fn(&str) -> Result<T, ContractError>) {
    let older = older(event_type).into_iter().map(|(schema, _)| schema);
    let schemas: Vec<Validator> =
        older.chain([schema::of(event_type)]).map(|schema| validator(event_type, &schema)).collect();
    let (mut accepted, mut refused) = (0, 0);
    for event in variations(good) {
        let decoded = decode(&event.to_string());
        // That two fields are equal is beyond a schema.
        if decoded.as_ref().is_err_and(|error| matches!(error.fault(), Fault::Disagrees { .. })) {
            continue;
        }
        if decoded.is_ok() {
            accepted += 1;
        } else {
            refused += 1;
        }
        assert_eq!(
            schemas.iter().any(|schema| schema.is_valid(&event)),
            decoded.is_ok(),
            "the schemas of {event_type} and the decoder disagree about {event}\nthe decoder says {:?}",
            decoded.err()
        );
    }
    assert!(accepted > 50 && refused > 500, "{event_type}: {accepted} accepted, {refused} refused");
}

#[test]
fn a_schema_accepts_exactly_what_decode_accepts() {
    for &event_type in EventType::ALL {
        compare(event_type, &good(event_type), decode);
    }
    for &event_type in TelemetryType::ALL {
        compare(event_type, &good_telemetry(event_type), decode_telemetry);
    }
}

/// Old data have no type any more, and are held to their old schema all the same.
#[test]
fn an_older_schema_accepts_exactly_what_is_read_of_its_version() {
    let mut compared = 0;
    for &event_type in EventType::ALL {
        for (_, sample) in older(event_type) {
            compare(event_type, &sample, decode);
            compared += 1;
        }
    }
    for &event_type in TelemetryType::ALL {
        for (_, sample) in older(event_type) {
            compare(event_type, &sample, decode_telemetry);
            compared += 1;
        }
    }
    assert!(compared > 0, "PaymentDeclined has had another shape");
}

fn describes_itself(event_type: impl Kind, aggregate: &str) {
    let schema = schema::of(event_type);
    assert_eq!(schema["title"], format!("{event_type} {}.x", event_type.newest().major));
    let aggregate = format!("/properties/data/properties/{aggregate}/description");
    for pointer in ["/description", "/properties/metadata/description", &aggregate] {
        let text = schema.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        assert!(!text.is_empty(), "the schema of {event_type} has text at {pointer}");
    }
}

#[test]
fn a_schema_describes_itself() {
    for &event_type in EventType::ALL {
        describes_itself(event_type, "order_id");
    }
    for &event_type in TelemetryType::ALL {
        let is_device = event_type.source() == "com.ecommerce.devices";
        describes_itself(event_type, if is_device { "device_id" } else { "session_id" });
    }
}
