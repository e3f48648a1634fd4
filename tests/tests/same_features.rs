//! Every function asks for the same features of what it shares with others, so that nothing is compiled twice.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The features of each dependency of a function, and what its build needs, by name and version.
fn features_of(root: &Path, function: &str) -> BTreeMap<String, String> {
    let output = Command::new(env!("CARGO"))
        .current_dir(root)
        .args(["tree", "--locked", "--package", function, "--edges", "normal,build", "--prefix", "none"])
        .args(["--format", "{p}|{f}"])
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("names are text");
    // What a package depends on is listed where it is met first; then the line ends in an asterisk.
    let lines = text.lines().map(|line| line.trim_end_matches(" (*)"));
    let lines = lines.filter_map(|line| line.split_once('|'));
    // Paths are those of our own crates, which are small.
    lines
        .filter(|(package, _)| !package.contains('/'))
        .map(|(package, features)| (package.to_owned(), features.to_owned()))
        .collect()
}

fn functions(root: &Path) -> Vec<String> {
    let folders = std::fs::read_dir(root.join("functions")).expect("there are functions");
    folders.map(|folder| folder.expect("is readable").file_name().into_string().expect("is text")).collect()
}

#[test]
fn all_functions_have_their_dependencies_with_the_same_features() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut asked: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let functions = functions(&root);
    assert!(functions.len() >= 10, "functions are missing: {functions:?}");
    for function in &functions {
        for (package, features) in features_of(&root, function) {
            asked.entry(package).or_default().insert(features);
        }
    }
    let different: Vec<_> = asked.iter().filter(|(_, features)| features.len() > 1).collect();
    assert!(different.is_empty(), "turn these on in shared/same-features for every function: {different:#?}");
}
