//! The releases against a registry of the test's own, over HTTP.

use semel_testkit::{KeptRegistry, KeptSchema, SchemaService};
use serde_json::{Value, json};

use super::*;

struct Bench {
    service: SchemaService,
    remote: Remote,
    platform: Platform,
    registry: Registry,
}

impl Bench {
    /// With the newest release of every event type deployed.
    fn new() -> Self {
        let project = Project::locate(None).expect("the project");
        let registry = super::super::open(&project).expect("releases");
        let platform = documents::platform_of(&project, &registry).expect("a platform");
        let (service, endpoint) = SchemaService::start().expect("a service");
        let remote = Remote {
            registry: "shop".to_owned(),
            region: Some("us-east-1".to_owned()),
            endpoint: Some(endpoint),
        };
        let newest = eventbridge::newest(&platform, &registry).expect("schemas").into_iter();
        let kept = newest.map(|schema| {
            let EventBridgeSchema { name, description, content, tags, .. } = schema;
            (name, KeptSchema { version: 1, format: FORMAT.to_owned(), content, description, tags })
        });
        let kept = KeptRegistry { schemas: kept.collect(), ..KeptRegistry::default() };
        service.kept().registries.insert("shop".to_owned(), kept);
        Self { service, remote, platform, registry }
    }

    fn change(&self, name: &str, change: impl FnOnce(&mut KeptSchema)) {
        let mut kept = self.service.kept();
        let schemas = &mut kept.registries.get_mut("shop").expect("a registry").schemas;
        change(schemas.get_mut(name).expect("a schema"));
    }

    fn rows(&self) -> Result<Vec<Row>, Error> {
        runtime::new().expect("a runtime").block_on(async {
            let operator = self.remote.connect().await?;
            rows(&operator, &self.remote, &self.platform, &self.registry).await
        })
    }
}

fn changed(schema: &mut KeptSchema, change: impl FnOnce(&mut Value)) {
    let mut content = serde_json::from_str(&schema.content).expect("JSON");
    change(&mut content);
    schema.content = content.to_string();
}

fn of<'r>(rows: &'r [Row], name: &str) -> &'r Row {
    rows.iter().find(|row| row.name == name).unwrap_or_else(|| panic!("no row of {name}"))
}

#[test]
fn what_was_released_is_found_and_named() {
    let bench = Bench::new();
    let rows = bench.rows().expect("rows");
    assert_eq!(rows.len(), bench.registry.list().count());
    assert!(rows.iter().all(|row| row.standing == Standing::Newest && row.waiting.is_empty()), "{rows:?}");
    assert!(rows.iter().all(|row| row.deployed.is_some()));
    verdict(&rows).expect("all is well");
}

#[test]
fn what_is_not_deployed_is_said_and_no_failure() {
    let bench = Bench::new();
    let name = "com.ecommerce.orders@OrderCreated";
    bench.service.kept().registries.get_mut("shop").expect("a registry").schemas.remove(name);
    let rows = bench.rows().expect("rows");
    let row = of(&rows, name);
    assert_eq!((row.standing, row.deployed.as_ref()), (Standing::Missing, None));
    assert_eq!(row.waiting[0], "1.0");
    verdict(&rows).expect("it is not wrong");
}

#[test]
fn an_older_release_is_named_with_what_is_not_deployed_yet() {
    let bench = Bench::new();
    let found = bench.registry.list().next().expect("an event type");
    let mut all = releases(&bench.platform, found).expect("releases");
    let mut newer = all[0].clone();
    newer.version = "1.7".to_owned();
    newer.content = "{\"title\": \"newer\"}".to_owned();
    let (content, name) = (all[0].content.clone(), all[0].name.clone());
    all.push(newer);
    let deployed = RegisteredSchema {
        name: name.clone(),
        arn: String::new(),
        version: "1".to_owned(),
        format: FORMAT.to_owned(),
        content,
        description: String::new(),
        tags: BTreeMap::new(),
    };
    let row = row(&all, Some(&deployed), &name, Policy::Lenient);
    assert_eq!(row.standing, Standing::Older);
    assert_eq!(
        (row.deployed.as_deref(), &row.waiting),
        (Some("1.0"), &all[1..].iter().map(|each| each.version.clone()).collect())
    );
}

#[test]
fn what_was_changed_by_hand_fails_and_says_where() {
    let bench = Bench::new();
    let names = ["OrderCreated", "OrderConfirmed", "OrderCancelled"]
        .map(|name| format!("com.ecommerce.orders@{name}"));
    bench.change(&names[0], |schema| {
        changed(schema, |content| content["definitions"]["MinorUnits"]["maximum"] = json!(5));
    });
    bench.change(&names[1], |schema| changed(schema, |content| content["description"] = json!("by hand")));
    let requested = "com.ecommerce.orders@OrderCancellationRequested";
    bench.change(requested, |schema| {
        changed(schema, |content| content["x-amazon-events-source"] = json!("by hand"));
    });
    bench.change(&names[2], |schema| schema.format = "OpenApi3".to_owned());
    let (voided, refunded) =
        ("com.ecommerce.payments@PaymentVoided", "com.ecommerce.payments@PaymentRefunded");
    bench.change(voided, |schema| schema.content = "no JSON".to_owned());
    bench.change(refunded, |schema| schema.content = "{\"type\": 7}".to_owned());
    let rows = bench.rows().expect("rows");
    let said = |name: &str| {
        let row = of(&rows, name);
        assert_eq!(row.standing, Standing::Changed, "{name}");
        row.differences.join("; ")
    };
    assert!(
        said(&names[0]).contains("#/properties/detail/properties/data/properties/total/properties/amount"),
        "{}",
        said(&names[0])
    );
    assert!(said(&names[0]).contains("(9007199254740991 → 5)"), "{}", said(&names[0]));
    assert!(said(&names[1]).contains("DESCRIPTION_CHANGED"), "{}", said(&names[1]));
    assert!(
        said(requested).contains("nothing that the rules of compatibility look at"),
        "{}",
        said(requested)
    );
    assert!(said(&names[2]).contains("its format is OpenApi3"), "{}", said(&names[2]));
    assert!(said(voided).contains("is not JSON"), "{}", said(voided));
    assert!(said(refunded).contains("is not a schema"), "{}", said(refunded));
    let failed = verdict(&rows).expect_err("it is wrong").to_string();
    assert!(names.iter().all(|name| failed.contains(name.as_str())), "{failed}");
}

#[test]
fn a_name_that_was_never_released_fails_and_those_of_others_do_not() {
    let bench = Bench::new();
    {
        let mut kept = bench.service.kept();
        let schemas = &mut kept.registries.get_mut("shop").expect("a registry").schemas;
        let schema = schemas.values().next().expect("a schema").clone();
        schemas.insert("com.ecommerce.orders@OrderEaten".to_owned(), schema.clone());
        schemas.insert("org.example@Thing".to_owned(), schema);
    }
    let rows = bench.rows().expect("rows");
    assert_eq!(of(&rows, "com.ecommerce.orders@OrderEaten").standing, Standing::Unknown);
    assert!(rows.iter().all(|row| row.name != "org.example@Thing"));
    verdict(&rows).expect_err("nobody released it");
}

#[test]
fn a_registry_that_is_not_there_is_said() {
    let mut bench = Bench::new();
    bench.remote.registry = "elsewhere".to_owned();
    let missing = bench.rows().expect_err("no registry").to_string();
    assert!(
        missing.contains("there is no registry elsewhere: deploy with SchemaRegistry=eventbridge"),
        "{missing}"
    );
}
