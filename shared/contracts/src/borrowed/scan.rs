//! Finds where a JSON string ends, sixteen bytes at a time, and tells whether anything in it needs a closer look.
//!
//! Knows bytes only: no JSON beyond the quotation mark and the backslash, and no field.

use wide::u8x16;

const LANES: usize = 16;
const QUOTE: u8 = b'"';
const BACKSLASH: u8 = b'\\';

/// Where a string ends, and what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scanned {
    /// Position of the quotation mark that ends it.
    pub(super) end: usize,
    /// Whether all bytes before it are printable ASCII from `FIRST` on, and none is a backslash.
    pub(super) plain: bool,
}

/// Scans a string whose first byte is at `from`. `FIRST` is the least byte that counts as plain: `' '`, or `'!'` where
/// a space does not. Nothing if no quotation mark follows.
///
/// The first quotation mark ends the string only if no backslash came before it: a string that is not plain needs
/// another reader.
#[inline]
pub(super) fn string<const FIRST: u8>(bytes: &[u8], from: usize) -> Option<Scanned> {
    let mut at = from;
    let mut plain = true;
    while let Some((lanes, _)) = bytes.get(at..)?.split_first_chunk::<LANES>() {
        let lanes = u8x16::new(*lanes);
        let quotes = lanes.simd_eq(u8x16::splat(QUOTE)).to_bitmask();
        let odd = odd::<FIRST>(lanes);
        if quotes != 0 {
            let place = quotes.trailing_zeros();
            let before = (1_u32 << place) - 1;
            return Some(Scanned { end: at + place as usize, plain: plain && odd & before == 0 });
        }
        plain &= odd == 0;
        at += LANES;
    }
    string_at_the_end::<FIRST>(bytes, at, plain)
}

/// Where the next quotation mark is, whatever comes before it.
#[inline]
pub(super) fn quote(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while let Some((lanes, _)) = bytes.get(at..)?.split_first_chunk::<LANES>() {
        let quotes = u8x16::new(*lanes).simd_eq(u8x16::splat(QUOTE)).to_bitmask();
        if quotes != 0 {
            return Some(at + quotes.trailing_zeros() as usize);
        }
        at += LANES;
    }
    bytes.get(at..)?.iter().position(|byte| *byte == QUOTE).map(|place| at + place)
}

/// One bit for each byte that is not plain.
#[inline]
fn odd<const FIRST: u8>(lanes: u8x16) -> u32 {
    // What is plain lies in one interval: clamped into it, it stays the same.
    let clamped = lanes.max(u8x16::splat(FIRST)).min(u8x16::splat(b'~'));
    let outside = !clamped.simd_eq(lanes);
    (outside | lanes.simd_eq(u8x16::splat(BACKSLASH))).to_bitmask()
}

/// The same where fewer bytes are left than are looked at together.
fn string_at_the_end<const FIRST: u8>(bytes: &[u8], from: usize, mut plain: bool) -> Option<Scanned> {
    for (place, &byte) in bytes.get(from..)?.iter().enumerate() {
        if byte == QUOTE {
            return Some(Scanned { end: from + place, plain });
        }
        plain &= (FIRST..=b'~').contains(&byte) && byte != BACKSLASH;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_hand(bytes: &[u8], from: usize, first: u8) -> Option<Scanned> {
        let end = from + bytes[from..].iter().position(|byte| *byte == QUOTE)?;
        let plain = bytes[from..end].iter().all(|byte| (first..=b'~').contains(byte) && *byte != BACKSLASH);
        Some(Scanned { end, plain })
    }

    #[test]
    fn every_byte_at_every_place_counts() {
        for length in [0, 1, 7, 15, 16, 17, 31, 32, 33, 40] {
            for place in 0..=length {
                for byte in 0..=u8::MAX {
                    // What follows the string shall not count.
                    let mut bytes = vec![b'a'; length + 20];
                    bytes[length] = QUOTE;
                    bytes[length + 1] = BACKSLASH;
                    bytes[place] = byte;
                    for bytes in [&bytes[..], &bytes[..=length]] {
                        let context = format!("{byte} at {place} of {length}");
                        assert_eq!(string::<b' '>(bytes, 0), by_hand(bytes, 0, b' '), "{context}");
                        assert_eq!(string::<b'!'>(bytes, 0), by_hand(bytes, 0, b'!'), "{context}");
                        assert_eq!(quote(bytes, 0), by_hand(bytes, 0, 0).map(|found| found.end), "{context}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_string_may_begin_anywhere_and_must_end() {
        assert_eq!(string::<b'!'>(b"\"ab\"", 1), Some(Scanned { end: 3, plain: true }));
        assert_eq!(string::<b'!'>(b"ab", 0), None);
        assert_eq!(string::<b'!'>(b"0123456789abcdef0123", 0), None);
        assert_eq!(string::<b'!'>(b"ab\"", 4), None);
        assert_eq!((quote(b"ab\"", 4), quote(b"", 0), quote(b"0123456789abcdef0123", 0)), (None, None, None));
    }
}
