//! Several clients at once, each placing its share of the orders.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::mix::{Kind, Planned};
use crate::error::Error;
use crate::phase::Phase;
use crate::shop::{Client, Reply};

/// Clients that order at the same time.
const CLIENTS: usize = 8;

/// What a customer was told.
#[derive(Debug, Clone)]
pub struct Placed {
    /// What the customer did.
    pub kind: Kind,
    /// The order's id.
    pub order_id: String,
    /// What the cancellation was answered, if there was one.
    pub cancellation: Option<u16>,
    /// Sent requests that nobody answered.
    pub unanswered: u32,
    /// What was wrong with the answers.
    pub complaints: Vec<String>,
}

/// Places everything; the first error ends it.
pub fn order_all(api: &str, planned: &[Planned], phase: &Phase) -> Result<Vec<Placed>, Error> {
    let next = AtomicUsize::new(0);
    let placed = Mutex::new(Vec::with_capacity(planned.len()));
    let work = || -> Result<(), Error> {
        let client = Client::new(api);
        while let Some(order) = planned.get(next.fetch_add(1, Ordering::Relaxed)) {
            let done = order_one(&client, order)?;
            let mut placed = placed.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            placed.push(done);
            phase.flicker(&format!("{} of {} placed", placed.len(), planned.len()));
        }
        Ok(())
    };
    thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(work)).collect();
        clients.into_iter().try_for_each(|client| match client.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })?;
    Ok(placed.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
}

fn order_one(client: &Client, planned: &Planned) -> Result<Placed, Error> {
    let (reply, again) = if planned.kind == Kind::Twice {
        twice(client, planned)?
    } else {
        (client.place(&planned.key, &planned.order)?, None)
    };
    let mut complaints = Vec::new();
    if reply.status != 201 {
        complaints.push(format!("{} was answered {}: {}", planned.key, reply.status, reply.body));
    }
    if let Some(again) =
        again.as_ref().filter(|again| (again.status, &again.body) != (reply.status, &reply.body))
    {
        complaints.push(format!("{} was answered {} first and {} then", planned.key, reply.body, again.body));
    }
    let order_id = reply.text("order_id").unwrap_or_default().to_owned();
    let cancellation = match planned.kind {
        Kind::Cancelled if complaints.is_empty() => {
            thread::sleep(planned.second_thoughts);
            Some(client.cancel(&order_id)?)
        }
        Kind::Plain | Kind::Declined | Kind::Scarce | Kind::Cancelled | Kind::Twice => None,
    };
    let replies = [Some(&reply), again.as_ref(), cancellation.as_ref()];
    let unanswered = replies.into_iter().flatten().map(|reply| reply.attempts - 1).sum();
    let cancellation = cancellation.map(|reply| reply.status);
    Ok(Placed { kind: planned.kind, order_id, cancellation, unanswered, complaints })
}

/// Two requests with the same key, under way at the same time.
fn twice(client: &Client, planned: &Planned) -> Result<(Reply, Option<Reply>), Error> {
    let place = || client.place(&planned.key, &planned.order);
    thread::scope(|scope| {
        let other = scope.spawn(place);
        let first = place()?;
        match other.join() {
            Ok(again) => Ok((first, Some(again?))),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}
