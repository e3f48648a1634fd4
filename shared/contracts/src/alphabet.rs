//! The characters of texts, for the rules that several types share: in words, as a pattern, and as a check.
//!
//! Knows no type and no length. A type takes an alphabet by its name in [`text_type`](crate::text::text_type), so that
//! types of one alphabet cannot drift apart; a rule of one type only stands with that type.

/// One side of an alphabet. `words` follow "1 to 64 " in the rule that people read; `pattern` is the same for the JSON
/// Schema and `accepts` for texts whose length has been checked. Tests hold the last two together.
macro_rules! alphabet {
    (upper, words) => {
        "characters of A-Z, 0-9 and '-'"
    };
    (upper, pattern) => {
        "^[A-Z0-9-]+$"
    };
    (upper, accepts) => {
        $crate::alphabet::is_upper
    };

    (lower, words) => {
        "characters of a-z, 0-9 and '-'"
    };
    (lower, pattern) => {
        "^[a-z0-9-]+$"
    };
    (lower, accepts) => {
        $crate::alphabet::is_lower
    };

    (name, words) => {
        "characters of A-Z, a-z, 0-9, '.', '_', ':' and '-'"
    };
    (name, pattern) => {
        "^[A-Za-z0-9._:-]+$"
    };
    (name, accepts) => {
        $crate::alphabet::is_name
    };

    (version, words) => {
        "characters of A-Z, a-z, 0-9, '.', '_', '+' and '-'"
    };
    (version, pattern) => {
        "^[A-Za-z0-9._+-]+$"
    };
    (version, accepts) => {
        $crate::alphabet::is_version
    };

    (token, words) => {
        "visible ASCII characters without spaces"
    };
    (token, pattern) => {
        "^[!-~]+$"
    };
    (token, accepts) => {
        $crate::alphabet::is_token
    };

    (plain, words) => {
        "printable ASCII characters, not all spaces"
    };
    (plain, pattern) => {
        "^ *[!-~][ -~]*$"
    };
    (plain, accepts) => {
        $crate::alphabet::is_plain
    };

    (line, words) => {
        "characters, not blank, without control characters"
    };
    (line, pattern) => {
        r"^[^\x00-\x1F\x7F-\x9F]*[^\x00-\x20\x7F-\x9F][^\x00-\x1F\x7F-\x9F]*$"
    };
    (line, accepts) => {
        $crate::alphabet::is_line
    };
}
pub(crate) use alphabet;

/// What is printed on labels.
pub(crate) fn is_upper(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-')
}

/// What we name ourselves.
pub(crate) fn is_lower(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// Names that clients and devices give themselves: they become keys, so nothing that separates parts of a key.
pub(crate) fn is_name(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._:-".contains(&b))
}

/// Versions of programs.
pub(crate) fn is_version(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._+-".contains(&b))
}

/// Opaque tokens: visible ASCII without spaces.
pub(crate) fn is_token(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_graphic())
}

/// Printable ASCII that is not blank.
pub(crate) fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| (b' '..=b'~').contains(&b)) && text.bytes().any(|b| b != b' ')
}

/// Any printable text: no control characters (so it cannot break a header, a log line or a terminal), not blank.
pub(crate) fn is_line(text: &str) -> bool {
    !text.chars().any(char::is_control) && text.chars().any(|c| c != ' ')
}
