//! What a plan says, and that its requests lead there from wherever they were broken off.

use semel_aws::operator::{Rule, Target};
use serde_json::json;

use super::super::plan::{self, Difference, Foreign, OWNER, Request, Step};
use super::super::{file, wanted};
use super::bus::Bus;

const BUS: &str = "arn:aws:events:eu-central-1:123456789012:event-bus/shop";

/// The rules of a file named `feeds` on a bus.
fn rules(text: &str) -> Vec<Rule> {
    let file = file::parse(&format!("name: feeds\nrules:\n{text}")).expect("is a rules file");
    assert_eq!(file.faults(), Vec::<String>::new());
    wanted::rules(&file, BUS)
}

/// One rule with these targets.
fn rule(name: &str, state: &str, source: &str, targets: &[(&str, &str)]) -> Rule {
    let targets: Vec<_> = targets.iter().map(|(id, queue)| json!({ "id": id, "queue": queue })).collect();
    let entry =
        json!({ "name": name, "state": state, "pattern": { "source": [source] }, "targets": targets });
    rules(&format!("- {entry}")).remove(0)
}

fn steps(wanted: &[Rule], present: &[Rule], prunes: bool) -> Vec<Step> {
    plan::plan("feeds", wanted, present, &Foreign::new(), prunes).expect("can be done")
}

fn requests(steps: &[Step]) -> Vec<Request> {
    steps.iter().flat_map(Step::requests).collect()
}

#[test]
fn a_rule_that_is_not_there_is_enabled_last() {
    let wanted = rule("a", "ENABLED", "x", &[("t", "q")]);
    let found = requests(&steps(std::slice::from_ref(&wanted), &[], false));
    let disabled = Rule { is_enabled: false, ..wanted.clone() };
    assert_eq!(
        found,
        [
            Request::PutRule(disabled),
            Request::PutTargets("a".to_owned(), wanted.targets.clone()),
            Request::EnableRule("a".to_owned()),
        ]
    );
    let wanted = rule("a", "DISABLED", "x", &[("t", "q")]);
    assert_eq!(requests(&steps(&[wanted], &[], false)).len(), 2);
}

#[test]
fn a_change_names_each_field() {
    let before = rule("a", "ENABLED", "x", &[("t", "q"), ("old", "o")]);
    let after =
        Rule { description: "d".to_owned(), ..rule("a", "DISABLED", "y", &[("t", "r"), ("new", "n")]) };
    let found = steps(&[after], &[before], false);
    let [Step::Change { differences, .. }] = found.as_slice() else { panic!("{found:?}") };
    let fields: Vec<&str> = differences.iter().map(|difference| difference.field.as_str()).collect();
    assert!(fields.starts_with(&["description", "pattern", "state", "targets.new.arn"]), "{fields:?}");
    let arn = |queue: &str| json!(format!("arn:aws:sqs:eu-central-1:123456789012:{queue}"));
    for (field, old, new) in [
        ("pattern", json!({ "source": ["x"] }), json!({ "source": ["y"] })),
        ("state", json!("ENABLED"), json!("DISABLED")),
        ("targets.t.arn", arn("q"), arn("r")),
        ("targets.old.arn", arn("o"), json!(null)),
        ("targets.new.arn", json!(null), arn("n")),
    ] {
        let difference = Difference { field: field.to_owned(), old, new };
        assert!(differences.contains(&difference), "{difference:?} in {differences:#?}");
    }
}

#[test]
fn how_json_is_written_is_no_change() {
    let wanted = rule("a", "ENABLED", "x", &[("t", "q"), ("u", "q")]);
    let mut present = wanted.clone();
    present.pattern = "{ \"source\" : [ \"x\" ] }".to_owned();
    present.targets.reverse();
    present.tags.insert("team".to_owned(), "partners".to_owned());
    assert_eq!(steps(&[wanted], &[present], true), [Step::Keep("a".to_owned())]);
}

#[test]
fn new_targets_come_before_old_ones_go() {
    let before = rule("a", "ENABLED", "x", &[("old", "o"), ("same", "s")]);
    let after = rule("a", "ENABLED", "y", &[("new", "n"), ("same", "s")]);
    let found = requests(&steps(std::slice::from_ref(&after), &[before], false));
    let new: Vec<Target> = after.targets[..1].to_vec();
    assert_eq!(
        found,
        [
            Request::PutTargets("a".to_owned(), new),
            Request::PutRule(Rule { tags: [].into(), ..after }),
            Request::RemoveTargets("a".to_owned(), vec!["old".to_owned()]),
        ]
    );
}

#[test]
fn only_what_the_file_made_is_pruned() {
    let gone = rule("gone", "ENABLED", "x", &[("t", "q")]);
    let mut other = rule("other", "ENABLED", "x", &[("t", "q")]);
    other.tags.insert(OWNER.to_owned(), "others".to_owned());
    let mut untagged = rule("untagged", "ENABLED", "x", &[("t", "q")]);
    untagged.tags.clear();
    let present = [gone.clone(), other, untagged];
    assert_eq!(steps(&[], &present, false), []);
    let found = steps(&[], &present, true);
    assert_eq!(found, [Step::Remove(gone)]);
    assert_eq!(
        requests(&found),
        [
            Request::RemoveTargets("gone".to_owned(), vec!["t".to_owned()]),
            Request::DeleteRule("gone".to_owned()),
        ]
    );
}

#[test]
fn what_somebody_else_answers_for_is_refused() {
    let wanted = [rule("a", "ENABLED", "x", &[("t", "q")])];
    let refused = |change: &dyn Fn(&mut Rule), foreign: &Foreign| {
        let mut present = wanted[0].clone();
        change(&mut present);
        plan::plan("feeds", &wanted, &[present], foreign, true).expect_err("is refused").join("\n")
    };
    let none = Foreign::new();
    let tag = |key: &'static str, value: &'static str| {
        move |rule: &mut Rule| drop(rule.tags.insert(key.to_owned(), value.to_owned()))
    };
    let of_template = [("a".to_owned(), "ShippingExpress".to_owned())].into();
    for (found, words) in [
        (
            refused(&tag("aws:cloudformation:stack-name", "semel"), &none),
            "of the stack semel: change its template",
        ),
        (refused(&|_| {}, &of_template), "ShippingExpress of template.yaml"),
        (refused(&tag(OWNER, "others"), &none), "of the rules file others"),
        (refused(&|rule| rule.tags.clear(), &none), "no rules file made it"),
        (
            refused(&|rule| rule.managed_by = Some("x.amazonaws.com".to_owned()), &none),
            "kept by x.amazonaws.com",
        ),
    ] {
        assert!(found.starts_with("a: ") && found.contains(words), "{found}");
    }
}

#[test]
fn old_and_new_targets_must_fit_together() {
    let of = |ids: [&str; 3]| rule("a", "ENABLED", "x", &ids.map(|id| (id, "q")));
    let found = plan::plan("feeds", &[of(["d", "e", "f"])], &[of(["a", "b", "c"])], &Foreign::new(), false);
    let found = found.expect_err("six are too many");
    assert!(found[0].starts_with("a: has 6 targets"), "{found:?}");
    assert_eq!(steps(&[of(["c", "d", "e"])], &[of(["a", "b", "c"])], false).len(), 1);
}

/// From every state of a rule to every other, broken off after each request: a second plan leads to the same end, an
/// enabled rule never lacks a target that it has before and after, and a new rule is not enabled without its targets.
#[test]
fn what_breaks_off_is_finished_by_the_next() {
    let mut states: Vec<Option<Rule>> = vec![None];
    for state in ["ENABLED", "DISABLED"] {
        for source in ["x", "y"] {
            for targets in [&[("a", "q")][..], &[("a", "r"), ("b", "q")], &[("c", "q")]] {
                states.push(Some(rule("feed", state, source, targets)));
            }
        }
    }
    let mut broken_off = 0;
    for before in &states {
        for after in &states {
            let present: Vec<Rule> = before.iter().cloned().collect();
            let wanted: Vec<Rule> = after.iter().cloned().collect();
            let requests = requests(&steps(&wanted, &present, true));
            for done in 0..=requests.len() {
                let mut bus = Bus::with(&present);
                for request in &requests[..done] {
                    bus.take(request);
                    assert_no_half_rule(&bus, before.as_ref(), after.as_ref());
                }
                for request in super::plans::requests(&steps(&wanted, &bus.rules(), true)) {
                    bus.take(&request);
                    assert_no_half_rule(&bus, before.as_ref(), after.as_ref());
                }
                let left = steps(&wanted, &bus.rules(), true);
                assert!(left.iter().all(|step| matches!(step, Step::Keep(_))), "{left:#?}");
                broken_off += 1;
            }
        }
    }
    assert!(broken_off > 300, "{broken_off}");
}

fn assert_no_half_rule(bus: &Bus, before: Option<&Rule>, after: Option<&Rule>) {
    let (Some(now), Some(after)) = (bus.rule("feed"), after) else { return };
    if !now.is_enabled {
        return;
    }
    let has = |id: &str| now.targets.iter().any(|target| target.id == id);
    let stays = |id: &str| before.is_none_or(|before| before.targets.iter().any(|target| target.id == id));
    let was_enabled = before.is_some_and(|before| before.is_enabled);
    for target in &after.targets {
        assert!(has(&target.id) || (was_enabled && !stays(&target.id)), "{} of {now:#?}", target.id);
    }
    assert!(!now.targets.is_empty(), "{now:?}");
}
