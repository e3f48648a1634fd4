//! Reads the payload the way that Lambda writes it, at the speed of a search for quotation marks.
//!
//! `None` is "read it with the other reader", never "wrong": anything unusual is left to `wire`, which reads all JSON.
//! What this one does read, that one reads alike; a test holds them together.

use std::ops::Range;

use memchr::memchr;
use prefetch_index::prefetch_index;
use semel_contracts::borrowed::number::integer;

use super::event::{Decoded, Draft, Loading};

/// A line of the processor's caches, in bytes.
const LINE: usize = 64;
/// How far the payload is asked for ahead of where it is read: two or three records of 1 KB, in base64.
const AHEAD: usize = 4_096;

/// What stands between the quotation marks of a string; nothing if it is null.
type Text<'a> = Option<&'a [u8]>;

/// A place in the payload.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    /// How far the payload was asked for.
    fetched: usize,
    frame: Option<Frame<'a>>,
}

/// All of a record but its offset, timestamp, key and value. Where the same bytes come again around four other values,
/// they mean the same again.
#[derive(Clone, Copy)]
struct Frame<'a> {
    group: u32,
    around: [&'a [u8]; 5],
}

/// Reads a payload.
pub(super) fn read(payload: &[u8], loading: &mut Loading) -> Option<()> {
    let mut reader = Reader { bytes: payload, at: 0, fetched: 0, frame: None };
    let mut has_records = false;
    reader.eat(b'{')?;
    loop {
        match reader.key()? {
            b"records" if !has_records => {
                has_records = true;
                reader.records(loading)?;
            }
            b"records" => return None,
            _ => reader.ignore()?,
        }
        if !reader.more(b'}')? {
            break;
        }
    }
    reader.skip_space();
    (has_records && reader.at == payload.len()).then_some(())
}

/// Takes the value of a field that must not have one yet.
fn fill<T>(slot: &mut Option<T>, value: T) -> Option<()> {
    if slot.is_some() {
        return None;
    }
    *slot = Some(value);
    Some(())
}

/// A record's fields, as far as they have been met.
#[derive(Default)]
struct Fields<'a> {
    topic: Option<&'a [u8]>,
    partition: Option<i64>,
    offset: Option<i64>,
    timestamp: Option<i64>,
    key: Option<()>,
    value: Option<()>,
    headers: Option<()>,
    /// Where the offset, the timestamp, the key and the value are.
    places: [Range<usize>; 4],
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    #[inline]
    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    #[inline]
    fn eat(&mut self, byte: u8) -> Option<()> {
        self.skip_space();
        if self.peek()? != byte {
            return None;
        }
        self.at += 1;
        Some(())
    }

    fn past(&mut self, bytes: &[u8]) -> Option<()> {
        self.eat_all(bytes).then_some(())
    }

    #[inline]
    fn eat_all(&mut self, bytes: &[u8]) -> bool {
        let found = self.bytes.get(self.at..).is_some_and(|next| next.starts_with(bytes));
        if found {
            self.at += bytes.len();
        }
        found
    }

    /// Whether another element follows; if not, goes past `end`.
    #[inline]
    fn more(&mut self, end: u8) -> Option<bool> {
        self.skip_space();
        let byte = self.peek()?;
        self.at += 1;
        if byte == b',' {
            Some(true)
        } else if byte == end {
            Some(false)
        } else {
            None
        }
    }

    /// What stands between two quotation marks; the second one ends the string only if there is no escape before it.
    #[inline]
    fn quoted(&mut self) -> Option<&'a [u8]> {
        self.eat(b'"')?;
        let rest = self.bytes.get(self.at..)?;
        let length = memchr(b'"', rest)?;
        self.at += length + 1;
        rest.get(..length)
    }

    /// A string that holds visible ASCII and spaces only, without an escape.
    #[inline]
    fn string(&mut self) -> Option<&'a [u8]> {
        self.quoted().filter(|text| is_plain(text))
    }

    #[inline]
    fn key(&mut self) -> Option<&'a [u8]> {
        let key = self.string()?;
        self.eat(b':')?;
        Some(key)
    }

    #[inline]
    fn integer(&mut self) -> Option<i64> {
        self.skip_space();
        let (value, length) = integer(self.bytes.get(self.at..)?)?;
        self.at += length;
        Some(value)
    }

    /// Goes past a simple value that nobody asks for.
    fn ignore(&mut self) -> Option<()> {
        self.skip_space();
        match self.peek()? {
            b'"' => self.string().map(|_| ()),
            b'-' | b'0'..=b'9' => self.integer().map(|_| ()),
            _ => [&b"true"[..], b"false", b"null"].into_iter().any(|word| self.eat_all(word)).then_some(()),
        }
    }

    /// `{"topic-0": [..], ..}`
    fn records(&mut self, loading: &mut Loading) -> Option<()> {
        self.eat(b'{')?;
        loop {
            self.key()?;
            self.eat(b'[')?;
            loop {
                if !self.framed_record(loading)? {
                    self.record(loading)?;
                }
                if !self.more(b']')? {
                    break;
                }
            }
            if !self.more(b'}')? {
                return Some(());
            }
        }
    }

    /// Asks for what comes next, before anybody has to wait for it: the processor's own guesses end with a page.
    #[inline]
    fn fetch_ahead(&mut self) {
        while self.fetched < self.at + AHEAD {
            prefetch_index(self.bytes, self.fetched);
            self.fetched += LINE;
        }
    }

    /// Reads a record if it is framed as the one before it was.
    fn framed_record(&mut self, loading: &mut Loading) -> Option<bool> {
        let from = self.at;
        self.fetch_ahead();
        let Some((group, draft, [key, value])) = self.framed() else {
            self.at = from;
            return Some(false);
        };
        let mut draft = Draft { headers: loading.headers(), ..draft };
        let mut decoded_key = None;
        decode(key, loading, &mut decoded_key)?;
        draft.set_key(decoded_key);
        decode(value, loading, &mut draft.value)?;
        loading.record(group, &draft);
        Some(true)
    }

    /// The group of such a record, its offset and timestamp, and its key and value as they stand there.
    #[inline]
    fn framed(&mut self) -> Option<(u32, Draft, [Text<'a>; 2])> {
        let Frame { group, around: [head, before_timestamp, before_key, before_value, end] } = self.frame?;
        self.past(head)?;
        let offset = self.integer()?;
        self.past(before_timestamp)?;
        let timestamp = self.integer()?;
        self.past(before_key)?;
        let key = self.text()?;
        self.past(before_value)?;
        let value = self.text()?;
        self.past(end)?;
        Some((group, Draft { offset, timestamp, ..Draft::default() }, [key, value]))
    }

    fn record(&mut self, loading: &mut Loading) -> Option<()> {
        let mut draft = Draft { headers: loading.headers(), ..Draft::default() };
        let mut fields = Fields::default();
        let from = self.at;
        self.eat(b'{')?;
        loop {
            let key = self.key()?;
            self.field(key, &mut fields, &mut draft, loading)?;
            if !self.more(b'}')? {
                break;
            }
        }
        draft.offset = fields.offset?;
        draft.timestamp = fields.timestamp?;
        let topic = std::str::from_utf8(fields.topic?).ok()?;
        let group = loading.partition(topic, i32::try_from(fields.partition?).ok()?);
        loading.record(group, &draft);
        self.frame = self.frame_around(group, from, &fields.places);
        Some(())
    }

    /// What is around these four places from `from` to here, if they come in this order.
    fn frame_around(&self, group: u32, from: usize, places: &[Range<usize>; 4]) -> Option<Frame<'a>> {
        let [offset, timestamp, key, value] = places;
        let around = [
            self.bytes.get(from..offset.start)?,
            self.bytes.get(offset.end..timestamp.start)?,
            self.bytes.get(timestamp.end..key.start)?,
            self.bytes.get(key.end..value.start)?,
            self.bytes.get(value.end..self.at)?,
        ];
        Some(Frame { group, around })
    }

    fn field(
        &mut self,
        key: &[u8],
        fields: &mut Fields<'a>,
        draft: &mut Draft,
        loading: &mut Loading,
    ) -> Option<()> {
        let from = self.at;
        let [offset_at, timestamp_at, key_at, value_at] = &mut fields.places;
        match key {
            b"topic" => fill(&mut fields.topic, self.string()?),
            b"partition" => fill(&mut fields.partition, self.integer()?),
            b"offset" => {
                fill(&mut fields.offset, self.integer()?)?;
                *offset_at = from..self.at;
                Some(())
            }
            b"timestamp" => {
                fill(&mut fields.timestamp, self.integer()?)?;
                *timestamp_at = from..self.at;
                Some(())
            }
            b"key" => {
                let mut key = None;
                decode(self.text()?, loading, &mut key)?;
                draft.set_key(key);
                *key_at = from..self.at;
                fill(&mut fields.key, ())
            }
            b"value" => {
                decode(self.text()?, loading, &mut draft.value)?;
                *value_at = from..self.at;
                fill(&mut fields.value, ())
            }
            b"headers" => {
                self.skip_space();
                // Records with headers are for the other reader.
                if !self.eat_all(b"[]") && !self.eat_all(b"null") {
                    return None;
                }
                fill(&mut fields.headers, ())
            }
            _ => self.ignore(),
        }
    }

    /// A string, or null. That it has no escape [`decode`] finds out.
    #[inline]
    fn text(&mut self) -> Option<Text<'a>> {
        self.skip_space();
        if self.eat_all(b"null") { Some(None) } else { self.quoted().map(Some) }
    }
}

/// Decodes a string of base64; null leaves `decoded` as it is.
#[inline]
fn decode(text: Text<'_>, loading: &mut Loading, decoded: &mut Option<Decoded>) -> Option<()> {
    let Some(text) = text else { return Some(()) };
    let bytes = loading.decode(text);
    // An escape in it is JSON, and may be what makes it none of base64.
    if bytes.is_err() && !is_plain(text) {
        return None;
    }
    *decoded = Some(bytes);
    Some(())
}

fn is_plain(text: &[u8]) -> bool {
    text.iter().all(|byte| (b' '..=b'~').contains(byte) && *byte != b'\\')
}
