//! What must be on the machine before anything else: Rust, Python with virtual environments, and for Kafka a Java and
//! Maven.

use std::path::PathBuf;
use std::process::Command;

use crate::error::Error;
use crate::process;

const PYTHON_MIN: (u32, u32) = (3, 11);
const PYTHONS: [&str; 4] = ["python3", "python3.13", "python3.12", "python3.11"];
const PYTHON_INSTALL: &str = "sudo apt install python3 python3-venv   (or your system's package manager)";

const JAVA_MIN: u32 = 17;
const JAVA_INSTALL: &str = "sudo apt install openjdk-17-jre-headless maven   (Homebrew: brew install openjdk@17 maven)\n  \
                            or leave Kafka out: --without-kafka";

/// The programs that were found.
#[derive(Debug)]
pub struct Prerequisites {
    /// A Python that is new enough and can make virtual environments.
    pub python: PathBuf,
}

/// Finds them all, or names the first that is missing and the command that installs it.
pub fn find() -> Result<Prerequisites, Error> {
    for program in ["cargo", "rustc"] {
        if process::output(Command::new(program).arg("--version")).is_none() {
            return Err(Error::Missing {
                what: format!("Rust ({program})"),
                install: "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh".to_owned(),
            });
        }
    }
    Ok(Prerequisites { python: find_python()? })
}

/// A Java that the Kafka broker runs on: `JAVA_HOME`'s, or the one on the path.
pub fn find_java() -> Result<PathBuf, Error> {
    let home = std::env::var_os("JAVA_HOME").map(|home| PathBuf::from(home).join("bin/java"));
    let mut seen = None;
    for java in home.into_iter().chain([PathBuf::from("java")]) {
        let Some(version) = process::output(Command::new(&java).arg("--version")) else { continue };
        if parse_java_version(&version).is_some_and(|found| found >= JAVA_MIN) {
            return Ok(java);
        }
        seen = version.lines().next().map(|line| format!(" (found {line})"));
    }
    Err(Error::Missing {
        what: format!(
            "Java {JAVA_MIN} or newer{}, which the Kafka broker runs on,",
            seen.unwrap_or_default()
        ),
        install: JAVA_INSTALL.to_owned(),
    })
}

/// The Maven that fetches the Kafka broker.
pub fn find_maven() -> Result<PathBuf, Error> {
    match process::output(Command::new("mvn").arg("--version")) {
        Some(_) => Ok(PathBuf::from("mvn")),
        None => Err(Error::Missing {
            what: "Maven (mvn), which fetches the Kafka broker,".to_owned(),
            install: JAVA_INSTALL.to_owned(),
        }),
    }
}

/// The major number in `openjdk 17.0.15 2025-04-15`.
fn parse_java_version(text: &str) -> Option<u32> {
    let version = text.split_whitespace().nth(1)?;
    version.split(['.', '-', '+']).next()?.parse().ok()
}

fn find_python() -> Result<PathBuf, Error> {
    let mut oldest_seen = None;
    for name in PYTHONS {
        let Some(version) = process::output(Command::new(name).arg("--version")) else { continue };
        if parse_version(&version).is_some_and(|found| found >= PYTHON_MIN) {
            return require_venv(name);
        }
        oldest_seen.get_or_insert(version);
    }
    let found = oldest_seen.map(|version| format!(" (found {version})")).unwrap_or_default();
    Err(Error::Missing {
        what: format!("Python {}.{} or newer{found}", PYTHON_MIN.0, PYTHON_MIN.1),
        install: PYTHON_INSTALL.to_owned(),
    })
}

fn require_venv(python: &str) -> Result<PathBuf, Error> {
    // Debian ships Python without it, and `import venv` alone would not notice.
    match process::output(Command::new(python).args(["-c", "import venv, ensurepip"])) {
        Some(_) => Ok(PathBuf::from(python)),
        None => Err(Error::Missing {
            what: format!("the venv module of {python}"),
            install: PYTHON_INSTALL.to_owned(),
        }),
    }
}

fn parse_version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.trim_start_matches("Python").trim().split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn java_versions_are_read_from_every_vendor() {
        assert_eq!(parse_java_version("openjdk 17.0.15 2025-04-15\nOpenJDK Runtime"), Some(17));
        assert_eq!(parse_java_version("java 21 2023-09-19 LTS"), Some(21));
        assert_eq!(parse_java_version("openjdk 25-ea 2025-09-16"), Some(25));
        assert_eq!(parse_java_version("Unrecognized option: --version"), None);
        assert_eq!(parse_java_version(""), None);
    }

    #[test]
    fn python_versions_compare_by_number() {
        assert_eq!(parse_version("Python 3.11.7"), Some((3, 11)));
        assert_eq!(parse_version("Python 4.0"), Some((4, 0)));
        assert_eq!(parse_version("not a version"), None);
        assert!(parse_version("Python 3.9.2").is_some_and(|version| version < PYTHON_MIN));
        assert!(parse_version("Python 3.14.0rc1").is_some_and(|version| version > PYTHON_MIN));
    }
}
