//! From the bytes of a request to the text of a batch: its encoding, and bounds before anything is made of it.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::MultiGzDecoder;

use crate::limits::BODY_BYTES_MAX;

/// What gzip begins with (RFC 1952).
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Why bytes are no text.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    #[error("the body is larger than {BODY_BYTES_MAX} bytes when it is unzipped")]
    TooLarge,
    #[error("the body is said to be gzip and does not begin as gzip does")]
    NotGzip,
    #[error("the body was gzip and has been read as text on its way, which destroys it")]
    MangledGzip,
    #[error("the gzip is broken")]
    BrokenGzip(#[source] std::io::Error),
    #[error("the body is not UTF-8")]
    NotText(#[source] std::str::Utf8Error),
}

/// Whether bytes begin as gzip does. No JSON text does.
pub(crate) fn is_gzip(bytes: &[u8]) -> bool {
    bytes.starts_with(&GZIP)
}

/// Whether bytes are what is left of gzip that somebody read as text: its second byte is no character in UTF-8, so it
/// was replaced, or was taken for Latin-1. No JSON text begins so.
///
/// API Gateway does this to a body whose content type it takes for text, and so do local stand-ins for it.
pub(crate) fn is_mangled_gzip(bytes: &[u8]) -> bool {
    ["\u{1f}\u{fffd}", "\u{1f}\u{8b}"].iter().any(|mangled| bytes.starts_with(mangled.as_bytes()))
}

/// The bytes inside gzip, at most [`BODY_BYTES_MAX`] of them: not one byte more is made, however many there would be.
pub(crate) fn unzip(bytes: &[u8]) -> Result<Vec<u8>, BodyError> {
    if !is_gzip(bytes) {
        return Err(BodyError::NotGzip);
    }
    // JSON shrinks to between a fifth and a tenth.
    let mut body = Vec::with_capacity((bytes.len() * 6).min(BODY_BYTES_MAX + 1));
    // All members: RFC 1952 lets a file have several, and what is after the first may not be lost in silence.
    let mut rest = MultiGzDecoder::new(bytes);
    let limit = u64::try_from(BODY_BYTES_MAX + 1).unwrap_or(u64::MAX);
    rest.by_ref().take(limit).read_to_end(&mut body).map_err(BodyError::BrokenGzip)?;
    if body.len() > BODY_BYTES_MAX { Err(BodyError::TooLarge) } else { Ok(body) }
}

/// The text of `bytes`, unzipped if they are gzip.
pub(crate) fn text_of(bytes: &[u8]) -> Result<Cow<'_, str>, BodyError> {
    if is_gzip(bytes) {
        let unzipped = String::from_utf8(unzip(bytes)?);
        return unzipped.map(Cow::Owned).map_err(|error| BodyError::NotText(error.utf8_error()));
    }
    std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(BodyError::NotText)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn zip(body: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(body).expect("in memory");
        encoder.finish().expect("in memory")
    }

    #[test]
    fn text_is_text_zipped_or_not() {
        assert_eq!(text_of(b"[]").expect("text"), "[]");
        assert_eq!(text_of(&zip(b"[]")).expect("text"), "[]");
        assert!(matches!(text_of(&[0xff]), Err(BodyError::NotText(_))));
        assert!(matches!(text_of(&zip(&[0xff])), Err(BodyError::NotText(_))));
    }

    #[test]
    fn a_body_may_be_as_large_as_the_bound_and_no_larger() {
        let largest = vec![b' '; BODY_BYTES_MAX];
        assert_eq!(unzip(&zip(&largest)).expect("fits").len(), BODY_BYTES_MAX);
        let larger = vec![b' '; BODY_BYTES_MAX + 1];
        assert!(matches!(unzip(&zip(&larger)), Err(BodyError::TooLarge)));
    }

    #[test]
    fn a_bomb_makes_no_room_for_itself() {
        let bomb = zip(&vec![0; 64 * BODY_BYTES_MAX]);
        assert!(bomb.len() < BODY_BYTES_MAX / 8, "it is a bomb: {} bytes", bomb.len());
        assert!(matches!(unzip(&bomb), Err(BodyError::TooLarge)));
    }

    #[test]
    fn broken_gzip_is_told_from_none() {
        let mut cut = zip(b"[1,2,3]");
        cut.truncate(cut.len() - 5);
        assert!(matches!(unzip(&cut), Err(BodyError::BrokenGzip(_))));
        let mut wrong = zip(b"[1,2,3]");
        let last = wrong.len() - 5;
        wrong[last] ^= 1;
        assert!(matches!(unzip(&wrong), Err(BodyError::BrokenGzip(_))), "the checksum is looked at");
        assert!(matches!(unzip(b"[]"), Err(BodyError::NotGzip)));
        assert!(matches!(unzip(b""), Err(BodyError::NotGzip)));
    }
}
