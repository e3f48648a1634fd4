//! How an object is read: its fields first in the order in which they are usually written, then in any.
//!
//! Knows no event; the objects are declared with [`object`] where they belong.

use super::cursor::Cursor;
use super::hex;
use super::scan::Class;
use crate::integer::{Integer, JsonSafe};
use crate::telemetry::{
    BatteryPercent, ClientKind, DeviceErrors, Direction, Pixels, SignalDbm, TemperatureDecicelsius,
    UnitsInCart, UnitsOnShelf, UptimeSeconds,
};
use crate::{EventId, Quantity, SchemaVersion, TelemetryType, Timestamp};

/// What can be read from a cursor. `None` is "ask the other reader", as in all of [`super::cursor`].
pub trait Read<'a>: Sized {
    /// The same as a value of its own.
    type Owned;

    /// Reads the value.
    fn read(cursor: &mut Cursor<'a>) -> Option<Self>;

    /// What stands for a field that is not there.
    fn absent() -> Option<Self> {
        None
    }

    /// Copies what is borrowed.
    fn to_value(self) -> Self::Owned;
}

impl<'a, T: Read<'a>> Read<'a> for Option<T> {
    type Owned = Option<T::Owned>;

    #[inline]
    fn read(cursor: &mut Cursor<'a>) -> Option<Self> {
        if cursor.null() { Some(None) } else { T::read(cursor).map(Some) }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn to_value(self) -> Self::Owned {
        self.map(T::to_value)
    }
}

/// Values that hold no text: how each is read.
macro_rules! values {
    ($cursor:ident => $($name:ident: $read:expr),* $(,)?) => {$(
        impl<'a> Read<'a> for $name {
            type Owned = Self;

            #[inline]
            fn read($cursor: &mut Cursor<'a>) -> Option<Self> {
                $read
            }

            fn to_value(self) -> Self {
                self
            }
        }
    )*};
}

values! { cursor =>
    EventId: hex::uuid(cursor.unchecked_string_of(36)?).map(Self::from_bytes),
    Timestamp: cursor.unchecked_string_of(24)?.parse().ok(),
    SchemaVersion: version(cursor.string_of(Class::Printable)?),
    u64: integer::<JsonSafe>(cursor).map(|safe| safe.0),
    BatteryPercent: integer(cursor),
    DeviceErrors: integer(cursor),
    Pixels: integer(cursor),
    Quantity: integer(cursor),
    SignalDbm: integer(cursor),
    TemperatureDecicelsius: integer(cursor),
    UnitsInCart: integer(cursor),
    UnitsOnShelf: integer(cursor),
    UptimeSeconds: integer(cursor),
    ClientKind: word(cursor, [Self::Web, Self::Mobile], Self::as_str),
    Direction: word(cursor, [Self::In, Self::Out], Self::as_str),
    TelemetryType: Self::parse(cursor.string_of(Class::Printable)?),
}

#[inline]
fn integer<T: Integer>(cursor: &mut Cursor<'_>) -> Option<T> {
    T::checked(cursor.integer()?).ok()
}

/// A version, which nearly always has two digits.
#[inline]
fn version(text: &str) -> Option<SchemaVersion> {
    match *text.as_bytes() {
        [major @ b'0'..=b'9', b'.', minor @ b'0'..=b'9'] => {
            Some(SchemaVersion { major: (major - b'0').into(), minor: (minor - b'0').into() })
        }
        _ => text.parse().ok(),
    }
}

#[inline]
fn word<T: Copy, const N: usize>(
    cursor: &mut Cursor<'_>,
    words: [T; N],
    as_str: fn(T) -> &'static str,
) -> Option<T> {
    let word = cursor.string_of(Class::Printable)?;
    words.into_iter().find(|value| as_str(*value) == word)
}

/// Reads an object.
///
/// A field is first looked for where it usually is; a key that is not next in that order is then looked up among
/// all. A key that comes twice is for the other reader to refuse. Unknown fields are passed over. What is made of the
/// fields comes after `then`, where each has its name.
macro_rules! fields {
    ($cursor:expr => { $($field:ident: $type:ty $(= $read:expr)?),* $(,)? } then $object:expr) => {{
        let cursor: &mut $crate::borrowed::cursor::Cursor<'a> = $cursor;
        $(let mut $field: Option<$type> = None;)*
        cursor.eat(b'{')?;
        let mut more = true;
        fields!(@usual cursor more $($field [$($read)?])*);
        while more {
            match cursor.key()? {
                $(stringify!($field) if $field.is_none() => $field = Some(fields!(@read cursor $($read)?)?),)*
                $(stringify!($field) => return None,)*
                _ => cursor.ignore()?,
            }
            more = cursor.more()?;
        }
        $(let $field = match $field {
            Some(value) => value,
            None => fields!(@absent $type $(, $read)?)?,
        };)*
        $object
    }};
    (@usual $cursor:ident $more:ident $first:ident [$($first_read:expr)?] $($field:ident [$($read:expr)?])*) => {
        if $cursor.eat_all(concat!("\"", stringify!($first), "\":").as_bytes()) {
            $first = Some(fields!(@read $cursor $($first_read)?)?);
            // A comma may only stand behind a member.
            $(if $cursor.eat_all(concat!(",\"", stringify!($field), "\":").as_bytes()) {
                $field = Some(fields!(@read $cursor $($read)?)?);
            })*
            $more = $cursor.more()?;
        }
    };
    (@read $cursor:ident) => { $crate::borrowed::object::Read::read($cursor) };
    (@read $cursor:ident $read:expr) => { ($read)($cursor) };
    (@absent $type:ty) => { <$type as $crate::borrowed::object::Read<'a>>::absent() };
    (@absent $type:ty, $read:expr) => { None::<$type> };
}
pub(super) use fields;

/// Declares objects that borrow, with what each is as a value of its own.
macro_rules! object {
    ($(
        $(#[$doc:meta])*
        pub struct $name:ident<'a> of $owned:ident {
            $($(#[$field_doc:meta])* $field:ident: $type:ty),* $(,)?
        }
    )*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name<'a> {
            $($(#[$field_doc])* pub $field: $type,)*
        }

        impl<'a> Read<'a> for $name<'a> {
            type Owned = $owned;

            #[inline]
            fn read(cursor: &mut Cursor<'a>) -> Option<Self> {
                fields!(cursor => { $($field: $type),* } then Some(Self { $($field),* }))
            }

            fn to_value(self) -> $owned {
                $owned { $($field: self.$field.to_value()),* }
            }
        }
    )*};
}
pub(super) use object;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_versions_are_read_as_their_type_reads_them() {
        for bytes in
            (0..0x80_u8).flat_map(|byte| [[byte, b'.', b'0'], [b'1', byte, b'2'], [b'0', b'.', byte]])
        {
            let text = str::from_utf8(&bytes).expect("ASCII");
            assert_eq!(version(text), text.parse().ok(), "{text:?}");
        }
        assert_eq!((version("10.2"), version("01.2"), version("")), ("10.2".parse().ok(), None, None));
    }
}
