//! The port to Kafka: a member of a consumer group that tells what it was given and what it fetched.
//!
//! Adapters are the real client, and a log in memory for tests.

use std::future::Future;
use std::time::Duration;

use tokio::sync::mpsc;

use super::record::{Record, TopicPartition};

/// Polls whose events may wait for the bridge; it takes them without waiting for anything itself.
const POLLS_MAX: usize = 64;
/// How long a member that is leaving may take for its last commit.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// What a member of a group learns.
#[derive(Debug)]
pub enum LogEvent {
    /// A partition is this member's; reading begins behind the group's committed offset.
    Assigned(TopicPartition),
    /// A partition is not this member's any more.
    Revoked(TopicPartition),
    /// Records of a partition, in order.
    Records {
        /// The partition.
        source: TopicPartition,
        /// The records; may be empty when only the end moved.
        records: Vec<Record>,
        /// Where the next fetch begins: behind the last record, or behind markers that follow it.
        end: i64,
    },
    /// Offsets were not committed; to be repeated, unless the partitions were revoked.
    NotCommitted {
        /// The offsets.
        positions: Vec<(TopicPartition, i64)>,
        /// Why.
        reason: String,
    },
}

/// The client gave up: the member has to join anew.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LogError(pub String);

/// One member of a consumer group. Commits are explicit; heartbeats are the adapter's business.
pub trait Log: Send + 'static {
    /// Waits until there is something to tell. Nothing is lost when the future is dropped.
    fn poll(&mut self) -> impl Future<Output = Result<Vec<LogEvent>, LogError>> + Send;

    /// Commits the next offsets of partitions.
    fn commit(
        &mut self,
        positions: &[(TopicPartition, i64)],
    ) -> impl Future<Output = Result<(), LogError>> + Send;

    /// Stops fetching partitions, which stay assigned.
    fn pause(&mut self, sources: &[TopicPartition]) -> impl Future<Output = ()> + Send;

    /// Fetches them again.
    fn resume(&mut self, sources: &[TopicPartition]) -> impl Future<Output = ()> + Send;

    /// Leaves the group at once, so that nobody has to wait for the session to time out.
    fn close(self) -> impl Future<Output = ()> + Send;
}

/// What the bridge tells its member.
#[derive(Debug)]
enum Command {
    Commit(Vec<(TopicPartition, i64)>),
    Pause(Vec<TopicPartition>),
    Resume(Vec<TopicPartition>),
}

/// A member that is served by a task of its own, so that neither waits for the other.
#[derive(Debug)]
pub struct Member {
    commands: mpsc::UnboundedSender<Command>,
    events: mpsc::Receiver<Vec<LogEvent>>,
    task: tokio::task::JoinHandle<Result<(), LogError>>,
}

impl Member {
    /// Starts serving.
    pub fn start(log: impl Log) -> Self {
        let (commands, command_queue) = mpsc::unbounded_channel();
        let (event_queue, events) = mpsc::channel(POLLS_MAX);
        let task = tokio::spawn(serve(log, command_queue, event_queue));
        Self { commands, events, task }
    }

    /// What one poll told, all of it, so that it is decided on together; none when the member has ended.
    pub async fn next(&mut self) -> Option<Vec<LogEvent>> {
        self.events.recv().await
    }

    /// Commits; what fails comes back as `NotCommitted`.
    pub fn commit(&self, positions: Vec<(TopicPartition, i64)>) {
        if !positions.is_empty() {
            self.tell(Command::Commit(positions));
        }
    }

    /// Stops fetching.
    pub fn pause(&self, sources: Vec<TopicPartition>) {
        if !sources.is_empty() {
            self.tell(Command::Pause(sources));
        }
    }

    /// Fetches again.
    pub fn resume(&self, sources: Vec<TopicPartition>) {
        if !sources.is_empty() {
            self.tell(Command::Resume(sources));
        }
    }

    fn tell(&self, command: Command) {
        // A member that has ended says so by its events' end.
        let _ = self.commands.send(command);
    }

    /// Carries out what was told, leaves the group, and says why it ended if it was not asked to.
    pub async fn close(self) -> Result<(), LogError> {
        let Self { commands, mut events, mut task } = self;
        drop(commands);
        // Events may stand in the task's way.
        events.close();
        match tokio::time::timeout(CLOSE_TIMEOUT, &mut task).await {
            Ok(Ok(result)) => result,
            Ok(Err(error)) => Err(LogError(error.to_string())),
            Err(_) => {
                task.abort();
                Err(LogError("leaving the consumer group took too long".to_owned()))
            }
        }
    }
}

async fn serve<L: Log>(
    mut log: L,
    mut commands: mpsc::UnboundedReceiver<Command>,
    events: mpsc::Sender<Vec<LogEvent>>,
) -> Result<(), LogError> {
    loop {
        tokio::select! {
            biased;
            command = commands.recv() => match command {
                Some(Command::Commit(positions)) => {
                    if let Err(error) = log.commit(&positions).await {
                        let _ = events.send(vec![LogEvent::NotCommitted { positions, reason: error.0 }]).await;
                    }
                }
                Some(Command::Pause(sources)) => log.pause(&sources).await,
                Some(Command::Resume(sources)) => log.resume(&sources).await,
                None => {
                    log.close().await;
                    return Ok(());
                }
            },
            polled = log.poll() => {
                // Whoever closes does not listen any more, and ends the commands.
                let _ = events.send(polled?).await;
            }
        }
    }
}
