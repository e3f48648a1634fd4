//! Finds where JSON strings end, and tells whether anything in one needs a closer look.
//!
//! Knows bytes only: no JSON beyond the quotation mark and the backslash, and no field.

use wide::{u8x16, u8x64};

/// Bytes that are looked at together.
const LANES: usize = 16;
/// Bytes whose quotation marks are looked for together. Most strings begin where the one before them ended, so that one
/// look serves several.
const BLOCK: usize = 64;
const QUOTE: u8 = b'"';
const BACKSLASH: u8 = b'\\';

/// The quotation marks of one block of a text: a bit for each byte.
#[derive(Debug)]
pub(super) struct Marks {
    /// Which block it is.
    block: usize,
    quotes: u64,
}

impl Marks {
    #[inline]
    pub(super) fn of(bytes: &[u8]) -> Self {
        Self { block: 0, quotes: quotes(bytes, 0).unwrap_or_default() }
    }

    /// Where the next quotation mark is, whatever comes before it. The bytes must be the same as before.
    #[inline]
    pub(super) fn quote(&mut self, bytes: &[u8], from: usize) -> Option<usize> {
        if self.block != from / BLOCK {
            *self = Self { block: from / BLOCK, quotes: quotes(bytes, from / BLOCK)? };
        }
        let mut found = self.quotes & (u64::MAX << (from % BLOCK));
        while found == 0 {
            *self = Self { block: self.block + 1, quotes: quotes(bytes, self.block + 1)? };
            found = self.quotes;
        }
        Some(self.block * BLOCK + found.trailing_zeros() as usize)
    }
}

/// The quotation marks of a block; nothing if the text has no such block.
#[inline]
fn quotes(bytes: &[u8], block: usize) -> Option<u64> {
    let rest = bytes.get(block * BLOCK..)?;
    Some(rest.first_chunk().map_or_else(|| quotes_at_the_end(rest), quotes_of))
}

#[inline]
fn quotes_of(block: &[u8; BLOCK]) -> u64 {
    u8x64::new(*block).simd_eq(u8x64::splat(QUOTE)).to_bitmask()
}

/// The same where fewer bytes are left than are looked at together.
fn quotes_at_the_end(rest: &[u8]) -> u64 {
    let mut block = [0; BLOCK];
    for (place, byte) in block.iter_mut().zip(rest) {
        *place = *byte;
    }
    quotes_of(&block)
}

/// Whether all bytes are ASCII from `FIRST` on and printable, and none is a backslash. `FIRST` is `' '`, or `'!'` where a
/// space does not count.
#[inline]
pub(super) fn is_plain<const FIRST: u8>(bytes: &[u8]) -> bool {
    let (chunks, rest) = bytes.as_chunks::<LANES>();
    let odd = chunks.iter().fold(u8x16::ZERO, |odd, lanes| odd | odd_lanes::<FIRST>(u8x16::new(*lanes)));
    // Those before the end once more, so that they are enough to be looked at together.
    let odd = match bytes.last_chunk::<LANES>() {
        Some(last) => odd | odd_lanes::<FIRST>(u8x16::new(*last)),
        None => odd,
    };
    let is_short = chunks.is_empty();
    odd.to_bitmask() == 0
        && (!is_short || rest.iter().all(|byte| (FIRST..=b'~').contains(byte) && *byte != BACKSLASH))
}

/// All ones for each byte that is not plain.
#[inline]
fn odd_lanes<const FIRST: u8>(lanes: u8x16) -> u8x16 {
    // What is plain lies in one interval: clamped into it, it stays the same.
    let clamped = lanes.max(u8x16::splat(FIRST)).min(u8x16::splat(b'~'));
    !clamped.simd_eq(lanes) | lanes.simd_eq(u8x16::splat(BACKSLASH))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_plain_by_hand(bytes: &[u8], first: u8) -> bool {
        bytes.iter().all(|byte| (first..=b'~').contains(byte) && *byte != BACKSLASH)
    }

    #[test]
    fn every_byte_at_every_place_counts() {
        for length in [0, 1, 7, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 130] {
            for place in 0..length {
                for byte in 0..=u8::MAX {
                    let mut bytes = vec![b'a'; length];
                    bytes[place] = byte;
                    let context = format!("{byte} at {place} of {length}");
                    assert_eq!(is_plain::<b'!'>(&bytes), is_plain_by_hand(&bytes, b'!'), "{context}");
                    assert_eq!(is_plain::<b' '>(&bytes), is_plain_by_hand(&bytes, b' '), "{context}");
                    let mut marks = Marks::of(&bytes);
                    assert_eq!(marks.quote(&bytes, place + 1), None, "{context}");
                    assert_eq!(marks.quote(&bytes, 0), (byte == QUOTE).then_some(place), "{context}");
                }
            }
        }
    }

    #[test]
    fn quotation_marks_are_found_from_anywhere_to_the_end() {
        let mut bytes = vec![b'a'; 333];
        for place in [3, 63, 64, 200, 319, 332] {
            bytes[place] = QUOTE;
        }
        for length in [0, 1, 63, 64, 65, 320, 333] {
            let bytes = &bytes[..length];
            // Forward as a reader goes, and with leaps back.
            let mut marks = Marks::of(bytes);
            for from in (0..length + 200).flat_map(|from| [from, from / 2]) {
                let next = bytes.iter().skip(from).position(|byte| *byte == QUOTE).map(|place| from + place);
                assert_eq!(marks.quote(bytes, from), next, "from {from} of {length}");
            }
        }
    }
}
