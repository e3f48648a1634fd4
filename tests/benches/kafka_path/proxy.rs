//! A way to DynamoDB that notes when a fence's transaction was answered: the moment from which its effect is there for
//! everybody. Nothing has to be asked for it, so nothing of the engine's time is taken.
//!
//! A request is handed on before it is looked at. What it adds to each is two more passes through this machine's own
//! network.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use serde_json::Value;

use crate::http::Connection;

const TRANSACT: &str = "DynamoDB_20120810.TransactWriteItems";

/// A fence that has moved: all before `next` is there since `at`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// The first offset that is not.
    pub next: i64,
    /// When the answer came by.
    pub at: Instant,
}

/// A running proxy. Its threads end with the process.
#[derive(Debug)]
pub struct Proxy {
    /// Where it listens.
    pub endpoint: String,
    moved: Arc<Mutex<HashMap<i32, Vec<Moved>>>>,
}

impl Proxy {
    /// Starts one before the engine at `upstream` (`host:port`), for the fences whose partition key begins with
    /// `prefix`, which the partition's number follows.
    pub fn start(upstream: &str, prefix: &str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("it is bound"));
        let moved = Arc::new(Mutex::default());
        let (shared, upstream, prefix) = (Arc::clone(&moved), upstream.to_owned(), prefix.to_owned());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (moved, upstream, prefix) = (Arc::clone(&shared), upstream.clone(), prefix.clone());
                thread::spawn(move || {
                    // A connection that breaks is the function's to make anew.
                    let _ = serve(stream, &upstream, &prefix, &moved);
                });
            }
        });
        Self { endpoint, moved }
    }

    /// How far a partition's fence has moved.
    pub fn reached(&self, partition: i32) -> i64 {
        lock(&self.moved)
            .get(&partition)
            .and_then(|moves| moves.iter().map(|moved| moved.next).max())
            .unwrap_or(0)
    }

    /// When the effect of the record at `offset` was there.
    pub fn committed(&self, partition: i32, offset: i64) -> Option<Instant> {
        committed(lock(&self.moved).get(&partition)?, offset)
    }
}

/// The first moment at which the fence stood behind `offset`. A fence only rises, but answers may overtake each other.
fn committed(moves: &[Moved], offset: i64) -> Option<Instant> {
    moves.iter().filter(|moved| moved.next > offset).map(|moved| moved.at).min()
}

fn serve(
    stream: TcpStream,
    upstream: &str,
    prefix: &str,
    moved: &Mutex<HashMap<i32, Vec<Moved>>>,
) -> io::Result<()> {
    let mut client = Connection::new(stream)?;
    let mut engine = Connection::new(TcpStream::connect(upstream)?)?;
    while let Some(request) = client.receive()? {
        engine.send(&request.bytes)?;
        let fence = match request.header("x-amz-target") {
            Some(TRANSACT) => fence(request.body(), prefix),
            _ => None,
        };
        let Some(answer) = engine.receive()? else { return Ok(()) };
        let at = Instant::now();
        client.send(&answer.bytes)?;
        if let Some((partition, next)) = fence.filter(|_| answer.start_line().contains(" 200 ")) {
            lock(moved).entry(partition).or_default().push(Moved { next, at });
        }
    }
    Ok(())
}

/// The partition of the fence that a transaction moves, and where to.
fn fence(body: &[u8], prefix: &str) -> Option<(i32, i64)> {
    let request: Value = serde_json::from_slice(body).ok()?;
    let item = &request["TransactItems"][0]["Put"]["Item"];
    let partition = item["pk"]["S"].as_str()?.strip_prefix(prefix)?.parse().ok()?;
    Some((partition, item["next"]["N"].as_str()?.parse().ok()?))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_first_fence_behind_a_record_counts() {
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let moves =
            [Moved { next: 5, at: at(1) }, Moved { next: 20, at: at(9) }, Moved { next: 10, at: at(10) }];
        assert_eq!(committed(&moves, 4), Some(at(1)));
        assert_eq!(committed(&moves, 5), Some(at(9)), "answers may overtake each other");
        assert_eq!(committed(&moves, 19), Some(at(9)));
        assert_eq!(committed(&moves, 20), None);
    }

    #[test]
    fn a_fence_is_the_first_item_of_its_transaction() {
        let body =
            br#"{"TransactItems":[{"Put":{"Item":{"pk":{"S":"fence#a#telemetry-11"},"next":{"N":"42"}}}}]}"#;
        assert_eq!(fence(body, "fence#a#telemetry-"), Some((11, 42)));
        assert_eq!(fence(body, "fence#b#telemetry-"), None);
        assert_eq!(fence(b"{}", "fence#a#telemetry-"), None);
        assert_eq!(fence(b"no JSON", "fence#a#telemetry-"), None);
    }
}
