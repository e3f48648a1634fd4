//! Lower-case hexadecimal digits, eight at a time: ids and trace contexts are most of what an envelope holds.
//!
//! The rule is the one of `ids` and `envelope`; tests hold them together.

use wide::u8x32;

/// One in every byte.
const ONES: u64 = u64::MAX / 255;

/// Reads eight digits; the second number is zero if they are digits of 0-9 and a-f.
#[inline]
fn eight(digits: [u8; 8]) -> (u32, u64) {
    let digits = u64::from_le_bytes(digits);
    // Bit 6 tells a letter from a digit; a letter's low half counts from one.
    let letters = (digits >> 6) & ONES;
    let nibbles = (digits & (ONES * 0x0f)).wrapping_add(letters * 9);
    // Written out again the nibbles must be what was read. A nibble is at most 24 here, so no sum carries over.
    let above_nine = ((nibbles + ONES * (0x80 - 10)) >> 7) & ONES;
    let again = nibbles + ONES * u64::from(b'0') + above_nine * u64::from(b'a' - b'9' - 1);
    let wrong = (again ^ digits) | (nibbles & (ONES * 0xf0));
    // Nibbles side by side, the first digit highest.
    let packed = nibbles.swap_bytes();
    let packed = (packed | (packed >> 4)) & 0x00ff_00ff_00ff_00ff;
    let packed = (packed | (packed >> 8)) & 0x0000_ffff_0000_ffff;
    #[allow(clippy::cast_possible_truncation, reason = "the low half is the number")]
    let number = (packed | (packed >> 16)) as u32;
    (number, wrong)
}

/// Reads a UUID of the one spelling that ids have.
#[inline]
pub(super) fn uuid(text: &str) -> Option<[u8; 16]> {
    let [
        a0,
        a1,
        a2,
        a3,
        a4,
        a5,
        a6,
        a7,
        d0,
        b0,
        b1,
        b2,
        b3,
        d1,
        c0,
        c1,
        c2,
        c3,
        d2,
        e0,
        e1,
        e2,
        e3,
        d3,
        f0,
        f1,
        f2,
        f3,
        f4,
        f5,
        f6,
        f7,
        f8,
        f9,
        f10,
        f11,
    ] = *<&[u8; 36]>::try_from(text.as_bytes()).ok()?;
    let (first, wrong_first) = eight([a0, a1, a2, a3, a4, a5, a6, a7]);
    let (second, wrong_second) = eight([b0, b1, b2, b3, c0, c1, c2, c3]);
    let (third, wrong_third) = eight([e0, e1, e2, e3, f0, f1, f2, f3]);
    let (fourth, wrong_fourth) = eight([f4, f5, f6, f7, f8, f9, f10, f11]);
    let wrong = wrong_first | wrong_second | wrong_third | wrong_fourth;
    if wrong != 0 || [d0, d1, d2, d3] != [b'-'; 4] {
        return None;
    }
    let number = (u128::from(first) << 96)
        | (u128::from(second) << 64)
        | (u128::from(third) << 32)
        | u128::from(fourth);
    Some(number.to_be_bytes())
}

/// Whether this is a W3C trace context: `00-<32 digits>-<16 digits>-00`.
#[inline]
pub(super) fn is_traceparent(text: &str) -> bool {
    let Ok(bytes) = <&[u8; 55]>::try_from(text.as_bytes()) else { return false };
    let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) else { return false };
    // All but the three hyphens, of which the last 32 bytes hold two.
    digits(*first) == !(1 << 2)
        && digits(*last) == !(1 << (35 - 23) | 1 << (52 - 23))
        && [bytes[2], bytes[35], bytes[52]] == [b'-'; 3]
}

/// Which of these bytes are digits: a bit for each.
#[inline]
fn digits(bytes: [u8; 32]) -> u32 {
    let bytes = u8x32::new(bytes);
    // What lies in an interval stays the same when it is clamped into it.
    let within = |low, high| bytes.max(u8x32::splat(low)).min(u8x32::splat(high)).simd_eq(bytes);
    (within(b'0', b'9') | within(b'a', b'f')).to_bitmask()
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use super::*;
    use crate::{EventId, Traceparent};

    /// `text` with each byte at each place, as far as that is text.
    fn variants(text: &str) -> impl Iterator<Item = String> {
        (0..text.len()).flat_map(move |place| {
            (0..=u8::MAX).filter_map(move |byte| {
                let mut bytes = text.as_bytes().to_vec();
                bytes[place] = byte;
                String::from_utf8(bytes).ok()
            })
        })
    }

    #[test]
    fn ids_are_read_as_their_type_reads_them() {
        let texts = ["0193557d-2a4b-7c1e-8f00-0123456789ab", "ffffffff-ffff-ffff-ffff-ffffffffffff"];
        for text in texts.into_iter().flat_map(variants) {
            let id = EventId::from_str(&text).ok().map(|id| *id.as_bytes());
            assert_eq!(uuid(&text), id, "{text:?}");
        }
        assert_eq!(uuid("0193557d2a4b7c1e8f000123456789ab"), None);
        assert_eq!(uuid(""), None);
    }

    #[test]
    fn trace_contexts_are_judged_as_their_type_judges_them() {
        let text = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        assert!(is_traceparent(text));
        for text in variants(text) {
            assert_eq!(is_traceparent(&text), Traceparent::new(text.as_str()).is_ok(), "{text:?}");
        }
        assert!(!is_traceparent(&text[1..]) && !is_traceparent(""));
    }
}
