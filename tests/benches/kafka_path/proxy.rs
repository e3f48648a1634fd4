//! A way to DynamoDB that notes every request with its answer: of a fence's transaction the moment from which its effect
//! is there for everybody. Nothing has to be asked for it, so nothing of the engine's time is taken.
//!
//! A request is handed on before it is looked at. What it adds to each is two more passes through this machine's own
//! network.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use crate::exchange::{Exchange, Purpose};
use crate::http::Connection;

/// A running proxy. Its threads end with the process.
#[derive(Debug)]
pub struct Proxy {
    /// Where it listens.
    pub endpoint: String,
    passed: Arc<Passed>,
}

#[derive(Debug, Default)]
struct Passed {
    exchanges: Mutex<Vec<Exchange>>,
    reached: Mutex<HashMap<i32, i64>>,
}

impl Proxy {
    /// Starts one before the engine at `upstream` (`host:port`), for the fences whose partition key begins with
    /// `fences`, which the partition's number follows.
    pub fn start(upstream: &str, fences: &str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let endpoint = format!("http://{}", listener.local_addr().expect("it is bound"));
        let passed = Arc::new(Passed::default());
        let (shared, upstream, fences) = (Arc::clone(&passed), upstream.to_owned(), fences.to_owned());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (passed, upstream, fences) = (Arc::clone(&shared), upstream.clone(), fences.clone());
                thread::spawn(move || {
                    // A connection that breaks is the function's to make anew.
                    let _ = serve(stream, &upstream, &fences, &passed);
                });
            }
        });
        Self { endpoint, passed }
    }

    /// How far a partition's fence has moved.
    pub fn reached(&self, partition: i32) -> i64 {
        lock(&self.passed.reached).get(&partition).copied().unwrap_or(0)
    }

    /// All that has passed until now.
    pub fn exchanges(&self) -> Vec<Exchange> {
        lock(&self.passed.exchanges).clone()
    }
}

fn serve(stream: TcpStream, upstream: &str, fences: &str, passed: &Passed) -> io::Result<()> {
    let mut client = Connection::new(stream)?;
    let mut engine = Connection::new(TcpStream::connect(upstream)?)?;
    while let Some(request) = client.receive()? {
        let asked = Instant::now();
        engine.send(&request.bytes)?;
        // While the engine is at it: what is read here is read beside its work.
        let purpose =
            Purpose::read(request.header("x-amz-target").unwrap_or_default(), request.body(), fences);
        let Some(answer) = engine.receive()? else { return Ok(()) };
        let answered = Instant::now();
        client.send(&answer.bytes)?;
        let purpose = if answer.start_line().contains(" 200 ") { purpose } else { Purpose::Other };
        let trace = request.header("x-amzn-trace-id").unwrap_or_default().to_owned();
        let moved = match &purpose {
            Purpose::Advance { partition, next, .. } => Some((*partition, *next)),
            Purpose::Recall { .. } | Purpose::Other => None,
        };
        lock(&passed.exchanges).push(Exchange { trace, purpose, asked, answered });
        // The exchange is there before anybody is told how far the fence is.
        if let Some((partition, next)) = moved {
            let mut reached = lock(&passed.reached);
            let before = reached.entry(partition).or_default();
            *before = next.max(*before);
        }
    }
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TARGET: &str = "x-amz-target: DynamoDB_20120810.TransactWriteItems\r\n";

    /// An engine that answers each request of one connection with the next of these status lines.
    fn engine(statuses: &'static [&'static str]) -> String {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("it is bound").to_string();
        thread::spawn(move || {
            let (stream, _) = listener.accept().expect("the proxy comes");
            let mut connection = Connection::new(stream).expect("a connection");
            for status in statuses {
                connection.receive().expect("HTTP").expect("a request");
                connection.answer(status, "", b"{}").expect("it is sent");
            }
        });
        address
    }

    /// The status line of the answer, or `None` where the proxy closes instead.
    fn ask(client: &mut Connection, next: i64) -> Option<String> {
        let item = format!(r#"{{"pk":{{"S":"fence#a#t-3"}},"next":{{"N":"{next}"}}}}"#);
        let body = format!(r#"{{"TransactItems":[{{"Put":{{"Item":{item}}}}}]}}"#);
        let head = format!(
            "POST / HTTP/1.1\r\n{TARGET}X-Amzn-Trace-Id: Root=1\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        client.send(format!("{head}{body}").as_bytes()).expect("it is sent");
        client.receive().expect("HTTP").map(|answer| answer.start_line().to_owned())
    }

    #[test]
    fn what_passes_is_noted_and_only_what_succeeded_moves_a_fence() {
        let proxy = Proxy::start(&engine(&["200 OK", "400 Bad Request"]), "fence#a#t-");
        let address = proxy.endpoint.trim_start_matches("http://");
        let mut client = Connection::new(TcpStream::connect(address).expect("it listens")).expect("open");
        assert_eq!(ask(&mut client, 5).as_deref(), Some("HTTP/1.1 200 OK"));
        assert_eq!(ask(&mut client, 9).as_deref(), Some("HTTP/1.1 400 Bad Request"));
        // An answer is passed on before it is noted, and noted before the next request is read.
        assert_eq!(ask(&mut client, 12), None, "the engine is gone");
        assert_eq!((proxy.reached(3), proxy.reached(4)), (5, 0));
        let [first, second] = &proxy.exchanges()[..] else { panic!("two requests") };
        assert_eq!(first.purpose, Purpose::Advance { partition: 3, next: 5, segment: None });
        assert_eq!((&*first.trace, &second.purpose), ("Root=1", &Purpose::Other));
        assert!(first.asked <= first.answered && first.answered <= second.asked);
    }
}
