//! Requests one at a time: crashes at every point of a run, and runs interleaved as a test says.
//!
//! [`Stepped`] yields before and after each request. A run that is dropped after some number of polls is a process that
//! died there: before a request, or after it took effect and before its answer was seen.

use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use semel_contracts::Timestamp;
use semel_exactly_once::StoreError;
use semel_exactly_once::batch::{
    Advance, AdvanceError, Attributes, Fence, FenceKey, FenceStore, ItemKey, ObjectStore,
};

/// A store that yields before and after each request.
#[derive(Debug, Clone)]
pub struct Stepped<S>(pub S);

/// Pending once.
async fn step() {
    let mut stepped = false;
    std::future::poll_fn(move |context| {
        if std::mem::replace(&mut stepped, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

async fn stepped<T>(request: impl Future<Output = T>) -> T {
    step().await;
    let answer = request.await;
    step().await;
    answer
}

impl<S: FenceStore> FenceStore for Stepped<S> {
    async fn load(&self, key: &FenceKey) -> Result<Option<Fence>, StoreError> {
        stepped(self.0.load(key)).await
    }

    async fn parked(&self, key: &FenceKey, offsets: &[i64]) -> Result<Vec<Option<Timestamp>>, StoreError> {
        stepped(self.0.parked(key, offsets)).await
    }

    async fn recall(&self, keys: &[ItemKey]) -> Result<Vec<Option<Attributes>>, StoreError> {
        stepped(self.0.recall(keys)).await
    }

    async fn advance(&self, advance: &Advance<'_>) -> Result<(), AdvanceError> {
        stepped(self.0.advance(advance)).await
    }
}

impl<S: ObjectStore> ObjectStore for Stepped<S> {
    async fn put(&self, key: &str, bytes: &[u8]) -> Result<(), StoreError> {
        stepped(self.0.put(key, bytes)).await
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        stepped(self.0.get(key)).await
    }

    async fn delete(&self, keys: &[String]) -> Result<(), StoreError> {
        stepped(self.0.delete(keys)).await
    }
}

/// Polls at most so many times, then drops the future: the process has died. `None` if it did before it was done.
pub fn crash_after<T>(polls: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..polls {
        if let Poll::Ready(done) = future.as_mut().poll(&mut context) {
            return Some(done);
        }
    }
    None
}

/// A run under way, for [`interleave`].
pub type Run<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// Polls the runs one at a time, each time the one that `choose` names among those not yet done: it is given how many
/// those are, and answers a position below that, or `None` to drop them all where they stand.
///
/// Answers what each run came to; `None` if it was dropped.
pub fn interleave<T>(
    runs: Vec<Run<'_, T>>,
    mut choose: impl FnMut(usize) -> Option<usize>,
) -> Vec<Option<T>> {
    let mut answers: Vec<Option<T>> = runs.iter().map(|_| None).collect();
    let mut open: Vec<(usize, Run<'_, T>)> = runs.into_iter().enumerate().collect();
    let mut context = Context::from_waker(Waker::noop());
    while !open.is_empty() {
        let Some(chosen) = choose(open.len()) else { break };
        let chosen = chosen % open.len();
        if let Poll::Ready(done) = open[chosen].1.as_mut().poll(&mut context) {
            let (position, _) = open.remove(chosen);
            answers[position] = Some(done);
        }
    }
    answers
}
