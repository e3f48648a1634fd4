//! External effects under every fault: whatever dies and when, the outside sees one charge per key.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use semel_contracts::{EventId, Timestamp};
use semel_exactly_once::{
    Aggregate, Class, Committer, Decision, Delivery, Intent, Known, Perform, PerformError, SettleError,
};
use semel_testkit::{Faults, Faulty, MemoryAggregates, Moved, SimulatedClock, block_on, with_every_fault};
use serde::{Deserialize, Serialize};

/// Pays a bill: intends the charge, then records the receipt.
#[derive(Debug)]
struct Bill;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum BillState {
    Charging,
    Paid { receipt: u32 },
}

#[derive(Debug)]
enum BillInput {
    Pay,
    Charged { receipt: u32 },
}

#[derive(Debug, thiserror::Error)]
#[error("there is no bill")]
struct NoBill;

impl Aggregate for Bill {
    const KIND: &'static str = "bill";
    const CONSUMER: &'static str = "bills";
    type State = BillState;
    type Input = BillInput;
    type Event = Moved;
    type Rejection = NoBill;

    fn decide(
        state: Option<&BillState>,
        input: &BillInput,
        _: Timestamp,
    ) -> Result<Decision<BillState, Moved>, NoBill> {
        match (state, input) {
            (None, BillInput::Pay) => Ok(Decision::to(BillState::Charging, vec![])),
            (Some(BillState::Charging), BillInput::Charged { receipt }) => {
                Ok(Decision::to(BillState::Paid { receipt: *receipt }, vec![Moved { by: 1 }]))
            }
            (Some(_), BillInput::Pay) | (Some(BillState::Paid { .. }), BillInput::Charged { .. }) => {
                Ok(Decision::Unchanged)
            }
            (None, BillInput::Charged { .. }) => Err(NoBill),
        }
    }
}

impl Intent for Bill {
    type Effect = String;

    fn intent(id: &str, state: &BillState) -> Option<String> {
        match state {
            BillState::Charging => Some(format!("{id}/charge")),
            BillState::Paid { .. } => None,
        }
    }
}

/// A gateway that keeps receipts by key, counts calls, and may die before or after taking the money.
#[derive(Debug, Clone, Default)]
struct Gateway {
    receipts: Arc<Mutex<BTreeMap<String, u32>>>,
    calls: Arc<Mutex<u32>>,
    dies_at: Option<(u32, bool)>,
}

fn died() -> PerformError {
    PerformError {
        class: Class::Transient,
        what: "gateway charge".to_owned(),
        source: Box::new(std::io::Error::other("died")),
    }
}

impl Perform<Bill> for Gateway {
    async fn perform(&self, key: &String) -> Result<Delivery<BillInput>, PerformError> {
        let call = {
            let mut calls = self.calls.lock().unwrap();
            *calls += 1;
            *calls
        };
        let dies = self.dies_at.filter(|(at, _)| *at == call);
        if dies.is_some_and(|(_, after)| !after) {
            return Err(died());
        }
        let receipt = {
            let mut receipts = self.receipts.lock().unwrap();
            let next = u32::try_from(receipts.len()).unwrap() + 1;
            *receipts.entry(key.clone()).or_insert(next)
        };
        if dies.is_some() {
            return Err(died());
        }
        Ok(Delivery::new(EventId::derive_from(&["gateway", key]), BillInput::Charged { receipt }))
    }
}

async fn deliver(
    committer: &Committer<Faulty<MemoryAggregates>, SimulatedClock>,
    gateway: &Gateway,
) -> Result<BillState, SettleError> {
    let pay = Delivery::new(EventId::from_bytes([1; 16]), BillInput::Pay);
    let handled = committer.handle::<Bill>("7", Known::Absent, &[pay]).await?;
    Ok(committer.settle::<Bill>("7", handled.current.unwrap(), gateway).await?.state)
}

fn pays_once(faults: Faults, dies_at: Option<(u32, bool)>) {
    block_on(async {
        let (memory, clock) = (MemoryAggregates::default(), SimulatedClock::default());
        let gateway = Gateway { dies_at, ..Gateway::default() };
        let committer = Committer::new(Faulty::new(memory.clone(), faults), clock, Duration::from_mins(5));
        let mut deliveries = 0;
        let state = loop {
            match deliver(&committer, &gateway).await {
                Ok(state) => break state,
                Err(error) => assert_eq!(error.class(), Class::Transient, "{error:?}"),
            }
            deliveries += 1;
            assert!(deliveries < 5, "one fault must not block a bill for good");
        };
        assert_eq!(state, BillState::Paid { receipt: 1 });
        assert_eq!(gateway.receipts.lock().unwrap().len(), 1, "charged under one key");
        assert_eq!(memory.published().len(), 1, "one receipt event");
    });
}

#[test]
fn every_fault_at_every_request_charges_once() {
    let runs = with_every_fault(|faults| pays_once(faults, None));
    assert!(runs > 6, "only {runs} runs: no faults were injected");
}

#[test]
fn a_gateway_that_dies_before_or_after_taking_the_money_is_asked_again_with_the_same_key() {
    pays_once(Faults::none(), Some((1, false)));
    pays_once(Faults::none(), Some((1, true)));
}

#[test]
fn a_redelivery_of_the_recorded_intent_finishes_what_a_crash_left() {
    block_on(async {
        let (memory, clock) = (MemoryAggregates::default(), SimulatedClock::default());
        let committer =
            Committer::new(Faulty::new(memory.clone(), Faults::none()), clock, Duration::from_mins(5));
        let pay = Delivery::new(EventId::from_bytes([1; 16]), BillInput::Pay);
        // The first invocation dies right after its intent was committed.
        committer.handle::<Bill>("7", Known::Absent, &[pay]).await.unwrap();
        let gateway = Gateway::default();
        assert_eq!(deliver(&committer, &gateway).await.unwrap(), BillState::Paid { receipt: 1 });
        assert_eq!(deliver(&committer, &gateway).await.unwrap(), BillState::Paid { receipt: 1 });
        assert_eq!(*gateway.calls.lock().unwrap(), 1, "a settled intent is not performed again");
    });
}

#[test]
fn two_invocations_performing_the_same_intent_commit_one_answer() {
    block_on(async {
        let (memory, clock) = (MemoryAggregates::default(), SimulatedClock::default());
        let committer =
            Committer::new(Faulty::new(memory.clone(), Faults::none()), clock, Duration::from_mins(5));
        let pay = Delivery::new(EventId::from_bytes([1; 16]), BillInput::Pay);
        let first = committer.handle::<Bill>("7", Known::Absent, &[pay]).await.unwrap().current.unwrap();
        let gateway = Gateway::default();
        let settled = committer.settle::<Bill>("7", first.clone(), &gateway).await.unwrap();
        let rival = committer.settle::<Bill>("7", first, &gateway).await.unwrap();
        assert_eq!(rival.state, settled.state);
        assert_eq!(rival.version, settled.version);
        assert_eq!(gateway.receipts.lock().unwrap().len(), 1);
        assert_eq!(memory.published().len(), 1);
    });
}
