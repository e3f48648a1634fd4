//! Texts that stay where they are, checked as their types check them.
//!
//! Most rules are "only these characters". For them there is a quicker check than the types' own; tests hold the two
//! together, byte by byte.

use std::fmt;
use std::marker::PhantomData;

use super::cursor::{Cursor, Quoted};
use super::hex;
use super::object::Read;
use super::scan::Class;
use crate::telemetry::{
    AppVersion, DeviceId, Firmware, Locale, OperatingSystem, SessionId, ShelfId, Title, UserAgent,
    WarehouseId, WebAddress,
};
use crate::text::{Text, check};
use crate::{AggregateId, CorrelationId, CustomerId, ProducerId, Sku, Traceparent};

/// A text that is allowed as a `T`, without being one: it is part of the bytes that it was read from.
pub struct TextRef<'a, T> {
    text: &'a str,
    owned: PhantomData<fn() -> T>,
}

impl<'a, T> TextRef<'a, T> {
    /// The text itself.
    pub const fn as_str(&self) -> &'a str {
        self.text
    }
}

// Derives would ask all this of `T`.
impl<T> Clone for TextRef<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for TextRef<'_, T> {}

impl<T> PartialEq for TextRef<'_, T> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl<T> Eq for TextRef<'_, T> {}

impl<T> fmt::Debug for TextRef<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.text, f)
    }
}

impl<T> fmt::Display for TextRef<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text)
    }
}

/// How a type's rule is checked quickly: in ASCII, where characters are bytes.
#[derive(Debug, Clone, Copy)]
enum Rule {
    /// These characters.
    Of(Class),
    /// Printable ones, but not only spaces.
    Printable,
    /// The same as far as it is ASCII, else ask the type.
    Line,
    /// So many bytes, and what this function says.
    Form(usize, fn(&str) -> bool),
}

/// A text type that events hold.
trait Ruled: Text {
    const RULE: Rule;
}

macro_rules! rules {
    ($($name:ident: $rule:expr),* $(,)?) => {$(
        impl Ruled for $name {
            const RULE: Rule = $rule;
        }
    )*};
}

rules! {
    AggregateId: Rule::Of(Class::Visible),
    CorrelationId: Rule::Of(Class::Visible),
    CustomerId: Rule::Of(Class::Visible),
    WebAddress: Rule::Of(Class::Visible),
    OperatingSystem: Rule::Printable,
    UserAgent: Rule::Printable,
    AppVersion: Rule::Of(only(true, true, *b"._+-")),
    Firmware: Rule::Of(only(true, true, *b"._+-")),
    Locale: Rule::Of(only(true, true, *b"----")),
    SessionId: Rule::Of(only(true, true, *b"._:-")),
    DeviceId: Rule::Of(only(true, true, *b"._:-")),
    Sku: Rule::Of(only(true, false, *b"----")),
    ShelfId: Rule::Of(only(true, false, *b"----")),
    ProducerId: Rule::Of(only(false, true, *b"----")),
    WarehouseId: Rule::Of(only(false, true, *b"----")),
    Traceparent: Rule::Form(55, hex::is_traceparent),
    Title: Rule::Line,
}

/// Digits, these letters, and these others.
const fn only(upper: bool, lower: bool, others: [u8; 4]) -> Class {
    Class::Only { upper, lower, others }
}

/// Reads a string if it is allowed as a `T`.
#[inline]
fn read<'a, T: Ruled>(cursor: &mut Cursor<'a>) -> Option<&'a str> {
    let (text, is_allowed) = match T::RULE {
        Rule::Of(class) => (cursor.string_of(class)?, true),
        Rule::Printable => {
            let text = cursor.string_of(Class::Printable)?;
            (text, is_not_blank(text))
        }
        Rule::Form(length, has_form) => {
            let text = cursor.unchecked_string_of(length)?;
            (text, has_form(text))
        }
        Rule::Line => {
            let Quoted { text, plain } = cursor.string()?;
            if !plain {
                return check::<T>(text).is_ok().then_some(text);
            }
            (text, is_not_blank(text))
        }
    };
    // Nothing but ASCII got here, so a character is a byte.
    (is_allowed && (T::MIN_CHARS..=T::MAX_CHARS).contains(&text.len())).then_some(text)
}

fn is_not_blank(text: &str) -> bool {
    text.bytes().any(|byte| byte != b' ')
}

impl<'a, T: Ruled> Read<'a> for TextRef<'a, T> {
    type Owned = T;

    #[inline]
    fn read(cursor: &mut Cursor<'a>) -> Option<Self> {
        Some(Self { text: read::<T>(cursor)?, owned: PhantomData })
    }

    fn to_value(self) -> T {
        T::wrap(self.text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// At the end of what is read, and with more behind it.
    #[track_caller]
    fn assert_reads_alike<T: Ruled>(name: &str, text: &str) {
        for behind in ["", ",\"another\":\"field with a text of its own, longer than 32 bytes\"}"] {
            let json = format!("\"{text}\"{behind}");
            let read = read::<T>(&mut Cursor::new(json.as_bytes()).expect("UTF-8"));
            assert_eq!(read, check::<T>(text).is_ok().then_some(text), "{name}: {text:?} before {behind:?}");
        }
    }

    /// Both rules agree on every character that is one byte or two, at the first place and at the last.
    fn agrees<T: Ruled>(name: &str) {
        let characters = (0..=0x7ff_u32).filter_map(char::from_u32);
        for character in characters.filter(|character| !matches!(character, '"' | '\\' | '\0'..='\x1f')) {
            for text in [format!("{character}A"), format!("A{character}"), character.to_string().repeat(2)] {
                assert_reads_alike::<T>(name, &text);
            }
        }
        for length in [0, 1, 2, T::MAX_CHARS - 1, T::MAX_CHARS, T::MAX_CHARS + 1] {
            for character in ['A', 'a', '7', '-'] {
                let text = character.to_string().repeat(length);
                assert_reads_alike::<T>(name, &text);
            }
        }
    }

    #[test]
    fn every_quick_rule_is_the_rule_of_the_type() {
        macro_rules! agree {
            ($($name:ident),* $(,)?) => {$( agrees::<$name>(stringify!($name)); )*};
        }
        agree!(
            AggregateId,
            CorrelationId,
            CustomerId,
            WebAddress,
            OperatingSystem,
            UserAgent,
            AppVersion,
            Firmware,
            Locale,
            SessionId,
            DeviceId,
            Sku,
            ShelfId,
            ProducerId,
            WarehouseId,
            Traceparent,
            Title,
        );
    }
}
