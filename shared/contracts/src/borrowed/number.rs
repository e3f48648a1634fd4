//! Integers as they stand in JSON.

/// An integer may have so many digits: neither they nor one more can overflow.
const DIGITS_MAX: usize = 18;

/// The integer that `text` begins with, and how many bytes it has.
///
/// `None` is "ask another reader": there is none, it is `-0`, a zero leads, or it has more than 18 digits. What comes
/// behind it has to be looked at, since neither a point nor an exponent is part of it.
#[inline]
pub fn integer(text: &[u8]) -> Option<(i64, usize)> {
    match text.split_first()? {
        // `-0` is a number with a fraction to `serde_json`.
        (b'-', [b'0', ..]) | (b'0', [b'0'..=b'9', ..]) => None,
        (b'-', digits) => digits_of(digits).map(|(value, count)| (-value, count + 1)),
        _ => digits_of(text),
    }
}

/// The digits that `text` begins with, as a number, and how many they are.
#[inline(always)]
#[allow(clippy::inline_always, reason = "a call would cost as much as two digits")]
fn digits_of(text: &[u8]) -> Option<(i64, usize)> {
    let (mut value, mut count) = (0_u64, 0);
    for byte in text.iter().take(DIGITS_MAX + 1) {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        value = value * 10 + u64::from(digit);
        count += 1;
    }
    (1..=DIGITS_MAX).contains(&count).then_some((value.cast_signed(), count))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the standard library reads what stands in front of anything else.
    fn expected(text: &str) -> Option<(i64, usize)> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let count = digits.bytes().take_while(u8::is_ascii_digit).count();
        let length = count + text.len() - digits.len();
        let odd = digits.starts_with('0') && (count > 1 || length > count);
        let value = text[..length].parse().ok()?;
        (!odd && count <= DIGITS_MAX).then_some((value, length))
    }

    #[test]
    fn integers_of_every_length_are_read_wherever_they_end() {
        for length in 0..=20 {
            for digits in [
                "12345678901234567890",
                "90000000000000000009",
                "00000000000000000000",
                "10000000000000000000",
            ] {
                for behind in
                    ["", ",", "}", ",\"another\":\"field, long enough\"", "/", ":", "\u{0}\u{7f}", "ä", "."]
                {
                    for sign in ["", "-", "--", "+"] {
                        let text = format!("{sign}{}{behind}", &digits[..length]);
                        assert_eq!(integer(text.as_bytes()), expected(&text), "{text:?}");
                    }
                }
            }
        }
    }
}
