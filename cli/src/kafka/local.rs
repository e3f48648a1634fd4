//! What a run has of Kafka: the broker with its topics, and the bridge, which is started anew when it dies.

use std::fs::{self, File, OpenOptions};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use semel_kafka::{Cluster, Connection, NewTopic};

use super::artifacts::Artifacts;
use super::broker::Broker;
use super::topics::{self, Topic};
use crate::error::Error;
use crate::phase::Phase;
use crate::process;
use crate::project::Project;
use crate::run_files::{Kind, RunFile};
use crate::runtime;
use crate::stack::Stack;

const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
const WATCH_EVERY: Duration = Duration::from_millis(50);
/// A bridge that dies at once is not started in a tight loop.
const RESTART_PAUSE: Duration = Duration::from_millis(500);
const REPLICATION: i16 = 1;

/// A running broker with the project's topics, and the bridge once there is a stack. Dropping it stops both.
pub struct Kafka {
    // Dropped in this order: a bridge without a broker would only complain.
    bridge: Option<Bridge>,
    broker: Broker,
    topics: Vec<Topic>,
}

impl Kafka {
    /// Starts a broker for the run called `name` and makes the topics.
    pub fn start(project: &Project, artifacts: &Artifacts, name: &str) -> Result<Self, Error> {
        let topics = topics::read(project)?;
        let broker = Broker::start(project, artifacts, name)?;
        Phase::run("make the topics", |phase| {
            make_topics(&broker.address(), &topics)?;
            phase.detail(&describe(&topics));
            Ok(())
        })?;
        Ok(Self { bridge: None, broker, topics })
    }

    /// Where clients begin, as `host:port`.
    pub fn brokers(&self) -> String {
        self.broker.address()
    }

    /// The topics with their partitions, in words.
    pub fn topics(&self) -> String {
        describe(&self.topics)
    }

    /// Starts the bridge from the topics to the stack's functions.
    pub fn bridge_to(&mut self, project: &Project, stack: &Stack, name: &str) -> Result<(), Error> {
        self.bridge = Some(Bridge::start(project, stack, &self.brokers(), name)?);
        Ok(())
    }

    /// An error when the broker is not running any more.
    pub fn check_running(&mut self) -> Result<(), Error> {
        self.broker.check_running()
    }
}

fn make_topics(brokers: &str, topics: &[Topic]) -> Result<(), Error> {
    let runtime = runtime::new()?;
    runtime.block_on(async {
        let cluster = Cluster::connect(&Connection::plaintext(brokers), REQUEST_TIMEOUT).await;
        let cluster = cluster.map_err(|error| Error::chain("Kafka", &error))?;
        for topic in topics {
            let mut wanted = NewTopic::new(topic.name.as_str(), topic.partitions);
            wanted.replication = REPLICATION;
            for (name, value) in &topic.config {
                wanted = wanted.with(name.as_str(), value.as_str());
            }
            let made = cluster.create_topic(&wanted).await;
            made.map_err(|error| Error::chain(&format!("topic {}", topic.name), &error))?;
        }
        Ok(())
    })
}

fn describe(topics: &[Topic]) -> String {
    let each = topics.iter().map(|topic| format!("{} ({})", topic.name, topic.partitions));
    each.collect::<Vec<_>>().join(", ")
}

/// The bridge's process, and the thread that looks after it.
struct Bridge {
    stopping: Arc<AtomicBool>,
    keeper: Option<JoinHandle<()>>,
    note: PathBuf,
}

impl Bridge {
    fn start(project: &Project, stack: &Stack, brokers: &str, name: &str) -> Result<Self, Error> {
        let run = project.state_folder("run")?;
        let life = Life {
            root: project.root().to_path_buf(),
            endpoint: stack.endpoint.clone(),
            region: stack.region.clone(),
            brokers: brokers.to_owned(),
            log: run.join(format!("{name}-bridge.log")),
            note: run.join(format!("{name}-bridge.json")),
        };
        File::create(&life.log).map_err(Error::io("create", &life.log))?;
        // The first one here, so that what cannot be started is an error and not a line in a log.
        let child = life.spawn()?;
        let (stopping, note) = (Arc::new(AtomicBool::new(false)), life.note.clone());
        let stop = Arc::clone(&stopping);
        let keeper = thread::spawn(move || life.keep(child, &stop));
        Ok(Self { stopping, keeper: Some(keeper), note })
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        if let Some(keeper) = self.keeper.take() {
            // It has nothing that could panic, and if it did, the process is in the note.
            let _ = keeper.join();
        }
        let _ = fs::remove_file(&self.note);
    }
}

/// What a bridge is started with, again and again.
struct Life {
    root: PathBuf,
    endpoint: String,
    region: String,
    brokers: String,
    log: PathBuf,
    note: PathBuf,
}

impl Life {
    fn spawn(&self) -> Result<Child, Error> {
        let output = OpenOptions::new().append(true).open(&self.log).map_err(Error::io("open", &self.log))?;
        let errors = output.try_clone().map_err(Error::io("open", &self.log))?;
        // This very program, also when its file was rebuilt meanwhile.
        let mut child = Command::new(Path::new("/proc/self/exe"))
            .arg0("semel")
            .env("SEMEL_ROOT", &self.root)
            .args([
                "bridge",
                "--endpoint",
                &self.endpoint,
                "--region",
                &self.region,
                "--brokers",
                &self.brokers,
            ])
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .process_group(0)
            .spawn()
            .map_err(Error::io("start", "semel bridge"))?;
        let marker = format!("bridge --endpoint {}", self.endpoint);
        if let Err(error) = RunFile::of(Kind::Bridge, &child, 0, marker).write_to(&self.note) {
            process::stop_group(&mut child);
            return Err(error);
        }
        Ok(child)
    }

    /// Starts another whenever one has ended, as Lambda replaces its pollers, until told to stop.
    fn keep(&self, first: Child, stopping: &AtomicBool) {
        let mut child = Some(first);
        while !stopping.load(Ordering::SeqCst) {
            let has_ended = child.as_mut().is_none_or(|child| !matches!(child.try_wait(), Ok(None)));
            if has_ended {
                thread::sleep(RESTART_PAUSE);
                child = self.spawn().ok();
            }
            thread::sleep(WATCH_EVERY);
        }
        if let Some(mut child) = child {
            process::stop_group(&mut child);
        }
    }
}
