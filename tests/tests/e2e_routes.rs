//! Rules applied at run time, on the deployed stack: a target gets exactly the text that `routes test` showed, a second
//! run finds nothing to do, a change and a prune do what their plans say, and a rule of the template is left alone.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use semel_aws::operator::Operator;
use semel_domain::PlaceOrder;
use semel_tests::{Goods, OwnStack, Stack, created, envelope, eventually, semel, unique};
use serde_json::{Value, json};

const VALID: &str = "the test's own values are valid";
/// How long the orders of this test may stay pending.
const WHILE: Duration = Duration::from_mins(30);
/// What ends a command that did nothing because nobody was asked.
const PENDING: Option<i32> = Some(3);

/// A rules file and an event, on disk.
struct Files {
    rules: PathBuf,
    event: PathBuf,
}

impl Files {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        Self { rules: folder.join(format!("{name}.yaml")), event: folder.join(format!("{name}.json")) }
    }

    fn write(path: &Path, value: &Value) {
        std::fs::write(path, value.to_string()).expect("the file can be written");
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        for path in [&self.rules, &self.event] {
            // What is left lies among what tests leave.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Runs `semel routes` as a program would, with nobody to ask.
fn routes(arguments: &[&str]) -> Output {
    let mut command = semel();
    command.arg("routes").args(arguments).stdin(Stdio::null());
    command.output().expect("semel runs")
}

fn path(path: &Path) -> &str {
    path.to_str().expect("paths here are text")
}

/// The JSON that a command printed, and how it ended.
#[track_caller]
fn json_of(output: &Output) -> (Value, Option<i32>) {
    let printed = String::from_utf8_lossy(&output.stdout);
    let read = serde_json::from_str(&printed);
    let read = read
        .unwrap_or_else(|error| panic!("{error}: {printed}\n{}", String::from_utf8_lossy(&output.stderr)));
    (read, output.status.code())
}

#[track_caller]
fn apply(files: &Files, options: &[&str]) -> (Value, Option<i32>) {
    let arguments = [&["apply", path(&files.rules), "--json"], options].concat();
    json_of(&routes(&arguments))
}

/// The actions of a plan, by rule.
fn actions<'a>(plan: &'a Value) -> Vec<(&'a str, &'a str)> {
    let steps = plan["plan"].as_array().expect("a plan");
    let texts = |step: &'a Value| {
        (step["rule"].as_str().expect("a name"), step["action"].as_str().expect("an action"))
    };
    steps.iter().map(texts).collect()
}

/// The rules file: the orders of two customers go to a queue as a text that the template makes.
fn rules(name: &str, customers: &[&PlaceOrder], description: &str, template: &str) -> Value {
    let customers: Vec<_> =
        customers.iter().map(|order| json!(order.customer.customer_id.to_string())).collect();
    json!({
        "name": name,
        "rules": [{
            "name": name,
            "description": description,
            "pattern": {
                "source": ["com.ecommerce.orders"],
                "detail-type": ["OrderCreated"],
                "detail": { "data": { "customer": { "customer_id": customers } } },
            },
            "targets": [{
                "id": "queue",
                "queue": name,
                "input_transformer": {
                    "input_paths": {
                        "type": "$.detail-type",
                        "order": "$.detail.data.order_id",
                        "customer": "$.detail.data.customer.customer_id",
                        "amount": "$.detail.data.total.amount",
                    },
                    "input_template": template,
                },
            }],
        }],
    })
}

/// What `routes test` says that the queue would receive of the event of an order.
fn foreseen(files: &Files, order: &PlaceOrder) -> String {
    let event = envelope(created(order)).encode().expect("it is small");
    Files::write(&files.event, &serde_json::from_str(&event).expect("JSON"));
    let arguments = ["test", path(&files.event), "--rules", path(&files.rules), "--json"];
    let (tried, status) = json_of(&routes(&arguments));
    assert_eq!(status, Some(0), "{tried}");
    assert_eq!(
        (&tried[0]["matches"], &tried[0]["targets"][0]["remarks"]),
        (&json!(true), &json!([])),
        "{tried}"
    );
    tried[0]["targets"][0]["receives"].as_str().expect("a text").to_owned()
}

/// A temporary queue, and looking into it.
struct TestQueue {
    runtime: tokio::runtime::Runtime,
    operator: Operator,
    url: String,
}

impl TestQueue {
    fn of(stack: &Stack, name: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let region = std::env::var("AWS_REGION").expect("AWS_REGION: run `cargo semel test e2e`");
        let operator = runtime.block_on(Operator::connect(&region, Some(stack.endpoint())));
        // Beside every other queue of the account.
        let beside = stack.output("OrdersQueueUrl").rsplit_once('/').expect("a URL").0;
        Self { runtime, operator, url: format!("{beside}/{name}") }
    }

    /// Waits for a message that is this text and nothing else.
    fn wait_for(&self, text: &str) {
        eventually(&format!("the queue gets {text}"), || {
            let letters = self.runtime.block_on(self.operator.dead_letters(&self.url));
            let letters = letters.expect("the queue answers");
            let bodies: Vec<String> = letters.into_iter().map(|letter| letter.body).collect();
            if bodies.iter().any(|body| body == text) { Ok(()) } else { Err(format!("{bodies:?}")) }
        });
    }
}

#[test]
fn rules_are_applied_changed_and_pruned() {
    let stack = Stack::from_environment();
    let name = unique("e2e-routes");
    let goods = Goods::usual(&stack);
    let (first, second) = (goods.order(WHILE), goods.order(WHILE));
    let template = json!({ "Resources": {
        "Queue": { "Type": "AWS::SQS::Queue", "Properties": { "QueueName": name } },
    } });
    let own = OwnStack::create(&stack, &name, &template);
    let queue = TestQueue::of(&stack, &name);
    let files = Files::new(&name);

    // Nobody says yes: only the plan.
    let text = r#"{"what": <type>, "of": "<customer>", "rule": <aws.events.rule-name>, "amount": <amount>}"#;
    Files::write(&files.rules, &rules(&name, &[&first, &second], "", text));
    let (plan, status) = apply(&files, &[]);
    assert_eq!((actions(&plan), status), (vec![(name.as_str(), "create")], PENDING), "{plan}");
    // The queue has no policy: on AWS nothing would arrive.
    assert_eq!(plan["warnings"][0]["statement"]["Action"], "sqs:SendMessage", "{plan}");

    let (done, status) = apply(&files, &["--yes"]);
    assert_eq!((actions(&done), status), (vec![(name.as_str(), "create")], Some(0)), "{done}");
    assert_eq!(done["applied"], true, "{done}");
    let (again, status) = apply(&files, &["--yes", "--prune"]);
    assert_eq!((actions(&again), status), (vec![(name.as_str(), "unchanged")], Some(0)), "{again}");
    assert_eq!(again["applied"], false, "{again}");

    let expected = foreseen(&files, &first);
    assert!(expected.contains(first.customer.customer_id.as_str()), "{expected}");
    stack.put(&first);
    queue.wait_for(&expected);

    Files::write(&files.rules, &rules(&name, &[&first, &second], "of a test", r#""<order> is <type>""#));
    let (changed, status) = apply(&files, &["--yes"]);
    assert_eq!((actions(&changed), status), (vec![(name.as_str(), "change")], Some(0)), "{changed}");
    let differences = changed["plan"][0]["differences"].as_array().expect("differences");
    let fields: Vec<&str> = differences.iter().filter_map(|each| each["field"].as_str()).collect();
    assert_eq!(fields, ["description", "targets.queue.input_transformer.input_template"]);
    let expected = foreseen(&files, &second);
    assert_eq!(expected, format!("\"{} is OrderCreated\"", second.order_id));
    stack.put(&second);
    queue.wait_for(&expected);

    Files::write(&files.rules, &json!({ "name": name, "rules": [] }));
    let (kept, status) = apply(&files, &["--yes"]);
    assert_eq!((actions(&kept), status), (vec![], Some(0)), "{kept}");
    let (pruned, status) = apply(&files, &["--yes", "--prune"]);
    assert_eq!((actions(&pruned), status), (vec![(name.as_str(), "remove")], Some(0)), "{pruned}");
    let (again, status) = apply(&files, &["--yes", "--prune"]);
    assert_eq!((actions(&again), status), (vec![], Some(0)), "{again}");
    drop(own);
}

#[test]
fn a_rule_of_the_template_is_left_alone() {
    const ID: &str = "OrdersFromPayments";
    let resources = std::env::var("SEMEL_RESOURCES").expect("SEMEL_RESOURCES: run `cargo semel test e2e`");
    let resources: Value = serde_json::from_str(&resources).expect(VALID);
    let rule = resources[ID].as_str().and_then(|name| name.rsplit('|').next()).expect("the rule is deployed");
    let stack = Stack::from_environment();
    let queue = stack.output("OrdersQueueUrl").rsplit('/').next().expect("a URL");
    let name = unique("e2e-routes");
    let files = Files::new(&name);
    let targets = json!([{ "id": "orders", "queue": queue }]);
    Files::write(
        &files.rules,
        &json!({ "name": name, "rules": [
            { "name": rule, "pattern": { "source": ["com.ecommerce.payments"] }, "targets": targets },
        ] }),
    );
    let refused = routes(&["apply", path(&files.rules), "--yes", "--prune"]);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(said.contains(rule) && said.contains(ID) && said.contains("template.yaml"), "{said}");
}

#[test]
fn what_does_not_fit_is_refused_before_anything_is_sent() {
    let name = unique("e2e-routes");
    let files = Files::new(&name);
    let rule = |pattern: Value| {
        json!({ "name": name, "rules": [
            { "name": name, "pattern": pattern, "targets": [{ "id": "a", "queue": "none" }] },
        ] })
    };
    for (pattern, words) in [
        (
            json!({ "source": "x" }),
            "Event pattern is not valid. Reason: \"source\" must be an object or an array",
        ),
        (json!({ "detail-type": ["OrderTeleported"] }), "detail-type: never \"OrderTeleported\""),
        // Only the queue is missing.
        (json!({ "detail-type": ["OrderCreated"] }), "there is no arn:aws:sqs:"),
    ] {
        Files::write(&files.rules, &rule(pattern.clone()));
        let refused = routes(&["apply", path(&files.rules), "--yes"]);
        assert_eq!(refused.status.code(), Some(1), "{pattern}: {refused:?}");
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(said.contains(words), "{pattern}: {said}");
    }
}
