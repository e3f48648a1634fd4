//! The figures of a run, as the benchmarks write them and as `--json` does.

use std::collections::BTreeMap;

use semel_bench::Spread;
use serde::{Deserialize, Serialize};

use super::contracts::{Routes, Schemas};
use super::kafka::Kafka;
use super::machine::Machine;

/// Everything measured.
#[derive(Debug, Serialize)]
pub struct Report {
    /// On what.
    pub machine: Machine,
    /// Handler time without IO.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handlers: Option<Handlers>,
    /// Requests and write units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests: Option<Requests>,
    /// The Kafka path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kafka: Option<Kafka>,
    /// How fast events find their rules.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub routes: Option<Routes>,
    /// What full validation costs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schemas: Option<Schemas>,
    /// Size and cold start, by function.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub functions: Option<Vec<Function>>,
}

impl Report {
    /// Nothing measured yet.
    pub fn of(machine: Machine) -> Self {
        Self {
            machine,
            handlers: None,
            requests: None,
            kafka: None,
            routes: None,
            schemas: None,
            functions: None,
        }
    }
}

/// Handler time without IO.
#[derive(Debug, Serialize, Deserialize)]
pub struct Handlers {
    /// Orders of a round.
    pub orders: usize,
    /// Rounds, of which medians are taken.
    pub rounds: usize,
    /// A line for each service.
    pub services: Vec<Handler>,
}

/// One service's handler.
#[derive(Debug, Serialize, Deserialize)]
pub struct Handler {
    /// Its name.
    pub service: String,
    /// Events of a round.
    pub events: usize,
    /// Bytes of payload for each event.
    pub bytes_per_event: usize,
    /// Events of an invocation.
    pub batch: usize,
    /// Time for each event.
    pub ns_per_event: Spread,
    /// Of one core, by the median.
    pub events_per_second: u64,
    /// The floor for each event: the same bytes parsed once and thrown away.
    pub floor_ns_per_event: Spread,
    /// The median of each round's ratio of the two.
    pub times_floor: f64,
}

/// What orders cost in DynamoDB.
#[derive(Debug, Serialize, Deserialize)]
pub struct Requests {
    /// Lines of the usual order.
    pub lines: usize,
    /// The steps of its life.
    pub steps: Vec<Step>,
    /// Orders of 1, 2, ... lines.
    pub by_lines: Vec<ByLines>,
}

/// One step.
#[derive(Debug, Serialize, Deserialize)]
pub struct Step {
    /// Who.
    pub service: String,
    /// What came in.
    pub about: String,
    /// Requests by name.
    pub requests: BTreeMap<String, u64>,
    /// Items written.
    pub written: Vec<Written>,
}

/// One item written.
#[derive(Debug, Serialize, Deserialize)]
pub struct Written {
    /// What kind of item.
    pub kind: String,
    /// Its size.
    pub bytes: usize,
    /// Of these, the outbox.
    pub outbox_bytes: usize,
    /// Units of the writes themselves.
    pub units: usize,
    /// Units of its indexes.
    pub index_units: usize,
}

/// An order of so many lines.
#[derive(Debug, Serialize, Deserialize)]
pub struct ByLines {
    /// How many.
    pub lines: usize,
    /// The largest item that is written for it.
    pub largest_bytes: usize,
    /// What its whole life costs.
    pub write_units: usize,
}

/// One function's binary.
#[derive(Debug, Serialize)]
pub struct Function {
    /// Its logical id.
    pub name: String,
    /// Size of `bootstrap`.
    pub bytes: u64,
    /// From the first request to its answer, the process not yet started.
    pub first_ms: Spread,
    /// The same request again.
    pub second_ms: Spread,
}
