//! What stands before the event types: the whole in one picture, and the channels.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::{picture, text};
use crate::platform::{Channel, ChannelKind, Platform};

/// Writes both.
pub fn write(platform: &Platform, page: &mut String) {
    page.push_str("<section id=\"overview\">\n<h2>Overview</h2>\n");
    page.push_str(&picture::of_platform(platform));
    page.push_str(
        "</section>\n<section id=\"channels\">\n<h2>Channels</h2>\n<div class=\"wide\"><table class=\"names\">\n<thead><tr>\
         <th>Channel</th><th>Kind</th><th>Name</th><th>Read by</th><th>Event types</th></tr></thead>\n<tbody>\n",
    );
    for channel in &platform.channels {
        let readers: BTreeSet<&str> = platform
            .readings
            .iter()
            .filter(|reading| reading.channel == channel.id)
            .map(|reading| reading.function.as_str())
            .collect();
        let events: BTreeSet<&str> = channel.messages.iter().map(|(event, _)| event.as_str()).collect();
        let links: Vec<String> =
            events.iter().map(|event| format!("<a href=\"#{0}\">{0}</a>", text(event))).collect();
        let readers: Vec<String> = readers.into_iter().map(text).collect();
        let _ = writeln!(
            page,
            "<tr><td><code>{}</code></td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            text(&channel.id),
            text(&kind(channel)),
            channel.address.as_deref().map_or_else(|| "given when deployed".to_owned(), named),
            if readers.is_empty() { "—".to_owned() } else { readers.join(", ") },
            if events.len() == platform.events.len() { "all".to_owned() } else { links.join(", ") }
        );
    }
    page.push_str("</tbody></table></div>\n</section>\n");
}

fn named(address: &str) -> String {
    format!("<code>{}</code>", text(address))
}

fn kind(channel: &Channel) -> String {
    match &channel.kind {
        ChannelKind::Bus => "EventBridge bus".to_owned(),
        ChannelKind::Topic => "SNS topic".to_owned(),
        ChannelKind::Queue { attempts: Some(attempts), dead_letters: Some(_), .. } => {
            format!("SQS queue, {attempts} attempts")
        }
        ChannelKind::Queue { .. } => "SQS queue".to_owned(),
        ChannelKind::Kafka(topic) => format!("Kafka topic, {} partitions", topic.partitions),
    }
}
