//! Schema registries against a service of the test's own, over HTTP and with the SDK's own retries.

use std::collections::BTreeMap;

use semel_exactly_once::Class;
use semel_testkit::SchemaService;

use super::*;

const REGISTRY: &str = "semel";

async fn operator() -> (SchemaService, Operator) {
    let (service, endpoint) = SchemaService::start().expect("a service");
    (service, Operator::connect("us-east-1", Some(&endpoint)).await)
}

fn tags(version: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("version".to_owned(), version.to_owned())])
}

async fn create(operator: &Operator, name: &str) -> Result<()> {
    let (tags, description) = (tags("1.0"), "of a test");
    let schema = SchemaContent { name, content: "{}", description, tags: &tags };
    operator.create_schema(REGISTRY, &schema).await
}

#[tokio::test]
async fn what_is_put_there_is_found_again() {
    let (service, operator) = operator().await;
    assert_eq!(operator.schema_registry(REGISTRY).await, Ok(None));
    operator.create_schema_registry(REGISTRY, "events", &tags("x")).await.expect("a registry");
    let found = operator.schema_registry(REGISTRY).await.expect("an answer").expect("a registry");
    assert_eq!((found.name.as_str(), found.description.as_str()), (REGISTRY, "events"));
    assert_eq!(found.tags, tags("x"));
    assert_eq!(operator.registered_schemas(REGISTRY).await, Ok(vec![]));
    let name = "com.ecommerce.orders@OrderCreated";
    assert_eq!(operator.registered_schema(REGISTRY, name).await, Ok(None));
    create(&operator, name).await.expect("a schema");
    let schema = operator.registered_schema(REGISTRY, name).await.expect("an answer").expect("a schema");
    assert_eq!((schema.version.as_str(), schema.format.as_str()), ("1", "JSONSchemaDraft4"));
    let newer = tags("1.1");
    let content = SchemaContent { name, content: "{\"a\":1}", description: "newer", tags: &newer };
    operator.update_schema(REGISTRY, &schema.arn, &content).await.expect("a newer one");
    let schemas = operator.registered_schemas(REGISTRY).await.expect("an answer");
    assert_eq!(schemas.len(), 1);
    assert_eq!((schemas[0].version.as_str(), schemas[0].content.as_str()), ("2", "{\"a\":1}"));
    assert_eq!((schemas[0].description.as_str(), &schemas[0].tags), ("newer", &newer));
    assert_eq!(service.kept().registries[REGISTRY].schemas[name].version, 2);
}

#[tokio::test]
async fn every_page_is_read() {
    let (service, operator) = operator().await;
    operator.create_schema_registry(REGISTRY, "", &BTreeMap::new()).await.expect("a registry");
    let names: Vec<String> = (0..8).map(|number| format!("s@E{number}")).collect();
    for name in names.iter().rev() {
        create(&operator, name).await.expect("a schema");
    }
    let found = operator.registered_schemas(REGISTRY).await.expect("an answer");
    assert_eq!(found.iter().map(|schema| schema.name.clone()).collect::<Vec<_>>(), names);
    let list = format!("GET v1/registries/name/{REGISTRY}/schemas");
    let pages = service.kept().requests.iter().filter(|request| **request == list).count();
    assert_eq!(pages, 3, "three names on a page");
}

#[tokio::test]
async fn refusals_have_their_code_and_class() {
    let (service, operator) = operator().await;
    let nowhere = operator.registered_schemas(REGISTRY).await.expect_err("there is no registry");
    assert_eq!((nowhere.class, nowhere.code.as_str()), (Class::Fatal, "NotFoundException"));
    operator.create_schema_registry(REGISTRY, "", &BTreeMap::new()).await.expect("a registry");
    let twice = operator.create_schema_registry(REGISTRY, "", &BTreeMap::new()).await.expect_err("again");
    assert_eq!((twice.operation, twice.code.as_str()), ("Schemas CreateRegistry", "ConflictException"));
    create(&operator, "a").await.expect("a schema");
    assert_eq!(create(&operator, "a").await.expect_err("again").code, "ConflictException");
    for (name, content, description) in [
        ("b", "", ""),
        ("b", "no JSON", ""),
        ("b/c", "{}", ""),
        ("b", "{}", "x".repeat(257).as_str()),
        ("b".repeat(386).as_str(), "{}", ""),
    ] {
        let tags = BTreeMap::new();
        let schema = SchemaContent { name, content, description, tags: &tags };
        let refused = operator.create_schema(REGISTRY, &schema).await.expect_err(content);
        assert_eq!((refused.class, refused.code.as_str()), (Class::Fatal, "BadRequestException"), "{name}");
    }
    service.kept().refusals.push_back((403, "ForbiddenException"));
    let forbidden = operator.schema_registry(REGISTRY).await.expect_err("no rights");
    assert_eq!((forbidden.class, forbidden.code.as_str()), (Class::Fatal, "ForbiddenException"));
}

#[tokio::test]
async fn what_is_throttled_is_tried_again() {
    let (service, operator) = operator().await;
    service.kept().refusals.push_back((429, "TooManyRequestsException"));
    operator.create_schema_registry(REGISTRY, "", &BTreeMap::new()).await.expect("the second attempt");
    assert_eq!(service.kept().requests.len(), 2);
    service.kept().refusals.extend([(429, "TooManyRequestsException"); 3]);
    let refused = operator.schema_registry(REGISTRY).await.expect_err("it never ends");
    assert_eq!((refused.class, refused.code.as_str()), (Class::Transient, "TooManyRequestsException"));
}
