//! The little of HTTP/1.1 that both ends here speak: whole messages on a connection that stays open.
//!
//! A body is as long as its head says, or chunked; a message is kept as it came, so that it can be handed on. Knows no
//! service.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;

/// More than any message here has.
const MESSAGE_BYTES_MAX: usize = 64 << 20;
const HEAD_BYTES_MAX: usize = 64 << 10;
const READ_BYTES: usize = 64 << 10;

/// A request or an answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Message {
    /// As it came, chunks and all.
    pub bytes: Vec<u8>,
    head: usize,
}

impl Message {
    fn head(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.head]).unwrap_or_default()
    }

    /// The request line or the status line.
    pub fn start_line(&self) -> &str {
        self.head().lines().next().unwrap_or_default()
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(self.head(), name)
    }

    /// Everything after the head.
    pub fn body(&self) -> &[u8] {
        &self.bytes[self.head..]
    }
}

/// One end of a connection.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    /// What was read and belongs to no message yet.
    buffer: Vec<u8>,
}

impl Connection {
    /// A connection whose small writes do not wait for others.
    pub fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::new() })
    }

    /// The next message, or `None` where the other end has closed in good order.
    pub fn receive(&mut self) -> io::Result<Option<Message>> {
        loop {
            if let Some((head, len)) = whole(&self.buffer)? {
                let rest = self.buffer.split_off(len);
                let bytes = std::mem::replace(&mut self.buffer, rest);
                return Ok(Some(Message { bytes, head }));
            }
            let had = self.buffer.len();
            self.buffer.resize(had + READ_BYTES, 0);
            let read = self.stream.read(&mut self.buffer[had..]);
            self.buffer.truncate(had + *read.as_ref().unwrap_or(&0));
            match read {
                Ok(0) if had == 0 => return Ok(None),
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Sends bytes that make up a message, or a part of one.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// Answers a request. `headers` are whole lines, each with its end.
    pub fn answer(&mut self, status: &str, headers: &str, body: &[u8]) -> io::Result<()> {
        let mut bytes =
            format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n", body.len()).into_bytes();
        bytes.extend_from_slice(body);
        self.send(&bytes)
    }
}

/// How long the head is, and the message, once all of it is there.
fn whole(bytes: &[u8]) -> io::Result<Option<(usize, usize)>> {
    let invalid = |reason: &str| io::Error::new(ErrorKind::InvalidData, reason.to_owned());
    let Some(end) = bytes.windows(4).take(HEAD_BYTES_MAX).position(|window| window == b"\r\n\r\n") else {
        return if bytes.len() > HEAD_BYTES_MAX { Err(invalid("a head without an end")) } else { Ok(None) };
    };
    let head = end + 4;
    let text = std::str::from_utf8(&bytes[..head]).map_err(|_| invalid("a head that is no text"))?;
    let chunked =
        header(text, "transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"));
    let len = if chunked {
        chunks(&bytes[head..])?
    } else {
        let length = header(text, "content-length").map_or(Ok(0), str::parse::<usize>);
        Some(length.map_err(|_| invalid("a length that is no number"))?)
    };
    let Some(len) = len else { return Ok(None) };
    if len > MESSAGE_BYTES_MAX {
        return Err(invalid("too long a message"));
    }
    Ok((bytes.len() >= head + len).then_some((head, head + len)))
}

/// How long a chunked body is, once all of it is there.
fn chunks(body: &[u8]) -> io::Result<Option<usize>> {
    let broken = || io::Error::new(ErrorKind::InvalidData, "a broken chunk");
    let mut at = 0;
    loop {
        let Some(line) = body[at..].windows(2).position(|window| window == b"\r\n") else {
            return Ok(None);
        };
        let size = chunk_size(&body[at..at + line]).ok_or_else(broken)?;
        at += line + 2 + size + 2;
        // Trailers are of no service here.
        match body.get(at - 2..at) {
            None => return Ok(None),
            Some(b"\r\n") if size == 0 => return Ok(Some(at)),
            Some(b"\r\n") => {}
            Some(_) => return Err(broken()),
        }
    }
}

/// What a chunk's first line says, extensions aside.
fn chunk_size(line: &[u8]) -> Option<usize> {
    let digits = std::str::from_utf8(line).ok()?.split(';').next()?.trim();
    usize::from_str_radix(digits, 16).ok().filter(|size| *size <= MESSAGE_BYTES_MAX)
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut fields = head.lines().skip(1).filter_map(|line| line.split_once(':'));
    fields.find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn length(text: &str) -> Option<usize> {
        whole(text.as_bytes()).expect("HTTP").map(|(_, len)| len)
    }

    #[test]
    fn a_message_is_whole_when_its_body_is() {
        let head = "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\n";
        assert_eq!(length(&head[..head.len() - 1]), None);
        assert_eq!(length(&format!("{head}ab")), None);
        assert_eq!(length(&format!("{head}abcPOST")), Some(head.len() + 3), "the rest is the next one's");
        assert_eq!(length("GET / HTTP/1.1\r\nhost: a\r\n\r\n"), Some(27));
    }

    #[test]
    fn chunks_are_followed_to_their_end() {
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        let body = "3\r\nabc\r\n1;x=y\r\nd\r\n0\r\n\r\n";
        for end in 0..body.len() {
            assert_eq!(length(&format!("{head}{}", &body[..end])), None, "{end}");
        }
        assert_eq!(length(&format!("{head}{body}HTTP")), Some(head.len() + body.len()));
        assert!(whole(format!("{head}3\r\nabcde\r\n").as_bytes()).is_err());
    }

    #[test]
    fn what_is_no_message_is_an_error() {
        assert!(whole(b"GET / HTTP/1.1\r\ncontent-length: many\r\n\r\n").is_err());
        assert!(whole(&vec![b'a'; HEAD_BYTES_MAX + 1]).is_err());
    }
}
