//! The Python tools, in two virtual environments below `.semel/`: the emulator and the SAM CLI need different versions of one library.
//!
//! An environment is made again when its pinned requirement file changed, and only then.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::phase::Phase;
use crate::platform::Architecture;
use crate::prerequisites::Prerequisites;
use crate::process;
use crate::project::Project;

const STAMP: &str = "requirements.sha256";

/// The tools, ready to run.
#[derive(Debug, Clone)]
pub struct Toolbox {
    engine: PathBuf,
    tools: PathBuf,
}

impl Toolbox {
    /// Makes what is missing.
    pub fn prepare(project: &Project, prerequisites: &Prerequisites) -> Result<Self, Error> {
        let sources = project.engine_sources();
        let environment = |name: &str| {
            let requirements = sources.join(format!("requirements-{name}.txt"));
            prepare_environment(project, &prerequisites.python, name, &requirements)
        };
        Ok(Self { engine: environment("engine")?, tools: environment("tools")? })
    }

    /// The Python that runs the engine.
    pub fn engine_python(&self) -> PathBuf {
        self.engine.join("bin/python")
    }

    /// A command of the tools' environment, which is first on its `PATH`.
    pub fn command(&self, program: &str) -> Command {
        let folder = self.tools.join("bin");
        let mut command = Command::new(folder.join(program));
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(folder).chain(std::env::split_paths(&path));
        if let Ok(path) = std::env::join_paths(folders) {
            command.env("PATH", path);
        }
        // The toolbox is none of the user's; its state belongs to the project.
        command.env("SAM_CLI_TELEMETRY", "0").env("PIP_DISABLE_PIP_VERSION_CHECK", "1");
        command
    }

    /// The Lambda runtime interface emulator that the SAM CLI brings along.
    pub fn runtime_emulator(&self, architecture: Architecture) -> Option<PathBuf> {
        let file = format!("samcli/local/rapid/aws-lambda-rie-{}", architecture.emulator);
        let versions = fs::read_dir(self.tools.join("lib")).ok()?;
        versions
            .filter_map(Result::ok)
            .map(|version| version.path().join("site-packages").join(&file))
            .find(|path| path.is_file())
    }
}

/// Makes the virtual environment of this name, unless it is there with these requirements.
pub fn prepare_environment(
    project: &Project,
    python: &Path,
    name: &str,
    requirements: &Path,
) -> Result<PathBuf, Error> {
    let wanted = fs::read(requirements).map_err(Error::io("read", requirements))?;
    let wanted = hex::encode(Sha256::digest(wanted));
    let folder = project.state_folder("venvs")?.join(name);
    if fs::read_to_string(folder.join(STAMP)).is_ok_and(|stamp| stamp == wanted) {
        return Ok(folder);
    }
    Phase::run(format!("install the {name} environment (once)"), |phase| {
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(Error::io("remove", &folder))?;
        }
        process::run(Command::new(python).args(["-m", "venv"]).arg(&folder), |line| phase.flicker(line))?;
        let mut install = Command::new(folder.join("bin/python"));
        install.args(["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "-r"]);
        process::run(install.arg(requirements), |line| phase.flicker(line))?;
        // Written last: an environment that was interrupted half-way has no stamp and is made anew.
        let stamp = folder.join(STAMP);
        fs::write(&stamp, &wanted).map_err(Error::io("write", &stamp))
    })?;
    Ok(folder)
}
