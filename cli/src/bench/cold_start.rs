//! Each function's binary: its size, and how long its first answer takes, under the Lambda runtime interface emulator.
//!
//! The binary is the one that was deployed, with the environment that it was deployed with, on the tables of a local
//! engine. The emulator starts it when the first request comes, so that request's time is process start, init, and
//! the handling of a good sample event with its requests to the engine; the second request is the same event again,
//! which finds the process warm and the event handled.

use std::collections::BTreeMap;
use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use semel_bench::Spread;

use super::figures::Function;
use crate::error::Error;
use crate::phase::Phase;
use crate::project::Project;
use crate::stack::Stack;
use crate::{
    after_deploy, build, deploy, engine_http, interrupt, platform, prerequisites, process, toolbox, up,
};

/// The name of this command's engine.
const RUN: &str = "bench";
/// Odd, so that a median is a measurement.
const STARTS: usize = 5;
const TIMEOUT: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(5);

/// Deploys, and starts every function cold a few times; those of the Kafka path only `with_kafka`.
pub fn measure(project: &Project, with_kafka: bool) -> Result<Vec<Function>, Error> {
    let platform = up::come_up(project, RUN, with_kafka)?;
    let stack = &platform.stack;
    after_deploy::fill_catalogue(stack)?;
    let toolbox = toolbox::Toolbox::prepare(project, &prerequisites::find()?)?;
    let emulator = toolbox.runtime_emulator(platform::architecture()?).ok_or_else(|| {
        Error::Unexpected("the SAM CLI has no runtime interface emulator for this machine".to_owned())
    })?;
    let bench = Bench { project, stack, port: platform.engine.port(), emulator: &emulator };
    Phase::run(format!("start every function cold, {STARTS} times each"), |phase| {
        let functions =
            stack.resources.iter().filter(|(logical_id, _)| bench.bootstrap(logical_id).is_file());
        functions
            .map(|(logical_id, name)| {
                phase.detail(logical_id);
                bench.function(logical_id, name)
            })
            .collect()
    })
}

/// What the starts have in common.
struct Bench<'a> {
    project: &'a Project,
    stack: &'a Stack,
    port: u16,
    emulator: &'a Path,
}

impl Bench<'_> {
    fn bootstrap(&self, logical_id: &str) -> std::path::PathBuf {
        build::output_folder(self.project).join(logical_id).join("bootstrap")
    }

    fn function(&self, logical_id: &str, name: &str) -> Result<Function, Error> {
        let path = self.bootstrap(logical_id);
        let bytes = fs::metadata(&path).map_err(Error::io("look at", &path))?.len();
        let sample = self.project.path("events").join(samples_of(logical_id)).join("good.json");
        let payload = fs::read_to_string(&sample).map_err(Error::io("read", &sample))?;
        let variables = self.variables(name)?;
        let (mut first, mut second) = (Vec::new(), Vec::new());
        for _ in 0..STARTS {
            interrupt::check()?;
            let emulator = Emulator::start(self, logical_id, &variables)?;
            first.push(emulator.invoke(logical_id, &payload)?);
            second.push(emulator.invoke(logical_id, &payload)?);
        }
        let nothing = || Error::Unexpected("nothing was measured".to_owned());
        Ok(Function {
            name: logical_id.to_owned(),
            bytes,
            first_ms: Spread::of(first).ok_or_else(nothing)?,
            second_ms: Spread::of(second).ok_or_else(nothing)?,
        })
    }

    /// The environment that the function is deployed with.
    fn variables(&self, name: &str) -> Result<BTreeMap<String, String>, Error> {
        let path = format!("/2015-03-31/functions/{name}/configuration");
        let read = engine_http::get(self.port, &path).and_then(|answer| {
            serde_json::from_value(answer["Environment"]["Variables"].clone()).map_err(Into::into)
        });
        read.map_err(|error| Error::Unexpected(format!("cannot read the configuration of {name}: {error}")))
    }
}

/// The folder of a function's samples: its own, but the relay's binary is two functions.
fn samples_of(logical_id: &str) -> String {
    match logical_id {
        "KafkaRelayFunction" => "relay".to_owned(),
        other => other.trim_end_matches("Function").to_lowercase(),
    }
}

/// A running emulator with a function that has not been started yet. Dropping it stops both.
struct Emulator {
    child: Child,
    url: String,
}

impl Emulator {
    fn start(bench: &Bench, logical_id: &str, variables: &BTreeMap<String, String>) -> Result<Self, Error> {
        let (address, api) = (free_address()?, free_address()?);
        let mut command = Command::new(bench.emulator);
        command
            // Without an address it listens on every interface.
            .args(["--runtime-interface-emulator-address", &address, "--runtime-api-address", &api])
            .arg(bench.bootstrap(logical_id))
            .env_clear()
            .envs(variables)
            .env("AWS_LAMBDA_FUNCTION_NAME", logical_id)
            .env("AWS_LAMBDA_FUNCTION_TIMEOUT", TIMEOUT.as_secs().to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0);
        deploy::target_engine(&mut command, &bench.stack.endpoint, &bench.stack.region);
        let child = command.spawn().map_err(Error::io("start", bench.emulator))?;
        let url = format!("http://{address}/2015-03-31/functions/function/invocations");
        // From here on dropping ends it, also when it never listens.
        let emulator = Self { child, url };
        let deadline = Instant::now() + TIMEOUT;
        while TcpStream::connect(&address).is_err() {
            if Instant::now() > deadline {
                return Err(Error::Unexpected(format!("the emulator of {logical_id} does not listen")));
            }
            thread::sleep(POLL);
        }
        Ok(emulator)
    }

    /// Invokes the function; answers the milliseconds that it took. An answer that is an error is none.
    fn invoke(&self, logical_id: &str, payload: &str) -> Result<f64, Error> {
        let failed = |reason: String| Error::Unexpected(format!("{logical_id} under the emulator: {reason}"));
        let config = ureq::Agent::config_builder().timeout_global(Some(TIMEOUT)).build();
        let agent: ureq::Agent = config.into();
        let started = Instant::now();
        let mut answer = agent.post(&self.url).send(payload).map_err(|error| failed(error.to_string()))?;
        let text = answer.body_mut().read_to_string().map_err(|error| failed(error.to_string()))?;
        let elapsed = started.elapsed();
        if text.contains("\"errorType\"") {
            return Err(failed(text));
        }
        Ok(elapsed.as_secs_f64() * 1e3)
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        process::stop_group(&mut self.child);
    }
}

fn free_address() -> Result<String, Error> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.to_string())
        .map_err(Error::io("find a free port on", "127.0.0.1"))
}
