//! `semel page`: serves the page that is a web client and a mobile client, and the catalogue of events beside it.
//!
//! What the page sends goes to the API. The page and `/events` have one origin here, so a browser asks nobody's leave to
//! send. The page itself is one file without dependencies; opened from the disk it sends to an API that it is told.

mod exchange;

use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use clap::Args;
use ureq::Agent;

use crate::documents;
use crate::error::Error;
use crate::interrupt;
use crate::project::Project;
use crate::running;

use self::exchange::{Reply, Request};

/// The page.
const PAGE: &str = include_str!("page.html");

const API_TIMEOUT: Duration = Duration::from_secs(30);
const LISTEN_PAUSE: Duration = Duration::from_millis(50);

/// Where to serve the page, and for which API.
#[derive(Args)]
pub struct Options {
    /// The API that events go to [default: the running local stack's]
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// Where to listen on 127.0.0.1; 0 for a free port
    #[arg(long, default_value_t = 8088)]
    port: u16,
}

/// What is served, and where batches go.
struct Site {
    api: String,
    agent: Agent,
    catalogue: String,
}

/// Serves the page and the catalogue until Ctrl-C.
pub fn run(project: &Project, options: &Options) -> Result<(), Error> {
    let api = match &options.url {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => running::stack(project, "and --url names another")?.api_url()?,
    };
    let catalogue = documents::catalogue(project)?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).map_err(|error| {
        Error::Unexpected(format!("cannot listen on 127.0.0.1:{}: {error}", options.port))
    })?;
    let address = listener.local_addr().map_err(|error| Error::Unexpected(error.to_string()))?;
    println!("page:      http://{address}/");
    println!("catalogue: http://{address}/catalogue");
    println!("sends:     {api}/events");
    println!("Ctrl-C ends it.");
    serve(&listener, &Arc::new(Site { api, agent: agent(), catalogue }))
}

fn agent() -> Agent {
    Agent::config_builder().timeout_global(Some(API_TIMEOUT)).http_status_as_error(false).build().into()
}

/// Answers until the person wants to stop.
fn serve(listener: &TcpListener, site: &Arc<Site>) -> Result<(), Error> {
    let broken = |error: std::io::Error| Error::Unexpected(format!("cannot listen: {error}"));
    // So that Ctrl-C is seen while nobody calls.
    listener.set_nonblocking(true).map_err(broken)?;
    while !interrupt::is_requested() {
        match listener.accept() {
            Ok((stream, _)) => {
                let site = Arc::clone(site);
                thread::spawn(move || converse(stream, &site));
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(LISTEN_PAUSE),
            Err(error) => return Err(broken(error)),
        }
    }
    Ok(())
}

/// One request and its answer. A browser that went away is nobody's trouble.
fn converse(mut stream: TcpStream, site: &Site) {
    if stream.set_nonblocking(false).is_err() {
        return;
    }
    let reply = match exchange::read(&mut stream) {
        Ok(request) => answer(&request, site),
        Err(reply) => reply,
    };
    let _ = exchange::write(&mut stream, &reply);
}

fn answer(request: &Request, site: &Site) -> Reply {
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/") => Reply::html(PAGE),
        ("GET", "/catalogue") => Reply::html(&site.catalogue),
        ("POST", "/events") => forward(request, site),
        _ => Reply::text(404, "there is the page at /, the catalogue at /catalogue and the API at /events"),
    }
}

/// Hands a batch to the API, with the headers that are about it.
fn forward(request: &Request, site: &Site) -> Reply {
    let Site { api, agent, .. } = site;
    let mut sent = agent.post(format!("{api}/events"));
    for name in ["content-type", "content-encoding", "idempotency-key", "authorization"] {
        if let Some(value) = request.header(name) {
            sent = sent.header(name, value);
        }
    }
    let answer = sent.send(&request.body[..]).and_then(|mut answer| {
        let content_type = answer.headers().get("content-type").and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or("application/json").to_owned();
        let status = answer.status().as_u16();
        Ok(Reply { status, content_type, body: answer.body_mut().read_to_vec()? })
    });
    answer.unwrap_or_else(|error| Reply::text(502, &format!("{api}/events does not answer: {error}")))
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    /// Sends `text` to a page whose API is at `api`, and reads the answer.
    fn ask(api: &str, text: &str) -> String {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let site = Site { api: api.to_owned(), agent: agent(), catalogue: "<p>events</p>".to_owned() };
        thread::scope(|scope| {
            scope.spawn(|| converse(listener.accept().expect("a caller").0, &site));
            let mut stream = TcpStream::connect(address).expect("listens");
            stream.write_all(text.as_bytes()).expect("is read");
            let mut answer = String::new();
            stream.read_to_string(&mut answer).expect("is answered");
            answer
        })
    }

    #[test]
    fn the_page_is_served_whole_and_needs_nothing_else() {
        let answer = ask("http://127.0.0.1:1", "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with(PAGE), "{answer:.200}");
        for outside in ["src=\"http", "href=\"http", "@import"] {
            assert!(!PAGE.contains(outside), "the page loads {outside}");
        }
    }

    #[test]
    fn the_catalogue_is_beside_the_page() {
        assert!(PAGE.contains("href=\"/catalogue\""), "the page leads there");
        let answer = ask("http://127.0.0.1:1", "GET /catalogue HTTP/1.1\r\nHost: x\r\n\r\n");
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("<p>events</p>"), "{answer}");
    }

    #[test]
    fn a_batch_is_handed_on_with_its_headers_and_its_answer_comes_back() {
        let api = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = api.local_addr().expect("an address");
        let (answer, request) = thread::scope(|scope| {
            let api = scope.spawn(|| {
                let mut stream = api.accept().expect("a caller").0;
                let request = exchange::read(&mut stream).expect("a request");
                let body = b"{\"accepted\":1}".to_vec();
                let reply = Reply { status: 207, content_type: "application/json".to_owned(), body };
                exchange::write(&mut stream, &reply).expect("is read");
                request
            });
            let text = "POST /events HTTP/1.1\r\nContent-Length: 4\r\nContent-Type: application/x-ndjson\r\n\
                        Idempotency-Key: k-1\r\nCookie: secret\r\n\r\n{}\n\n";
            (ask(&format!("http://{address}"), text), api.join().expect("no panic"))
        });
        assert!(answer.starts_with("HTTP/1.1 207 ") && answer.ends_with("{\"accepted\":1}"), "{answer}");
        assert_eq!((request.path.as_str(), request.body.as_slice()), ("/events", b"{}\n\n".as_slice()));
        assert_eq!(request.header("idempotency-key"), Some("k-1"));
        assert_eq!(request.header("cookie"), None);
    }

    #[test]
    fn an_api_that_is_away_is_said_to_be() {
        let answer = ask("http://127.0.0.1:1", "POST /events HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}");
        assert!(answer.starts_with("HTTP/1.1 502 ") && answer.contains("does not answer"), "{answer}");
        assert!(ask("http://127.0.0.1:1", "GET /x HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404 "));
        assert!(ask("http://127.0.0.1:1", "what\r\n\r\n").starts_with("HTTP/1.1 400 "));
    }
}
