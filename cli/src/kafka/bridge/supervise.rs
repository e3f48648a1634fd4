//! `semel bridge`: looks after the mappings that the engine lists, until it is told to stop.
//!
//! A mapping that appears is started, one that is gone is stopped, one that changed is started anew; one whose member
//! of the group has ended joins again after a pause.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use clap::Args;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::drive::{self, Drive};
use super::engine::Engine;
use super::mapping::Mapping;
use super::member::GroupMember;
use crate::error::Error;
use crate::interrupt;

const LOOK_EVERY: Duration = Duration::from_millis(500);
const JOIN_AGAIN: Duration = Duration::from_secs(1);
const INTERRUPT_POLL: Duration = Duration::from_millis(50);

/// Where to look and how to deliver.
#[derive(Args, Clone)]
pub struct Options {
    /// Where the local engine is
    #[arg(long, value_name = "URL")]
    endpoint: String,
    /// The region that the stack believes to be in
    #[arg(long, default_value = "us-east-1")]
    region: String,
    /// The brokers that stand for a managed cluster's
    #[arg(long, value_name = "HOST:PORT", default_value = "")]
    brokers: String,
    /// Invocations of one mapping at once, at least
    #[arg(long, env = "SEMEL_BRIDGE_POLLERS", default_value_t = 2)]
    pollers: usize,
    /// Delivers every so-many-th batch to two invocations at once
    #[arg(long, env = "SEMEL_BRIDGE_OVERLAP_EVERY", value_name = "BATCHES")]
    overlap_every: Option<u64>,
}

/// Runs until Ctrl-C or SIGTERM.
pub fn run(options: &Options) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| Error::Unexpected(format!("cannot start a runtime: {error}")))?;
    runtime.block_on(look_after(options));
    // Invocations that are under way will not be committed; they end with this process.
    runtime.shutdown_background();
    Ok(())
}

struct Running {
    mapping: Mapping,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

async fn look_after(options: &Options) {
    let engine = Engine::new(&options.endpoint, &options.region);
    let mut running: BTreeMap<String, Running> = BTreeMap::new();
    let mut trouble = None;
    while !interrupt::is_requested() {
        let (source, brokers) = (engine.clone(), options.brokers.clone());
        let listed = tokio::task::spawn_blocking(move || source.mappings(&brokers)).await;
        match listed.map_err(|error| error.to_string()).and_then(|listed| listed) {
            Ok(listed) => {
                trouble = None;
                reconcile(options, &engine, &mut running, listed).await;
            }
            // Said once, not twice a second.
            Err(error) if trouble.as_ref() != Some(&error) => {
                eprintln!("cannot list the mappings at {}: {error}", options.endpoint);
                trouble = Some(error);
            }
            Err(_) => {}
        }
        wait(LOOK_EVERY).await;
    }
    for (_, each) in running {
        end(each).await;
    }
}

async fn reconcile(
    options: &Options,
    engine: &Engine,
    running: &mut BTreeMap<String, Running>,
    listed: Vec<Mapping>,
) {
    let stale: Vec<String> = running
        .values()
        .filter(|each| !listed.contains(&each.mapping))
        .map(|each| each.mapping.uuid.clone())
        .collect();
    for uuid in stale {
        if let Some(each) = running.remove(&uuid) {
            drive::say(&each.mapping, "stopped: the mapping is gone or has changed");
            end(each).await;
        }
    }
    for mapping in listed {
        running.entry(mapping.uuid.clone()).or_insert_with(|| start(options, engine, mapping));
    }
}

fn start(options: &Options, engine: &Engine, mapping: Mapping) -> Running {
    let topics = mapping.topics.join(", ");
    drive::say(&mapping, &format!("started: {topics} to {}", mapping.function_name()));
    let (stop, stopped) = watch::channel(false);
    let drive = Arc::new(Drive {
        mapping: mapping.clone(),
        engine: engine.clone(),
        options: drive::Options { pollers: options.pollers, overlap_every: options.overlap_every },
        invocations: AtomicU64::new(0),
    });
    Running { mapping, stop, task: tokio::spawn(keep_running(drive, stopped)) }
}

/// Joins the group again whenever the member ends by itself.
async fn keep_running(drive: Arc<Drive<Engine>>, mut stopped: watch::Receiver<bool>) {
    loop {
        let ended = match GroupMember::connect(&drive.mapping).await {
            Ok(member) => drive::run(Arc::clone(&drive), member, stopped.clone()).await,
            Err(error) => Err(error),
        };
        if let Err(error) = ended {
            drive::say(&drive.mapping, &format!("not in its group: {error}"));
        }
        tokio::select! {
            () = drive::told_to(&mut stopped) => return,
            () = tokio::time::sleep(JOIN_AGAIN) => {}
        }
    }
}

async fn end(running: Running) {
    running.stop.send_replace(true);
    // It leaves the group, in a bounded time.
    let _ = running.task.await;
}

/// Waits, but not past Ctrl-C.
async fn wait(duration: Duration) {
    let end = tokio::time::Instant::now() + duration;
    while tokio::time::Instant::now() < end && !interrupt::is_requested() {
        tokio::time::sleep(INTERRUPT_POLL).await;
    }
}
