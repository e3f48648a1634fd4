//! Holds the dependency tree to deny.toml: licences, banned crates, and where crates come from.
//!
//! cargo-deny reads the same file and checks more, but has to be compiled first; this needs cargo alone. What is
//! locked is what is checked, for every platform and with every feature.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use serde::Deserialize;

use crate::error::Error;
use crate::process;
use crate::project::Project;

/// The parts of deny.toml that are looked at here.
#[derive(Deserialize)]
struct Rules {
    licenses: Licenses,
    bans: Bans,
    sources: Sources,
}

#[derive(Deserialize)]
struct Licenses {
    allow: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

#[derive(Deserialize)]
struct Ban {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Sources {
    allow_registry: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
    source: Option<String>,
}

/// Checks every locked package and names each one that breaks a rule.
pub fn check(project: &Project, on_line: &mut dyn FnMut(&str)) -> Result<(), Error> {
    let path = project.path("deny.toml");
    let rules = fs::read_to_string(&path).map_err(Error::io("read", &path))?;
    let rules: Rules =
        toml::from_str(&rules).map_err(|error| Error::Unexpected(format!("deny.toml: {error}")))?;
    let mut metadata = String::new();
    let mut command = Command::new("cargo");
    command.current_dir(project.root()).args([
        "metadata",
        "--format-version",
        "1",
        "--locked",
        "--all-features",
    ]);
    process::run(&mut command, |line| {
        if line.starts_with('{') {
            line.clone_into(&mut metadata);
        }
    })?;
    let metadata: Metadata = serde_json::from_str(&metadata)
        .map_err(|error| Error::Unexpected(format!("cargo metadata: {error}")))?;
    let broken: Vec<String> =
        metadata.packages.iter().flat_map(|package| problems(package, &rules)).collect();
    on_line(&format!("{} packages", metadata.packages.len()));
    if broken.is_empty() { Ok(()) } else { Err(Error::Failed(broken.join("\n"))) }
}

fn problems(package: &Package, rules: &Rules) -> Vec<String> {
    let mut found = Vec::new();
    let license = package.license.as_deref().unwrap_or("none");
    if !is_allowed(license, &rules.licenses.allow) {
        found.push(format!("its licence is {license}"));
    }
    if rules.bans.deny.iter().any(|ban| ban.name == package.name) {
        found.push("it is banned".to_owned());
    }
    // No source: a crate of this workspace.
    if let Some(source) = &package.source {
        let registry = source.strip_prefix("registry+").unwrap_or_default();
        if !rules.sources.allow_registry.contains(registry) {
            found.push(format!("it comes from {source}"));
        }
    }
    found.iter().map(|problem| format!("{} {}: {problem}", package.name, package.version)).collect()
}

/// Whether an SPDX expression can be satisfied with allowed licences. An exception (`WITH`) only ever permits more.
fn is_allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    // The old form `MIT/Apache-2.0` means either.
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut parser = Parser { words: &words, at: 0, allowed };
    let satisfied = parser.any_of();
    // What could not be read to its end is refused.
    satisfied && parser.at == words.len()
}

struct Parser<'a> {
    words: &'a [&'a str],
    at: usize,
    allowed: &'a BTreeSet<String>,
}

impl Parser<'_> {
    fn accept(&mut self, word: &str) -> bool {
        let found = self.words.get(self.at) == Some(&word);
        self.at += usize::from(found);
        found
    }

    fn any_of(&mut self) -> bool {
        let mut satisfied = self.all_of();
        while self.accept("OR") {
            // Both sides must be read, whatever the first said.
            satisfied |= self.all_of();
        }
        satisfied
    }

    fn all_of(&mut self) -> bool {
        let mut satisfied = self.one();
        while self.accept("AND") {
            satisfied &= self.one();
        }
        satisfied
    }

    fn one(&mut self) -> bool {
        if self.accept("(") {
            let satisfied = self.any_of();
            return self.accept(")") && satisfied;
        }
        let satisfied = self.words.get(self.at).is_some_and(|word| self.allowed.contains(*word));
        self.at += 1;
        if self.accept("WITH") {
            self.at += 1;
        }
        satisfied
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_expression(expression: &str, expected: bool) {
        let allowed = ["MIT", "Apache-2.0", "Unicode-3.0"].map(str::to_owned).into();
        assert_eq!(is_allowed(expression, &allowed), expected, "{expression}");
    }

    #[test]
    fn either_of_two_is_enough_and_both_are_needed() {
        check_expression("MIT", true);
        check_expression("GPL-3.0-only", false);
        check_expression("GPL-3.0-only OR MIT", true);
        check_expression("MIT/GPL-2.0", true);
        check_expression("MIT AND GPL-3.0-only", false);
        check_expression("(MIT OR Apache-2.0) AND Unicode-3.0", true);
        check_expression("(MIT OR Apache-2.0) AND OpenSSL", false);
        check_expression("Apache-2.0 WITH LLVM-exception OR Zlib", true);
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        check_expression("", false);
        check_expression("none", false);
        check_expression("(MIT", false);
        check_expression("MIT MIT", false);
    }
}
