//! The catalogue: one HTML file that opens from a disk, with nothing to fetch and nothing to install.
//!
//! Everything that comes from outside is escaped where it is written; the page forbids itself all connections.

mod event;
mod overview;
mod picture;

use std::fmt::Write;

use crate::platform::{EventType, Platform};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// What stands in the page's head besides its title: it may not connect to anything.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";

/// The catalogue of a platform's events.
pub fn catalogue(platform: &Platform) -> String {
    let title = text(&platform.title);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title} events</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n"
    );
    navigation(platform, &mut page);
    let _ = write!(
        page,
        "<main>\n<header>\n<h1>{title} events</h1>\n<p class=\"lead\">Version {}. {} event types, {} channels. \
         Made from the template and the released schemas.</p>\n</header>\n",
        text(&platform.version),
        platform.events.len(),
        platform.channels.len()
    );
    overview::write(platform, &mut page);
    for event in ordered(platform) {
        event::write(platform, event, &mut page);
    }
    let _ = write!(
        page,
        "<p id=\"nothing\" hidden>No event type has all these words.</p>\n</main>\n<script>\n{SCRIPT}</script>\n</body>\n</html>\n"
    );
    page
}

fn navigation(platform: &Platform, page: &mut String) {
    page.push_str(
        "<nav aria-label=\"Event types\">\n<input type=\"search\" id=\"search\" autocomplete=\"off\" \
         placeholder=\"Search\" aria-label=\"Search event types, fields, services, rules\">\n\
         <ul class=\"plain\"><li><a href=\"#overview\">Overview</a></li>\
         <li><a href=\"#channels\">Channels</a></li></ul>\n",
    );
    let mut source = "";
    for event in ordered(platform) {
        if event.source != source {
            if !source.is_empty() {
                page.push_str("</ul>\n");
            }
            source = &event.source;
            let service = source.rsplit('.').next().unwrap_or(source);
            let _ = write!(page, "<h2 title=\"{}\">{}</h2>\n<ul>\n", text(source), text(service));
        }
        let name = text(&event.name);
        let _ = writeln!(page, "<li data-of=\"{name}\"><a href=\"#{name}\">{name}</a></li>");
    }
    if !source.is_empty() {
        page.push_str("</ul>\n");
    }
    page.push_str("</nav>\n");
}

/// By service, then by name.
fn ordered(platform: &Platform) -> Vec<&EventType> {
    let mut events: Vec<&EventType> = platform.events.iter().collect();
    events.sort_by_key(|event| (&event.source, &event.name));
    events
}

/// A text as HTML, between tags as well as in an attribute's quotes.
fn text(plain: &str) -> String {
    let mut escaped = String::with_capacity(plain.len());
    for each in plain.chars() {
        match each {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(each),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn no_text_becomes_markup() {
        assert_eq!(text("<a href='x'>\"&\"</a>"), "&lt;a href=&#39;x&#39;&gt;&quot;&amp;&quot;&lt;/a&gt;");
    }
}
