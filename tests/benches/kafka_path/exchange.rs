//! A request of the function to DynamoDB with its answer, as the proxy saw them: whose it is, what for, and when.
//!
//! Knows what fences and aggregates are called, and no socket.

use std::time::Instant;

use serde_json::Value;

const TRANSACT: &str = "DynamoDB_20120810.TransactWriteItems";
const BATCH_GET: &str = "DynamoDB_20120810.BatchGetItem";

/// A request that was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// The trace of the invocation that made it, which the SDK hands on with every request; empty without one.
    pub trace: String,
    /// What it was for.
    pub purpose: Purpose,
    /// When all of it had come.
    pub asked: Instant,
    /// When all of its answer had.
    pub answered: Instant,
}

/// What a request was for, as far as that counts here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// A `BatchGetItem` of aggregates that a partition's batch needs.
    Recall {
        /// The partition.
        partition: i32,
    },
    /// A `TransactWriteItems` that moved a partition's fence.
    Advance {
        /// The partition.
        partition: i32,
        /// The first offset whose effect is not there.
        next: i64,
        /// The newest ledger segment that the fence names.
        segment: Option<String>,
    },
    /// Anything else.
    Other,
}

impl Purpose {
    /// Reads it from a request that succeeded. `fences` is how the partition keys of a topic's fences begin; the
    /// partition's number follows, and before it is the topic's name.
    pub fn read(target: &str, body: &[u8], fences: &str) -> Self {
        let found = match target {
            TRANSACT => advance(body, fences),
            BATCH_GET => recall(body, fences),
            _ => None,
        };
        found.unwrap_or(Self::Other)
    }
}

/// The fence is the first item of its transaction.
fn advance(body: &[u8], fences: &str) -> Option<Purpose> {
    let request: Value = serde_json::from_slice(body).ok()?;
    let item = &request["TransactItems"][0]["Put"]["Item"];
    Some(Purpose::Advance {
        partition: item["pk"]["S"].as_str()?.strip_prefix(fences)?.parse().ok()?,
        next: item["next"]["N"].as_str()?.parse().ok()?,
        segment: item["seg"]["S"].as_str().map(str::to_owned),
    })
}

/// The sort keys of aggregates end in their writer: `…#telemetry-3@1`.
fn recall(body: &[u8], fences: &str) -> Option<Purpose> {
    let request: Value = serde_json::from_slice(body).ok()?;
    let (_, wanted) = request["RequestItems"].as_object()?.iter().next()?;
    let writer = wanted["Keys"][0]["sk"]["S"].as_str()?.rsplit('#').next()?;
    let topic = fences.rsplit('#').next()?;
    let (partition, _epoch) = writer.strip_prefix(topic)?.split_once('@')?;
    Some(Purpose::Recall { partition: partition.parse().ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FENCES: &str = "fence#a#main#telemetry-";

    #[test]
    fn a_transaction_moves_the_fence_that_is_its_first_item() {
        let body = |rest: &str| {
            let item = format!(r#""pk":{{"S":"fence#a#main#telemetry-11"}},"next":{{"N":"42"}}{rest}"#);
            format!(r#"{{"TransactItems":[{{"Put":{{"Item":{{{item}}}}}}}]}}"#)
        };
        let read = |body: &str, fences| Purpose::read(TRANSACT, body.as_bytes(), fences);
        let moved = |segment| Purpose::Advance { partition: 11, next: 42, segment };
        assert_eq!(read(&body(""), FENCES), moved(None));
        assert_eq!(read(&body(r#","seg":{"S":"one"}"#), FENCES), moved(Some("one".to_owned())));
        assert_eq!(read(&body(""), "fence#b#main#telemetry-"), Purpose::Other);
        assert_eq!(read("{}", FENCES), Purpose::Other);
        assert_eq!(read("no JSON", FENCES), Purpose::Other);
    }

    #[test]
    fn what_is_recalled_says_for_which_partition() {
        let body = |sk: &str| {
            format!(r#"{{"RequestItems":{{"table":{{"Keys":[{{"pk":{{"S":"a"}},"sk":{{"S":"{sk}"}}}}]}}}}}}"#)
        };
        let read = |sk| Purpose::read(BATCH_GET, body(sk).as_bytes(), FENCES);
        assert_eq!(read("SKU-1#telemetry-7@1"), Purpose::Recall { partition: 7 });
        assert_eq!(read("SKU-1#orders-7@1"), Purpose::Other);
        assert_eq!(read("000001#00000000000000000042"), Purpose::Other);
        assert_eq!(Purpose::read("other", body("a#telemetry-7@1").as_bytes(), FENCES), Purpose::Other);
    }
}
