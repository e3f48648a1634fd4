//! The Lambda runtime API for one process of the function: one batch after the other, written from where it lies.
//!
//! The next batch is patched while the function is at work on the one before. The API is Lambda's own:
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::cpu::{Meter, Spent};
use crate::http::Connection;
use crate::template::Template;

/// What an invocation may take.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How a function says that it has done everything.
const ALL_DONE: &[u8] = br#"{"batchItemFailures":[]}"#;

/// The runtime API of one process. Its threads end with this process.
#[derive(Debug)]
pub struct RuntimeApi {
    /// Where it listens.
    pub address: SocketAddr,
    feed: Arc<Feed>,
}

#[derive(Debug)]
struct Feed {
    template: Mutex<Template>,
    /// Batches that the function has done.
    batches: AtomicU64,
    stopping: AtomicBool,
    failure: Mutex<Option<String>>,
    spent: Arc<Spent>,
}

impl RuntimeApi {
    /// Starts one that hands out `template`, each time advanced; its threads' time goes to `spent`.
    pub fn start(template: Template, spent: Arc<Spent>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let feed = Arc::new(Feed {
            template: Mutex::new(template),
            batches: AtomicU64::new(0),
            stopping: AtomicBool::new(false),
            failure: Mutex::default(),
            spent,
        });
        let shared = Arc::clone(&feed);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let feed = Arc::clone(&shared);
                thread::spawn(move || {
                    // A function that is gone says so by its process.
                    let _ = serve(stream, &feed);
                });
            }
        });
        Self { address, feed }
    }

    /// Batches that the function has done.
    pub fn batches(&self) -> u64 {
        self.feed.batches.load(Ordering::SeqCst)
    }

    /// Events of each of them.
    pub fn events_per_batch(&self) -> usize {
        lock(&self.feed.template).len()
    }

    /// What went wrong, if anything did.
    pub fn failure(&self) -> Option<String> {
        lock(&self.feed.failure).clone()
    }

    /// Hands out no more. The batch that is under way is still done.
    pub fn stop(&self) {
        self.feed.stopping.store(true, Ordering::SeqCst);
    }

    /// The offset that follows all that was handed out, once all of it is done.
    pub fn stopped_at(&self) -> Option<i64> {
        // It is advanced when it has been handed out.
        let template = lock(&self.feed.template);
        (self.batches() == template.batches()).then(|| template.first_offset())
    }
}

fn serve(stream: TcpStream, feed: &Feed) -> io::Result<()> {
    let mut connection = Connection::new(stream)?;
    let mut meter = Meter::start(&feed.spent);
    while let Some(request) = connection.receive()? {
        let line = request.start_line();
        if line.starts_with("GET ") && line.contains("/invocation/next") {
            if feed.stopping.load(Ordering::SeqCst) {
                // It waits, as a function that nobody invokes does.
                meter.add();
                loop {
                    thread::park();
                }
            }
            hand_out(&mut connection, &mut lock(&feed.template))?;
        } else {
            let done = line.contains("/response") && request.body() == ALL_DONE;
            if !done {
                let said = String::from_utf8_lossy(request.body());
                *lock(&feed.failure) = Some(format!("{line}: {said}"));
            }
            connection.answer("202 Accepted", "", b"")?;
            feed.batches.fetch_add(u64::from(done), Ordering::SeqCst);
        }
        meter.add();
    }
    Ok(())
}

fn hand_out(connection: &mut Connection, template: &mut Template) -> io::Result<()> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
         lambda-runtime-aws-request-id: {:032x}\r\nlambda-runtime-deadline-ms: {}\r\n\
         lambda-runtime-invoked-function-arn: arn:aws:lambda:us-east-1:123456789012:function:analytics\r\n\r\n",
        template.payload().len(),
        template.batches(),
        (since + TIMEOUT).as_millis(),
    );
    connection.send(head.as_bytes())?;
    connection.send(template.payload())?;
    template.advance();
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
