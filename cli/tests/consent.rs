//! Commands that change what others use, where nobody can be asked: the plan is shown, nothing is done, and the status
//! says that something waits. `routes apply` is run so against the deployed stack, in the end-to-end tests.

use std::process::{Command, Output, Stdio};

use semel_testkit::SchemaService;

/// What ends a command that did nothing because nobody said yes.
const PENDING: Option<i32> = Some(3);

/// Runs `semel schemas publish` without a terminal.
fn publish(endpoint: &str, options: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_semel"));
    command.args(["schemas", "publish", "--registry", "shop", "--region", "eu-central-1"]);
    command.args(["--endpoint", endpoint]).args(options).stdin(Stdio::null());
    command.output().expect("semel runs")
}

#[test]
fn nothing_is_published_unless_somebody_says_yes() {
    let (service, endpoint) = SchemaService::start().expect("a service");
    for options in [&[][..], &["--json"]] {
        let refused = publish(&endpoint, options);
        assert_eq!(refused.status.code(), PENDING, "{refused:?}");
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(
            said.starts_with("error: changes to be made: ") && said.contains("; --yes makes them"),
            "{said}"
        );
        let plan = String::from_utf8_lossy(&refused.stdout);
        assert!(plan.contains("create") && !plan.contains("[y/N]"), "{plan}");
        assert!(service.kept().registries.is_empty(), "{options:?}");
    }
    for _ in 0..2 {
        let done = publish(&endpoint, &["--yes"]);
        assert_eq!(done.status.code(), Some(0), "{done:?}");
    }
    assert!(!service.kept().registries["shop"].schemas.is_empty());
    let nothing_to_do = publish(&endpoint, &[]);
    assert_eq!(nothing_to_do.status.code(), Some(0), "{nothing_to_do:?}");
}
