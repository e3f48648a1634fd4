//! `EventBridge`'s schema registries on 127.0.0.1, kept in memory: as much of the service as is used.
//!
//! Holds requests to the service's own model (names, lengths, what must be there), pages names by three, and gives
//! trouble on request. One thread for each server, which ends with the test.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::{io, thread};

use serde_json::{Map, Value, json};

/// Names on a page, fewer than asked for: callers have to follow the token.
const PAGE: usize = 3;

/// A schema as the service keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptSchema {
    /// How many versions it has had.
    pub version: u32,
    /// `JSONSchemaDraft4` or `OpenApi3`.
    pub format: String,
    /// The newest content.
    pub content: String,
    /// Its description.
    pub description: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// A registry as the service keeps it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeptRegistry {
    /// Its description.
    pub description: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Its schemas, by name.
    pub schemas: BTreeMap<String, KeptSchema>,
}

/// What the service holds, and what it was asked.
#[derive(Debug, Default)]
pub struct Kept {
    /// Registries, by name.
    pub registries: BTreeMap<String, KeptRegistry>,
    /// Method and path of every request, in order.
    pub requests: Vec<String>,
    /// How the next requests that write are answered instead: let through, or refused with status and code.
    pub troubles: VecDeque<Option<(u16, &'static str)>>,
    /// How the next requests of any kind are refused.
    pub refusals: VecDeque<(u16, &'static str)>,
}

type Answer = Result<Value, (u16, &'static str)>;

const NOT_FOUND: (u16, &str) = (404, "NotFoundException");
const BAD: (u16, &str) = (400, "BadRequestException");
const CONFLICT: (u16, &str) = (409, "ConflictException");

/// The service.
#[derive(Debug, Clone, Default)]
pub struct SchemaService {
    kept: Arc<Mutex<Kept>>,
}

impl SchemaService {
    /// Starts one, and tells its address.
    pub fn start() -> io::Result<(Self, String)> {
        let service = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let endpoint = format!("http://{}", listener.local_addr()?);
        let served = service.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A caller that went away concerns nobody.
                let _ = served.serve(&stream);
            }
        });
        Ok((service, endpoint))
    }

    /// What it holds.
    pub fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, mut stream: &TcpStream) -> io::Result<()> {
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let mut length = 0;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            let Some((name, value)) = header.split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().unwrap_or_default();
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let mut words = line.split_whitespace();
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let body = serde_json::from_slice(&body).unwrap_or_default();
        let (status, code, answer) = match self.kept().answer(method, target, &body) {
            Ok(answer) => (if method == "POST" { 201 } else { 200 }, "", answer.to_string()),
            Err((status, code)) => (status, code, json!({ "Code": code, "Message": "refused" }).to_string()),
        };
        write!(
            stream,
            "HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-type: application/json\r\n\
             x-amzn-errortype: {code}\r\ncontent-length: {}\r\n\r\n{answer}",
            answer.len()
        )
    }
}

impl Kept {
    fn answer(&mut self, method: &str, target: &str, body: &Value) -> Answer {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let steps: Vec<String> = path.trim_start_matches('/').split('/').map(decoded).collect();
        self.requests.push(format!("{method} {}", steps.join("/")));
        if let Some(refusal) = self.refusals.pop_front() {
            return Err(refusal);
        }
        if method != "GET"
            && let Some(Some(refusal)) = self.troubles.pop_front()
        {
            return Err(refusal);
        }
        let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
        match (method, &steps[..]) {
            ("GET", ["v1", "registries", "name", name]) => self.describe_registry(name),
            ("POST", ["v1", "registries", "name", name]) => self.create_registry(name, body),
            ("GET", ["v1", "registries", "name", name, "schemas"]) => self.list(name, query),
            (_, ["v1", "registries", "name", registry, "schemas", "name", name]) => {
                let kept = self.registries.get_mut(*registry).ok_or(NOT_FOUND)?;
                kept.schema(method, registry, name, body)
            }
            ("POST", ["tags", arn]) => self.tag(arn, body),
            _ => Err(BAD),
        }
    }

    fn describe_registry(&self, name: &str) -> Answer {
        let kept = self.registries.get(name).ok_or(NOT_FOUND)?;
        let arn = format!("arn:aws:schemas:us-east-1:123456789012:registry/{name}");
        Ok(
            json!({ "RegistryName": name, "RegistryArn": arn, "Description": kept.description, "tags": kept.tags }),
        )
    }

    fn create_registry(&mut self, name: &str, body: &Value) -> Answer {
        if self.registries.contains_key(name) {
            return Err(CONFLICT);
        }
        if !is_name(name, 64) {
            return Err(BAD);
        }
        let kept =
            KeptRegistry { description: description(body)?, tags: tags(body)?, schemas: BTreeMap::new() };
        self.registries.insert(name.to_owned(), kept);
        self.describe_registry(name)
    }

    /// The token of a page is the last name of the one before.
    fn list(&self, registry: &str, query: &str) -> Answer {
        let kept = self.registries.get(registry).ok_or(NOT_FOUND)?;
        let parameter = |name: &str| {
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.find(|(key, _)| *key == name).map(|(_, value)| decoded(value))
        };
        let limit = parameter("limit").map_or(Ok(PAGE), |limit| limit.parse::<usize>());
        let limit = limit.ok().filter(|limit| (1..=100).contains(limit)).ok_or(BAD)?;
        let after = parameter("nextToken").unwrap_or_default();
        let mut names = kept.schemas.keys().filter(|name| after.is_empty() || **name > after).peekable();
        let page: Vec<&String> = names.by_ref().take(limit.min(PAGE)).collect();
        let next = names.peek().and_then(|_| page.last().copied());
        let summaries: Vec<Value> = page.iter().map(|name| json!({ "SchemaName": name })).collect();
        Ok(json!({ "Schemas": summaries, "NextToken": next }))
    }

    fn tag(&mut self, arn: &str, body: &Value) -> Answer {
        let (_, path) = arn.split_once(":schema/").ok_or(NOT_FOUND)?;
        let (registry, name) = path.split_once('/').ok_or(NOT_FOUND)?;
        let kept = self.registries.get_mut(registry).and_then(|kept| kept.schemas.get_mut(name));
        kept.ok_or(NOT_FOUND)?.tags.extend(tags(body)?);
        Ok(json!({}))
    }
}

impl KeptRegistry {
    fn schema(&mut self, method: &str, registry: &str, name: &str, body: &Value) -> Answer {
        match (method, self.schemas.get_mut(name)) {
            ("POST", Some(_)) => return Err(CONFLICT),
            ("POST", None) if is_name(name, 385) => {
                let schema = KeptSchema {
                    version: 1,
                    format: format(body)?,
                    content: content(body)?,
                    description: description(body)?,
                    tags: tags(body)?,
                };
                self.schemas.insert(name.to_owned(), schema);
            }
            ("PUT", Some(kept)) => {
                let (new, about) = (content(body)?, description(body)?);
                kept.format = format(body)?;
                kept.version += u32::from(kept.content != new);
                (kept.content, kept.description) = (new, about);
            }
            ("GET", Some(_)) => {}
            ("GET" | "PUT", None) => return Err(NOT_FOUND),
            _ => return Err(BAD),
        }
        let kept = self.schemas.get(name).ok_or(NOT_FOUND)?;
        Ok(json!({
            "SchemaName": name,
            "SchemaArn": format!("arn:aws:schemas:us-east-1:123456789012:schema/{registry}/{name}"),
            "SchemaVersion": kept.version.to_string(),
            "Type": kept.format,
            "Content": kept.content,
            "Description": kept.description,
            "tags": kept.tags,
        }))
    }
}

/// Letters, digits, and `.`, `-`, `_`, `@`.
fn is_name(name: &str, max: usize) -> bool {
    let is_of_name = |each: char| each.is_ascii_alphanumeric() || ".-_@".contains(each);
    (1..=max).contains(&name.len()) && name.chars().all(is_of_name)
}

fn format(body: &Value) -> Result<String, (u16, &'static str)> {
    let format = body["Type"].as_str().filter(|format| ["JSONSchemaDraft4", "OpenApi3"].contains(format));
    format.map(str::to_owned).ok_or(BAD)
}

fn content(body: &Value) -> Result<String, (u16, &'static str)> {
    let is_good = |content: &&str| {
        (1..=100_000).contains(&content.chars().count()) && serde_json::from_str::<Value>(content).is_ok()
    };
    body["Content"].as_str().filter(is_good).map(str::to_owned).ok_or(BAD)
}

fn description(body: &Value) -> Result<String, (u16, &'static str)> {
    let description = body["Description"].as_str().unwrap_or_default();
    if description.chars().count() > 256 { Err(BAD) } else { Ok(description.to_owned()) }
}

/// Fifty at most, with names to 128 and values to 256 characters; names that begin with `aws:` are AWS's own.
fn tags(body: &Value) -> Result<BTreeMap<String, String>, (u16, &'static str)> {
    let none = Map::new();
    let given = body["tags"].as_object().unwrap_or(&none);
    let mut tags = BTreeMap::new();
    for (name, value) in given {
        let value = value.as_str().ok_or(BAD)?;
        let fits = (1..=128).contains(&name.chars().count()) && value.chars().count() <= 256;
        if !fits || name.starts_with("aws:") || given.len() > 50 {
            return Err(BAD);
        }
        tags.insert(name.clone(), value.to_owned());
    }
    Ok(tags)
}

/// Without percent signs.
fn decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        match part.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                bytes.extend(&part.as_bytes()[2..]);
            }
            None => bytes.extend(part.as_bytes()),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
