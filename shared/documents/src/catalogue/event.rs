//! One event type: what it says, who emits it, who gets it and by which rule, its fields, a sample, its releases.

use std::fmt::Write;

use semel_registry::compatibility::Mode;
use serde_json::Value;

use super::{picture, text};
use crate::asyncapi::sorted;
use crate::fields::{self, Row};
use crate::platform::{EventType, Platform};

/// Writes the event's section.
pub fn write(platform: &Platform, event: &EventType, page: &mut String) {
    let rows = fields::rows(&platform.definitions, &event.name);
    let name = text(&event.name);
    let _ = write!(
        page,
        "<section class=\"event\" id=\"{name}\" data-words=\"{}\">\n<h2>{name} <span class=\"tag\">{}</span></h2>\n\
         <p>{}</p>\n",
        text(&words(platform, event, &rows)),
        text(event.version()),
        text(&event.description)
    );
    facts(platform, event, page);
    page.push_str(&picture::of_event(platform, event));
    deliveries(platform, event, page);
    let (data, envelope): (Vec<&Row>, Vec<&Row>) =
        rows.iter().filter(|row| row.path != "data").partition(|row| row.path.starts_with("data."));
    page.push_str("<h3>Data</h3>\n");
    table(&data, "data.", page);
    page.push_str("<details><summary>Envelope</summary>\n");
    table(&envelope, "", page);
    page.push_str("</details>\n<details><summary>Golden sample</summary>\n");
    let sample = serde_json::to_string_pretty(&sorted(event.sample.clone())).unwrap_or_default();
    let _ = writeln!(page, "<pre>{}</pre></details>", text(&sample));
    releases(event, page);
    page.push_str("</section>\n");
}

fn facts(platform: &Platform, event: &EventType, page: &mut String) {
    let mut published: Vec<String> = platform
        .publications_of(&event.name)
        .map(|each| {
            let by = if each.publisher == each.producer {
                String::new()
            } else {
                format!(" by <code>{}</code>", text(&each.publisher))
            };
            format!("<code>{}</code>{by}", text(&each.channel))
        })
        .collect();
    if published.is_empty() {
        published.push("nothing in the template".to_owned());
    }
    let mode = event.compatibility;
    let _ = write!(
        page,
        "<dl>\n<dt>Source</dt><dd><code>{}</code></dd>\n<dt>Owner and producer</dt><dd>{}</dd>\n\
         <dt>Published to</dt><dd>{}</dd>\n<dt>Compatibility</dt><dd><code>{}</code> {}</dd>\n</dl>\n",
        text(&event.source),
        text(&event.owner),
        published.join(", "),
        mode.name(),
        meaning(mode)
    );
}

const fn meaning(mode: Mode) -> &'static str {
    match mode {
        Mode::None => "a new version may change anything",
        Mode::Backward => "who reads the new version reads the one before",
        Mode::BackwardTransitive => "who reads the new version reads all before",
        Mode::Forward => "who reads the version before reads the new one",
        Mode::ForwardTransitive => "who reads any version before reads the new one",
        Mode::Full => "the new version and the one before read each other",
        Mode::FullTransitive => "all versions read each other",
    }
}

fn deliveries(platform: &Platform, event: &EventType, page: &mut String) {
    let deliveries = platform.deliveries(&event.name);
    if deliveries.is_empty() {
        page.push_str("<p class=\"note\">No function consumes it.</p>\n");
        return;
    }
    page.push_str(
        "<div class=\"wide\"><table class=\"names\">\n<thead><tr><th>Consumer</th><th>Reads</th><th>From</th><th>Routed by</th>\
         <th>If the event matches</th></tr></thead>\n<tbody>\n",
    );
    for delivery in deliveries {
        let mut legs = platform.legs.iter();
        let leg = legs.find(|leg| leg.route == delivery.route && leg.from == delivery.from);
        let code = |plain: &str| format!("<code>{}</code>", text(plain));
        let pattern = leg.map(|leg| code(&in_one_line(&leg.pattern)));
        let _ = writeln!(
            page,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            text(delivery.function),
            code(delivery.at),
            code(delivery.from),
            code(delivery.route),
            pattern.unwrap_or_else(|| "always".to_owned())
        );
    }
    page.push_str("</tbody></table></div>\n");
}

fn table(rows: &[&Row], prefix: &str, page: &mut String) {
    page.push_str("<div class=\"wide\"><table class=\"fields\">\n<thead><tr><th>Field</th><th>Type</th><th>What it says</th></tr></thead>\n<tbody>\n");
    for row in rows {
        let path = row.path.strip_prefix(prefix).unwrap_or(&row.path);
        let depth = path.matches('.').count();
        let optional = if row.required { "" } else { " <span class=\"tag quiet\">optional</span>" };
        let limits: Vec<String> = row
            .limits
            .iter()
            .map(|limit| match limit.strip_prefix("pattern ") {
                Some(pattern) => format!("<code>{}</code>", text(pattern)),
                None => text(limit),
            })
            .collect();
        let limits = if limits.is_empty() {
            String::new()
        } else {
            format!("<div class=\"limits\">{}</div>", limits.join(" · "))
        };
        let _ = writeln!(
            page,
            "<tr><td style=\"padding-left:{}em\"><code>{}</code>{optional}</td><td>{}</td><td>{}{limits}</td></tr>",
            0.7 + 1.2 * f64::from(u32::try_from(depth).unwrap_or(0)),
            text(path),
            text(&row.of),
            text(&row.description)
        );
    }
    page.push_str("</tbody></table></div>\n");
}

fn releases(event: &EventType, page: &mut String) {
    let _ = write!(
        page,
        "<details><summary>Releases ({})</summary>\n<div class=\"wide\"><table>\n<thead><tr><th>Version</th><th>Day</th>\
         <th>What is new</th><th>Id</th></tr></thead>\n<tbody>\n",
        event.releases.len()
    );
    for release in &event.releases {
        let _ = writeln!(
            page,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td><code title=\"SHA-256 of the schema's file\">{}</code></td></tr>",
            text(&release.version),
            text(&release.created),
            text(&release.description),
            text(&release.id)
        );
    }
    page.push_str("</tbody></table></div></details>\n");
}

/// What the event is found by: lower-case words.
fn words(platform: &Platform, event: &EventType, rows: &[Row]) -> String {
    let mut words =
        vec![event.name.clone(), event.source.clone(), event.owner.clone(), event.description.clone()];
    for delivery in platform.deliveries(&event.name) {
        words.extend([delivery.function, delivery.at, delivery.from, delivery.route].map(str::to_owned));
    }
    words.extend(platform.publications_of(&event.name).map(|each| each.channel.clone()));
    // The envelope is in all of them and tells none apart.
    words.extend(rows.iter().filter(|row| row.path.starts_with("data.")).map(|row| row.path.clone()));
    let mut words: Vec<String> = words
        .iter()
        .flat_map(|text| text.split_whitespace())
        .map(|word| word.trim_matches(|each: char| !each.is_alphanumeric()).to_lowercase())
        .filter(|word| !word.is_empty())
        .collect();
    words.sort();
    words.dedup();
    words.join(" ")
}

/// JSON with a space where a line may be broken.
fn in_one_line(value: &Value) -> String {
    match value {
        Value::Array(elements) => {
            let elements: Vec<String> = elements.iter().map(in_one_line).collect();
            format!("[{}]", elements.join(", "))
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            let members: Vec<String> = members
                .into_iter()
                .map(|(name, value)| format!("{}: {}", Value::from(name.as_str()), in_one_line(value)))
                .collect();
            format!("{{ {} }}", members.join(", "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}
