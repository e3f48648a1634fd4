//! As much HTTP/1.1 as a browser on this machine needs: one request a connection, a body of known length.
//!
//! Everything is bounded; what breaks a bound is answered and closed.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const HEAD_BYTES_MAX: u64 = 16 * 1024;
/// As much as `POST /events` takes.
const BODY_BYTES_MAX: usize = 1024 * 1024;
const TIMEOUT: Duration = Duration::from_secs(10);

/// What was asked.
#[derive(Debug, Default)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The path, without its query.
    pub path: String,
    headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// A header by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str())
    }
}

/// What is answered.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The body's type.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// A page.
    pub fn html(page: &str) -> Self {
        Self { status: 200, content_type: "text/html; charset=utf-8".to_owned(), body: page.into() }
    }

    /// A sentence.
    pub fn text(status: u16, words: &str) -> Self {
        Self { status, content_type: "text/plain; charset=utf-8".to_owned(), body: words.as_bytes().to_vec() }
    }
}

/// Reads a request, or says what to answer instead.
pub fn read(stream: &mut TcpStream) -> Result<Request, Reply> {
    let broken = |error: io::Error| Reply::text(400, &format!("the request cannot be read: {error}"));
    stream
        .set_read_timeout(Some(TIMEOUT))
        .and_then(|()| stream.set_write_timeout(Some(TIMEOUT)))
        .map_err(broken)?;
    let mut reader = BufReader::new(stream);
    let mut request = head(&mut (&mut reader).take(HEAD_BYTES_MAX)).map_err(broken)?;
    let length = request.header("content-length").map_or(Some(0), |text| text.parse().ok());
    match length {
        None => Err(Reply::text(400, "Content-Length is no number")),
        Some(length) if length > BODY_BYTES_MAX => Err(Reply::text(413, "the body is too large")),
        Some(length) => {
            request.body.resize(length, 0);
            reader.read_exact(&mut request.body).map_err(broken)?;
            Ok(request)
        }
    }
}

fn head(reader: &mut impl BufRead) -> io::Result<Request> {
    let invalid = || io::Error::new(io::ErrorKind::InvalidData, "it is no HTTP, or too long");
    let first = line(reader)?.ok_or_else(invalid)?;
    let mut words = first.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().ok_or_else(invalid)?);
    let path = target.split('?').next().unwrap_or_default();
    let mut request = Request { method: method.to_owned(), path: path.to_owned(), ..Request::default() };
    loop {
        let text = line(reader)?.ok_or_else(invalid)?;
        if text.is_empty() {
            return Ok(request);
        }
        let (name, value) = text.split_once(':').ok_or_else(invalid)?;
        request.headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
    }
}

/// A line without its end; `None` if it has none.
fn line(reader: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut text = String::new();
    reader.read_line(&mut text)?;
    Ok(text.strip_suffix('\n').map(|text| text.trim_end_matches('\r').to_owned()))
}

/// Writes an answer and ends the connection.
pub fn write(stream: &mut TcpStream, reply: &Reply) -> io::Result<()> {
    let Reply { status, content_type, body } = reply;
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status} \r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\ncache-control: no-store\r\n\
         connection: close\r\n\r\n"
    )?;
    stream.write_all(body)?;
    stream.flush()
}
