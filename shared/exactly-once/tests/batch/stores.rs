//! The stores in memory keep the same contract as `DynamoDB` and S3.

use semel_testkit::{MemoryFences, MemoryObjects, block_on, fence_store_contract, object_store_contract};

#[test]
fn memory_keeps_the_contract_of_a_fence_store() {
    block_on(fence_store_contract(&MemoryFences::default()));
}

#[test]
fn memory_keeps_the_contract_of_an_object_store() {
    block_on(object_store_contract(&MemoryObjects::default()));
}
