//! DynamoDB and S3 as far as the analytics function asks for them: one address, in this process, in memory.
//!
//! What it keeps is in `items`; objects are kept whole. It authenticates nobody, and nothing of it lasts.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use serde_json::{Value, json};

use crate::cpu::{Meter, Spent};
use crate::http::{Connection, Message};
use crate::items::{Items, Refused};

/// What it is, for the report.
pub const WHAT: &str = "in memory, in the feeder's process: conditions and whole transactions are checked, updates \
                        applied, objects kept; no delay, no durability, no limits";

/// A running stand-in. Its threads end with the process.
#[derive(Debug)]
pub struct StandIn {
    /// Where it listens.
    pub endpoint: String,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    items: Mutex<Items>,
    objects: Mutex<HashMap<String, Vec<u8>>>,
    spent: Spent,
}

impl StandIn {
    /// Starts one.
    pub fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("it is bound"));
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                // A connection that breaks is the function's to make anew.
                thread::spawn(move || serve(stream, &state));
            }
        });
        Self { endpoint, state }
    }

    /// What its threads spent.
    pub fn spent(&self) -> &Spent {
        &self.state.spent
    }

    /// A number of an item, if both are there.
    pub fn number(&self, pk: &str, sk: &str, name: &str) -> Option<i64> {
        lock(&self.state.items).number(pk, sk, name)
    }

    /// How many objects there are.
    pub fn objects(&self) -> usize {
        lock(&self.state.objects).len()
    }
}

fn serve(stream: TcpStream, state: &State) -> io::Result<()> {
    let mut connection = Connection::new(stream)?;
    let mut meter = Meter::start(&state.spent);
    while let Some(request) = connection.receive()? {
        match request.header("x-amz-target").and_then(|target| target.split_once('.')) {
            Some((_, operation)) => table(&mut connection, state, operation, &request)?,
            None => object(&mut connection, state, &request)?,
        }
        meter.add();
    }
    Ok(())
}

fn table(connection: &mut Connection, state: &State, operation: &str, request: &Message) -> io::Result<()> {
    const JSON: &str = "content-type: application/x-amz-json-1.0\r\n";
    let request: Value = serde_json::from_slice(request.body()).unwrap_or_default();
    let answer = lock(&state.items).request(operation, &request);
    match answer {
        Ok(body) => connection.answer("200 OK", JSON, body.to_string().as_bytes()),
        Err(Refused { name, mut body }) => {
            body["__type"] = json!(format!("com.amazonaws.dynamodb.v20120810#{name}"));
            connection.answer("400 Bad Request", JSON, body.to_string().as_bytes())
        }
    }
}

fn object(connection: &mut Connection, state: &State, request: &Message) -> io::Result<()> {
    let mut words = request.start_line().split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default().to_owned());
    match method {
        "PUT" => {
            lock(&state.objects).insert(path, request.body().to_vec());
            connection.answer("200 OK", "", b"")
        }
        "GET" => {
            let found = lock(&state.objects).get(&path).cloned();
            match found {
                Some(bytes) => connection.answer("200 OK", "", &bytes),
                None => connection.answer("404 Not Found", "", b"<Error><Code>NoSuchKey</Code></Error>"),
            }
        }
        "DELETE" => {
            lock(&state.objects).remove(&path);
            // No body and no length, as S3 answers.
            connection.send(b"HTTP/1.1 204 No Content\r\n\r\n")
        }
        _ => connection.answer("405 Method Not Allowed", "", b""),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use semel_aws::Aws;
    use semel_contracts::Timestamp;
    use semel_exactly_once::batch::{
        Advance, AdvanceError, Delta, Fence, FenceKey, FenceStore, ItemKey, ObjectStore, Scalar, Totals,
    };
    use uuid::Uuid;

    use super::*;

    fn key() -> FenceKey {
        FenceKey {
            consumer: "analytics".to_owned(),
            cluster: "main".to_owned(),
            topic: "telemetry".to_owned(),
            partition: 3,
            epoch: 1,
        }
    }

    fn fence(next_offset: i64) -> Fence {
        Fence {
            next_offset,
            watermark: Some(Timestamp::from_secs(9)),
            late_before: Timestamp::from_secs(5),
            segment: None,
            tail: Vec::new(),
            totals: Totals { applied: 7, ..Totals::default() },
        }
    }

    fn delta(views: i64) -> Delta {
        Delta {
            key: ItemKey { pk: "product#A".to_owned(), sk: "now#telemetry-3@1".to_owned() },
            add: vec![("views", views), ("units", 1)],
            set: vec![("at", Scalar::Text("then".to_owned()))],
            expires_at: Some(Timestamp::from_secs(90)),
        }
    }

    #[tokio::test]
    async fn a_fence_moves_once_and_brings_its_deltas() {
        let stand_in = StandIn::start();
        let fences = Aws::local(&stand_in.endpoint).await.fences("table");
        assert_eq!(fences.load(&key()).await.expect("it answers"), None);
        let (at, deltas) = (key(), [delta(2)]);
        let advance =
            |from, fence, token| Advance { key: &at, from, fence, deltas: &deltas, parked: &[], token };
        let (five, ten) = (fence(5), fence(10));

        let first = advance(None, &five, Uuid::from_u128(1));
        fences.advance(&first).await.expect("there was none");
        fences.advance(&first).await.expect("the same token is the same transaction");
        for from in [None, Some(4), Some(6)] {
            let late = fences.advance(&advance(from, &ten, Uuid::new_v4())).await;
            assert!(matches!(late, Err(AdvanceError::Moved)), "{from:?}: {late:?}");
        }
        fences.advance(&advance(Some(5), &ten, Uuid::from_u128(2))).await.expect("it stands there");

        assert_eq!(fences.load(&at).await.expect("it answers"), Some(ten));
        let found = fences.recall(&[delta(0).key]).await.expect("it answers");
        let expected = BTreeMap::from([
            ("views".to_owned(), Scalar::Number(4)),
            ("units".to_owned(), Scalar::Number(2)),
            ("at".to_owned(), Scalar::Text("then".to_owned())),
            ("expires_at".to_owned(), Scalar::Number(90)),
        ]);
        assert_eq!(found, [Some(expected)]);
        assert_eq!(stand_in.number(&at.pk(), &at.sk(), "next"), Some(10));
    }

    #[tokio::test]
    async fn objects_are_kept_until_they_are_deleted() {
        let stand_in = StandIn::start();
        let bucket = Aws::local(&stand_in.endpoint).await.bucket("bucket");
        bucket.put("a/1", b"one").await.expect("it is written");
        assert_eq!(bucket.get("a/1").await.expect("it answers"), Some(b"one".to_vec()));
        assert_eq!(bucket.get("a/2").await.expect("it answers"), None);
        assert_eq!(stand_in.objects(), 1);
        bucket.delete(&["a/1".to_owned(), "a/2".to_owned()]).await.expect("it is deleted");
        assert_eq!(bucket.get("a/1").await.expect("it answers"), None);
    }

    #[tokio::test]
    async fn what_it_does_not_know_is_refused() {
        let stand_in = StandIn::start();
        let client = Aws::local(&stand_in.endpoint).await.dynamodb();
        client.list_tables().send().await.expect_err("it has none");
    }
}
