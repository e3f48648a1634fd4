//! `OpenAPI` documents as AWS's schema discovery writes them.

use semel_registry::discovery::{Discovery, NotDescribed};
use serde_json::{Value, json};

use crate::{lines, released};

/// A document with AWS's frame around the schemas of the detail, of which the first is named after the type.
fn document(source: &str, event_type: &str, schemas: &Value) -> Value {
    let mut all = json!({ "AWSEvent": {
        "type": "object",
        "required": ["detail-type", "resources", "detail", "id", "source", "time", "region", "version", "account"],
        "x-amazon-events-detail-type": event_type,
        "x-amazon-events-source": source,
        "properties": {
            "detail": { "$ref": format!("#/components/schemas/{event_type}") },
            "account": { "type": "string" },
            "detail-type": { "type": "string" },
            "id": { "type": "string" },
            "region": { "type": "string" },
            "resources": { "type": "array", "items": { "type": "object" } },
            "source": { "type": "string" },
            "time": { "type": "string", "format": "date-time" },
            "version": { "type": "string" },
        },
    } });
    for (name, schema) in schemas.as_object().expect("named schemas") {
        all[name] = schema.clone();
    }
    json!({
        "openapi": "3.0.0", "info": { "version": "1.0.0", "title": event_type }, "paths": {},
        "components": { "schemas": all },
    })
}

/// What discovery writes after it saw an order.
fn order() -> Value {
    let text = json!({ "type": "string" });
    let whole = json!({ "type": "integer", "format": "int64" });
    document(
        "com.ecommerce.orders",
        "OrderCreated",
        &json!({
            "OrderCreated": { "type": "object", "required": ["data", "metadata", "event_id"], "properties": {
                "data": { "$ref": "#/components/schemas/Data" },
                "metadata": { "$ref": "#/components/schemas/Metadata" },
                "event_id": text, "event_type": text,
                "timestamp": { "type": "string", "format": "date-time" },
            } },
            "Data": { "type": "object", "properties": {
                "customer": { "$ref": "#/components/schemas/Customer" },
                "lines": { "type": "array", "items": { "$ref": "#/components/schemas/DataItem" } },
                "order_id": text, "payment_method": text, "shipping_method": text,
                "total": { "$ref": "#/components/schemas/Total" },
            } },
            "Customer": { "type": "object", "properties": { "customer_id": text, "email": text } },
            "DataItem": { "type": "object", "properties": { "quantity": whole, "sku": text, "unit_amount": whole } },
            "Total": { "type": "object", "properties": { "amount": whole, "currency": text } },
            "Metadata": { "type": "object", "properties": {
                "aggregate_id": text, "correlation_id": text, "producer_id": text, "sequence": whole, "version": text,
                // Only null was seen.
                "causation_id": {}, "traceparent": {},
            } },
        }),
    )
}

fn findings(documents: &[Value]) -> Vec<String> {
    let registry = released();
    let mut discovery = Discovery::new(registry);
    for document in documents {
        discovery.document(document).unwrap_or_else(|error| panic!("{document} {error}"));
    }
    lines(&discovery.report().findings)
}

#[test]
fn a_discovered_schema_that_keeps_to_the_contract_has_no_findings() {
    assert_eq!(findings(&[order()]), [""; 0]);
    // Only empty lists were seen.
    let mut empty = order();
    empty["components"]["schemas"]["Data"]["properties"]["lines"]["items"] = json!({ "type": "object" });
    assert_eq!(findings(&[empty]), [""; 0]);
}

#[test]
fn fields_types_and_events_that_are_not_documented_are_found_behind_references() {
    let mut changed = order();
    let schemas = &mut changed["components"]["schemas"];
    schemas["DataItem"]["properties"]["quantity"] = json!({ "type": "number", "format": "double" });
    schemas["Customer"]["properties"]["loyalty"] = json!({ "$ref": "#/components/schemas/Total" });
    let foreign = document("com.ecommerce.coupons", "CouponIssued", &json!({ "CouponIssued": {} }));
    let aws = document("aws.s3", "ObjectCreated", &json!({ "ObjectCreated": {} }));
    let mut elsewhere = order();
    elsewhere["components"]["schemas"]["AWSEvent"]["x-amazon-events-source"] = json!("com.ecommerce.web");
    assert_eq!(
        findings(&[changed, foreign, aws, elsewhere]),
        [
            "com.ecommerce.coupons/CouponIssued: undocumented event type",
            "com.ecommerce.orders/OrderCreated: $.data.lines[*].quantity: type conflict: documented integer, \
             found number",
            "com.ecommerce.orders/OrderCreated: $.data.customer.loyalty: undocumented field: object",
            "com.ecommerce.web/OrderCreated: wrong source: com.ecommerce.orders is documented to emit it",
        ]
    );
}

#[test]
fn documents_that_refer_to_themselves_come_to_an_end() {
    let twice = json!({ "allOf": [{ "$ref": "#/components/schemas/Loop" }, { "$ref": "#/components/schemas/Loop" }],
        "properties": { "again": { "$ref": "#/components/schemas/Loop" } } });
    let looping = document("com.ecommerce.orders", "Loop", &json!({ "Loop": twice }));
    assert_eq!(findings(&[looping]), ["com.ecommerce.orders/Loop: undocumented event type"]);
}

#[test]
fn what_describes_no_event_is_refused() {
    let registry = released();
    let mut discovery = Discovery::new(registry);
    let mut no_detail = order();
    no_detail["components"]["schemas"]["AWSEvent"]["properties"] = json!({});
    let mut no_source = order();
    no_source["components"]["schemas"]["AWSEvent"]["x-amazon-events-source"] = json!(1);
    for document in [json!(null), json!({ "openapi": "3.0.0" }), no_detail, no_source] {
        assert_eq!(discovery.document(&document), Err(NotDescribed), "{document}");
    }
    assert_eq!(discovery.examined(), 0);
}
