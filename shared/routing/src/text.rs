//! Texts compared without regard to case, and texts with wildcards.
//!
//! Knows no pattern and no event; a wildcard that `EventBridge` would refuse is refused with its words.

/// A text whose letters stand for their upper and their lower case.
///
/// Letter by letter, as `EventBridge` does it: a letter of the text equals its own lower and upper case and nothing
/// else, so `K` does not equal the Kelvin sign, though that in lower case is `k`, and a title case letter like `ǅ` does
/// not even equal itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caseless {
    text: String,
    /// Each letter's lower and upper case; none for ASCII, which has a shorter way.
    letters: Option<Vec<(String, String)>>,
}

impl Caseless {
    /// A text that is to be compared so.
    pub fn new(text: &str) -> Self {
        let letters = (!text.is_ascii()).then(|| text.chars().map(cases).collect());
        Self { text: text.to_owned(), letters }
    }

    /// The text as it was given.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether `other` is the text.
    pub fn equals(&self, other: &str) -> bool {
        self.after(other).is_some_and(str::is_empty)
    }

    /// Whether `other` begins with the text.
    pub fn begins(&self, other: &str) -> bool {
        self.after(other).is_some()
    }

    /// Whether `other` ends with the text.
    pub fn ends(&self, other: &str) -> bool {
        let Some(letters) = &self.letters else {
            let (other, text) = (other.as_bytes(), self.text.as_bytes());
            return other.len() >= text.len() && other[other.len() - text.len()..].eq_ignore_ascii_case(text);
        };
        let strip = |rest: &str, (lower, upper): &(String, String)| {
            rest.strip_suffix(lower.as_str()).or_else(|| rest.strip_suffix(upper.as_str())).map(str::len)
        };
        let mut rest = other;
        for letter in letters.iter().rev() {
            match strip(rest, letter) {
                Some(length) => rest = &rest[..length],
                None => return false,
            }
        }
        true
    }

    /// What comes after the text in `other`.
    fn after<'o>(&self, other: &'o str) -> Option<&'o str> {
        let Some(letters) = &self.letters else {
            let length = self.text.len();
            let begin = other.as_bytes().get(..length)?;
            return begin.eq_ignore_ascii_case(self.text.as_bytes()).then(|| &other[length..]);
        };
        letters.iter().try_fold(other, |rest, (lower, upper)| {
            rest.strip_prefix(lower.as_str()).or_else(|| rest.strip_prefix(upper.as_str()))
        })
    }
}

fn cases(letter: char) -> (String, String) {
    // Beyond the basic plane EventBridge sees halves of letters, which have no case.
    if letter > '\u{FFFF}' {
        return (letter.to_string(), letter.to_string());
    }
    (letter.to_lowercase().collect(), letter.to_uppercase().collect())
}

/// A text in which `*` stands for any text, an empty one too. `\*` and `\\` stand for themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wildcard {
    written: String,
    /// What stands between the wildcards; one piece if there is none.
    pieces: Vec<String>,
}

impl Wildcard {
    /// Reads a wildcard, or says in `EventBridge`'s words why it is none.
    pub fn parse(written: &str) -> Result<Self, String> {
        let mut pieces = vec![String::new()];
        let mut letters = written.char_indices().peekable();
        while let Some((at, letter)) = letters.next() {
            let following = letters.peek().map(|(_, letter)| *letter);
            // EventBridge counts the quotation mark too.
            let position = at + 1;
            match (letter, following) {
                ('*', Some('*')) => return Err(format!("Consecutive wildcard characters at pos {position}")),
                ('*', _) => pieces.push(String::new()),
                ('\\', Some(escaped @ ('*' | '\\'))) => {
                    letters.next();
                    push(&mut pieces, escaped);
                }
                ('\\', _) => return Err(format!("Invalid escape character at pos {position}")),
                (letter, _) => push(&mut pieces, letter),
            }
        }
        Ok(Self { written: written.to_owned(), pieces })
    }

    /// The text as it was given.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// Whether the text has this form. Takes time in proportion to the text and to the pieces, never more.
    pub fn matches(&self, text: &str) -> bool {
        let [first, middle @ .., last] = self.pieces.as_slice() else {
            return self.pieces.first().is_some_and(|only| only == text);
        };
        let rest = text.strip_prefix(first.as_str()).and_then(|rest| rest.strip_suffix(last.as_str()));
        let Some(mut rest) = rest else { return false };
        // The earliest place leaves most room for the others.
        for piece in middle {
            match rest.find(piece.as_str()) {
                Some(at) => rest = &rest[at + piece.len()..],
                None => return false,
            }
        }
        true
    }
}

fn push(pieces: &mut [String], letter: char) {
    if let Some(piece) = pieces.last_mut() {
        piece.push(letter);
    }
}
