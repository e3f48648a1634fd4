//! Publishing into a registry of the test's own, over HTTP.

use semel_testkit::{KeptRegistry, SchemaService};

use super::*;

struct Bench {
    service: SchemaService,
    remote: Remote,
    operator: Operator,
    schemas: Vec<EventBridgeSchema>,
    runtime: tokio::runtime::Runtime,
}

impl Bench {
    fn new() -> Self {
        let project = Project::locate(None).expect("the project");
        let mut schemas = template::newest(&project).expect("schemas");
        // As many as show everything: more pages than one.
        schemas.truncate(5);
        let (service, endpoint) = SchemaService::start().expect("a service");
        let remote = Remote {
            registry: "shop".to_owned(),
            region: Some("us-east-1".to_owned()),
            endpoint: Some(endpoint),
        };
        let runtime = runtime::new().expect("a runtime");
        let operator = runtime.block_on(remote.connect()).expect("a client");
        Self { service, remote, operator, schemas, runtime }
    }

    fn plan(&self) -> Result<Plan, Error> {
        self.runtime.block_on(plan(&self.operator, &self.remote, &self.schemas))
    }

    fn apply(&self, plan: &mut Plan) -> Result<(), Error> {
        self.runtime.block_on(apply(&self.operator, &self.remote, &self.schemas, plan))
    }

    fn published() -> Self {
        let bench = Self::new();
        let mut plan = bench.plan().expect("a plan");
        bench.apply(&mut plan).expect("all is put there");
        bench
    }
}

fn changes(plan: &Plan) -> Vec<Change> {
    plan.rows.iter().map(|row| row.change).collect()
}

#[test]
fn all_is_put_there_once() {
    let bench = Bench::new();
    let mut plan = bench.plan().expect("a plan");
    assert!(plan.creates_registry);
    assert_eq!(changes(&plan), [Change::Create; 5]);
    assert!(bench.service.kept().registries.is_empty(), "a plan changes nothing");
    bench.apply(&mut plan).expect("all is put there");
    assert!(plan.rows.iter().all(|row| row.done));
    let kept = bench.service.kept().registries["shop"].clone();
    for schema in &bench.schemas {
        let found = &kept.schemas[&schema.name];
        assert_eq!((&found.content, &found.tags), (&schema.content, &schema.tags));
        assert_eq!((found.format.as_str(), &found.description), (FORMAT, &schema.description));
    }
    let mut again = bench.plan().expect("a plan");
    assert!(!again.creates_registry);
    assert_eq!(changes(&again), [Change::Unchanged; 5]);
    bench.apply(&mut again).expect("nothing to do");
    assert_eq!(bench.service.kept().registries["shop"], kept);
}

#[test]
fn only_what_differs_is_changed_and_what_is_not_ours_stays() {
    let mut bench = Bench::published();
    {
        let mut kept = bench.service.kept();
        let schemas = &mut kept.registries.get_mut("shop").expect("a registry").schemas;
        // The same JSON in other words, another content, a lost tag, a missing one, and one of somebody else's.
        let names: Vec<String> = schemas.keys().cloned().collect();
        let written = schemas.get_mut(&names[0]).expect("one");
        written.content = serde_json::from_str::<Value>(&written.content).expect("JSON").to_string();
        schemas.get_mut(&names[1]).expect("one").content = "{}".to_owned();
        schemas.get_mut(&names[2]).expect("one").tags.remove("version");
        schemas.remove(&names[3]);
        let other = schemas[&names[0]].clone();
        schemas.insert("other@Thing".to_owned(), other);
    }
    let mut plan = bench.plan().expect("a plan");
    let expected = [Change::Unchanged, Change::Update, Change::Tag, Change::Create, Change::Unchanged];
    assert_eq!(changes(&plan), expected);
    assert_eq!(plan.others, ["other@Thing"]);
    bench.apply(&mut plan).expect("it is mended");
    assert_eq!(changes(&bench.plan().expect("a plan")), [Change::Unchanged; 5]);
    let kept = bench.service.kept().registries["shop"].clone();
    assert_eq!(kept.schemas.len(), 6);
    assert_eq!(kept.schemas[&bench.schemas[1].name].version, 2);
    bench.schemas[0].version = "1.1".to_owned();
    bench.schemas[0].tags.insert("version".to_owned(), "1.1".to_owned());
    assert_eq!(changes(&bench.plan().expect("a plan"))[0], Change::Tag);
}

#[test]
fn a_second_run_goes_on_where_the_first_one_failed() {
    let bench = Bench::new();
    // The registry and two schemas are let through.
    bench.service.kept().troubles.extend([None, None, None, Some((400, "BadRequestException"))]);
    let mut plan = bench.plan().expect("a plan");
    let failed = bench.apply(&mut plan).expect_err("the third is refused").to_string();
    assert!(failed.contains("2 of 5 are done; the same command goes on"), "{failed}");
    assert!(failed.contains(&bench.schemas[2].name) && failed.contains("BadRequestException"), "{failed}");
    assert_eq!(plan.rows.iter().filter(|row| row.done).count(), 2);
    let mut plan = bench.plan().expect("a plan");
    assert_eq!(changes(&plan)[..3], [Change::Unchanged, Change::Unchanged, Change::Create]);
    bench.apply(&mut plan).expect("the rest");
    assert_eq!(changes(&bench.plan().expect("a plan")), [Change::Unchanged; 5]);
}

#[test]
fn an_update_that_loses_its_tags_is_finished_by_the_next_run() {
    let bench = Bench::published();
    let name = &bench.schemas[0].name;
    {
        let mut kept = bench.service.kept();
        let schema =
            kept.registries.get_mut("shop").and_then(|kept| kept.schemas.get_mut(name)).expect("one");
        (schema.content, schema.tags) = ("{}".to_owned(), BTreeMap::new());
        kept.troubles.extend([None, Some((403, "ForbiddenException"))]);
    }
    let mut plan = bench.plan().expect("a plan");
    let failed = bench.apply(&mut plan).expect_err("tags are refused").to_string();
    assert!(failed.contains("need the right schemas:tagresource on registry shop"), "{failed}");
    let mut plan = bench.plan().expect("a plan");
    assert_eq!(changes(&plan)[0], Change::Tag);
    bench.apply(&mut plan).expect("tags are set");
    assert_eq!(bench.service.kept().registries["shop"].schemas[name].tags, bench.schemas[0].tags);
}

#[test]
fn a_registry_of_a_stack_is_left_to_its_stack() {
    let mut bench = Bench::new();
    let tags = BTreeMap::from([("aws:cloudformation:stack-name".to_owned(), "semel-dev".to_owned())]);
    let registry = KeptRegistry { tags, ..KeptRegistry::default() };
    bench.service.kept().registries.insert("shop".to_owned(), registry);
    let refused = bench.plan().expect_err("it is owned").to_string();
    assert!(refused.contains("belongs to the stack semel-dev: deploy the stack instead"), "{refused}");
    bench.remote.registry = "discovered-schemas".to_owned();
    assert!(bench.plan().expect_err("AWS's own").to_string().contains("AWS's own"));
}

#[test]
fn refusals_say_what_to_do() {
    let mut bench = Bench::new();
    bench.service.kept().refusals.push_back((403, "AccessDeniedException"));
    let refused = bench.plan().expect_err("no rights").to_string();
    assert!(refused.contains("need the right schemas:describeregistry on registry shop"), "{refused}");
    bench.remote.endpoint = Some("http://127.0.0.1:1".to_owned());
    bench.operator = bench.runtime.block_on(bench.remote.connect()).expect("a client");
    let unreachable = bench.plan().expect_err("nobody is there").to_string();
    assert!(unreachable.contains("no such service in region us-east-1"), "{unreachable}");
}
