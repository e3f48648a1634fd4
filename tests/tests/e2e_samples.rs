//! Every sample of `events/` through the function's real binary, with the variables of the deployed function and
//! against the deployed stack; and every function started without what it needs.

use std::collections::BTreeMap;

use semel_contracts::Currency;
use semel_tests::{Emulator, Goods, Sample, Stack, differences, samples_of, start_without_runtime};
use serde_json::Value;

/// What a function reads if it is set, and starts without.
const OPTIONAL: [&str; 5] = [
    "BATCH_MEMORY_SECONDS",
    "DEDUPLICATION_WINDOW_SECONDS",
    "LOG_LEVEL",
    "ORDER_DEADLINE_SECONDS",
    "TRANSIT_SECONDS",
];

/// How the names of samples begin that hold what can never take effect.
const PUT_ASIDE: [&str; 3] = ["malformed", "not-for", "unknown"];

/// A value that none of the above can be.
const NONSENSE: &str = "no=such=value";

/// `StorefrontFunction` is the function in `functions/storefront`; the relay's is two functions.
fn name_of(logical_id: &str) -> String {
    match logical_id {
        "KafkaRelayFunction" => "relay".to_owned(),
        other => other.strip_suffix("Function").unwrap_or(other).to_lowercase(),
    }
}

/// The variables of the deployed function, and what Lambda and the engine add.
fn variables(stack: &Stack, function: &str) -> BTreeMap<String, String> {
    let mut variables = stack.variables(function);
    let region = std::env::var("AWS_REGION").expect("the region is set");
    for (name, value) in [
        ("AWS_ENDPOINT_URL", stack.endpoint()),
        ("AWS_REGION", &region),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
    ] {
        variables.insert(name.to_owned(), value.to_owned());
    }
    variables
}

#[test]
fn every_sample_is_answered_as_it_says() {
    let stack = Stack::from_environment();
    // The samples' article, and first of all the sample order: others tell of it.
    Goods::list_as(&stack, "MUG-BLUE".to_owned(), 1_450, Currency::EUR, 1_000_000);
    let mut functions: Vec<_> = stack.functions().collect();
    assert_eq!(functions.len(), 11, "{functions:?}");
    functions.sort_by_key(|(logical_id, _)| *logical_id != "StorefrontFunction");
    let mut wrong = Vec::new();
    for (logical_id, function) in functions {
        let emulator = Emulator::start(logical_id, &variables(&stack, function));
        let samples = samples_of(&name_of(logical_id));
        for case in ["good", "duplicate", "malformed"] {
            let there = samples.iter().any(|sample| sample.case == case);
            assert!(there, "events/{} has no {case}.json", name_of(logical_id));
        }
        for (at, sample) in samples.iter().enumerate() {
            for difference in run(&emulator, sample, at + 1) {
                wrong.push(format!("{}/{}{difference}", name_of(logical_id), sample.case));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    // The samples tell the sample order nothing that is not so: it comes to its end like any other.
    let placed =
        samples_of("storefront").into_iter().find(|sample| sample.case == "good").expect("it was run");
    let order_id =
        placed.expected["headers"]["location"].as_str().expect("a location").replace("/orders/", "");
    stack.wait_for_status(&order_id, "delivered");
}

/// Runs a sample, which is the one with this number; answers what is wrong with the answer.
fn run(emulator: &Emulator, sample: &Sample, number: usize) -> Vec<String> {
    let answer = emulator.invoke(&sample.event);
    let answer: Value = match serde_json::from_str(&answer) {
        Ok(answer) => answer,
        Err(error) => return vec![format!(": the answer is not JSON ({error}): {answer}")],
    };
    let mut wrong = differences(&sample.expected, &answer);
    let line = emulator.invocation_line(number);
    // A consumer's answer looks the same for what took effect and what was put aside: its line tells them apart.
    if line.get("dead_lettered").is_some() {
        let count = |name: &str| line[name].as_u64().unwrap_or_default();
        let right = match sample.case.as_str() {
            "good" => count("dead_lettered") == 0,
            // The relay publishes again what comes again: it is for the consumers to know it.
            "duplicate" if line.get("duplicate").is_none() => count("dead_lettered") == 0,
            "duplicate" => count("dead_lettered") == 0 && count("duplicate") + count("no_effect") > 0,
            case if PUT_ASIDE.iter().any(|prefix| case.starts_with(prefix)) => count("dead_lettered") > 0,
            _ => true,
        };
        if !right {
            wrong.push(format!(": the invocation's line is {line}"));
        }
    }
    wrong
}

#[test]
fn a_function_without_a_variable_fails_at_init_and_names_it() {
    let stack = Stack::from_environment();
    let mut tried = 0;
    for (logical_id, function) in stack.functions() {
        let complete = variables(&stack, function);
        let started = start_without_runtime(logical_id, &complete);
        for name in stack.variables(function).keys() {
            tried += 1;
            assert!(!started.said.contains(name.as_str()), "{logical_id}, complete: {}", started.said);
            let mut incomplete = complete.clone();
            if OPTIONAL.contains(&name.as_str()) {
                incomplete.insert(name.clone(), NONSENSE.to_owned());
            } else {
                incomplete.remove(name);
            }
            let refused = start_without_runtime(logical_id, &incomplete);
            assert!(refused.failed, "{logical_id} starts without {name}: {}", refused.said);
            let named = format!("environment variable {name} is ");
            assert!(refused.said.contains(&named), "{logical_id} without {name} says: {}", refused.said);
        }
    }
    assert!(tried > 20, "only {tried} variables were found");
}
