//! The payment's decision table, and what it asks of the gateway.

use semel_contracts::EventId;
use semel_exactly_once::Intent;

use super::*;
use crate::samples::{self, PLACED_AT, order_id};
use crate::tables;

fn reference(text: &str) -> GatewayReference {
    text.parse().expect("a reference")
}

fn inputs() -> Vec<(&'static str, PaymentInput)> {
    let answer = PaymentInput::Answered;
    vec![
        ("Placed", PaymentInput::Placed(samples::created())),
        ("Confirmed", PaymentInput::Confirmed(samples::confirmed())),
        ("Cancelled", PaymentInput::Cancelled(samples::cancelled())),
        ("A:authorized", answer(GatewayAnswer::Authorized { authorization_id: reference("au_1") })),
        ("A:declined", answer(GatewayAnswer::Declined { reason: DeclineReason::ExpiredCard })),
        ("A:captured", answer(GatewayAnswer::Captured { charge_id: reference("ch_1") })),
        ("A:refused", answer(GatewayAnswer::CaptureRefused { reason: DeclineReason::InsufficientFunds })),
        ("A:voided", answer(GatewayAnswer::Voided)),
        ("A:refunded", answer(GatewayAnswer::Refunded { refund_id: reference("re_1") })),
    ]
}

/// Every status, reached by its inputs. `Ax` and `Cx`: cancelled while the gateway is called.
fn states() -> Vec<(&'static str, Option<Payment>)> {
    let inputs = inputs();
    let after = |names: &[&str]| {
        let input = |name: &&str| {
            inputs.iter().find(|(known, _)| known == name).map(|(_, input)| input.clone()).expect("an input")
        };
        let history: Vec<PaymentInput> = names.iter().map(input).collect();
        tables::replay::<Payment>(&history, PLACED_AT)
    };
    vec![
        ("none", None),
        ("Aing", after(&["Placed"])),
        ("Ax", after(&["Placed", "Cancelled"])),
        ("auth", after(&["Placed", "A:authorized"])),
        ("Cing", after(&["Placed", "A:authorized", "Confirmed"])),
        ("Cx", after(&["Placed", "A:authorized", "Confirmed", "Cancelled"])),
        ("capt", after(&["Placed", "A:authorized", "Confirmed", "A:captured"])),
        ("Ving", after(&["Placed", "A:authorized", "Cancelled"])),
        ("Ring", after(&["Placed", "A:authorized", "Confirmed", "A:captured", "Cancelled"])),
        ("decl", after(&["Placed", "A:declined"])),
        ("void", after(&["Cancelled"])),
        ("refu", after(&["Placed", "A:authorized", "Confirmed", "A:captured", "Cancelled", "A:refunded"])),
    ]
}

/// The table's name of a state.
fn column(payment: Option<&Payment>) -> &'static str {
    match payment.map(|payment| &payment.status) {
        None => "none",
        Some(PaymentStatus::Authorizing { cancelled: false, .. }) => "Aing",
        Some(PaymentStatus::Authorizing { cancelled: true, .. }) => "Ax",
        Some(PaymentStatus::Authorized { .. }) => "auth",
        Some(PaymentStatus::Capturing { cancelled: false, .. }) => "Cing",
        Some(PaymentStatus::Capturing { cancelled: true, .. }) => "Cx",
        Some(PaymentStatus::Captured { .. }) => "capt",
        Some(PaymentStatus::Voiding { .. }) => "Ving",
        Some(PaymentStatus::Refunding { .. }) => "Ring",
        Some(PaymentStatus::Declined(_)) => "decl",
        Some(PaymentStatus::Voided) => "void",
        Some(PaymentStatus::Refunded { .. }) => "refu",
    }
}

/// `=` nothing changes, `!` refused; else the state that is reached and what is emitted.
fn outcome(payment: Option<&Payment>, input: &PaymentInput) -> String {
    match Payment::decide(payment, input, PLACED_AT) {
        Err(PaymentRejection::NeverPlaced) => "!".to_owned(),
        Ok(Decision::Unchanged) => "=".to_owned(),
        Ok(Decision::Changed(change)) => {
            assert_eq!((change.state.order_id, change.state.amount), (order_id(), samples::created().total));
            let events = change.events.iter().map(|event| event.event_type().trim_start_matches("Payment"));
            std::iter::once(column(Some(&change.state))).chain(events).collect::<Vec<_>>().join("+")
        }
    }
}

#[test]
fn every_input_in_every_state() {
    const TABLE: &str = "
input         none         Aing             Ax             auth  Cing            Cx              capt  Ving         Ring           decl  void  refu
Placed        Aing         =                =              =     =               =               =     =            =              =     =     =
Confirmed     !            =                =              Cing  =               =               =     =            =              =     =     =
Cancelled     void+Voided  Ax               =              Ving  Cx              =               Ring  =            =              =     =     =
A:authorized  !            auth+Authorized  Ving           =     =               =               =     =            =              =     =     =
A:declined    !            decl+Declined    decl+Declined  =     =               =               =     =            =              =     =     =
A:captured    !            =                =              =     capt+Processed  Ring+Processed  =     =            =              =     =     =
A:refused     !            =                =              =     decl+Declined   decl+Declined   =     =            =              =     =     =
A:voided      !            =                =              =     =               =               =     void+Voided  =              =     =     =
A:refunded    !            =                =              =     =               =               =     =            refu+Refunded  =     =     =
";
    for (name, payment) in states() {
        assert_eq!(column(payment.as_ref()), name);
    }
    tables::check(TABLE, &states(), &inputs(), |payment, input| outcome(payment.as_ref(), input));
}

#[test]
fn the_gateway_is_asked_while_an_answer_is_owed_and_by_the_same_key() {
    let asked: Vec<(&str, Option<String>)> = states()
        .into_iter()
        .filter_map(|(name, payment)| Some((name, payment?)))
        .map(|(name, payment)| (name, Payment::intent("", &payment).map(|call| call.idempotency_key())))
        .collect();
    let key = |operation: &str| Some(format!("{}/{operation}", order_id()));
    assert_eq!(
        asked,
        [
            ("Aing", key("authorize")),
            ("Ax", key("authorize")),
            ("auth", None),
            ("Cing", key("capture")),
            ("Cx", key("capture")),
            ("capt", None),
            ("Ving", key("void")),
            ("Ring", key("refund")),
            ("decl", None),
            ("void", None),
            ("refu", None),
        ]
    );
}

#[test]
fn a_call_names_what_the_gateway_needs_and_its_answer_has_one_id() {
    let call = |name: &str| {
        let state = states().into_iter().find(|(known, _)| *known == name).and_then(|(_, payment)| payment);
        Payment::intent("", &state.expect("a payment")).expect("a call")
    };
    let authorize = call("Aing");
    assert_eq!(
        authorize.operation,
        GatewayOperation::Authorize {
            payment_method: samples::created().payment_method,
            email: samples::created().customer.email,
        }
    );
    assert_eq!(call("Cing").operation, GatewayOperation::Capture { authorization_id: reference("au_1") });
    assert_eq!(call("Ving").operation, GatewayOperation::Void { authorization_id: reference("au_1") });
    assert_eq!(call("Ring").operation, GatewayOperation::Refund { charge_id: reference("ch_1") });
    assert_eq!(authorize.answered(GatewayAnswer::Voided).id, call("Ax").answer_id());
    assert_ne!(authorize.answer_id(), call("Cing").answer_id());
}

#[test]
fn a_decline_says_what_was_refused_and_why() {
    use DeclineReason::{ExpiredCard, InsufficientFunds};
    use DeclineStage::{Authorization, Capture};
    let inputs = inputs();
    for (state, input, stage, reason) in [
        ("Aing", "A:declined", Authorization, ExpiredCard),
        ("Cing", "A:refused", Capture, InsufficientFunds),
    ] {
        let payment = states().into_iter().find(|(name, _)| *name == state).and_then(|(_, payment)| payment);
        let (_, input) = inputs.iter().find(|(name, _)| *name == input).expect("an input");
        let decided = Payment::decide(payment.as_ref(), input, PLACED_AT);
        let Ok(Decision::Changed(change)) = decided else { panic!("{decided:?}") };
        let event = PaymentDeclined { order_id: order_id(), amount: samples::created().total, stage, reason };
        assert_eq!(change.events, [event.into()]);
        assert_eq!(change.state.status, PaymentStatus::Declined(Decline { stage, reason }));
    }
}

/// A payment as it lay in the table before declines had a stage.
fn stored_before(status: &str) -> Payment {
    let text = format!(r#"{{"order":"{}","amount":[5300,"EUR"],"is":{status}}}"#, order_id());
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn what_was_stored_before_declines_had_a_stage_is_read() {
    use DeclineReason::{CardDeclined, ExpiredCard};
    use DeclineStage::{Authorization, Capture};
    for (reason, expected) in [
        ("expired_card", Decline { stage: Authorization, reason: ExpiredCard }),
        ("capture_failed", Decline { stage: Capture, reason: CardDeclined }),
    ] {
        let payment = stored_before(&format!(r#"{{"declined":{{"reason":"{reason}"}}}}"#));
        assert_eq!(payment.status, PaymentStatus::Declined(expected));
        assert_eq!(Payment::intent("", &payment), None);
    }
}

/// A capture that was intended by the build before: asked under the same key, and its answer is applied under one id.
#[test]
fn an_effect_that_was_in_flight_is_finished() {
    let payment = stored_before(r#"{"capturing":{"hold":"au_1","email":"ada@example.com"}}"#);
    assert_eq!(column(Some(&payment)), "Cing");
    let call = Payment::intent("", &payment).expect("a call");
    assert_eq!(call.idempotency_key(), format!("{}/capture", order_id()));
    assert_eq!(call.answer_id(), EventId::derive_from(&["payments", &format!("{}/capture", order_id())]));
    let answer = PaymentInput::Answered(GatewayAnswer::CaptureRefused { reason: DeclineReason::ExpiredCard });
    assert_eq!(outcome(Some(&payment), &answer), "decl+Declined");
}

#[test]
fn what_is_stored_is_read_back() {
    for (name, payment) in states() {
        let stored = serde_json::to_string(&payment).expect("serialises");
        assert_eq!(serde_json::from_str::<Option<Payment>>(&stored).expect("reads"), payment, "{name}");
    }
}
