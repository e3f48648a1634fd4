//! Recorded events out of a file, one a line.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::Path;

use semel_registry::discovery::Discovery;

use crate::error::Error;
use crate::interrupt;

/// Bytes that a line may have: four times what the largest event on a bus has.
const MAX_LINE_BYTES: u64 = 4 * 1024 * 1024;

/// Takes in a file's events, or those on standard input for `-`; answers where they come from.
pub fn read(path: &Path, discovery: &mut Discovery<'_>) -> Result<String, Error> {
    if path == Path::new("-") {
        lines(&mut io::stdin().lock(), "standard input", discovery)?;
        return Ok("events on standard input".to_owned());
    }
    let file = File::open(path).map_err(Error::io("read", path))?;
    let name = path.display().to_string();
    lines(&mut BufReader::new(file), &name, discovery)?;
    Ok(format!("events in {name}"))
}

fn lines(input: &mut impl BufRead, name: &str, discovery: &mut Discovery<'_>) -> Result<(), Error> {
    let mut line = Vec::new();
    for number in 1_u64.. {
        interrupt::check()?;
        line.clear();
        let read = input.take(MAX_LINE_BYTES + 1).read_until(b'\n', &mut line);
        let length = read.map_err(Error::io("read", name))?;
        if length == 0 {
            break;
        }
        let wrong = |why: String| Error::Failed(format!("{name}, line {number} {why}"));
        if length as u64 > MAX_LINE_BYTES {
            return Err(wrong(format!("has more than {MAX_LINE_BYTES} bytes")));
        }
        let text = std::str::from_utf8(&line).map_err(|_| wrong("is not UTF-8".to_owned()))?;
        if !text.trim().is_empty() {
            take(text, discovery).map_err(wrong)?;
        }
    }
    Ok(())
}

/// Takes in one event; the error says what it is instead.
pub fn take(text: &str, discovery: &mut Discovery<'_>) -> Result<(), String> {
    let event = serde_json::from_str(text).map_err(|error| format!("is not JSON: {error}"))?;
    discovery.event(&event).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use semel_registry::Registry;

    use super::*;

    fn of(text: &[u8]) -> Result<u64, String> {
        let registry = Registry::open(Path::new("no such folder")).expect("an empty registry");
        let mut discovery = Discovery::new(&registry);
        let read = lines(&mut &text[..], "events.jsonl", &mut discovery);
        read.map(|()| discovery.examined()).map_err(|error| error.to_string())
    }

    #[test]
    fn every_line_is_an_event_and_empty_ones_are_none() {
        let event = r#"{"event_type": "OrderCreated", "data": {}}"#;
        assert_eq!(of(format!("{event}\r\n\n{event}\n  \n{event}").as_bytes()), Ok(3));
        assert_eq!(of(b""), Ok(0));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, expected) in [
            (&b"\n{"[..], "events.jsonl, line 2 is not JSON"),
            (b"{}\n", "line 1 is neither an event of the bus"),
            (b"\xff\n", "line 1 is not UTF-8"),
            (b"[", "line 1 is not JSON"),
        ] {
            let error = of(text).expect_err(expected);
            assert!(error.contains(expected), "{error}");
        }
        let long = vec![b' '; usize::try_from(MAX_LINE_BYTES).expect("a small number") + 1];
        assert!(of(&long).expect_err("too long").contains("more than"));
    }
}
