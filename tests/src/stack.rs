//! The stack under test, as `semel test` describes it in the environment, and looking into it.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use semel_aws::dynamodb::{Item, text};
use semel_aws::operator::{DeadLetter, Operator};
use semel_aws::{Aws, Message};
use semel_domain::{Order, OrderInput, PlaceOrder};
use semel_exactly_once::{
    Aggregate, AggregateStore, Clock, Committer, Decision, Delivery, Known, Stored, Verdict, Write,
};
use serde_json::Value;
use ureq::Agent;
use uuid::Uuid;

use crate::analytics::Answered;
use crate::wait::eventually;

/// Longer than the longest invocation, a sweep.
const HTTP_TIMEOUT: Duration = Duration::from_mins(1);

/// A mail that left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// About what.
    pub subject: String,
    /// The whole of it, as the mail service shows it.
    pub text: String,
}

/// A deployed stack.
pub struct Stack {
    pub(crate) agent: Agent,
    pub(crate) api_url: String,
    endpoint: String,
    outputs: BTreeMap<String, String>,
    resources: BTreeMap<String, String>,
    runtime: tokio::runtime::Runtime,
    pub(crate) aws: Aws,
    operator: Operator,
}

impl Stack {
    /// The one that the `SEMEL_*` variables describe.
    pub fn from_environment() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let endpoint = variable("SEMEL_ENDPOINT");
        let (aws, operator) = runtime.block_on(async {
            // `semel test` points the SDK at the engine as well.
            let operator = Operator::connect(&variable("AWS_REGION"), Some(&endpoint)).await;
            (Aws::load().await, operator)
        });
        let json = |name: &str| serde_json::from_str(&variable(name)).expect("a JSON object of texts");
        let config = Agent::config_builder().timeout_global(Some(HTTP_TIMEOUT)).http_status_as_error(false);
        Self {
            agent: config.build().into(),
            api_url: variable("SEMEL_API_URL"),
            endpoint,
            outputs: json("SEMEL_OUTPUTS"),
            resources: json("SEMEL_RESOURCES"),
            runtime,
            aws,
            operator,
        }
    }

    /// Where AWS's interfaces are.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// An output of the template.
    #[track_caller]
    pub fn output(&self, name: &str) -> &str {
        self.outputs.get(name).unwrap_or_else(|| panic!("the stack has no output {name}"))
    }

    /// Logical ids of the functions, in their alphabetical order, with their names.
    pub fn functions(&self) -> impl Iterator<Item = (&str, &str)> {
        let named = self.resources.iter().map(|(id, name)| (id.as_str(), name.as_str()));
        named.filter(|(id, _)| id.ends_with("Function"))
    }

    /// The environment variables that a deployed function has.
    pub fn variables(&self, function: &str) -> BTreeMap<String, String> {
        let url = format!("{}/2015-03-31/functions/{function}/configuration", self.endpoint);
        let mut answer = self.agent.get(url).call().expect("Lambda answers");
        let text = answer.body_mut().read_to_string().expect("a text");
        let configuration: Value = serde_json::from_str(&text).expect("JSON");
        let variables = configuration["Environment"]["Variables"].clone();
        serde_json::from_value(variables).unwrap_or_else(|error| panic!("{function} in {text}: {error}"))
    }

    /// Lets the sweeper do at once what it does every minute. More often does no harm: that is what it promises.
    pub fn sweep(&self) {
        let function = self.output("SweeperFunctionName");
        let url = format!("{}/2015-03-31/functions/{function}/invocations", self.endpoint);
        let answer = self.agent.post(url).send("{}").expect("Lambda answers");
        assert_eq!(answer.status(), 200);
        let error = answer.headers().get("x-amz-function-error");
        assert_eq!(error, None, "a sweep failed; the log of {function} says why");
    }

    /// Every item of the table that an output names.
    pub fn items(&self, table: &str) -> Vec<Item> {
        self.block_on(self.operator.items(self.output(table))).expect("the table is read")
    }

    /// The item under `key` as it is now, every attribute of it.
    pub fn item(&self, table: &str, key: &str) -> Option<Item> {
        self.items(table).into_iter().find(|item| text(item, "pk") == Some(key))
    }

    /// The operations that the simulated gateway has in its books for an order, with the amount of each.
    pub fn bookings(&self, order_id: &str) -> BTreeMap<String, (i64, String)> {
        let items = self.items("GatewayLedgerTableName");
        let of_order = items.iter().filter_map(|item| {
            let operation = text(item, "pk")?.strip_prefix(order_id)?.strip_prefix('/')?;
            let amount = semel_aws::dynamodb::number(item, "amount")?;
            Some((operation.to_owned(), (amount, text(item, "result")?.to_owned())))
        });
        of_order.collect()
    }

    /// The mails that an address got, in the order in which they left.
    pub fn mails_to(&self, address: &str) -> Vec<Mail> {
        let url = format!("{}/_ministack/ses/messages", self.endpoint);
        let mut answer = self.agent.get(url).call().expect("the engine shows its mail");
        let text = answer.body_mut().with_config().limit(256 * 1024 * 1024).read_to_string().expect("a text");
        let shown: Value = serde_json::from_str(&text).expect("JSON");
        let accounts = shown["messages"].as_object().into_iter().flat_map(|accounts| accounts.values());
        let mails = accounts.flat_map(|mails| mails.as_array().into_iter().flatten());
        let to_address = mails.filter(|mail| mail["To"][0] == address);
        let read = |mail: &Value| Mail {
            subject: mail["Subject"].as_str().unwrap_or_default().to_owned(),
            text: mail.to_string(),
        };
        to_address.map(read).collect()
    }

    /// Sends messages to the queue of a consumer, in one batch.
    pub fn send(&self, consumer: &str, bodies: &[String]) {
        let queue = self.aws.queue(self.output(&format!("{consumer}QueueUrl")));
        let message = |body: &String| Message { body: body.clone(), attributes: Vec::new() };
        let messages: Vec<Message> = bodies.iter().map(message).collect();
        for sent in self.block_on(queue.send(&messages)) {
            sent.expect("the queue takes it");
        }
    }

    /// Waits until a consumer has dealt with everything that was sent to it so far.
    #[track_caller]
    pub fn wait_until_consumed(&self, consumer: &str) {
        let url = self.output(&format!("{consumer}QueueUrl"));
        eventually(&format!("{consumer} has dealt with its queue"), || {
            let depth = self.block_on(self.operator.depth(url)).expect("the queue answers");
            if depth.total() == 0 { Ok(()) } else { Err(format!("{depth:?}")) }
        });
    }

    /// Waits for a dead letter of a consumer whose body satisfies `wanted`.
    #[track_caller]
    pub fn wait_for_dead_letter(&self, consumer: &str, wanted: impl Fn(&str) -> bool) -> DeadLetter {
        let url = self.output(&format!("{consumer}DeadLettersUrl"));
        eventually(&format!("a dead letter of {consumer}"), || {
            let letters = self.block_on(self.operator.dead_letters(url)).expect("the queue answers");
            let seen = letters.len();
            let found = letters.into_iter().find(|letter| wanted(&letter.body));
            found.ok_or_else(|| format!("{seen} others"))
        })
    }

    /// Sends all dead letters of a consumer to its queue again.
    pub fn redrive(&self, consumer: &str) {
        let from = self.output(&format!("{consumer}DeadLettersUrl"));
        let to = self.output(&format!("{consumer}QueueUrl"));
        self.block_on(self.operator.redrive(from, to)).expect("the move is accepted");
    }

    /// Puts an order into the table as placing it does, but tells nobody: nothing happens to it unless the test
    /// says so.
    pub fn put_silent(&self, order: &PlaceOrder) {
        let input = OrderInput::Place(Box::new(order.clone()));
        let decision = Order::decide(None, &input, semel_aws::SystemClock.now()).expect("it is placed");
        let Decision::Changed(change) = decision else { panic!("placing changed nothing") };
        let state = serde_json::to_string(&change.state).expect("JSON");
        let stored =
            Stored { version: 1, state, seen: semel_exactly_once::Seen::default(), spilled_until_s: None };
        let id = order.order_id.to_string();
        let write = Write {
            key: &Order::key(&id),
            expected: None,
            stored: &stored,
            outbox: None,
            index: &Order::index(&id, &change.state),
            adjust: &[],
            spill: &[],
            token: Uuid::new_v4(),
        };
        let orders = self.aws.aggregates(self.output("OrdersTableName"));
        self.block_on(orders.commit(&write)).expect("there is no such order yet");
    }

    /// Places an order as the storefront does, with a deadline of the test's choice.
    pub fn put(&self, order: &PlaceOrder) {
        let orders = self.aws.aggregates(self.output("OrdersTableName"));
        let committer = Committer::new(orders, semel_aws::SystemClock, Duration::from_mins(5));
        let id = order.order_id.to_string();
        let placing = semel_contracts::EventId::derive_from(&["place", &id, &order.fingerprint]);
        let delivery = Delivery::new(placing, OrderInput::Place(Box::new(order.clone())));
        let deliveries = [delivery];
        let handled = self.block_on(committer.handle::<Order>(&id, Known::Absent, &deliveries));
        let verdict = handled.expect("the table answers").verdicts.pop();
        assert!(matches!(verdict, Some(Verdict::Applied)), "{verdict:?}");
    }

    pub(crate) fn list(&self, article: &semel_domain::StockItem) {
        let catalogue = self.operator.catalogue(self.output("InventoryTableName"));
        let now = semel_aws::SystemClock.now();
        self.block_on(catalogue.list(article, now)).expect("the article is listed");
    }

    /// What the local engine answers at a path of its own.
    pub fn get_engine(&self, path: &str) -> Value {
        let mut answer =
            self.agent.get(format!("{}{path}", self.endpoint)).call().expect("the engine answers");
        serde_json::from_str(&answer.body_mut().read_to_string().expect("a text")).expect("JSON")
    }

    /// Invokes a function and waits for its answer.
    pub fn invoke(&self, function: &str, payload: &str) -> Answered {
        let url = format!("{}/2015-03-31/functions/{function}/invocations", self.endpoint);
        let mut answer = self.agent.post(url).send(payload).expect("Lambda answers");
        let error = answer.headers().get("x-amz-function-error");
        let error = error.map(|kind| String::from_utf8_lossy(kind.as_bytes()).into_owned());
        let text = answer.body_mut().read_to_string().expect("a text");
        Answered { error, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) }
    }

    /// The JSON lines in a function's log whose `message` is `message`.
    pub fn log_lines(&self, function: &str, message: &str) -> Vec<Value> {
        let group = format!("/aws/lambda/{function}");
        self.block_on(self.operator.log_lines(&group, message)).expect("the log is read")
    }

    pub(crate) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }
}

/// What `semel test` says about the stack.
pub(crate) fn variable(name: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("{name} is not set: these tests need a stack, run `cargo semel test e2e`"))
}
