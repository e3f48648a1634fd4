//! From publishing to the committed effect, at a steady rate, through everything that a deployed platform has.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use serde::{Deserialize, Serialize};

use super::super::measured;
use crate::error::Error;
use crate::phase::Phase;
use crate::project::Project;
use crate::up::Platform;

/// What shall not be exceeded.
const BUDGET_MS: u32 = 100;
/// How an effect's moment is known.
const SEEN_BY: &str = "when DynamoDB's answer to the event's transaction passed a proxy between the function and the \
                       engine: no polling, resolution below a millisecond";

/// Who answers the function as DynamoDB.
#[derive(Debug, Clone, Copy)]
pub enum DynamoDb {
    /// The local engine, as for everything else.
    Engine,
    /// The benchmark itself, in memory and without delay: what is left is all the rest of the way.
    StandIn,
}

impl DynamoDb {
    /// Its name to the benchmark.
    const fn argument(self) -> &'static str {
        match self {
            Self::Engine => "engine",
            Self::StandIn => "stand-in",
        }
    }

    /// Its name to people.
    const fn named(self) -> &'static str {
        match self {
            Self::Engine => "the local engine's DynamoDB",
            Self::StandIn => "a stand-in of DynamoDB without delay",
        }
    }
}

/// A steady rate for some time.
#[derive(Debug, Serialize, Deserialize)]
pub struct Latency {
    /// The rate.
    pub events_per_second: u32,
    /// For how long.
    pub seconds: u32,
    /// After how long.
    pub warm_up_seconds: u32,
    /// Events that count.
    pub events: usize,
    /// Of a publisher's transaction.
    pub events_per_call: u32,
    /// How many publish.
    pub publishers: u32,
    /// From the moment at which a batch was due until the broker had committed it.
    pub published_ms: Percentiles,
    /// From the same moment to the committed effect.
    pub committed_ms: Percentiles,
    /// What that time went to.
    pub parts_ms: Parts,
    /// What the function and DynamoDB did in it.
    pub invocations: Invocations,
    /// How the effect's moment is known.
    #[serde(default = "seen_by")]
    pub seen_by: String,
}

/// Of all events.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Percentiles {
    /// Half of them.
    pub p50: f64,
    /// 99 of 100.
    pub p99: f64,
    /// All of them.
    pub max: f64,
}

/// The parts of an event's way, one after the other.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Parts {
    /// Until the broker's answer to the publisher.
    pub due_to_published: Part,
    /// Until the invocation was over that its poller had under way.
    pub published_to_poller_free: Part,
    /// Until its own invocation's first request.
    pub poller_free_to_first_request: Part,
    /// Until the answer to its transaction.
    pub first_request_to_committed: Part,
}

/// One part, over all events.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Part {
    /// How it is spread.
    #[serde(flatten)]
    pub percentiles: Percentiles,
    /// Means add up, percentiles do not.
    pub mean: f64,
    /// Of the hundredth of events that took longest in all.
    pub mean_of_slowest: f64,
}

/// The invocations that events were in, times in milliseconds.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Invocations {
    /// How many.
    pub count: usize,
    /// Events of each.
    pub events: Percentiles,
    /// Transactions of each.
    pub transactions: Percentiles,
    /// From the first request to the answer to the last transaction.
    pub first_request_to_last_transaction_ms: Percentiles,
    /// Of that, while at least one request waited for DynamoDB.
    pub in_dynamodb_ms: Percentiles,
    /// Of that, while none did.
    pub between_requests_ms: Percentiles,
    /// Each `TransactWriteItems`.
    pub transact_write_items_ms: Percentiles,
    /// Each `BatchGetItem`.
    pub batch_get_item_ms: Option<Percentiles>,
    /// From a partition's `BatchGetItem` to its transaction with nothing in between,
    pub batch_get_item_to_transaction_ms: Option<Percentiles>,
    /// and with an object that was put to S3.
    pub batch_get_item_to_transaction_with_put_ms: Option<Percentiles>,
}

fn seen_by() -> String {
    SEEN_BY.to_owned()
}

/// Measures on a platform that does nothing else. The function stays wired to the benchmark's own way to DynamoDB, which
/// is gone afterwards.
pub fn measure(
    project: &Project,
    benchmark: &Path,
    platform: &Platform,
    dynamodb: DynamoDb,
) -> Result<Latency, Error> {
    Phase::run(format!("publish to committed effect at a steady rate, {}", dynamodb.named()), |phase| {
        let mut command = Command::new(benchmark);
        command.arg("latency").args(["--dynamodb", dynamodb.argument()]);
        platform.describe_to(project, &mut command)?;
        measured(project, phase, "latency", &mut command)
    })
}

/// The figures for people.
pub fn text(measured: &Latency, dynamodb: DynamoDb) -> String {
    let Latency { events_per_second, seconds, warm_up_seconds, events, events_per_call, publishers, .. } =
        measured;
    let mut out = format!(
        "\nPublish to committed effect through broker, bridge, function and {}, milliseconds: {events_per_second} events/s \
         for {seconds} s after {warm_up_seconds} s ({events} events, {events_per_call} in a transaction, {publishers} \
         publishers)\n",
        dynamodb.named()
    );
    line(&mut out, "due to published", measured.published_ms);
    line(&mut out, &format!("due to committed (budget {BUDGET_MS})"), measured.committed_ms);
    parts(&mut out, &measured.parts_ms);
    invocations(&mut out, &measured.invocations);
    // Writing to a string cannot fail.
    let _ = writeln!(out, "  committed: {}", measured.seen_by);
    out
}

/// What an event's time went to.
fn parts(out: &mut String, parts: &Parts) {
    let Parts {
        due_to_published,
        published_to_poller_free,
        poller_free_to_first_request,
        first_request_to_committed,
    } = *parts;
    out.push_str("  the parts of that, one after the other; means add up: of all events, and of their slowest hundredth\n");
    for (what, part) in [
        ("due to published", due_to_published),
        ("to the end of the invocation before", published_to_poller_free),
        ("to the first request", poller_free_to_first_request),
        ("to committed", first_request_to_committed),
    ] {
        let Part { percentiles, mean, mean_of_slowest } = part;
        line(out, &format!("  {what}"), percentiles);
        // The line goes on.
        out.truncate(out.trim_end().len());
        let _ = writeln!(out, "   mean {mean:>7.1}   slowest {mean_of_slowest:>7.1}");
    }
}

/// What was done in it.
fn invocations(out: &mut String, invocations: &Invocations) {
    let Invocations { count, events, transactions, .. } = *invocations;
    let _ = writeln!(
        out,
        "  in {count} invocations: {} events (at most {}), {} transactions (at most {}) in the median one",
        events.p50, events.max, transactions.p50, transactions.max
    );
    for (what, times) in [
        ("first request to last transaction", Some(invocations.first_request_to_last_transaction_ms)),
        ("  while DynamoDB is asked", Some(invocations.in_dynamodb_ms)),
        ("  between requests", Some(invocations.between_requests_ms)),
        ("a TransactWriteItems", Some(invocations.transact_write_items_ms)),
        ("a BatchGetItem", invocations.batch_get_item_ms),
        ("from it to the transaction", invocations.batch_get_item_to_transaction_ms),
        ("  where S3 is asked meanwhile", invocations.batch_get_item_to_transaction_with_put_ms),
    ] {
        if let Some(times) = times {
            line(out, &format!("  {what}"), times);
        }
    }
}

fn line(out: &mut String, what: &str, times: Percentiles) {
    let Percentiles { p50, p99, max } = times;
    let _ = writeln!(out, "  {what:<38} p50 {p50:>7.1}   p99 {p99:>7.1}   max {max:>7.1}");
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn written() -> Value {
        let times = |p50: f64| json!({ "p50": p50, "p99": p50 * 2.0, "max": p50 * 3.0 });
        let part = |p50: f64| json!({ "p50": p50, "p99": p50 * 2.0, "max": p50 * 3.0, "mean": p50 + 0.5, "mean_of_slowest": p50 * 2.5 });
        json!({
            "events_per_second": 2000, "seconds": 30, "warm_up_seconds": 10, "events": 60000,
            "events_per_call": 20, "publishers": 8,
            "published_ms": times(4.0), "committed_ms": times(41.5),
            "parts_ms": {
                "due_to_published": part(4.0), "published_to_poller_free": part(12.0),
                "poller_free_to_first_request": part(9.0), "first_request_to_committed": part(17.0),
            },
            "invocations": {
                "count": 700, "events": times(80.0), "transactions": times(4.0),
                "first_request_to_last_transaction_ms": times(25.0), "in_dynamodb_ms": times(20.0),
                "between_requests_ms": times(5.0), "transact_write_items_ms": times(6.0),
                "batch_get_item_ms": times(3.0), "batch_get_item_to_transaction_ms": times(1.0),
                "batch_get_item_to_transaction_with_put_ms": null,
            },
        })
    }

    #[test]
    fn reads_what_the_benchmark_wrote_and_says_how_it_knows() {
        let text =
            text(&serde_json::from_value(written()).expect("the benchmark's figures"), DynamoDb::StandIn);
        for part in [
            "without delay",
            "2000 events/s for 30 s",
            "p50    41.5   p99    83.0",
            "budget 100",
            "no polling",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn says_what_the_time_went_to_and_leaves_out_what_did_not_happen() {
        let text =
            text(&serde_json::from_value(written()).expect("the benchmark's figures"), DynamoDb::Engine);
        let line = |name: &str| text.lines().find(|line| line.trim_start().starts_with(name));
        let waited = line("to the end of the invocation before").expect("a part");
        assert!(waited.ends_with("max    36.0   mean    12.5   slowest    30.0"), "{waited}");
        let invocations = line("in 700 invocations").expect("the invocations");
        assert!(
            invocations.contains("80 events (at most 240), 4 transactions (at most 12)"),
            "{invocations}"
        );
        assert!(
            line("a BatchGetItem").is_some_and(|line| line.contains("p50     3.0   p99     6.0")),
            "{text}"
        );
        assert_eq!(line("where S3 is asked meanwhile"), None);
    }
}
