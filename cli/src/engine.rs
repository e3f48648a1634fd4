//! The local engine's life: started with a clean environment, waited for, stopped with everything it started.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::engine_http;
use crate::error::Error;
use crate::interrupt;
use crate::phase::Phase;
use crate::process;
use crate::project::Project;
use crate::run_files::{self, Kind, RunFile};
use crate::samconfig::LocalDeployment;
use crate::toolbox::Toolbox;

const PORT_USUAL: u16 = 4566;
const START_TIMEOUT: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(50);

/// A running engine. Dropping it stops it.
pub struct Engine {
    child: Child,
    port: u16,
    log: PathBuf,
    note: PathBuf,
}

impl Engine {
    /// Starts an engine for the run called `name`, whose left-overs `end_left_over` has dealt with.
    pub fn start(project: &Project, toolbox: &Toolbox, name: &str) -> Result<Self, Error> {
        Phase::run("start the local engine", |phase| {
            let port = free_port()?;
            let mut engine = Self::spawn(project, toolbox, name, port)?;
            engine.wait_until_healthy()?;
            phase.detail(&format!("listening on 127.0.0.1:{port}"));
            Ok(engine)
        })
    }

    fn spawn(project: &Project, toolbox: &Toolbox, name: &str, port: u16) -> Result<Self, Error> {
        let launcher = project.engine_sources().join("launch.py");
        let launcher = launcher.canonicalize().map_err(Error::io("find", &launcher))?;
        let run = project.state_folder("run")?;
        let log = run.join(format!("{name}.log"));
        let output = File::create(&log).map_err(Error::io("create", &log))?;
        let errors = output.try_clone().map_err(Error::io("open", &log))?;
        let home = project.state_folder("run/home")?;
        let deployment = LocalDeployment::read(project)?;
        let child = command(toolbox, &launcher, &home, port)
            // Nobody is there to click on the link in SES's verification mail.
            .env("SEMEL_VERIFIED_SENDERS", deployment.parameter("SenderEmail").unwrap_or_default())
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .spawn()
            .map_err(Error::io("start", &launcher))?;
        let note = RunFile::of(Kind::Engine, &child, port, launcher.to_string_lossy().into_owned());
        // From here on dropping ends the process, also when the note cannot be written.
        let mut engine = Self { child, port, log, note: PathBuf::new() };
        engine.note = note.write(project, name)?;
        Ok(engine)
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where the SDKs and the SAM CLI find it.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The log file.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// An error when the engine is not running any more.
    pub fn check_running(&mut self) -> Result<(), Error> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(Error::Engine {
                message: format!("the local engine ended ({status})"),
                log: self.log.clone(),
            }),
            Err(source) => Err(Error::Io { doing: "watch", path: self.log.clone(), source }),
        }
    }

    fn wait_until_healthy(&mut self) -> Result<(), Error> {
        let deadline = Instant::now() + START_TIMEOUT;
        loop {
            interrupt::check()?;
            self.check_running()?;
            if engine_http::get(self.port, "/_ministack/health").is_ok() {
                return Ok(());
            }
            if Instant::now() > deadline {
                let message = format!("the local engine was not healthy after {} s", START_TIMEOUT.as_secs());
                return Err(Error::Engine { message, log: self.log.clone() });
            }
            thread::sleep(POLL);
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        process::stop_group(&mut self.child);
        // Without its note nothing will look for it, which is right: it is gone.
        let _ = fs::remove_file(&self.note);
    }
}

/// The launcher with nothing of the user's environment: functions inherit what the engine has.
fn command(toolbox: &Toolbox, launcher: &Path, home: &Path, port: u16) -> Command {
    let mut command = Command::new(toolbox.engine_python());
    command
        .arg(launcher)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home)
        .env("TMPDIR", home)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("BIND_HOST", "127.0.0.1")
        .env("MINISTACK_HOST", "127.0.0.1")
        .env("GATEWAY_PORT", port.to_string())
        .env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}"))
        // Listeners that nothing here talks to.
        .env("SFTP_ENABLED", "0")
        .env("IOT_MTLS_ENABLED", "0")
        // A line for every request would be most of the engine's work under load.
        .env("LOG_LEVEL", "WARNING")
        .current_dir(home)
        .process_group(0);
    command
}

/// The usual port, or any free one when somebody else has it.
fn free_port() -> Result<u16, Error> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, PORT_USUAL))
        .or_else(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(Error::io("find a free port on", "127.0.0.1"))
}

/// Ends every process that a crashed command left behind. The caller holds the project's lock, so no other is at work.
pub fn end_left_over(project: &Project) -> Result<(), Error> {
    for (path, note) in run_files::all(project)? {
        note.stop();
        fs::remove_file(&path).map_err(Error::io("remove", &path))?;
    }
    Ok(())
}
