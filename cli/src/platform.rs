//! The machine's processor, as the template and the compiler call it.

use crate::error::Error;

/// The names of one processor architecture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Architecture {
    /// As in the template's `Architecture` parameter.
    pub template: &'static str,
    /// The target whose folder holds the functions' release builds.
    pub target: &'static str,
    /// The processor that cargo-lambda lets the compiler count on, which all of Lambda's of this architecture are.
    pub processor: &'static str,
    /// As in the file name of the runtime interface emulator.
    pub emulator: &'static str,
}

/// The architecture of this machine: functions run here as plain processes, so they must be built for it.
pub fn architecture() -> Result<Architecture, Error> {
    match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => Ok(Architecture {
            template: "x86_64",
            target: "x86_64-unknown-linux-gnu",
            processor: "haswell",
            emulator: "x86_64",
        }),
        ("linux", "aarch64") => Ok(Architecture {
            template: "arm64",
            target: "aarch64-unknown-linux-gnu",
            processor: "neoverse-n1",
            emulator: "arm64",
        }),
        ("linux", other) => {
            Err(Error::Unexpected(format!("Lambda runs on x86_64 and arm64, not on {other}")))
        }
        (system, _) => Err(Error::Missing {
            what: format!(
                "Linux, whose binaries Lambda runs: they are started here as they are, and this is {system}"
            ),
            install: "a Linux virtual machine or WSL 2 (`wsl --install`, `limactl start`)".to_owned(),
        }),
    }
}
