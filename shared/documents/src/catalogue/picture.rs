//! Pictures of the ways of events: producers, what carries events, what routes them, where they wait, who consumes them.
//!
//! An SVG whose colours are the page's, so that it is light or dark with it.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::text;
use crate::platform::{ChannelKind, EventType, Platform, Reading};

/// Over the columns.
const TITLES: [&str; 5] = ["emitted by", "carried by", "routed by", "waits in", "consumed by"];
/// How the boxes of a column look.
const LOOKS: [&str; 5] = ["service", "carrier", "route", "queue", "service"];

// In pixels; the font has a fixed width.
const LETTER: f64 = 7.3;
const HEIGHT: f64 = 26.0;
const ROW: f64 = 36.0;
const GAP: f64 = 56.0;
const HEAD: f64 = 34.0;

/// How often columns are put in the order of their neighbours.
const SWEEPS: usize = 8;

/// Boxes in columns, and what joins them from each column to the next.
#[derive(Debug, Default)]
struct Picture {
    columns: [Vec<String>; 5],
    joints: BTreeSet<(usize, String, usize, String)>,
}

impl Picture {
    fn place(&mut self, column: usize, label: &str) {
        if !self.columns[column].iter().any(|each| each == label) {
            self.columns[column].push(label.to_owned());
        }
    }

    fn join(&mut self, from: (usize, &str), to: (usize, &str)) {
        self.place(from.0, from.1);
        self.place(to.0, to.1);
        self.joints.insert((from.0, from.1.to_owned(), to.0, to.1.to_owned()));
    }

    /// Each column in the order of what it is joined with, to and fro, so that few lines cross.
    fn settle(&mut self) {
        let last = self.columns.len() - 1;
        for _ in 0..SWEEPS {
            for column in (1..=last).chain((0..last).rev()) {
                let height = |label: &str| self.neighbours(column, label);
                let mut weighted: Vec<(f64, String)> =
                    self.columns[column].iter().map(|label| (height(label), label.clone())).collect();
                weighted.sort_by(|one, other| one.0.total_cmp(&other.0).then_with(|| one.1.cmp(&other.1)));
                self.columns[column] = weighted.into_iter().map(|(_, label)| label).collect();
            }
        }
    }

    /// How far above or below the middle a box's neighbours are on average.
    fn neighbours(&self, column: usize, label: &str) -> f64 {
        let mut heights = Vec::new();
        for (from, one, to, other) in &self.joints {
            let neighbour = match (*from == column && one == label, *to == column && other == label) {
                (true, _) => (*to, other),
                (_, true) => (*from, one),
                (false, false) => continue,
            };
            let labels = &self.columns[neighbour.0];
            let middle = (number(labels.len()) - 1.0) / 2.0;
            heights.extend(place_of(labels, neighbour.1).map(|place| place - middle));
        }
        heights.iter().sum::<f64>() / number(heights.len().max(1))
    }

    fn draw(mut self, about: &str) -> String {
        self.settle();
        let widths: Vec<f64> = self
            .columns
            .iter()
            .zip(TITLES)
            .map(|(labels, title)| labels.iter().map(|label| width(label)).fold(width(title), f64::max))
            .collect();
        let mut starts = Vec::new();
        let mut right = 1.0;
        for width in &widths {
            starts.push(right);
            right += width + GAP;
        }
        let rows = self.columns.iter().map(Vec::len).max().unwrap_or(0);
        let height = HEAD + number(rows) * ROW;
        let total = right - GAP + 1.0;
        let mut svg = format!(
            "<div class=\"wide\"><svg class=\"picture\" role=\"img\" aria-label=\"{}\" viewBox=\"0 0 {total:.0} {height:.0}\" \
             width=\"{total:.0}\" height=\"{height:.0}\">\n",
            text(about)
        );
        let top = |column: usize, label: &str| {
            let labels = &self.columns[column];
            let above = HEAD + (number(rows) - number(labels.len())) * ROW / 2.0;
            above + place_of(labels, label).unwrap_or(0.0) * ROW
        };
        for (from, one, to, other) in &self.joints {
            let (x, y) = (starts[*from] + widths[*from], top(*from, one) + HEIGHT / 2.0);
            let (right, below) = (starts[*to], top(*to, other) + HEIGHT / 2.0);
            let bend = GAP / 2.0;
            let _ = writeln!(
                svg,
                "<path class=\"line\" d=\"M{x:.1} {y:.1} C{:.1} {y:.1} {:.1} {below:.1} {right:.1} {below:.1}\"/>",
                x + bend,
                right - bend
            );
        }
        for (column, labels) in self.columns.iter().enumerate() {
            let (x, width) = (starts[column], widths[column]);
            if !labels.is_empty() {
                let middle = x + width / 2.0;
                let _ = writeln!(
                    svg,
                    "<text class=\"head\" x=\"{middle:.1}\" y=\"14\">{}</text>",
                    TITLES[column]
                );
            }
            for label in labels {
                let y = top(column, label);
                let _ = writeln!(
                    svg,
                    "<rect class=\"{}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{HEIGHT}\" rx=\"5\"/>\
                     <text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                    LOOKS[column],
                    x + width / 2.0,
                    y + HEIGHT / 2.0 + 4.5,
                    text(label)
                );
            }
        }
        svg.push_str("</svg></div>\n");
        svg
    }
}

/// The ways of one event type.
pub fn of_event(platform: &Platform, event: &EventType) -> String {
    let mut picture = Picture::default();
    picture.place(0, &event.owner);
    add(platform, &event.name, &mut picture);
    picture.draw(&format!("The ways of {}", event.name))
}

/// The ways of all event types.
pub fn of_platform(platform: &Platform) -> String {
    let mut picture = Picture::default();
    for event in &platform.events {
        add(platform, &event.name, &mut picture);
    }
    picture.draw("The ways of all events")
}

fn add(platform: &Platform, event_type: &str, picture: &mut Picture) {
    for publication in platform.publications_of(event_type) {
        picture.join((0, &publication.producer), (1, &carrier(platform, &publication.channel)));
    }
    for leg in platform.legs.iter().filter(|leg| leg.events.contains(event_type)) {
        picture.join((1, &carrier(platform, &leg.from)), (2, &leg.route));
        for reading in platform.readings.iter().filter(|reading| reading.channel == leg.to) {
            picture.join((2, &leg.route), (3, &leg.to));
            picture.join((3, &leg.to), (4, &reading.function));
        }
        for reading in platform.readings.iter().filter(|reading| reading.mapping == leg.route) {
            picture.join((2, &leg.route), (4, &reading.function));
        }
    }
    let is_kafka = |reading: &&Reading| {
        let channel = platform.channel(&reading.channel);
        channel.is_some_and(|channel| {
            matches!(channel.kind, ChannelKind::Kafka(_))
                && channel.messages.iter().any(|(name, _)| name == event_type)
        })
    };
    for reading in platform.readings.iter().filter(is_kafka) {
        let group = reading.group.as_deref().unwrap_or(&reading.mapping);
        let group = format!("group {}", group.trim_start_matches("{stackName}-"));
        picture.join((1, &carrier(platform, &reading.channel)), (2, &reading.mapping));
        picture.join((2, &reading.mapping), (3, &group));
        picture.join((3, &group), (4, &reading.function));
    }
}

/// A carrier, for people.
fn carrier(platform: &Platform, id: &str) -> String {
    match platform.channel(id).map(|channel| &channel.kind) {
        Some(ChannelKind::Kafka(topic)) => format!("Kafka: {}", topic.name),
        Some(ChannelKind::Topic) => format!("SNS: {id}"),
        Some(ChannelKind::Bus) => format!("EventBridge: {id}"),
        Some(ChannelKind::Queue { .. }) | None => id.to_owned(),
    }
}

fn width(label: &str) -> f64 {
    number(label.chars().count()) * LETTER + 20.0
}

fn place_of(labels: &[String], label: &str) -> Option<f64> {
    labels.iter().position(|each| each == label).map(number)
}

/// Counts of boxes and letters; more than a picture could show are as many as it could.
fn number(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
