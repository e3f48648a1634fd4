//! What orders cost in DynamoDB, as JSON: `cargo bench -p semel-tests --profile dev --bench requests [-- --json FILE]`.
//!
//! Nothing here depends on the machine; `tests/cost_requests.rs` asserts it.

#[allow(dead_code, reason = "shared with tests and the other benchmark, which use other parts of it")]
#[path = "../../tests/journey/mod.rs"]
mod journey;

use journey::cost::{Row, of_order};
use journey::shop;
use serde::Serialize;

#[derive(Serialize)]
struct Report {
    /// Lines of the usual order.
    lines: usize,
    /// Its life.
    steps: Vec<Row>,
    /// For orders of 1, 2, ... lines.
    by_lines: Vec<ByLines>,
}

#[derive(Serialize)]
struct ByLines {
    lines: usize,
    /// The largest item that is written for it.
    largest_bytes: usize,
    /// What its whole life costs.
    write_units: usize,
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut by_lines = Vec::new();
    for lines in 1..=shop::articles().len() {
        let rows = of_order(lines).await;
        let written = rows.iter().flat_map(|row| &row.written);
        let largest_bytes = written.map(|written| written.bytes).max().unwrap_or_default();
        by_lines.push(ByLines { lines, largest_bytes, write_units: rows.iter().map(Row::units).sum() });
    }
    let report = Report { lines: shop::LINES, steps: of_order(shop::LINES).await, by_lines };
    semel_bench::write(&report);
}
