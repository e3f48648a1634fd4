//! One call, one transaction: all its records are written, or none.

use krafka::error::KrafkaError;
use krafka::producer::{DeliveryHandle, TransactionState, TransactionalProducer};
use semel_exactly_once::Class;

use crate::KafkaError;
use crate::publisher::{Keep, Outcome, PRODUCE, Record};

const COMMIT: &str = "Kafka EndTxn";

/// Publishes in a transaction. Bounded by the caller: cut off in the middle, the transaction is left to the brokers,
/// which end it when the next producer with this id comes, or when it has been open for too long.
pub(crate) async fn run(
    producer: &TransactionalProducer,
    records: &[Record<'_>],
    outcomes: &mut [Option<Outcome>],
) -> Keep {
    if outcomes.iter().any(Option::is_some) {
        abandon(outcomes, &aborted());
        return Keep::Yes;
    }
    if let Err(error) = producer.begin() {
        abandon(outcomes, &KafkaError::of(PRODUCE, &error));
        return Keep::No;
    }
    let mut handles = Vec::with_capacity(records.len());
    for (at, record) in records.iter().enumerate() {
        match producer.enqueue(record.to_wire()).await {
            Ok(handle) => handles.push(handle),
            // One that was refused because an earlier one failed has no reason of its own: its answer below is enough.
            Err(error) if error.requires_abort() => return abort(producer, handles, outcomes).await,
            Err(error) => {
                outcomes[at] = Some(Err(KafkaError::of(PRODUCE, &error)));
                return abort(producer, handles, outcomes).await.and(Keep::after(&error));
            }
        }
    }
    match commit(producer).await {
        Ok(()) => {
            for (handle, outcome) in handles.into_iter().zip(outcomes) {
                *outcome = Some(answer(handle).await);
            }
            Keep::Yes
        }
        Err(error) if error.requires_abort() => abort(producer, handles, outcomes).await,
        Err(error) => {
            // Whether it was committed is unknown, or the coordinator refuses this producer. A new one with the same
            // id makes the coordinator decide before it writes.
            abandon(outcomes, &KafkaError::of(COMMIT, &error));
            Keep::No
        }
    }
}

/// Commits. A commit that got no answer is repeated, which is the one thing allowed then; the caller's bound ends it.
async fn commit(producer: &TransactionalProducer) -> Result<(), KrafkaError> {
    loop {
        match producer.commit().await {
            Err(error) if producer.state() == TransactionState::CommitUnknown && error.is_retriable() => {}
            ended => return ended,
        }
    }
}

/// Undoes the transaction; each record gets its own reason, or that another's was enough.
async fn abort(
    producer: &TransactionalProducer,
    handles: Vec<DeliveryHandle>,
    outcomes: &mut [Option<Outcome>],
) -> Keep {
    let ended = producer.abort().await;
    for (handle, outcome) in handles.into_iter().zip(outcomes.iter_mut()) {
        // What was written is undone; what failed says why.
        if let Err(error) = answer(handle).await {
            outcome.get_or_insert(Err(error));
        }
    }
    abandon(outcomes, &aborted());
    if ended.is_ok() { Keep::Yes } else { Keep::No }
}

async fn answer(handle: DeliveryHandle) -> Outcome {
    handle.await.map(Into::into).map_err(|error| KafkaError::of(PRODUCE, &error))
}

fn abandon(outcomes: &mut [Option<Outcome>], reason: &KafkaError) {
    for outcome in outcomes {
        outcome.get_or_insert_with(|| Err(reason.clone()));
    }
}

fn aborted() -> KafkaError {
    let message = "another record of the same transaction failed";
    KafkaError::new(Class::Transient, PRODUCE, "TransactionAborted", message)
}
