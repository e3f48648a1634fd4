//! The in-memory store keeps the same contract as DynamoDB.

use semel_testkit::{MemoryAggregates, aggregate_store_contract, block_on};

#[test]
fn memory_keeps_the_contract() {
    let store = MemoryAggregates::default();
    let counters = store.clone();
    block_on(aggregate_store_contract(&store, |key, value| {
        counters.set_counter(key, "left", value);
        std::future::ready(())
    }));
}
