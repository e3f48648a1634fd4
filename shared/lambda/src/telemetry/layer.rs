//! Writes a log event as one line of JSON, with the fields of its spans beside its own.

use std::fmt;
use std::io::Write;

use semel_aws::SystemClock;
use semel_exactly_once::Clock;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// Longest text of a field. A payload belongs into a dead-letter queue, not into a log.
const TEXT_BYTES_MAX: usize = 8 * 1024;

/// A layer that writes to what `writer` opens.
pub(crate) struct JsonLines<W> {
    writer: W,
}

impl JsonLines<fn() -> std::io::Stdout> {
    pub fn stdout() -> Self {
        Self { writer: std::io::stdout }
    }
}

impl<W> JsonLines<W> {
    #[cfg(test)]
    pub fn to(writer: W) -> Self {
        Self { writer }
    }
}

/// What a span contributes to the lines inside it.
struct SpanFields(Map<String, Value>);

impl<S, W, O> Layer<S> for JsonLines<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: Fn() -> O + 'static,
    O: Write,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(SpanFields(fields.0));
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut extensions = span.extensions_mut();
        if let Some(SpanFields(known)) = extensions.get_mut() {
            let mut fields = Fields(std::mem::take(known));
            values.record(&mut fields);
            *known = fields.0;
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut line = Map::new();
        line.insert("timestamp".to_owned(), SystemClock.now().to_string().into());
        line.insert("level".to_owned(), event.metadata().level().as_str().into());
        line.insert("target".to_owned(), event.metadata().target().into());
        for span in context.event_scope(event).into_iter().flatten().collect::<Vec<_>>().into_iter().rev() {
            if let Some(SpanFields(fields)) = span.extensions().get() {
                line.extend(fields.iter().map(|(name, value)| (name.clone(), value.clone())));
            }
        }
        let mut fields = Fields(line);
        event.record(&mut fields);
        write_line((self.writer)(), &fields.0);
    }
}

/// Writes the whole line at once, so that lines of two threads do not mix.
pub(super) fn write_line(mut out: impl Write, line: &Map<String, Value>) {
    let mut text = Vec::with_capacity(512);
    if serde_json::to_writer(&mut text, line).is_ok() {
        text.push(b'\n');
        // Standard output that cannot be written to leaves nowhere to say so.
        let _ = out.write_all(&text);
        let _ = out.flush();
    }
}

#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        // `r#type` is how Rust writes it, not what it is called.
        let name = field.name().trim_start_matches("r#");
        self.0.insert(name.to_owned(), value.into());
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, &value[..value.floor_char_boundary(TEXT_BYTES_MAX)]);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let text = crate::chain(value);
        self.record_str(field, &text);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.record_str(field, &format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use semel_contracts::Timestamp;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("no panic").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// The lines that `work` logs.
    fn lines(work: impl FnOnce()) -> Vec<Value> {
        let sink = Sink::default();
        let copy = sink.clone();
        let subscriber = tracing_subscriber::registry().with(JsonLines::to(move || copy.clone()));
        tracing::subscriber::with_default(subscriber, work);
        let text = String::from_utf8(sink.0.lock().expect("no panic").clone()).expect("UTF-8");
        text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
    }

    #[test]
    fn a_line_is_flat_and_has_its_time() {
        let lines = lines(|| tracing::warn!(order = "o-1", tries = 3, ok = false, "late"));
        let line = &lines[0];
        assert!(line["timestamp"].as_str().is_some_and(|text| text.parse::<Timestamp>().is_ok()), "{line}");
        assert_eq!((&line["level"], &line["message"]), (&"WARN".into(), &"late".into()));
        assert_eq!((&line["order"], &line["tries"], &line["ok"]), (&"o-1".into(), &3.into(), &false.into()));
    }

    #[test]
    fn fields_of_spans_are_on_every_line_inside() {
        let lines = lines(|| {
            let span = tracing::info_span!("invocation", request_id = "r-1", cold = tracing::field::Empty);
            span.record("cold", true);
            span.in_scope(|| tracing::info!("inside"));
            tracing::info!("outside");
        });
        assert_eq!((&lines[0]["request_id"], &lines[0]["cold"]), (&"r-1".into(), &true.into()));
        assert_eq!(lines[1].get("request_id"), None);
    }

    #[test]
    fn an_error_is_told_with_its_causes() {
        let error = crate::Failure::new("Kind", "what");
        let lines = lines(|| tracing::error!(error = &error as &(dyn std::error::Error + 'static), "failed"));
        assert_eq!(lines[0]["error"], "Kind: what");
    }

    #[test]
    fn a_long_or_odd_text_stays_one_line() {
        let lines = lines(|| tracing::info!(body = "a\n\"é".repeat(TEXT_BYTES_MAX), "odd\nmessage"));
        assert_eq!(lines.len(), 1);
        assert!(lines[0]["body"].as_str().is_some_and(|text| text.len() <= TEXT_BYTES_MAX));
    }
}
