//! Finds where a run of bytes ends that a JSON string may hold, many bytes at a time.
//!
//! Knows bytes only: no JSON beyond the quotation mark and the backslash, and no field.

use wide::u8x32;

/// Bytes that are looked at together. Most strings are no longer, and then one look finds their end and that nothing in
/// them needs a closer one.
const LANES: usize = 32;
const QUOTE: u8 = b'"';
const BACKSLASH: u8 = b'\\';

/// Bytes that a string may hold. None of them ends it, and none is part of an escape.
#[derive(Debug, Clone, Copy)]
pub(super) enum Class {
    /// Printable ASCII.
    Printable,
    /// The same without the space.
    Visible,
    /// Digits, these letters, and these others, of which one may stand more than once.
    Only {
        /// A to Z.
        upper: bool,
        /// a to z.
        lower: bool,
        /// Neither the quotation mark nor the backslash.
        others: [u8; 4],
    },
}

impl Class {
    fn has(self, byte: u8) -> bool {
        match self {
            Self::Printable => (b' '..=b'~').contains(&byte) && byte != QUOTE && byte != BACKSLASH,
            Self::Visible => byte != b' ' && Self::Printable.has(byte),
            Self::Only { upper, lower, others } => {
                byte.is_ascii_digit()
                    || (upper && byte.is_ascii_uppercase())
                    || (lower && byte.is_ascii_lowercase())
                    || others.contains(&byte)
            }
        }
    }

    /// A bit for each byte that it has.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "the class is then known, and little of this is left")]
    fn of(self, bytes: [u8; LANES]) -> u32 {
        let bytes = u8x32::new(bytes);
        // What lies in an interval stays the same when it is clamped into it.
        let between = |low, high| bytes.max(u8x32::splat(low)).min(u8x32::splat(high)).simd_eq(bytes);
        let is = |byte| bytes.simd_eq(u8x32::splat(byte));
        let has = match self {
            Self::Printable => between(b' ', b'~') & !(is(QUOTE) | is(BACKSLASH)),
            Self::Visible => between(b'!', b'~') & !(is(QUOTE) | is(BACKSLASH)),
            Self::Only { upper, lower, others } => {
                let mut of = between(b'0', b'9');
                if upper {
                    of |= between(b'A', b'Z');
                }
                if lower {
                    of |= between(b'a', b'z');
                }
                others.into_iter().fold(of, |of, other| of | is(other))
            }
        };
        has.to_bitmask()
    }
}

/// Where the first byte from `from` on is that the class does not have; behind the last one if there is none.
#[inline(always)]
#[allow(clippy::inline_always, reason = "the class is then known, and little of this is left")]
pub(super) fn end_of(class: Class, bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(lanes) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let others = !class.of(*lanes);
        if others != 0 {
            return at + others.trailing_zeros() as usize;
        }
        at += LANES;
    }
    end_byte_by_byte(class, bytes, at)
}

/// The same where fewer bytes are left than are looked at together.
#[inline(never)]
fn end_byte_by_byte(class: Class, bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    from + rest.iter().take_while(|byte| class.has(**byte)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLASSES: [Class; 6] = [
        Class::Printable,
        Class::Visible,
        Class::Only { upper: true, lower: true, others: *b"._:-" },
        Class::Only { upper: true, lower: false, others: *b"----" },
        Class::Only { upper: false, lower: true, others: *b"----" },
        Class::Only { upper: false, lower: false, others: *b"._+-" },
    ];

    #[test]
    fn no_class_has_what_ends_a_string_or_begins_an_escape() {
        for class in CLASSES {
            let has: Vec<u8> = (0..=u8::MAX).filter(|byte| class.has(*byte)).collect();
            assert!(has.iter().all(|byte| (b' '..=b'~').contains(byte)), "{class:?}");
            assert!(!class.has(QUOTE) && !class.has(BACKSLASH), "{class:?}");
        }
        assert_eq!((0..=u8::MAX).filter(|byte| Class::Printable.has(*byte)).count(), 95 - 2);
        assert!(Class::Printable.has(b' ') && !Class::Visible.has(b' '));
    }

    #[test]
    fn every_byte_at_every_place_counts() {
        for class in CLASSES {
            for length in [1, 31, 32, 33, 64, 65, 70] {
                for (place, byte) in
                    (0..length).flat_map(|place| (0..=u8::MAX).map(move |byte| (place, byte)))
                {
                    let mut bytes = vec![b'7'; length];
                    bytes[place] = byte;
                    for from in [0, place / 2, place, place + 1] {
                        let is_met = from <= place && !class.has(byte);
                        let end = if is_met { place } else { length };
                        let context = format!("{class:?}: {byte} at {place} of {length}, from {from}");
                        assert_eq!(end_of(class, &bytes, from), end, "{context}");
                    }
                }
            }
        }
    }
}
