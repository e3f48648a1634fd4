//! The schemas for `EventBridge`'s registry: as strict about events as the released ones, within the registry's limits.

use std::collections::BTreeSet;

use jsonschema::Validator;
use semel_documents::eventbridge::{
    CONTENT_CHARACTERS_MAX, DESCRIPTION_CHARACTERS_MAX, EventBridgeSchema, newest, of, template,
};
use serde_json::{Value, json};

use crate::asyncapi::mutations;
use crate::source::{platform, platform_of, registry, template as sam_template};

fn schemas() -> Vec<EventBridgeSchema> {
    newest(&platform(), &registry()).expect("schemas")
}

fn content(schema: &EventBridgeSchema) -> Value {
    serde_json::from_str(&schema.content).expect("JSON")
}

fn validator(schema: &EventBridgeSchema) -> Validator {
    let content = content(schema);
    jsonschema::draft4::meta::validate(&content).unwrap_or_else(|error| panic!("{}: {error}", schema.name));
    let options = jsonschema::draft4::options().offline().should_validate_formats(true);
    options.build(&content).unwrap_or_else(|error| panic!("{}: {error}", schema.name))
}

/// An event of the bus with this detail.
fn event(source: &str, event_type: &str, detail: &Value) -> Value {
    json!({
        "version": "0",
        "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        "source": source,
        "detail-type": event_type,
        "account": "123456789012",
        "time": "2026-11-22T16:50:00Z",
        "region": "eu-central-1",
        "resources": ["arn:aws:semel:eu-central-1:123456789012:order/1"],
        "detail": detail,
    })
}

#[test]
fn an_event_is_accepted_exactly_where_the_released_schema_accepts_it() {
    let (platform, registry) = (platform(), registry());
    let (mut refused, mut taken, mut on_bus) = (0, 0, 0);
    for found in registry.list() {
        for release in &found.releases {
            let record = &found.record;
            let schema = of(&platform, found, release).expect("a schema");
            let validator = validator(&schema);
            let is_on_bus = !content(&schema)["x-amazon-events-source"].is_null();
            on_bus += usize::from(is_on_bus);
            let carried = |sample: &Value| {
                if is_on_bus { event(&record.source, &record.event_type, sample) } else { sample.clone() }
            };
            assert!(validator.is_valid(&carried(&release.sample)), "{}", schema.name);
            for mutated in mutations(&release.sample) {
                let verdict = release.schema.is_valid(&mutated);
                assert_eq!(validator.is_valid(&carried(&mutated)), verdict, "{}: {mutated:#}", schema.name);
                *(if verdict { &mut taken } else { &mut refused }) += 1;
            }
        }
    }
    assert!(refused > 1000 && taken > 10, "{refused} refused, {taken} taken");
    assert!(on_bus >= 16, "only {on_bus} events of the bus");
}

#[test]
fn an_event_of_the_bus_is_one_in_every_field() {
    let all = schemas();
    let schema = all.iter().find(|schema| schema.name == "com.ecommerce.orders@OrderCreated").expect("one");
    let (validator, registry) = (validator(schema), registry());
    let sample = &registry.latest("com.ecommerce.orders", "OrderCreated").expect("a release").sample;
    let good = event("com.ecommerce.orders", "OrderCreated", sample);
    assert!(validator.is_valid(&good));
    for name in good.as_object().expect("an object").keys() {
        let mut event = good.clone();
        event.as_object_mut().expect("an object").remove(name);
        assert!(!validator.is_valid(&event), "{name} is missing");
        event[name] = json!(7);
        assert!(!validator.is_valid(&event), "{name} is a number");
    }
    for (name, value) in
        [("source", "com.ecommerce.payments"), ("detail-type", "OrderCancelled"), ("version", "1")]
    {
        let mut event = good.clone();
        event[name] = json!(value);
        assert!(!validator.is_valid(&event), "{name}");
    }
}

#[test]
fn telemetry_is_described_as_its_records_are() {
    let all = schemas();
    for schema in all.iter().filter(|schema| !schema.name.starts_with("com.ecommerce.clickstream")) {
        let on_bus = !schema.name.starts_with("com.ecommerce.devices");
        assert_eq!(!content(schema)["properties"]["detail"].is_null(), on_bus, "{}", schema.name);
    }
    let viewed =
        all.iter().find(|schema| schema.name == "com.ecommerce.clickstream@PageViewed").expect("one");
    assert!(content(viewed)["properties"]["event_id"].is_object());
}

#[test]
fn every_event_type_has_one_within_the_limits() {
    let (registry, schemas) = (registry(), schemas());
    let names: BTreeSet<String> = schemas.iter().map(|schema| schema.name.clone()).collect();
    let expected =
        registry.list().map(|found| format!("{}@{}", found.record.source, found.record.event_type));
    assert_eq!(names, expected.collect());
    for schema in schemas {
        let characters = schema.content.chars().count();
        assert!((1..=CONTENT_CHARACTERS_MAX).contains(&characters), "{}: {characters}", schema.name);
        assert!(schema.description.chars().count() <= DESCRIPTION_CHARACTERS_MAX, "{}", schema.name);
        assert_eq!(schema.tags["version"], schema.version);
        assert_eq!(schema.tags["schema-id"].len(), 64);
    }
}

#[test]
fn the_template_holds_every_schema_and_is_the_same_each_time() {
    let schemas = schemas();
    let text = template(&schemas).expect("a template");
    let mut turned = sam_template();
    let resources = turned["Resources"].as_object_mut().expect("resources");
    *resources = std::mem::take(resources).into_iter().rev().collect();
    let registry = registry();
    let turned = newest(&platform_of(&turned, &registry).expect("a platform"), &registry).expect("schemas");
    assert_eq!(template(&turned).expect("a template"), text);
    let read = semel_template::read(&text).expect("YAML");
    let resources = read["Resources"].as_object().expect("resources");
    assert_eq!(resources.len(), schemas.len() + 1);
    for schema in schemas {
        let resource = &resources[&format!("{}Schema", schema.event_type)];
        assert_eq!(resource["Properties"]["Content"], *schema.content);
        assert_eq!(resource["Properties"]["RegistryName"]["Fn::GetAtt"], json!(["Registry", "RegistryName"]));
    }
}
