//! The parts of the benchmark `kafka_path` that can be wrong without being slow: what it patches, its stand-ins, and its
//! arithmetic. The tests are in the parts.

#![allow(dead_code, reason = "the benchmark uses what is not used here")]

#[path = "../benches/kafka_path/breakdown.rs"]
mod breakdown;
#[path = "../benches/kafka_path/cpu.rs"]
mod cpu;
#[path = "../benches/kafka_path/exchange.rs"]
mod exchange;
#[path = "../benches/kafka_path/figures.rs"]
mod figures;
#[path = "../benches/kafka_path/http.rs"]
mod http;
#[path = "../benches/kafka_path/items.rs"]
mod items;
#[path = "../benches/kafka_hot_path/load.rs"]
mod load;
#[path = "../benches/kafka_path/proxy.rs"]
mod proxy;
#[path = "../benches/kafka_path/split.rs"]
mod split;
#[path = "../benches/kafka_path/stand_in.rs"]
mod stand_in;
#[path = "../benches/kafka_path/template.rs"]
mod template;
