//! Every function is built, told what it needs, watched, and has samples; every name in the template is somebody's.

use std::collections::BTreeSet;

use crate::document::{Template, list, references, root, target};
use crate::{FUNCTION, QUEUE, binary, dead_letters, expect_none, functions_dead_letters, rights};

#[test]
fn every_reference_names_something() {
    let template = Template::load();
    let mut known: BTreeSet<String> =
        ["AccountId", "NoValue", "Partition", "Region", "StackName", "URLSuffix"]
            .map(|pseudo| format!("AWS::{pseudo}"))
            .into();
    known.extend(["Parameters", "Resources"].iter().flat_map(|s| template.section(s).keys().cloned()));
    let mut findings = Vec::new();
    for section in ["Rules", "Conditions", "Resources", "Outputs"] {
        for (id, body) in template.section(section) {
            for name in references(body).into_iter().filter(|name| !known.contains(name)) {
                findings.push(format!(
                    "{section}.{id} refers to {name}, which does not exist: declare or correct it"
                ));
            }
        }
    }
    expect_none(&findings);
}

#[test]
fn every_function_has_a_log_group_and_alarms_and_every_dead_letter_queue_an_alarm() {
    let template = Template::load();
    let alarms = template.of_type("AWS::CloudWatch::Alarm");
    let watches = |metric: &str, id: &str| {
        alarms.iter().any(|alarm| {
            alarm.property("MetricName") == metric
                && target(&alarm.property("Dimensions")[0]["Value"]) == Some(id)
                && !list(alarm.property("AlarmActions")).is_empty()
        })
    };
    let mut findings = Vec::new();
    for function in template.of_type(FUNCTION) {
        let id = function.id;
        let group = target(&function.property("LoggingConfig")["LogGroup"]);
        if group.is_none_or(|g| template.resource(g).property("RetentionInDays").is_null()) {
            findings
                .push(format!("{id} has no log group with RetentionInDays: its logs would be kept for ever"));
        }
        for metric in ["Errors", "Throttles"] {
            if !watches(metric, id) {
                findings.push(format!("{id} has no alarm with an action on {metric}: add one"));
            }
        }
        if !function.events("DynamoDB").is_empty() && !watches("IteratorAge", id) {
            findings.push(format!("{id} reads streams and has no alarm on IteratorAge: add one"));
        }
    }
    let redriven = template.of_type(QUEUE).into_iter().filter_map(dead_letters);
    for queue in redriven.chain(functions_dead_letters(&template)).collect::<BTreeSet<_>>() {
        if !watches("ApproximateNumberOfMessagesVisible", queue) {
            findings.push(format!("{queue} has no alarm on ApproximateNumberOfMessagesVisible: add one"));
        }
    }
    expect_none(&findings);
}

#[test]
fn every_function_is_built_from_the_package_of_its_name() {
    let template = Template::load();
    let mut findings = Vec::new();
    let mut declared = BTreeSet::new();
    for function in template.of_type(FUNCTION) {
        let name = binary(function);
        declared.insert(name.to_owned());
        let folder = format!("functions/{name}");
        let manifest = std::fs::read_to_string(root().join(&folder).join("Cargo.toml")).unwrap_or_default();
        if function.property("CodeUri") != folder.as_str()
            || !manifest.contains(&format!("name = \"{name}\"\n"))
        {
            findings.push(format!(
                "{}: BuildProperties.Binary {name:?} must be the package in CodeUri functions/{name}",
                function.id
            ));
        }
        if function.body["Metadata"]["BuildMethod"] != "rust-cargolambda" {
            findings.push(format!("{}: BuildMethod must be rust-cargolambda", function.id));
        }
    }
    for entry in std::fs::read_dir(root().join("functions")).expect("functions/ can be read") {
        let name = entry.expect("an entry can be read").file_name().to_string_lossy().into_owned();
        if !declared.contains(&name) {
            findings.push(format!("functions/{name} is not in template.yaml: declare it or delete it"));
        }
    }
    expect_none(&findings);
}

#[test]
fn every_function_has_samples_good_duplicate_and_malformed() {
    let template = Template::load();
    let mut findings = Vec::new();
    for function in template.of_type(FUNCTION) {
        let folder = root().join("events").join(binary(function));
        let entries = std::fs::read_dir(&folder).into_iter().flatten().filter_map(Result::ok);
        let names: Vec<String> = entries.map(|e| e.file_name().to_string_lossy().into_owned()).collect();
        for kind in ["good", "duplicate", "malformed"] {
            if !names.iter().any(|name| name.starts_with(kind)) {
                findings.push(format!("events/{}/{kind}*.json is missing: add a sample", binary(function)));
            }
        }
    }
    expect_none(&findings);
}

#[test]
fn every_function_is_told_what_it_asks_for() {
    let template = Template::load();
    let functions = template.of_type(FUNCTION);
    let known: BTreeSet<&str> =
        functions.iter().flat_map(|f| f.environment()).map(|(name, _)| name).collect();
    // What every function asks for by way of the shared runtime is nobody's own to name.
    let runtime = source_in("shared/lambda/src");
    let own = known.into_iter().filter(|name| !runtime.contains(&format!("\"{name}\""))).collect::<Vec<_>>();
    let mut findings = Vec::new();
    for function in &functions {
        // A binary that is deployed twice may ask for what only one of the two is given; it says which itself.
        let same = functions.iter().filter(|other| binary(**other) == binary(*function));
        let told: BTreeSet<&str> = same.flat_map(|each| each.environment()).map(|(name, _)| name).collect();
        let source = source_in(&format!("functions/{}/src", binary(*function)));
        for name in &own {
            let asks = source.contains(&format!("\"{name}\""));
            if asks != told.contains(name) {
                let (has, does) =
                    if asks { ("asks for", "is not given") } else { ("never asks for", "is given") };
                findings.push(format!(
                    "functions/{} {has} {name} and {does} it in template.yaml",
                    binary(*function)
                ));
            }
        }
        let scans = source.contains(".scan(");
        let may_scan = !rights::usable(rights::role(&template, *function), "dynamodb:Scan").is_empty();
        if scans != may_scan {
            findings.push(format!(
                "functions/{} scans a table: {scans}; its role may: {may_scan}. Query an index instead (the catalogue \
                 is listed by InventoryTable's index of that name)",
                binary(*function)
            ));
        }
    }
    expect_none(&findings);
}

/// All Rust source below a folder, in one text.
fn source_in(folder: &str) -> String {
    let mut folders = vec![root().join(folder)];
    let mut source = String::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().filter_map(Result::ok) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).expect("source can be read");
                // What its tests name is not what it asks for.
                source.push_str(text.split("#[cfg(test)]").next().unwrap_or_default());
            }
        }
    }
    source
}
