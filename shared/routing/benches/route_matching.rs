//! How fast events find their rules, as JSON: `cargo bench -p semel-routing --bench route_matching [-- --json FILE]`.
//!
//! An event of about 1 KB is matched, from its text to the list of rules, against the platform's own rules as
//! template.yaml has them, and against 10 to 1,000 made-up ones: those that a type or a field of texts tells apart, and
//! those that nothing does (a prefix only), which have to be compared one by one. Next to it, in the same round: the
//! same rules each alone on the event's tree, and the floor, one pass over the text. Times are those that the one thread
//! was on a core.

use std::hint::black_box;
use std::time::Duration;

use semel_bench::{Spread, timed, write};
use semel_routing::{Pattern, RuleSet};
use serde::Serialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

/// Events of a round.
const EVENTS: usize = 2_000;
const ROUNDS_WARM_UP: usize = 2;
/// Odd, so that a median is a measurement.
const ROUNDS: usize = 11;
/// Different types of the made-up events.
const TYPES: usize = 100;

#[derive(Serialize)]
struct Report {
    rounds: usize,
    events: usize,
    bytes_per_event: usize,
    lines: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    rules: usize,
    /// What tells them apart.
    kind: &'static str,
    matches_per_event: f64,
    ns_per_event: Spread,
    events_per_second: u64,
    /// Each rule alone, on the event's tree; making the tree not in it.
    alone_ns_per_event: Spread,
    floor_ns_per_event: Spread,
}

fn main() {
    let made_up: Vec<String> = (0..EVENTS).map(|at| event(at % TYPES, at).to_string()).collect();
    let platform: Vec<String> = (0..EVENTS).map(|at| platform_event(at).to_string()).collect();
    let mut lines = vec![measure("the platform's own", &platform_patterns(), &platform)];
    for (kind, pattern) in [("type or text", told_apart as fn(usize) -> Value), ("nothing", not_told_apart)] {
        for rules in [10, 30, 100, 300, 1_000] {
            let patterns: Vec<Value> = (0..rules).map(pattern).collect();
            lines.push(measure(kind, &patterns, &made_up));
        }
    }
    let bytes_per_event = made_up.iter().map(String::len).sum::<usize>() / EVENTS;
    write(&Report { rounds: ROUNDS, events: EVENTS, bytes_per_event, lines });
}

#[allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn measure(kind: &'static str, patterns: &[Value], events: &[String]) -> Line {
    let read = |pattern| Pattern::parse(pattern).expect("the pattern is one");
    let alone: Vec<Pattern> = patterns.iter().map(read).collect();
    let rules: RuleSet<usize> = alone.iter().cloned().enumerate().collect();
    let trees: Vec<Value> = events.iter().map(|text| serde_json::from_str(text).expect("JSON")).collect();
    let (mut together, mut one_by_one, mut floor) = (Vec::new(), Vec::new(), Vec::new());
    let mut matches = 0;
    for round in 0..ROUNDS_WARM_UP + ROUNDS {
        let (found, time) = timed(|| {
            let found = |text: &String| rules.matching_json(text.as_bytes()).expect("an event").len();
            events.iter().map(found).sum::<usize>()
        });
        let (found_alone, time_alone) = timed(|| {
            let found = |event: &Value| alone.iter().filter(|pattern| pattern.matches(event)).count();
            trees.iter().map(found).sum::<usize>()
        });
        assert_eq!(found, found_alone, "both ways find the same");
        let ((), time_floor) = timed(|| {
            for text in events {
                black_box(serde_json::from_str::<IgnoredAny>(text).expect("JSON"));
            }
        });
        if round >= ROUNDS_WARM_UP {
            matches = found;
            together.push(time);
            one_by_one.push(time_alone);
            floor.push(time_floor);
        }
    }
    let each = |times: &[Duration]| {
        let each = times.iter().map(|time| time.as_nanos() as f64 / events.len() as f64);
        Spread::of(each).expect("there are rounds")
    };
    let ns_per_event = each(&together);
    Line {
        rules: patterns.len(),
        kind,
        matches_per_event: matches as f64 / events.len() as f64,
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounded, and positive")]
        events_per_second: (1e9 / ns_per_event.median).round() as u64,
        ns_per_event,
        alone_ns_per_event: each(&one_by_one),
        floor_ns_per_event: each(&floor),
    }
}

/// A rule that its type, a customer or both tell apart; each third asks for more.
fn told_apart(at: usize) -> Value {
    let mut pattern = json!({
        "source": [format!("shop.service{}", at % 10)],
        "detail-type": [format!("Type{}", at % TYPES)],
    });
    match at % 3 {
        0 => {
            let customer = format!("customer-{}", at % 50);
            pattern["detail"] = json!({ "data": { "customer": { "id": [customer] } } });
        }
        1 => {
            let range = json!({ "numeric": [">", 100, "<=", 5_000] });
            pattern["detail"] = json!({ "data": { "total": { "amount": [range] } } });
        }
        _ => {}
    }
    pattern
}

/// A rule that must be compared with every event.
fn not_told_apart(at: usize) -> Value {
    json!({ "detail": { "data": {
        "customer": { "id": [{ "prefix": format!("customer-{}", at % 50) }] },
        "coupon": [{ "anything-but": format!("coupon-{at}") }],
    } } })
}

fn event(event_type: usize, at: usize) -> Value {
    enveloped(&format!("shop.service{}", event_type % 10), &format!("Type{event_type}"), at)
}

/// The types of an order's life in turn.
fn platform_event(at: usize) -> Value {
    const TYPES: [(&str, &str); 8] = [
        ("orders", "OrderCreated"),
        ("payments", "PaymentAuthorized"),
        ("inventory", "InventoryReserved"),
        ("orders", "OrderConfirmed"),
        ("payments", "PaymentProcessed"),
        ("shipping", "ShipmentCreated"),
        ("shipping", "ShipmentDispatched"),
        ("shipping", "ShipmentDelivered"),
    ];
    let (service, event_type) = TYPES[at % TYPES.len()];
    enveloped(&format!("com.ecommerce.{service}"), event_type, at)
}

fn enveloped(source: &str, event_type: &str, at: usize) -> Value {
    let line = |line: usize| json!({ "sku": format!("SKU-{line:05}"), "quantity": 1 + line % 3, "unit_price": { "amount": 1_999, "currency": "EUR" } });
    json!({
        "version": "0", "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718", "detail-type": event_type, "source": source,
        "account": "123456789012", "time": "2026-11-22T16:50:00Z", "region": "eu-central-1", "resources": [],
        "detail": {
            "event_id": "545b5bec-a503-5e20-9bf8-a57b9597de29", "event_type": event_type,
            "timestamp": "2026-11-22T16:50:00.123Z",
            "data": {
                "order_id": "07d9a6bf-5c66-50a4-8443-6da955f0f3fd", "coupon": format!("coupon-{}", at % 7),
                "customer": { "id": format!("customer-{}", at % 50), "email": "somebody@example.com" },
                "lines": [line(at), line(at + 1), line(at + 2)],
                "total": { "amount": 100 + at % 10_000, "currency": "EUR" },
                "shipping_method": if at.is_multiple_of(3) { "express" } else { "standard" },
                "ship_to": { "name": "A. Person", "line1": "1 Some Street", "city": "Town", "postal_code": "12345", "country": "DE" },
            },
            "metadata": {
                "producer_id": "orders", "version": "1.0", "aggregate_id": "07d9a6bf-5c66-50a4-8443-6da955f0f3fd",
                "sequence": 2, "correlation_id": "07d9a6bf-5c66-50a4-8443-6da955f0f3fd",
            },
        },
    })
}

/// The patterns of the template's rules.
fn platform_patterns() -> Vec<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../template.yaml");
    let text = std::fs::read_to_string(path).expect("template.yaml at the root of the workspace");
    let template = semel_template::read(&text).expect("template.yaml is a template");
    let resources = template["Resources"].as_object().expect("the template has resources");
    let rules = resources.values().filter(|resource| resource["Type"] == "AWS::Events::Rule");
    rules.map(|rule| rule["Properties"]["EventPattern"].clone()).collect()
}
