//! The command's options, and what AWS's schema discovery wrote, over HTTP from a registry of the test's own.

use clap::Parser;
use semel_registry::Registry;
use semel_testkit::{KeptRegistry, KeptSchema, SchemaService};
use serde_json::json;

use super::*;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    options: Options,
}

fn options(arguments: &[&str]) -> Result<Options, String> {
    let line = std::iter::once(&"discover").chain(arguments);
    Line::try_parse_from(line).map(|line| line.options).map_err(|error| error.to_string())
}

/// A registry of AWS's with these documents, by event type.
fn discovering(documents: &[(&str, Value)]) -> (SchemaService, Options) {
    let (service, endpoint) = SchemaService::start().expect("a service");
    let schemas = documents.iter().map(|(event_type, document)| {
        let kept = KeptSchema {
            version: 1,
            format: "OpenApi3".to_owned(),
            content: document.to_string(),
            description: String::new(),
            tags: [].into(),
        };
        (format!("com.ecommerce.orders@{event_type}"), kept)
    });
    let kept = KeptRegistry { schemas: schemas.collect(), ..KeptRegistry::default() };
    service.kept().registries.insert("discovered-schemas".to_owned(), kept);
    let options = options(&["--from", "registry", "--region", "us-east-1", "--endpoint", &endpoint]);
    (service, options.expect("options"))
}

fn document(event_type: &str, detail: &Value) -> Value {
    json!({ "openapi": "3.0.0", "components": { "schemas": {
        "AWSEvent": {
            "x-amazon-events-source": "com.ecommerce.orders",
            "x-amazon-events-detail-type": event_type,
            "properties": { "detail": { "$ref": "#/components/schemas/Detail" } },
        },
        "Detail": detail,
    } } })
}

/// What is found, or what went wrong.
fn found(options: &Options) -> Result<Vec<String>, String> {
    let project = Project::locate(None).expect("the project");
    let registry: Registry = crate::schemas::open(&project).expect("releases");
    let mut discovery = Discovery::new(&registry);
    discovered(options, &mut discovery).map_err(|error| error.to_string())?;
    Ok(discovery.report().findings.iter().map(ToString::to_string).collect())
}

#[test]
fn what_aws_discovered_is_compared_page_by_page() {
    let created = json!({ "type": "object", "properties": {
        "event_id": { "type": "string" }, "surprise": { "type": "boolean" },
    } });
    let other = json!({ "type": "object", "properties": {} });
    let names = ["CouponIssued", "OrderCancelled", "OrderConfirmed", "OrderCreated"];
    let documents =
        names.map(|name| (name, document(name, if name == "OrderCreated" { &created } else { &other })));
    let (_service, options) = discovering(&documents);
    let expected = [
        "com.ecommerce.orders/CouponIssued: undocumented event type",
        "com.ecommerce.orders/OrderCreated: $.surprise: undocumented field: boolean",
    ];
    assert_eq!(found(&options), Ok(expected.map(str::to_owned).to_vec()));
}

#[test]
fn a_registry_that_is_not_there_or_holds_something_else_is_said_to() {
    let (service, options) = discovering(&[("OrderCreated", json!({ "type": "object" }))]);
    let error = found(&options).expect_err("no event");
    let expected = "schema com.ecommerce.orders@OrderCreated in discovered-schemas is no OpenAPI 3 document";
    assert!(error.starts_with(expected), "{error}");
    service.kept().registries.clear();
    let error = found(&options).expect_err("no registry");
    assert!(error.contains("no registry discovered-schemas"), "{error}");
}

#[test]
fn options_that_say_two_things_or_nothing_that_can_be_are_refused() {
    for arguments in [
        &["--events", "a", "--from", "archive"][..],
        &["--from", "bus"],
        &["--limit", "0"],
        &["--limit", "100001"],
        &["--since", "1y"],
    ] {
        assert!(options(arguments).is_err(), "{arguments:?}");
    }
    let usual = options(&[]).expect("options");
    assert_eq!((usual.from, usual.since, usual.limit), (Origin::Archive, Duration::from_hours(1), 10_000));
    assert!(options(&["--events", "-"]).is_ok());
}

#[test]
fn a_time_has_a_unit_and_a_bound() {
    for (text, seconds) in [("90s", 90), ("15m", 900), ("1h", 3_600), ("2d", 172_800), ("3653d", 315_619_200)]
    {
        assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
    }
    for text in ["", "h", "1", "0s", "-1h", "1.5h", "1w", "3654d", "99999999999999999999d", "1ä", "ä"] {
        assert!(duration(text).is_err(), "{text}");
    }
}
