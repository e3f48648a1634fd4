//! The few plain requests this program makes to the local engine: a path, a JSON answer, one connection each.
//!
//! AWS's own interfaces are not for here: they are spoken by the SAM CLI, and by `shared/aws`.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

use serde_json::Value;

const TIMEOUT: Duration = Duration::from_secs(5);

/// Asks the engine on `port` for `path` and reads its answer as JSON. Fails on any status but 200.
pub fn get(port: u16, path: &str) -> io::Result<Value> {
    request("GET", port, path)
}

/// Tells the engine on `port` to do something that `path` says whole. Fails on any status but 200.
pub fn post(port: u16, path: &str) -> io::Result<Value> {
    request("POST", port, path)
}

fn request(method: &str, port: u16, path: &str) -> io::Result<Value> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    // HTTP/1.0: the answer ends with the connection, in one piece.
    write!(stream, "{method} {path} HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    parse(&answer)
}

fn parse(answer: &[u8]) -> io::Result<Value> {
    let invalid = |reason: String| io::Error::new(io::ErrorKind::InvalidData, reason);
    let end = answer
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .ok_or_else(|| invalid("the engine's answer is not HTTP".to_owned()))?;
    let status = String::from_utf8_lossy(&answer[..end]);
    let status = status.lines().next().unwrap_or_default();
    let body = &answer[end + 4..];
    if status.split_whitespace().nth(1) != Some("200") {
        return Err(invalid(format!("{status}: {}", String::from_utf8_lossy(body))));
    }
    serde_json::from_slice(body).map_err(|error| invalid(format!("not JSON: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_body_of_a_good_answer() {
        let answer = b"HTTP/1.1 200 \r\ncontent-type: application/json\r\n\r\n{\"a\": 1}";
        assert_eq!(parse(answer).expect("valid")["a"], 1);
    }

    #[test]
    fn refuses_other_statuses_and_other_protocols() {
        let refused = parse(b"HTTP/1.1 404 \r\n\r\n{\"error\": \"no stack\"}").expect_err("404");
        assert!(refused.to_string().contains("no stack"), "{refused}");
        assert!(parse(b"garbage").is_err());
        assert!(parse(b"HTTP/1.1 200 \r\n\r\nnot json").is_err());
    }
}
