//! Stripe as far as it is used, on 127.0.0.1: intents, refunds, search, idempotency keys, and trouble on request.
//!
//! It behaves as Stripe documents: what ran is saved under its key, errors included; the same key with other
//! parameters is an error; keys can be forgotten; search may lag; an object refuses what its state does not allow.

use std::collections::{BTreeMap, VecDeque};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ::http::{HeaderMap, Method, Request, Response, StatusCode};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};

/// What goes wrong with the next request that does something.
#[derive(Debug, Clone, Copy)]
pub enum Trouble {
    /// Refused before anything ran: nothing is saved.
    Refused(u16, &'static str, &'static str),
    /// It takes effect, and the answer is a server error, which is saved under the key.
    EffectThenError,
    /// Nothing happens, and the answer is a server error, which is saved under the key.
    ErrorOnly,
    /// It takes effect, and the connection breaks.
    Broken,
    /// It takes effect, and no answer comes.
    Silent,
    /// Something in between answers.
    Proxy,
}

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Seen {
    pub line: String,
    pub headers: HeaderMap,
    pub form: BTreeMap<String, String>,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

type Answer = (u16, Value);

#[derive(Debug, Default)]
pub struct Books {
    pub seen: Vec<Seen>,
    pub troubles: VecDeque<Trouble>,
    pub intents: BTreeMap<String, Value>,
    pub refunds: Vec<Value>,
    keys: BTreeMap<String, (Seen, Answer)>,
    /// Search does not find anything yet.
    pub search_lags: bool,
}

impl Books {
    /// A day has passed.
    pub fn forget_keys(&mut self) {
        self.keys.clear();
    }

    /// Someone at the dashboard, or the bank.
    pub fn set_status(&mut self, id: &str, status: &str) {
        self.intents.get_mut(id).expect("an intent")["status"] = status.into();
    }

    /// How many intents and refunds there are.
    pub fn counts(&self) -> (usize, usize) {
        (self.intents.len(), self.refunds.len())
    }

    pub fn statuses(&self) -> Vec<&str> {
        self.intents.values().map(|intent| intent["status"].as_str().expect("a status")).collect()
    }

    /// Lines of the requests so far, and forgets them.
    pub fn lines(&mut self) -> Vec<String> {
        std::mem::take(&mut self.seen).into_iter().map(|seen| seen.line).collect()
    }

    fn post(&mut self, path: &str, seen: &Seen) -> Option<Answer> {
        let key = seen.header("idempotency-key").unwrap_or_default().to_owned();
        if let Some((first, answer)) = self.keys.get(&key) {
            let same = first.line == seen.line && first.form == seen.form;
            return Some(if same { answer.clone() } else { error(400, "idempotency_error", "", "") });
        }
        let trouble = self.troubles.pop_front();
        match trouble {
            Some(Trouble::Refused(status, kind, code)) => return Some(error(status, kind, code, "")),
            Some(Trouble::Proxy) => return Some((502, json!("<html>Bad Gateway</html>"))),
            Some(Trouble::ErrorOnly) => {
                let answer = error(500, "api_error", "", "");
                self.keys.insert(key, (seen.clone(), answer.clone()));
                return Some(answer);
            }
            Some(Trouble::EffectThenError | Trouble::Broken | Trouble::Silent) | None => {}
        }
        let mut answer = self.execute(path, &seen.form);
        if matches!(trouble, Some(Trouble::EffectThenError)) {
            answer = error(500, "api_error", "", "");
        }
        self.keys.insert(key, (seen.clone(), answer.clone()));
        match trouble {
            Some(Trouble::Broken | Trouble::Silent) => None,
            Some(_) | None => Some(answer),
        }
    }

    fn execute(&mut self, path: &str, form: &BTreeMap<String, String>) -> Answer {
        let steps: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        match steps[..] {
            ["v1", "payment_intents"] => self.create(form),
            ["v1", "payment_intents", id, "capture"] => self.close(id, "succeeded"),
            ["v1", "payment_intents", id, "cancel"] => self.close(id, "canceled"),
            ["v1", "refunds"] => self.refund(form),
            _ => error(404, "invalid_request_error", "", ""),
        }
    }

    fn create(&mut self, form: &BTreeMap<String, String>) -> Answer {
        let (mut status, mut problem) = ("requires_capture", Value::Null);
        match form["payment_method"].as_str() {
            "pm_card_visa" => {}
            "pm_gone" => return error(400, "invalid_request_error", "resource_missing", "payment_method"),
            "pm_wants_action" => status = "requires_action",
            "pm_slow" => status = "processing",
            token => {
                let (code, decline_code) = match token {
                    "pm_card_chargeDeclinedInsufficientFunds" => ("card_declined", "insufficient_funds"),
                    "pm_card_chargeDeclinedExpiredCard" => ("expired_card", "expired_card"),
                    "pm_card_authenticationRequired" => {
                        ("authentication_required", "authentication_required")
                    }
                    "pm_card_incorrectNumber" => ("incorrect_number", "incorrect_number"),
                    _ => ("card_declined", "generic_decline"),
                };
                status = "requires_payment_method";
                problem = json!({ "type": "card_error", "code": code, "decline_code": decline_code,
                    "message": "Your card was declined." });
            }
        }
        let id = format!("pi_{}", self.intents.len() + 1);
        let intent = json!({
            "id": id, "object": "payment_intent", "status": status, "created": self.intents.len(),
            "amount": form["amount"].parse::<i64>().expect("an amount"), "currency": form["currency"],
            "latest_charge": null, "last_payment_error": problem,
            "metadata": { "order_id": form["metadata[order_id]"] },
        });
        self.intents.insert(id, intent.clone());
        if problem.is_null() { (200, intent) } else { (402, json!({ "error": problem })) }
    }

    fn close(&mut self, id: &str, status: &str) -> Answer {
        let Some(intent) = self.intents.get_mut(id) else {
            return error(404, "invalid_request_error", "resource_missing", "intent");
        };
        if intent["status"] != "requires_capture" {
            return error(400, "invalid_request_error", "payment_intent_unexpected_state", "");
        }
        intent["status"] = status.into();
        if status == "succeeded" {
            intent["latest_charge"] = id.replace("pi_", "ch_").into();
        }
        (200, intent.clone())
    }

    fn refund(&mut self, form: &BTreeMap<String, String>) -> Answer {
        let charge = &form["charge"];
        if !self.intents.values().any(|intent| intent["latest_charge"] == charge.as_str()) {
            return error(404, "invalid_request_error", "resource_missing", "charge");
        }
        if self.refunds.iter().any(|refund| refund["charge"] == charge.as_str()) {
            return error(400, "invalid_request_error", "charge_already_refunded", "");
        }
        let refund = json!({
            "id": format!("re_{}", self.refunds.len() + 1), "object": "refund", "status": "pending",
            "charge": charge, "metadata": { "order_id": form.get("metadata[order_id]") },
        });
        self.refunds.push(refund.clone());
        (200, refund)
    }

    fn get(&self, path: &str, query: &BTreeMap<String, String>) -> Answer {
        let list = |data: Vec<&Value>| (200, json!({ "object": "list", "data": data }));
        match path.strip_prefix("/v1/") {
            Some("payment_intents/search") => {
                let matches = |intent: &&Value| {
                    let order = intent["metadata"]["order_id"].as_str().expect("metadata");
                    !self.search_lags && query["query"] == format!("metadata['order_id']:'{order}'")
                };
                list(self.intents.values().filter(matches).collect())
            }
            Some("refunds") => {
                list(self.refunds.iter().filter(|refund| refund["charge"] == query["charge"]).collect())
            }
            Some(path) => match path.strip_prefix("payment_intents/").and_then(|id| self.intents.get(id)) {
                Some(intent) => (200, intent.clone()),
                None => error(404, "invalid_request_error", "resource_missing", "intent"),
            },
            None => error(404, "invalid_request_error", "", ""),
        }
    }
}

fn error(status: u16, kind: &str, code: &str, param: &str) -> Answer {
    let text = |text: &str| if text.is_empty() { Value::Null } else { text.into() };
    let problem = json!({ "type": kind, "code": text(code), "param": text(param), "message": "refused" });
    (status, json!({ "error": problem }))
}

/// The server; clones share it. It ends with the test's runtime.
#[derive(Debug, Clone)]
pub struct Stripe {
    pub base: String,
    books: Arc<Mutex<Books>>,
}

impl Stripe {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base = format!("http://{}", listener.local_addr().expect("the bound address"));
        let stripe = Self { base, books: Arc::default() };
        let serving = stripe.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let serving = serving.clone();
                let service = service_fn(move |request| {
                    let serving = serving.clone();
                    async move { serving.serve(request).await }
                });
                tokio::spawn(async move {
                    // A connection that ends in an error is what a broken one looks like from here.
                    http1::Builder::new().serve_connection(TokioIo::new(stream), service).await.ok();
                });
            }
        });
        stripe
    }

    pub fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn trouble(&self, trouble: Trouble) {
        self.books().troubles.push_back(trouble);
    }

    async fn serve(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, std::io::Error> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(std::io::Error::other)?.to_bytes();
        let pairs = if head.method == Method::GET {
            head.uri.query().unwrap_or_default().as_bytes().to_vec()
        } else {
            body.to_vec()
        };
        let form = form_urlencoded::parse(&pairs).into_owned().collect();
        let path = head.uri.path().to_owned();
        let seen = Seen { line: format!("{} {path}", head.method), headers: head.headers, form };
        let (answer, silent) = {
            let mut books = self.books();
            books.seen.push(seen.clone());
            let silent = matches!(books.troubles.front(), Some(Trouble::Silent));
            let answer = if head.method == Method::GET {
                Some(books.get(&path, &seen.form))
            } else {
                books.post(&path, &seen)
            };
            (answer, silent)
        };
        let Some((status, body)) = answer else {
            if silent {
                std::future::pending::<Infallible>().await;
            }
            return Err(std::io::Error::other("broken"));
        };
        let body = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
        let mut response = Response::new(Full::new(Bytes::from(body)));
        *response.status_mut() = StatusCode::from_u16(status).expect("a status");
        response.headers_mut().insert("request-id", "req_1".parse().expect("a header"));
        Ok(response)
    }
}
