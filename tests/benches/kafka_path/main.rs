//! The Kafka path with processes and a broker in it, as JSON: `cargo semel bench kafka` builds this and gives it what it
//! needs.
//!
//! | first argument | what is measured | needs |
//! | --- | --- | --- |
//! | `bootstrap` | events/s through the analytics function's own binary | `--bootstrap FILE --log FILE` |
//! | `produce` | records/s of our publisher | `--brokers --topic --values FILE --mode plain\|transactional` |
//! | `latency` | from publishing to the committed effect at a steady rate | `--dynamodb engine\|stand-in`, the `SEMEL_*` variables of a running stack |
//!
//! Without one of these nothing is measured. All write to the file after `--json`, or to standard output. What is not as it
//! should be ends the benchmark: a figure of work that was not done would be worth nothing.

#![cfg_attr(
    test,
    allow(
        dead_code,
        unused_imports,
        reason = "cargo sets `test` for benchmarks; the tests run in bench_kafka"
    )
)]

use mimalloc::MiMalloc;

mod bootstrap;
mod breakdown;
mod cpu;
mod exchange;
mod figures;
mod function;
mod http;
mod items;
mod latency;
#[path = "../kafka_hot_path/load.rs"]
mod load;
mod produce;
mod proxy;
mod runtime_api;
mod split;
mod stand_in;
mod template;

/// The function's own. With the C library's, the stand-ins of DynamoDB and S3 took a third more of the cores that the
/// functions are measured on.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("bootstrap") => semel_bench::write(&bootstrap::measure()),
        Some("produce") => semel_bench::write(&produce::measure()),
        Some("latency") => semel_bench::write(&latency::measure()),
        _ => eprintln!("nothing is measured without a binary, a broker or a stack: cargo semel bench kafka"),
    }
}
