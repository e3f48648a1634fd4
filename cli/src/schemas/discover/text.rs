//! The report for people.

use std::fmt::Write as _;

use super::Answer;

/// The report: what was seen, what was not, and what is wrong.
pub fn of(answer: &Answer) -> String {
    let report = &answer.report;
    let mut text = format!("{} {}", report.examined, answer.from);
    for (count, what) in
        [(report.ignored, "of AWS's own sources left out"), (report.beyond, "of too many types left out")]
    {
        if count > 0 {
            let _ = write!(text, ", {count} {what}");
        }
    }
    text.push('\n');
    if !answer.complete {
        text.push_str("there are more: --limit came first\n");
    }
    if !report.seen.is_empty() {
        let _ = write!(text, "\n{:<50} {:>8} VERSIONS\n", "SEEN", "EVENTS");
    }
    for seen in &report.seen {
        let name = format!("{}/{}", seen.name.source, seen.name.event_type);
        // A name from outside may hold anything.
        let name: String = name.chars().flat_map(char::escape_debug).collect();
        let versions: Vec<String> =
            seen.versions.iter().map(|(version, events)| format!("{version}: {events}")).collect();
        let events = if seen.events == 0 { "-".to_owned() } else { seen.events.to_string() };
        let line = format!("{name:<50} {events:>8} {}", versions.join(", "));
        let _ = writeln!(text, "{}", line.trim_end());
    }
    if !report.unseen.is_empty() {
        text.push_str("\nDocumented, and not seen:\n");
    }
    for name in &report.unseen {
        let _ = writeln!(text, "  {}/{}", name.source, name.event_type);
    }
    text.push_str(if report.findings.is_empty() { "\nNo findings.\n" } else { "\nFindings:\n" });
    for finding in &report.findings {
        let _ = writeln!(text, "  {finding}");
    }
    text
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use semel_registry::Registry;
    use semel_registry::discovery::Discovery;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_report_names_what_was_seen_and_what_is_wrong() {
        let registry = Registry::open(Path::new("no such folder")).expect("an empty registry");
        let mut discovery = Discovery::new(&registry);
        let envelope = json!({ "metadata": { "version": "1.0" } });
        for event in [
            json!({ "source": "com.example", "detail-type": "Placed", "detail": envelope }),
            json!({ "source": "aws.s3", "detail-type": "Object Created", "detail": {} }),
        ] {
            discovery.event(&event).expect("an event");
        }
        let from = "events of archive a".to_owned();
        let answer = Answer { from, complete: false, report: discovery.report() };
        let expected = "\
2 events of archive a, 1 of AWS's own sources left out
there are more: --limit came first

SEEN                                                 EVENTS VERSIONS
com.example/Placed                                        1

Findings:
  com.example/Placed: undocumented event type (1 event)
";
        assert_eq!(of(&answer), expected);
    }
}
