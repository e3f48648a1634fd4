//! The analytics function of the stack under test, from outside: its table, its log, and invoking it.

use std::collections::BTreeMap;

use semel_aws::dynamodb::{DynamoFences, Item, text};
use semel_exactly_once::batch::{Fence, FenceKey, FenceStore};
use serde_json::Value;

use crate::stack::Stack;

const TABLE: &str = "AnalyticsTableName";
/// What the function calls itself and its cluster.
const CONSUMER: &str = "analytics";
const CLUSTER: &str = "main";

/// Figures as they are stored: partition key and sort key to attributes, numbers as their digits.
pub type StoredFigures = BTreeMap<(String, String), BTreeMap<String, String>>;

/// What an invocation answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// The kind of the function's error, if it failed as a whole.
    pub error: Option<String>,
    /// The answer's body.
    pub body: Value,
}

/// Looks at what the function made of a topic.
pub struct Analytics<'a> {
    stack: &'a Stack,
    fences: DynamoFences,
    function: String,
    epoch: u64,
    allowed_lateness_ms: u64,
}

impl<'a> Analytics<'a> {
    /// The one of this stack, as it is configured.
    pub fn of(stack: &'a Stack) -> Self {
        let function = stack.output("AnalyticsFunctionName").to_owned();
        let variables = stack.variables(&function);
        let number = |name: &str| -> u64 {
            let value = variables.get(name).unwrap_or_else(|| panic!("{function} has no {name}"));
            value.parse().unwrap_or_else(|error| panic!("{name}={value}: {error}"))
        };
        Self {
            fences: stack.aws.fences(stack.output(TABLE)),
            epoch: number("TOPIC_EPOCH"),
            allowed_lateness_ms: number("ALLOWED_LATENESS_SECONDS") * 1_000,
            stack,
            function,
        }
    }

    /// The function's name.
    pub fn function(&self) -> &str {
        &self.function
    }

    /// Which life of its topics it reads.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// How far behind the watermark an event may be, in milliseconds.
    pub fn allowed_lateness_ms(&self) -> u64 {
        self.allowed_lateness_ms
    }

    /// The fence of each of a topic's partitions.
    pub fn fences(&self, topic: &str, partitions: i32) -> Vec<Option<Fence>> {
        let key = |partition| FenceKey {
            consumer: CONSUMER.to_owned(),
            cluster: CLUSTER.to_owned(),
            topic: topic.to_owned(),
            partition,
            epoch: self.epoch,
        };
        let fence = |partition| self.stack.block_on(self.fences.load(&key(partition)));
        (0..partitions).map(|partition| fence(partition).expect("the table answers")).collect()
    }

    /// The figures that a topic's partitions wrote.
    pub fn figures(&self, topic: &str, partitions: i32) -> StoredFigures {
        let items = self.stack.items(TABLE);
        let of_topic = items.into_iter().filter_map(|item| {
            let (pk, sk) = (text(&item, "pk")?.to_owned(), text(&item, "sk")?.to_owned());
            let partition = sk.rsplit_once('#')?.1.strip_suffix(&format!("@{}", self.epoch))?;
            let partition: i32 = partition.strip_prefix(topic)?.strip_prefix('-')?.parse().ok()?;
            (partition < partitions).then(|| ((pk, sk), attributes(item)))
        });
        of_topic.collect()
    }

    /// The codes of a topic's parked records, by partition and offset.
    pub fn parked(&self, topic: &str, partitions: i32) -> BTreeMap<(i32, i64), String> {
        let (prefix, epoch) =
            (format!("parked#{CONSUMER}#{CLUSTER}#{topic}-"), format!("{:06}#", self.epoch));
        let items = self.stack.items(TABLE);
        let of_topic = items.iter().filter_map(|item| {
            let partition: i32 = text(item, "pk")?.strip_prefix(&prefix)?.parse().ok()?;
            let offset = text(item, "sk")?.strip_prefix(&epoch)?.parse().ok()?;
            (partition < partitions).then(|| ((partition, offset), text(item, "code").map(str::to_owned)))
        });
        of_topic.map(|(place, code)| (place, code.expect("a parked record has a code"))).collect()
    }

    /// Invokes the function as an event source mapping does.
    pub fn deliver(&self, payload: &str) -> Answered {
        self.stack.invoke(&self.function, payload)
    }

    /// The JSON lines of its log with this message.
    pub fn lines(&self, message: &str) -> Vec<Value> {
        self.stack.log_lines(&self.function, message)
    }
}

fn attributes(item: Item) -> BTreeMap<String, String> {
    let others = item.into_iter().filter(|(name, _)| name != "pk" && name != "sk");
    let named = others.map(|(name, value)| {
        let shown = value.as_s().or_else(|_| value.as_n()).cloned();
        (name, shown.unwrap_or_else(|other| panic!("a figure has only texts and numbers: {other:?}")))
    });
    named.collect()
}
