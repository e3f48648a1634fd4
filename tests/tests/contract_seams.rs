//! The seams of docs/architecture.md, held by what `cargo metadata` tells and by what the sources name.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the workspace's root")
}

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo metadata runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON")
}

/// Names of what a package depends on at run time.
fn dependencies(metadata: &Value, package: &str) -> Vec<String> {
    let packages = metadata["packages"].as_array().expect("packages");
    let found = packages.iter().find(|each| each["name"] == package);
    let found = found.unwrap_or_else(|| panic!("there is no package {package}"));
    let normal =
        found["dependencies"].as_array().expect("dependencies").iter().filter(|each| each["kind"].is_null());
    normal.map(|each| each["name"].as_str().expect("a name").to_owned()).collect()
}

fn is_runtime(name: &str) -> bool {
    name == "tokio"
        || name.starts_with("aws-")
        || name.starts_with("lambda_")
        || name.starts_with("aws_lambda")
}

#[test]
fn the_pure_crates_depend_on_no_runtime() {
    let metadata = metadata();
    for package in ["semel-contracts", "semel-exactly-once", "semel-domain"] {
        for name in dependencies(&metadata, package) {
            assert!(
                !is_runtime(&name),
                "{package} depends on {name}: what needs it belongs behind a port, in shared/aws or shared/lambda"
            );
        }
    }
}

#[test]
fn only_shared_aws_depends_on_the_sdk_and_only_functions_and_shared_lambda_on_the_runtime() {
    let metadata = metadata();
    for package in metadata["packages"].as_array().expect("packages") {
        let name = package["name"].as_str().expect("a name");
        let manifest = package["manifest_path"].as_str().expect("a path");
        for dependency in dependencies(&metadata, name) {
            let sdk = dependency.starts_with("aws-sdk-") || dependency == "aws-config";
            assert!(
                !sdk || name == "semel-aws",
                "{name} depends on {dependency}: add what it needs to shared/aws"
            );
            let runtime = dependency.starts_with("lambda_") || dependency == "aws_lambda_events";
            let allowed = name == "semel-lambda" || manifest.contains("/functions/");
            assert!(
                !runtime || allowed,
                "{name} depends on {dependency}: only functions and shared/lambda may"
            );
        }
    }
}

#[test]
fn nothing_depends_on_the_testkit_at_run_time() {
    let metadata = metadata();
    for package in metadata["packages"].as_array().expect("packages") {
        let name = package["name"].as_str().expect("a name");
        let depends = dependencies(&metadata, name).iter().any(|each| each == "semel-testkit");
        assert!(!depends, "{name} depends on semel-testkit at run time: make it a dev-dependency");
    }
}

/// Every Rust source below a folder of the workspace.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a readable folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn the_pure_crates_read_no_clock() {
    for package in ["contracts", "exactly-once", "domain"] {
        let mut found = Vec::new();
        sources(&root().join("shared").join(package).join("src"), &mut found);
        for path in found {
            let text = fs::read_to_string(&path).expect("a readable source");
            for clock in ["SystemTime", "Instant::now", "new_v4(", "now_v7("] {
                let path = path.display();
                assert!(!text.contains(clock), "{path} names {clock}: time and chance are passed in");
            }
        }
    }
}

#[test]
fn every_source_says_first_what_it_owns() {
    let mut found = Vec::new();
    for folder in ["shared", "functions", "cli", "tests"] {
        sources(&root().join(folder), &mut found);
    }
    assert!(found.len() > 50, "only {} sources were found", found.len());
    for path in found.iter().filter(|path| !path.ends_with("tests.rs")) {
        let text = fs::read_to_string(path).expect("a readable source");
        assert!(text.starts_with("//!"), "{} does not open with //!", path.display());
    }
}

#[test]
fn a_functions_main_is_wiring_only() {
    for entry in fs::read_dir(root().join("functions")).expect("functions").flatten() {
        let path = entry.path().join("src/main.rs");
        let text = fs::read_to_string(&path).expect("a main.rs");
        let lines = text.lines().count();
        let path = path.display();
        assert!(lines <= 60, "{path} has {lines} lines: what is more than wiring belongs into handler.rs");
        assert!(text.contains("semel_lambda::run_"), "{path} does not start a function");
    }
}
