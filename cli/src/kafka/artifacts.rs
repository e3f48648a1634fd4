//! Apache Kafka itself: its official artifacts, resolved once by Maven from infra/kafka/pom.xml.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::phase::Phase;
use crate::prerequisites;
use crate::process;
use crate::project::Project;

const SOURCES: &str = "infra/kafka";
const STAMP: &str = "semel-stamp";
/// Downloads after which a plain log gets a line.
const REPORT_EVERY: usize = 25;

/// A Java and the broker's class path.
#[derive(Debug, Clone)]
pub struct Artifacts {
    java: PathBuf,
    libraries: PathBuf,
    log_configuration: PathBuf,
}

impl Artifacts {
    /// Finds Java, and resolves what is not there yet.
    pub fn prepare(project: &Project) -> Result<Self, Error> {
        let java = prerequisites::find_java()?;
        let sources = sources(project);
        let pom = sources.join("pom.xml");
        let text = fs::read(&pom).map_err(Error::io("read", &pom))?;
        let wanted = hex::encode(Sha256::digest(&text));
        let libraries = project.state_folder("kafka")?.join("libraries");
        let log_configuration = sources.join("log4j2.yaml");
        let artifacts = Self { java, libraries, log_configuration };
        let stamp = artifacts.libraries.join(STAMP);
        if fs::read_to_string(&stamp).is_ok_and(|stamp| stamp == wanted) {
            return Ok(artifacts);
        }
        let maven = prerequisites::find_maven()?;
        Phase::run("fetch Apache Kafka with Maven (once)", |phase| {
            artifacts.resolve(project, &maven, &text, phase)?;
            // Written last: what was interrupted half-way has no stamp and is made anew.
            fs::write(&stamp, &wanted).map_err(Error::io("write", &stamp))
        })?;
        Ok(artifacts)
    }

    fn resolve(&self, project: &Project, maven: &Path, pom: &[u8], phase: &Phase) -> Result<(), Error> {
        if self.libraries.exists() {
            fs::remove_dir_all(&self.libraries).map_err(Error::io("remove", &self.libraries))?;
        }
        // A copy, so that nothing Maven writes beside a pom can land among the sources.
        let copy = project.state_folder("kafka")?.join("pom.xml");
        fs::write(&copy, pom).map_err(Error::io("write", &copy))?;
        let mut command = Command::new(maven);
        command
            .args(["--batch-mode", "-f"])
            .arg(&copy)
            .args(["dependency:copy-dependencies", "-DincludeScope=runtime"])
            .arg(format!("-DoutputDirectory={}", self.libraries.display()));
        let mut fetched = 0;
        process::run(&mut command, |line| {
            if let Some(file) = fetched_file(line) {
                fetched += 1;
                phase.flicker(&format!("{fetched}: {file}"));
                if fetched % REPORT_EVERY == 0 {
                    phase.detail(&format!("{fetched} files so far"));
                }
            }
        })?;
        let (files, bytes) = size(&self.libraries)?;
        phase.detail(&format!("{files} libraries, {} MB", bytes / 1_000_000));
        Ok(())
    }

    /// A Java command with Kafka on its class path and nothing of the user's environment.
    pub fn java(&self) -> Command {
        let mut command = Command::new(&self.java);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .arg(format!("-Dlog4j2.configurationFile={}", self.log_configuration.display()))
            .arg("-cp")
            .arg(self.libraries.join("*"));
        command
    }
}

/// A project given with --root may be another one; the broker comes with this command.
fn sources(project: &Project) -> PathBuf {
    let own = project.path(SOURCES);
    if own.join("pom.xml").is_file() {
        own
    } else {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(SOURCES)
    }
}

/// The file that a line of Maven's says was downloaded.
fn fetched_file(line: &str) -> Option<&str> {
    let address = line.split("Downloaded from ").nth(1)?.split_whitespace().nth(1)?;
    address.rsplit('/').next()
}

fn size(folder: &Path) -> Result<(usize, u64), Error> {
    let entries = fs::read_dir(folder).map_err(Error::io("read", folder))?;
    let sizes = entries.filter_map(Result::ok).filter_map(|entry| entry.metadata().ok());
    Ok(sizes.fold((0, 0), |(files, bytes), metadata| (files + 1, bytes + metadata.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_file_in_mavens_line() {
        let line =
            "[INFO] Downloaded from central: https://repo.example/org/a/1/a-1.jar (208 kB at 1.9 MB/s)";
        assert_eq!(fetched_file(line), Some("a-1.jar"));
        assert_eq!(fetched_file("[INFO] Downloading from central: https://repo.example/a-1.jar"), None);
        assert_eq!(fetched_file("[INFO] Downloaded from central:"), None);
    }
}
