//! The broker's life: formatted afresh, started with a small heap on 127.0.0.1, waited for, stopped.
//!
//! A single node that is broker and controller at once (`KRaft`). Its data is gone with it, as the engine's state is.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use super::artifacts::Artifacts;
use crate::error::Error;
use crate::interrupt;
use crate::phase::Phase;
use crate::process;
use crate::project::Project;
use crate::run_files::{Kind, RunFile};

const PORT_USUAL: u16 = 9092;
const START_TIMEOUT: Duration = Duration::from_mins(2);
const POLL: Duration = Duration::from_millis(50);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// Small, and enough for hundreds of thousands of events: the log itself is in files.
const HEAP: [&str; 3] = ["-Xms128m", "-Xmx512m", "-XX:+UseSerialGC"];

/// A running broker. Dropping it stops it and removes its data.
pub struct Broker {
    child: Child,
    port: u16,
    log: PathBuf,
    data: PathBuf,
    note: PathBuf,
}

impl Broker {
    /// Formats a fresh data folder and starts a broker for the run called `name`.
    pub fn start(project: &Project, artifacts: &Artifacts, name: &str) -> Result<Self, Error> {
        Phase::run("start the Kafka broker", |phase| {
            let data = project.state_folder(&format!("kafka/{name}"))?;
            fs::remove_dir_all(&data).map_err(Error::io("remove", &data))?;
            fs::create_dir_all(&data).map_err(Error::io("create", &data))?;
            let (port, controller_port) = free_ports()?;
            let properties = data.join("server.properties");
            fs::write(&properties, server_properties(port, controller_port, &data))
                .map_err(Error::io("write", &properties))?;
            phase.detail("formatting its storage");
            format_storage(artifacts, &properties)?;
            let mut broker = Self::spawn(project, artifacts, name, port, data)?;
            phase.detail("waiting until it answers");
            broker.wait_until_it_answers()?;
            phase.detail(&format!("listening on {}", broker.address()));
            Ok(broker)
        })
    }

    fn spawn(
        project: &Project,
        artifacts: &Artifacts,
        name: &str,
        port: u16,
        data: PathBuf,
    ) -> Result<Self, Error> {
        let log = project.state_folder("run")?.join(format!("{name}-kafka.log"));
        let output = File::create(&log).map_err(Error::io("create", &log))?;
        let errors = output.try_clone().map_err(Error::io("open", &log))?;
        let properties = data.join("server.properties");
        let child = artifacts
            .java()
            .args(HEAP)
            .arg("kafka.Kafka")
            .arg(&properties)
            .current_dir(&data)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .process_group(0)
            .spawn()
            .map_err(Error::io("start", "java"))?;
        let marker = properties.to_string_lossy().into_owned();
        let note = RunFile::of(Kind::Broker, &child, port, marker);
        // From here on dropping ends the process, also when the note cannot be written.
        let mut broker = Self { child, port, log, data, note: PathBuf::new() };
        broker.note = note.write(project, &format!("{name}-kafka"))?;
        Ok(broker)
    }

    /// Where clients begin, as `host:port`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// An error when the broker is not running any more.
    pub fn check_running(&mut self) -> Result<(), Error> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(Error::Engine {
                message: format!("the Kafka broker ended ({status})"),
                log: self.log.clone(),
            }),
            Err(source) => Err(Error::Io { doing: "watch", path: self.log.clone(), source }),
        }
    }

    fn wait_until_it_answers(&mut self) -> Result<(), Error> {
        let deadline = Instant::now() + START_TIMEOUT;
        loop {
            interrupt::check()?;
            self.check_running()?;
            if answers(self.port).is_ok() {
                return Ok(());
            }
            if Instant::now() > deadline {
                let message = format!("the Kafka broker did not answer after {} s", START_TIMEOUT.as_secs());
                return Err(Error::Engine { message, log: self.log.clone() });
            }
            thread::sleep(POLL);
        }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        process::stop_group(&mut self.child);
        // What cannot be removed is overwritten by the next run.
        let _ = fs::remove_file(&self.note);
        let _ = fs::remove_dir_all(&self.data);
    }
}

fn format_storage(artifacts: &Artifacts, properties: &Path) -> Result<(), Error> {
    let mut command: Command = artifacts.java();
    let cluster = cluster_id(Uuid::new_v4);
    // It runs for a moment only: the slow compiler would not pay.
    command.args([
        "-XX:TieredStopAtLevel=1",
        "kafka.tools.StorageTool",
        "format",
        "--standalone",
        "-t",
        &cluster,
        "-c",
    ]);
    process::run(command.arg(properties), |_| {})
}

/// Kafka's tools take an id that starts with a dash for an option, and Kafka itself makes none such: every 64th is
/// drawn again.
fn cluster_id(mut draw: impl FnMut() -> Uuid) -> String {
    loop {
        let id = URL_SAFE_NO_PAD.encode(draw());
        if !id.starts_with('-') {
            return id;
        }
    }
}

/// The usual port and any other, or any two.
fn free_ports() -> Result<(u16, u16), Error> {
    let free = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    let bound = || -> io::Result<(u16, u16)> {
        // Both are held until both are known, or they could be the same.
        let (broker, controller) = (free(PORT_USUAL).or_else(|_| free(0))?, free(0)?);
        Ok((broker.local_addr()?.port(), controller.local_addr()?.port()))
    };
    bound().map_err(Error::io("find a free port on", "127.0.0.1"))
}

/// One node, no replicas, and nothing that waits for others. A member of a group that was killed loses its partitions
/// after 5 s instead of Kafka's usual 45.
fn server_properties(port: u16, controller_port: u16, data: &Path) -> String {
    format!(
        "process.roles=broker,controller\n\
         node.id=1\n\
         controller.quorum.bootstrap.servers=127.0.0.1:{controller_port}\n\
         listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}\n\
         advertised.listeners=PLAINTEXT://127.0.0.1:{port}\n\
         controller.listener.names=CONTROLLER\n\
         inter.broker.listener.name=PLAINTEXT\n\
         listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT\n\
         log.dirs={}\n\
         auto.create.topics.enable=false\n\
         offsets.topic.replication.factor=1\n\
         offsets.topic.num.partitions=4\n\
         transaction.state.log.replication.factor=1\n\
         transaction.state.log.min.isr=1\n\
         transaction.state.log.num.partitions=4\n\
         share.coordinator.state.topic.replication.factor=1\n\
         share.coordinator.state.topic.min.isr=1\n\
         share.coordinator.state.topic.num.partitions=4\n\
         group.initial.rebalance.delay.ms=0\n\
         group.consumer.heartbeat.interval.ms=500\n\
         group.consumer.min.heartbeat.interval.ms=500\n\
         group.consumer.session.timeout.ms=5000\n\
         group.consumer.min.session.timeout.ms=5000\n\
         num.network.threads=2\n\
         num.io.threads=4\n",
        data.join("log").display()
    )
}

/// Sends the one request that a broker answers before anything else, `ApiVersions` version 0.
fn answers(port: u16) -> io::Result<()> {
    const REQUEST: [u8; 14] = [0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 7, 0xff, 0xff];
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(ANSWER_TIMEOUT))?;
    stream.write_all(&REQUEST)?;
    // Length, correlation id, error code.
    let mut answer = [0; 10];
    stream.read_exact(&mut answer)?;
    match &answer[4..] {
        [0, 0, 0, 7, 0, 0] => Ok(()),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "this is not a Kafka broker")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_is_told_from_anything_else_that_listens() {
        for (answer, is_broker) in [
            ([0, 0, 0, 6, 0, 0, 0, 7, 0, 0], true),
            ([0, 0, 0, 6, 0, 0, 0, 7, 0, 35], false),
            (*b"HTTP/1.1 4", false),
        ] {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
            let port = listener.local_addr().expect("bound").port();
            let server = thread::spawn(move || {
                let (mut stream, _) = listener.accept().expect("a connection");
                let mut request = [0; 14];
                stream.read_exact(&mut request).expect("a request");
                stream.write_all(&answer).expect("an open connection");
                request
            });
            assert_eq!(answers(port).is_ok(), is_broker);
            let request = server.join().expect("no panic");
            assert_eq!(request[..4], 10_i32.to_be_bytes(), "the length of the rest");
        }
    }

    #[test]
    fn no_cluster_is_named_like_an_option() {
        let mut drawn = [[0xfb; 16], [0xf8; 16], [0xf7; 16], [0xfb; 16]].map(Uuid::from_bytes).into_iter();
        assert_eq!(
            cluster_id(|| drawn.next().expect("one that does not start with a dash")),
            "9_f39_f39_f39_f39_f39w"
        );
        assert_eq!(drawn.len(), 1, "no more are drawn than needed");
    }

    #[test]
    fn it_listens_on_this_machine_only() {
        let text = server_properties(9092, 9093, Path::new("data"));
        let listeners = text.lines().filter(|line| line.contains("listeners="));
        for line in listeners {
            assert!(line.matches("://").count() == line.matches("://127.0.0.1:").count(), "{line}");
        }
        assert!(text.contains("log.dirs=data/log\n"));
    }
}
