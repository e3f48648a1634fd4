//! Walks over the JSON of an event, for as long as it is written the way that nearly everybody writes it.
//!
//! Everything here answers `None` for "ask the other reader", never for "wrong": a string with an escape, a number
//! with a fraction, an unknown field that holds an object. What it does read, it reads as `serde_json` does.

use super::number;
use super::scan::{self, Class};

/// A place in a JSON text.
#[derive(Debug)]
pub(crate) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

/// A string of the text, without an escape in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Quoted<'a> {
    pub(crate) text: &'a str,
    /// Whether all of it is printable ASCII.
    pub(crate) plain: bool,
}

impl<'a> Cursor<'a> {
    /// Begins at the start of what must be UTF-8.
    #[inline]
    pub(crate) fn new(bytes: &'a [u8]) -> Option<Self> {
        Some(Self { text: simdutf8::basic::from_utf8(bytes).ok()?, at: 0 })
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Goes past white space, of which there usually is none.
    #[inline]
    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    /// Goes past this byte.
    #[inline]
    pub(crate) fn eat(&mut self, byte: u8) -> Option<()> {
        if self.peek()? == byte {
            self.at += 1;
            return Some(());
        }
        self.skip_space();
        if self.peek()? != byte {
            return None;
        }
        self.at += 1;
        Some(())
    }

    /// Goes past exactly these bytes, if they are next.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "a literal's length is then known, and comparing it no call")]
    pub(crate) fn eat_all(&mut self, bytes: &[u8]) -> bool {
        let next = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let found = next.starts_with(bytes);
        if found {
            self.at += bytes.len();
        }
        found
    }

    /// Reads a string. One that is not plain must have neither an escape nor a control character, which JSON forbids.
    #[inline]
    pub(crate) fn string(&mut self) -> Option<Quoted<'a>> {
        let from = self.at;
        if let Some(text) = self.string_of(Class::Printable) {
            return Some(Quoted { text, plain: true });
        }
        self.at = from;
        self.odd_string().map(|text| Quoted { text, plain: false })
    }

    /// Reads a string of this class.
    #[inline(always)]
    #[allow(
        clippy::inline_always,
        reason = "the class is then known, and finding its end a few instructions"
    )]
    pub(super) fn string_of(&mut self, class: Class) -> Option<&'a str> {
        self.eat(b'"')?;
        let (bytes, from) = (self.text.as_bytes(), self.at);
        let end = scan::end_of(class, bytes, from);
        self.at = end + 1;
        if *bytes.get(end)? == b'"' { self.text.get(from..end) } else { None }
    }

    #[inline(never)]
    fn odd_string(&mut self) -> Option<&'a str> {
        self.eat(b'"')?;
        let (text, _) = self.text.get(self.at..)?.split_once('"')?;
        self.at += text.len() + 1;
        let is_allowed = text.bytes().all(|byte| byte >= b' ' && byte != b'\\');
        is_allowed.then_some(text)
    }

    /// Reads a string of exactly so many bytes. Its reader looks at every byte of it and allows neither a backslash nor a
    /// control character.
    #[inline]
    pub(crate) fn unchecked_string_of(&mut self, length: usize) -> Option<&'a str> {
        self.eat(b'"')?;
        let end = self.at + length;
        let text = self.text.get(self.at..end)?;
        self.at = end;
        self.eat_all(b"\"").then_some(text)
    }

    /// Reads a key and the colon after it.
    #[inline]
    pub(crate) fn key(&mut self) -> Option<&'a str> {
        let key = self.string()?.text;
        self.eat(b':')?;
        Some(key)
    }

    /// Reads an integer. What follows it is looked at by [`Cursor::more`]: neither a point nor an exponent may.
    #[inline]
    pub(crate) fn integer(&mut self) -> Option<i64> {
        self.skip_space();
        let (value, length) = number::integer(self.text.as_bytes().get(self.at..)?)?;
        self.at += length;
        Some(value)
    }

    /// Whether `null` is next, past which it goes.
    #[inline]
    pub(crate) fn null(&mut self) -> bool {
        self.skip_space();
        self.eat_all(b"null")
    }

    /// After a member of an object: whether another follows. If not, goes past the end of the object.
    #[inline]
    pub(crate) fn more(&mut self) -> Option<bool> {
        if self.peek()? == b',' {
            self.at += 1;
            return Some(true);
        }
        self.skip_space();
        let byte = self.peek()?;
        self.at += 1;
        match byte {
            b',' => Some(true),
            b'}' => Some(false),
            _ => None,
        }
    }

    /// Goes past a value that nobody asks for, as long as it is simple.
    pub(crate) fn ignore(&mut self) -> Option<()> {
        self.skip_space();
        match self.peek()? {
            b'"' => self.string().map(|_| ()),
            b'-' | b'0'..=b'9' => self.integer().map(|_| ()),
            _ => [&b"true"[..], b"false", b"null"].into_iter().any(|word| self.eat_all(word)).then_some(()),
        }
    }

    /// Whether only white space is left.
    pub(crate) fn ends(mut self) -> bool {
        self.skip_space();
        self.at == self.text.len()
    }
}
