//! A process of the function's own binary, as Lambda starts it: what it needs is in its environment.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// One of them runs one partition.
pub const TABLE: &str = "bench-analytics";
const BUCKET: &str = "bench-ledger";
/// The function's setting, and the first part of its fence's sort key.
pub const EPOCH: &str = "1";
/// A whole vCPU, as Lambda gives it for that much memory.
const MEMORY_MB: &str = "1769";

/// A running process. Dropping it ends it.
#[derive(Debug)]
pub struct Function {
    child: Child,
}

impl Function {
    /// Starts one that asks `runtime_api` for invocations and AWS at `endpoint`; its log lines go to `log`.
    pub fn start(bootstrap: &Path, runtime_api: &str, endpoint: &str, log: &File) -> Self {
        let output = || Stdio::from(log.try_clone().expect("an open file"));
        let child = Command::new(bootstrap)
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", runtime_api)
            .env("AWS_LAMBDA_FUNCTION_NAME", "analytics")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", MEMORY_MB)
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/analytics")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "bench")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_ENDPOINT_URL", endpoint)
            .env("ANALYTICS_TABLE", TABLE)
            .env("LEDGER_BUCKET", BUCKET)
            .env("TOPIC_EPOCH", EPOCH)
            .env("ALLOWED_LATENESS_SECONDS", "300")
            .stdin(Stdio::null())
            .stdout(output())
            .stderr(output())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {}: {error}", bootstrap.display()));
        Self { child }
    }

    /// Its number.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it did.
    pub fn ended(&mut self) -> Option<String> {
        self.child.try_wait().ok().flatten().map(|status| status.to_string())
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        // It has nothing to lose: everything is in the stand-ins.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
