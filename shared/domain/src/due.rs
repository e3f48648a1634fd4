//! The sparse `due` index: which aggregates wait for a time to pass, spread over a few shards.
//!
//! Knows no aggregate. Whoever waits puts these two attributes on its item; whoever sweeps asks every shard.

use semel_contracts::Timestamp;
use semel_exactly_once::{Index, IndexValue};

/// The attribute that holds the shard: the `due` index's hash key.
pub const DUE_SHARD: &str = "due_shard";

/// The attribute that holds the time in milliseconds since the epoch: the `due` index's range key.
pub const DUE_AT: &str = "due_at";

/// Every shard. One hash key would put all waiting orders on one partition, whose writes are bounded.
pub const DUE_SHARDS: [&str; 4] = ["0", "1", "2", "3"];

/// Adds the aggregate `id`, which waits for `at`, to the index.
pub(crate) fn wait_until(at: Timestamp, id: &str, index: &mut Index) {
    // Ids are UUIDs: their last character is as good as random.
    let spread = id.bytes().last().map_or(0, usize::from);
    index.insert(DUE_SHARD, IndexValue::Text(DUE_SHARDS[spread % DUE_SHARDS.len()].to_owned()));
    index.insert(DUE_AT, IndexValue::Number(at.as_millis()));
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_reach_every_shard_and_no_other() {
        let shards: BTreeSet<String> = "0123456789abcdef"
            .chars()
            .map(|last| {
                let mut index = Index::new();
                wait_until(Timestamp::from_millis(7), &format!("1-{last}"), &mut index);
                assert_eq!(index.get(DUE_AT), Some(&IndexValue::Number(7)));
                match index.remove(DUE_SHARD) {
                    Some(IndexValue::Text(shard)) => shard,
                    other => panic!("no shard: {other:?}"),
                }
            })
            .collect();
        assert_eq!(shards, DUE_SHARDS.map(str::to_owned).into());
    }
}
