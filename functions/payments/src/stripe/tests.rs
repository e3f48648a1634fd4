#![allow(clippy::unwrap_used)]

use std::time::Duration;

use semel_contracts::{Currency, Money};
use semel_exactly_once::Class;

use super::fake::{Stripe, Trouble};
use super::*;

const INTENT: &str = "/v1/payment_intents";

/// A gateway at a fresh Stripe. Answers are awaited long enough for a loaded machine.
async fn world() -> (StripeGateway, Stripe) {
    let stripe = Stripe::start().await;
    (gateway(&stripe, Duration::from_secs(30)), stripe)
}

fn gateway(stripe: &Stripe, timeout: Duration) -> StripeGateway {
    let http = Http::new(&stripe.base, SecretKey::new("sk_test_1").unwrap()).unwrap();
    StripeGateway { http: http.with_timeout(timeout) }
}

fn call(operation: GatewayOperation) -> GatewayCall {
    let amount = Money::new(2_900, Currency::EUR).unwrap();
    GatewayCall { order_id: OrderId::from_bytes([7; 16]), amount, operation }
}

fn authorize(payment_method: &str) -> GatewayCall {
    let payment_method = payment_method.parse().unwrap();
    call(GatewayOperation::Authorize { payment_method, email: "ada+1@example.com".parse().unwrap() })
}

fn visa() -> GatewayCall {
    authorize("pm_card_visa")
}

fn capture() -> GatewayCall {
    call(GatewayOperation::Capture { authorization_id: "pi_1".parse().unwrap() })
}

fn void() -> GatewayCall {
    call(GatewayOperation::Void { authorization_id: "pi_1".parse().unwrap() })
}

fn refund() -> GatewayCall {
    call(GatewayOperation::Refund { charge_id: "ch_1".parse().unwrap() })
}

fn held() -> GatewayAnswer {
    GatewayAnswer::Authorized { authorization_id: "pi_1".parse().unwrap() }
}

fn taken() -> GatewayAnswer {
    GatewayAnswer::Captured { charge_id: "ch_1".parse().unwrap() }
}

fn refused(reason: DeclineReason) -> GatewayAnswer {
    GatewayAnswer::CaptureRefused { reason }
}

fn given_back() -> GatewayAnswer {
    GatewayAnswer::Refunded { refund_id: "re_1".parse().unwrap() }
}

impl StripeGateway {
    async fn first(&self, call: &GatewayCall) -> Result<GatewayAnswer, PerformError> {
        self.call(call, Attempt::First).await
    }

    async fn again(&self, call: &GatewayCall) -> Result<GatewayAnswer, PerformError> {
        self.call(call, Attempt::Repeated).await
    }
}

fn class(result: Result<GatewayAnswer, PerformError>) -> Class {
    result.expect_err("no answer").class
}

#[tokio::test]
async fn an_authorisation_is_one_request_with_everything_in_it() {
    let (gateway, stripe) = world().await;
    assert_eq!(gateway.first(&visa()).await.unwrap(), held());
    let seen = stripe.books().seen.clone();
    let [request] = &seen[..] else { panic!("{seen:?}") };
    assert_eq!(request.line, format!("POST {INTENT}"));
    assert_eq!(request.header("authorization"), Some("Bearer sk_test_1"));
    assert_eq!(request.header("stripe-version"), Some("2025-09-30.clover"));
    assert_eq!(request.header("content-type"), Some("application/x-www-form-urlencoded"));
    let order_id = "07070707-0707-0707-0707-070707070707";
    assert_eq!(request.header("idempotency-key"), Some(format!("{order_id}/authorize").as_str()));
    let form = [
        ("amount", "2900"),
        ("capture_method", "manual"),
        ("confirm", "true"),
        ("currency", "eur"),
        ("metadata[order_id]", order_id),
        ("off_session", "true"),
        ("payment_method", "pm_card_visa"),
        ("payment_method_types[]", "card"),
        ("receipt_email", "ada+1@example.com"),
    ];
    assert_eq!(request.form, form.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
}

#[tokio::test]
async fn an_order_is_held_taken_and_given_back_with_one_request_each() {
    let (gateway, stripe) = world().await;
    for (call, answer) in [(visa(), held()), (capture(), taken()), (refund(), given_back())] {
        assert_eq!(gateway.first(&call).await.unwrap(), answer);
        let last = stripe.books().seen.last().cloned().unwrap();
        assert_eq!(last.header("idempotency-key"), Some(call.idempotency_key().as_str()));
    }
    let seen = stripe.books().seen.clone();
    assert_eq!(seen[1].form["amount_to_capture"], "2900");
    assert_eq!((seen[2].form["charge"].as_str(), seen[2].form["amount"].as_str()), ("ch_1", "2900"));
    let lines = ["POST /v1/payment_intents", "POST /v1/payment_intents/pi_1/capture", "POST /v1/refunds"];
    assert_eq!(stripe.books().lines(), lines);
}

#[tokio::test]
async fn declines_are_answers_with_a_reason() {
    use DeclineReason::{CardDeclined, ExpiredCard, InsufficientFunds, InvalidPaymentMethod};
    let cases = [
        ("pm_card_chargeDeclined", CardDeclined),
        ("pm_card_chargeDeclinedInsufficientFunds", InsufficientFunds),
        ("pm_card_chargeDeclinedExpiredCard", ExpiredCard),
        ("pm_card_authenticationRequired", CardDeclined),
        ("pm_card_incorrectNumber", InvalidPaymentMethod),
        ("pm_gone", InvalidPaymentMethod),
        ("pm_wants_action", CardDeclined),
    ];
    for (token, reason) in cases {
        let (gateway, _stripe) = world().await;
        let declined = GatewayAnswer::Declined { reason };
        assert_eq!(gateway.first(&authorize(token)).await.unwrap(), declined, "{token}");
        assert_eq!(gateway.again(&authorize(token)).await.unwrap(), declined, "{token}, again");
    }
}

#[tokio::test]
async fn an_amount_that_stripe_refuses_is_declined() {
    for code in ["amount_too_small", "amount_too_large"] {
        let (gateway, stripe) = world().await;
        stripe.trouble(Trouble::Refused(400, "invalid_request_error", code));
        let declined = GatewayAnswer::Declined { reason: DeclineReason::CardDeclined };
        assert_eq!(gateway.first(&visa()).await.unwrap(), declined);
    }
    let (gateway, stripe) = world().await;
    let odd = GatewayCall { amount: Money::new(5_124, Currency::KWD).unwrap(), ..visa() };
    let declined = GatewayAnswer::Declined { reason: DeclineReason::CardDeclined };
    assert_eq!(gateway.first(&odd).await.unwrap(), declined);
    assert!(stripe.books().seen.is_empty(), "not even asked");
}

#[tokio::test]
async fn errors_are_transient_or_fatal_by_their_status() {
    let cases = [
        (409, "invalid_request_error", "idempotency_key_in_use", Class::Transient),
        (429, "invalid_request_error", "rate_limit", Class::Transient),
        (429, "invalid_request_error", "lock_timeout", Class::Transient),
        (424, "api_error", "", Class::Transient),
        (503, "api_error", "", Class::Transient),
        (400, "idempotency_error", "", Class::Fatal),
        (400, "invalid_request_error", "parameter_unknown", Class::Fatal),
        (401, "invalid_request_error", "", Class::Fatal),
        (403, "invalid_request_error", "", Class::Fatal),
    ];
    for (status, kind, code, expected) in cases {
        for call in [visa(), capture(), void()] {
            let (gateway, stripe) = world().await;
            if call != visa() {
                gateway.first(&visa()).await.unwrap();
            }
            stripe.trouble(Trouble::Refused(status, kind, code));
            assert_eq!(class(gateway.first(&call).await), expected, "{status} {kind} {code}");
            assert!(stripe.books().statuses().iter().all(|status| *status == "requires_capture"));
        }
    }
}

#[tokio::test]
async fn what_is_no_stripe_error_is_judged_by_its_status_and_named() {
    let (gateway, stripe) = world().await;
    stripe.trouble(Trouble::Proxy);
    let error = gateway.first(&visa()).await.unwrap_err();
    assert_eq!((error.class, error.what.as_str()), (Class::Transient, "Stripe authorize"));
    assert!(error.source.to_string().contains("502"), "{}", error.source);
    assert_eq!(gateway.first(&visa()).await.unwrap(), held());
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_and_nothing_happens_twice() {
    for search_lags in [false, true] {
        let (gateway, stripe) = world().await;
        stripe.books().search_lags = search_lags;
        for (call, answer) in [(visa(), held()), (capture(), taken()), (refund(), given_back())] {
            stripe.trouble(Trouble::Broken);
            assert_eq!(class(gateway.first(&call).await), Class::Transient);
            assert_eq!(gateway.again(&call).await.unwrap(), answer);
        }
        assert_eq!(stripe.books().counts(), (1, 1));
    }
}

#[tokio::test]
async fn an_answer_that_does_not_come_in_time_is_unknown() {
    let stripe = Stripe::start().await;
    stripe.trouble(Trouble::Silent);
    let impatient = gateway(&stripe, Duration::from_millis(200));
    let error = impatient.first(&visa()).await.unwrap_err();
    assert_eq!(
        (error.class, error.source.to_string().as_str()),
        (Class::Transient, "no answer came in time")
    );
    let patient = gateway(&stripe, Duration::from_secs(30));
    assert_eq!(patient.again(&visa()).await.unwrap(), held());
    assert_eq!(stripe.books().counts(), (1, 0));
}

#[tokio::test]
async fn nobody_listening_is_transient() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let gateway = StripeGateway::new(&base, SecretKey::new("sk_test_1").unwrap()).unwrap();
    assert_eq!(class(gateway.first(&visa()).await), Class::Transient);
}

#[tokio::test]
async fn a_saved_server_error_does_not_hide_what_took_effect() {
    let (gateway, stripe) = world().await;
    stripe.trouble(Trouble::EffectThenError);
    assert_eq!(class(gateway.first(&visa()).await), Class::Transient);
    // While search lags the key answers with the error that it saved.
    stripe.books().search_lags = true;
    assert_eq!(class(gateway.again(&visa()).await), Class::Transient);
    stripe.books().search_lags = false;
    assert_eq!(gateway.again(&visa()).await.unwrap(), held());
    // These have an object to look at, at once.
    for (call, answer) in [(capture(), taken()), (refund(), given_back())] {
        stripe.trouble(Trouble::EffectThenError);
        assert_eq!(gateway.first(&call).await.unwrap(), answer);
    }
    assert_eq!(stripe.books().counts(), (1, 1));
}

#[tokio::test]
async fn a_saved_server_error_without_effect_stays_unknown_until_its_key_is_forgotten() {
    let (gateway, stripe) = world().await;
    gateway.first(&visa()).await.unwrap();
    for (call, answer) in [(capture(), taken()), (refund(), given_back())] {
        stripe.trouble(Trouble::ErrorOnly);
        assert_eq!(class(gateway.first(&call).await), Class::Transient);
        assert_eq!(class(gateway.again(&call).await), Class::Transient);
        stripe.books().forget_keys();
        assert_eq!(gateway.again(&call).await.unwrap(), answer);
    }
}

#[tokio::test]
async fn after_the_keys_are_forgotten_nothing_happens_twice() {
    let (gateway, stripe) = world().await;
    let taken_back = [(visa(), held()), (capture(), taken()), (refund(), given_back())];
    for (call, answer) in taken_back {
        assert_eq!(gateway.first(&call).await.unwrap(), answer);
        stripe.books().forget_keys();
        assert_eq!(gateway.again(&call).await.unwrap(), answer);
    }
    assert_eq!(stripe.books().counts(), (1, 1));

    let (gateway, stripe) = world().await;
    gateway.first(&visa()).await.unwrap();
    assert_eq!(gateway.first(&void()).await.unwrap(), GatewayAnswer::Voided);
    stripe.books().forget_keys();
    assert_eq!(gateway.again(&void()).await.unwrap(), GatewayAnswer::Voided);
    assert_eq!(stripe.books().statuses(), ["canceled"]);
}

#[tokio::test]
async fn a_repetition_searches_first_and_a_first_attempt_does_not() {
    let (gateway, stripe) = world().await;
    gateway.first(&visa()).await.unwrap();
    assert_eq!(stripe.books().lines(), ["POST /v1/payment_intents"]);
    gateway.again(&visa()).await.unwrap();
    assert_eq!(stripe.books().lines(), ["GET /v1/payment_intents/search"]);
    // Another order's intent is not this one's.
    let other = GatewayCall { order_id: OrderId::from_bytes([8; 16]), ..visa() };
    let answer = GatewayAnswer::Authorized { authorization_id: "pi_2".parse().unwrap() };
    assert_eq!(gateway.again(&other).await.unwrap(), answer);
    assert_eq!(stripe.books().lines(), ["GET /v1/payment_intents/search", "POST /v1/payment_intents"]);
}

#[tokio::test]
async fn an_intent_found_with_other_terms_is_fatal() {
    let (gateway, _stripe) = world().await;
    gateway.first(&visa()).await.unwrap();
    for amount in [Money::new(2_901, Currency::EUR).unwrap(), Money::new(2_900, Currency::USD).unwrap()] {
        assert_eq!(class(gateway.again(&GatewayCall { amount, ..visa() }).await), Class::Fatal);
    }
}

#[tokio::test]
async fn of_several_holds_the_oldest_counts() {
    let (gateway, stripe) = world().await;
    gateway.first(&authorize("pm_card_chargeDeclined")).await.unwrap();
    for _ in 0..2 {
        stripe.books().forget_keys();
        gateway.first(&visa()).await.unwrap();
    }
    let answer = GatewayAnswer::Authorized { authorization_id: "pi_2".parse().unwrap() };
    assert_eq!(gateway.again(&visa()).await.unwrap(), answer);
}

#[tokio::test]
async fn the_state_of_an_intent_answers_for_an_earlier_attempt() {
    let declined = GatewayAnswer::Declined { reason: DeclineReason::CardDeclined };
    let cases = [
        ("requires_capture", Some(held())),
        ("succeeded", Some(held())),
        ("canceled", Some(declined.clone())),
        ("requires_action", Some(declined)),
        ("processing", None),
        ("requires_confirmation", None),
        ("something_new", None),
    ];
    for (status, expected) in cases {
        let (gateway, stripe) = world().await;
        gateway.first(&visa()).await.unwrap();
        stripe.books().set_status("pi_1", status);
        match (gateway.again(&visa()).await, expected) {
            (Ok(answer), Some(expected)) => assert_eq!(answer, expected, "{status}"),
            (Err(error), None) => assert_eq!(error.class, Class::Transient, "{status}"),
            (found, expected) => panic!("{status}: {found:?}, expected {expected:?}"),
        }
    }
}

#[tokio::test]
async fn a_hold_that_is_gone_cannot_be_captured() {
    let (gateway, stripe) = world().await;
    gateway.first(&visa()).await.unwrap();
    stripe.books().set_status("pi_1", "canceled");
    assert_eq!(gateway.first(&capture()).await.unwrap(), refused(DeclineReason::CardDeclined));
}

#[tokio::test]
async fn the_banks_last_word_is_the_reason_if_the_refusal_has_none() {
    let (gateway, stripe) = world().await;
    gateway.first(&visa()).await.unwrap();
    {
        let mut books = stripe.books();
        books.set_status("pi_1", "requires_payment_method");
        books.intents.get_mut("pi_1").unwrap()["last_payment_error"] = serde_json::json!({
            "type": "card_error", "code": "card_declined", "decline_code": "insufficient_funds",
        });
    }
    assert_eq!(gateway.first(&capture()).await.unwrap(), refused(DeclineReason::InsufficientFunds));
}

#[tokio::test]
async fn a_capture_refused_for_good_leaves_nothing_held() {
    use DeclineReason::{CardDeclined, ExpiredCard, InsufficientFunds};
    let refusals = [
        (402, "card_error", "card_declined", CardDeclined),
        (402, "card_error", "insufficient_funds", InsufficientFunds),
        (402, "card_error", "expired_card", ExpiredCard),
        (400, "invalid_request_error", "charge_expired_for_capture", CardDeclined),
    ];
    for (status, kind, code, reason) in refusals {
        let (gateway, stripe) = world().await;
        gateway.first(&visa()).await.unwrap();
        stripe.trouble(Trouble::Refused(status, kind, code));
        assert_eq!(gateway.first(&capture()).await.unwrap(), refused(reason));
        assert_eq!(stripe.books().statuses(), ["canceled"]);
        // It died before the answer was kept. This Stripe saves no refusal that came before anything ran.
        assert_eq!(gateway.again(&capture()).await.unwrap(), refused(CardDeclined));
    }
}

#[tokio::test]
async fn an_unknown_object_is_fatal() {
    for call in [capture(), void(), refund()] {
        let (gateway, _stripe) = world().await;
        assert_eq!(class(gateway.first(&call).await), Class::Fatal);
    }
}

#[tokio::test]
async fn what_somebody_captured_by_hand_cannot_be_voided() {
    let (gateway, stripe) = world().await;
    gateway.first(&visa()).await.unwrap();
    stripe.books().set_status("pi_1", "succeeded");
    let error = gateway.first(&void()).await.unwrap_err();
    assert_eq!(error.class, Class::Fatal);
    assert!(error.source.to_string().contains("refund it at Stripe"), "{}", error.source);
}

#[tokio::test]
async fn a_charge_that_somebody_refunded_by_hand_is_refunded() {
    let (gateway, stripe) = world().await;
    gateway.first(&visa()).await.unwrap();
    gateway.first(&capture()).await.unwrap();
    let by_hand =
        serde_json::json!({ "id": "re_9", "status": "succeeded", "charge": "ch_1", "metadata": {} });
    stripe.books().refunds.push(by_hand);
    let answer = GatewayAnswer::Refunded { refund_id: "re_9".parse().unwrap() };
    assert_eq!(gateway.first(&refund()).await.unwrap(), answer);
}

#[tokio::test]
async fn a_refund_that_failed_is_for_somebody_to_see() {
    let (gateway, stripe) = world().await;
    gateway.first(&visa()).await.unwrap();
    gateway.first(&capture()).await.unwrap();
    let failed = serde_json::json!({ "id": "re_9", "status": "failed", "charge": "ch_1", "metadata": {} });
    stripe.books().refunds.push(failed);
    assert_eq!(class(gateway.first(&refund()).await), Class::Fatal);
}

#[tokio::test]
async fn an_id_cannot_lead_to_another_path() {
    let (gateway, stripe) = world().await;
    let authorization_id = "pi_1/../../refunds?x=".parse().unwrap();
    assert_eq!(class(gateway.first(&call(GatewayOperation::Void { authorization_id })).await), Class::Fatal);
    assert_eq!(stripe.books().lines(), ["POST /v1/payment_intents/pi_1%2F..%2F..%2Frefunds%3Fx%3D/cancel"]);
}
