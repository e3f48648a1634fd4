//! A function's real binary under the Lambda runtime interface emulator, as `sam local invoke` has it in a container.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;
use ureq::Agent;

use crate::wait::eventually;

/// The emulator's own limit for an invocation, and the bound of everything that is waited for here.
const TIMEOUT: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(20);

/// A running emulator. Dropping it stops it and its function.
pub struct Emulator {
    child: Child,
    agent: Agent,
    address: String,
    lines: Arc<Mutex<Vec<Value>>>,
}

impl Emulator {
    /// Starts the function with this logical id, with these variables and no others.
    pub fn start(logical_id: &str, variables: &BTreeMap<String, String>) -> Self {
        let address = format!("127.0.0.1:{}", free_port());
        let mut command = Command::new(variable("SEMEL_RUNTIME_EMULATOR"));
        command
            // Without an address it listens on every interface.
            .args(["--runtime-interface-emulator-address", &address])
            .args(["--runtime-api-address", &format!("127.0.0.1:{}", free_port())])
            .arg(bootstrap(logical_id))
            .env_clear()
            .envs(variables)
            .env("AWS_LAMBDA_FUNCTION_NAME", logical_id)
            .env("AWS_LAMBDA_FUNCTION_TIMEOUT", TIMEOUT.as_secs().to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the emulator starts");
        let lines = Arc::default();
        collect(child.stdout.take(), &lines);
        collect(child.stderr.take(), &lines);
        let config = Agent::config_builder().timeout_global(Some(TIMEOUT)).http_status_as_error(false);
        let emulator = Self { child, agent: config.build().into(), address, lines };
        eventually("the emulator listens", || {
            std::net::TcpStream::connect(&emulator.address).map(drop).map_err(|error| error.to_string())
        });
        emulator
    }

    /// Invokes the function; answers what it answered, as text.
    pub fn invoke(&self, payload: &str) -> String {
        let url = format!("http://{}/2015-03-31/functions/function/invocations", self.address);
        let mut answer = self.agent.post(url).send(payload).expect("the emulator answers");
        answer.body_mut().read_to_string().expect("a text")
    }

    /// The line that the function wrote about its last invocation; `count` of them must have been written.
    #[track_caller]
    pub fn invocation_line(&self, count: usize) -> Value {
        eventually("the line of the invocation", || {
            let lines = self.lines.lock().expect("no panic while it was held");
            let mut written: Vec<&Value> =
                lines.iter().filter(|line| line["message"] == "invocation").collect();
            let last = written.pop().filter(|_| written.len() + 1 == count);
            last.cloned().ok_or_else(|| format!("{} of {count}, in {lines:?}", written.len()))
        })
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // The function ends by itself when the runtime's interface is gone. Killing what has ended is no error here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Reads the JSON lines of a stream until it closes. What is no JSON is the emulator's own log.
fn collect(stream: Option<impl Read + Send + 'static>, lines: &Arc<Mutex<Vec<Value>>>) {
    let lines = Arc::clone(lines);
    let read = BufReader::new(stream.expect("the stream is piped")).lines().map_while(Result::ok);
    thread::spawn(move || {
        for line in read.filter_map(|line| serde_json::from_str(&line).ok()) {
            lines.lock().expect("no panic while it was held").push(line);
        }
    });
}

/// How a function ended that could not start.
#[derive(Debug)]
pub struct Refused {
    /// Whether it said so by its exit status.
    pub failed: bool,
    /// What it wrote.
    pub said: String,
}

/// Starts a function's binary where there is no runtime: one that is well configured says that it finds none, any
/// other one what is wrong.
pub fn start_without_runtime(logical_id: &str, variables: &BTreeMap<String, String>) -> Refused {
    let mut child = Command::new(bootstrap(logical_id))
        .env_clear()
        .envs(variables)
        .env("AWS_LAMBDA_FUNCTION_NAME", logical_id)
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_LOG_GROUP_NAME", "none")
        .env("AWS_LAMBDA_LOG_STREAM_NAME", "none")
        .env("AWS_LAMBDA_RUNTIME_API", format!("127.0.0.1:{}", free_port()))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the function's binary starts");
    let said = [text(child.stdout.take()), text(child.stderr.take())];
    let deadline = Instant::now() + TIMEOUT;
    let status = loop {
        match child.try_wait().expect("its own process") {
            Some(status) => break status,
            None if Instant::now() > deadline => {
                let _ = child.kill();
                let _ = child.wait();
                panic!("{logical_id} neither started nor failed within {} s", TIMEOUT.as_secs());
            }
            None => thread::sleep(POLL),
        }
    };
    let said = said.map(|stream| stream.join().expect("the stream is read"));
    Refused { failed: !status.success(), said: said.concat() }
}

fn text(stream: Option<impl Read + Send + 'static>) -> JoinHandle<String> {
    let mut stream = stream.expect("the stream is piped");
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // A stream that breaks ends; what came before it counts.
        let _ = stream.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// The binary as `sam build` left it.
fn bootstrap(logical_id: &str) -> PathBuf {
    let path = Path::new(&variable("SEMEL_BUILD_FOLDER")).join(logical_id).join("bootstrap");
    assert!(path.is_file(), "{} is not there; `sam build` makes it", path.display());
    path
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("it is bound").port()
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set; run `cargo semel test e2e`"))
}
