//! The example of docs/exactly-once.md, so that it compiles and does what the page says.

use semel_contracts::{EventId, Timestamp};
use semel_exactly_once::{
    Aggregate, AggregateStore, Clock, Committer, Decision, Delivery, Emitted, HandleError, Known, Verdict,
};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

/// The state: one item, `coupon#<code>`.
#[derive(Clone, Serialize, Deserialize)]
struct Coupon {
    redeemed_by: String,
}

struct Redeem {
    customer: String,
}

#[derive(Serialize)]
struct CouponRedeemed {
    customer: String,
}

impl Emitted for CouponRedeemed {
    fn event_type(&self) -> &'static str {
        "CouponRedeemed"
    }
    fn data(&self) -> Result<Box<RawValue>, serde_json::Error> {
        to_raw_value(self)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("somebody else has redeemed this coupon")]
struct Taken;

impl Aggregate for Coupon {
    const KIND: &'static str = "coupon";
    const CONSUMER: &'static str = "coupons";
    type State = Self;
    type Input = Redeem;
    type Event = CouponRedeemed;
    type Rejection = Taken;

    fn decide(
        coupon: Option<&Self>,
        input: &Redeem,
        _now: Timestamp,
    ) -> Result<Decision<Self, CouponRedeemed>, Taken> {
        let customer = input.customer.clone();
        match coupon {
            None => {
                Ok(Decision::to(Self { redeemed_by: customer.clone() }, vec![CouponRedeemed { customer }]))
            }
            // The same again, long after its id was forgotten: the state says so.
            Some(coupon) if coupon.redeemed_by == customer => Ok(Decision::Unchanged),
            Some(_) => Err(Taken),
        }
    }
}

async fn redeem<S: AggregateStore, C: Clock>(
    committer: &Committer<S, C>,
    code: &str,
    event_id: EventId,
    customer: &str,
) -> Result<Option<Verdict<Taken>>, HandleError> {
    let delivery = Delivery::new(event_id, Redeem { customer: customer.to_owned() });
    let handled = committer.handle::<Coupon>(code, Known::Unknown, &[delivery]).await?;
    Ok(handled.verdicts.into_iter().next())
}

#[test]
fn a_coupon_is_redeemed_once() {
    use semel_testkit::{MemoryAggregates, SimulatedClock, block_on};

    let clock = SimulatedClock::default();
    let window = std::time::Duration::from_mins(5);
    let store = MemoryAggregates::default();
    let committer = Committer::new(store.clone(), clock.clone(), window);
    let ask = |id: u8, customer: &'static str| {
        let verdict = redeem(&committer, "SPRING", EventId::from_bytes([id; 16]), customer);
        block_on(verdict).expect("the store answers").expect("one delivery has one verdict")
    };
    assert!(matches!(ask(1, "ada"), Verdict::Applied));
    assert!(matches!(ask(1, "ada"), Verdict::Duplicate));
    clock.advance(window * 2);
    assert!(matches!(ask(1, "ada"), Verdict::NoEffect));
    assert!(matches!(ask(2, "eve"), Verdict::Rejected(Taken)));
    assert_eq!(store.published().len(), 1);
}
