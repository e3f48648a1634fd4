#![allow(clippy::unwrap_used)]

use aws_config::{BehaviorVersion, Region};
use semel_aws::Aws;
use semel_contracts::{Currency, Money, OrderId};
use semel_testkit::{LocalDynamo, SimulatedClock, block_on};

use super::memory::MemoryLedger;
use super::*;

fn gateway() -> (SimulatedGateway<MemoryLedger, SimulatedClock>, MemoryLedger) {
    let ledger = MemoryLedger::default();
    (SimulatedGateway::new(ledger.clone(), SimulatedClock::default()), ledger)
}

fn call(operation: GatewayOperation) -> GatewayCall {
    let amount = Money::new(2_900, Currency::EUR).unwrap();
    GatewayCall { order_id: OrderId::from_bytes([7; 16]), amount, operation }
}

fn authorize(payment_method: &str) -> GatewayCall {
    call(GatewayOperation::Authorize {
        payment_method: payment_method.parse().unwrap(),
        email: "ada@example.com".parse().unwrap(),
    })
}

fn asked(
    gateway: &SimulatedGateway<impl Ledger, SimulatedClock>,
    call: &GatewayCall,
) -> Result<GatewayAnswer, PerformError> {
    block_on(gateway.call(call, Attempt::First))
}

fn held(gateway: &SimulatedGateway<impl Ledger, SimulatedClock>) -> GatewayReference {
    let answer = asked(gateway, &authorize("pm_card_visa")).unwrap();
    let GatewayAnswer::Authorized { authorization_id } = answer else { panic!("{answer:?}") };
    authorization_id
}

fn capture(authorization_id: &GatewayReference) -> GatewayCall {
    call(GatewayOperation::Capture { authorization_id: authorization_id.clone() })
}

fn void(authorization_id: &GatewayReference) -> GatewayCall {
    call(GatewayOperation::Void { authorization_id: authorization_id.clone() })
}

fn refund(charge_id: &GatewayReference) -> GatewayCall {
    call(GatewayOperation::Refund { charge_id: charge_id.clone() })
}

fn charged(gateway: &SimulatedGateway<impl Ledger, SimulatedClock>) -> GatewayReference {
    let answer = asked(gateway, &capture(&held(gateway))).unwrap();
    let GatewayAnswer::Captured { charge_id } = answer else { panic!("{answer:?}") };
    charge_id
}

fn fatal(result: Result<GatewayAnswer, PerformError>, what: &str) {
    let error = result.expect_err("refused");
    assert_eq!(error.class, Class::Fatal);
    assert!(error.source.to_string().contains(what), "{}", error.source);
}

#[test]
fn cards_answer_as_stripes_test_tokens_do() {
    use DeclineReason::{CardDeclined, ExpiredCard, InsufficientFunds, InvalidPaymentMethod};
    let cases = [
        ("pm_card_visa", None),
        ("pm_card_mastercard", None),
        ("pm_card_chargeDeclined", Some(CardDeclined)),
        ("pm_card_visa_chargeDeclined", Some(CardDeclined)),
        ("pm_card_chargeDeclinedInsufficientFunds", Some(InsufficientFunds)),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", Some(InsufficientFunds)),
        ("pm_card_chargeDeclinedExpiredCard", Some(ExpiredCard)),
        ("pm_card_authenticationRequired", Some(CardDeclined)),
        ("pm_1NXWPnCo6bFb1KQt", Some(InvalidPaymentMethod)),
        ("visa", Some(InvalidPaymentMethod)),
    ];
    for (token, declined) in cases {
        let (gateway, _) = gateway();
        let first = asked(&gateway, &authorize(token)).unwrap();
        match declined {
            Some(reason) => assert_eq!(first, GatewayAnswer::Declined { reason }, "{token}"),
            None => assert!(matches!(first, GatewayAnswer::Authorized { .. }), "{token}: {first:?}"),
        }
        assert_eq!(asked(&gateway, &authorize(token)).unwrap(), first, "{token}, again");
    }
}

#[test]
fn an_entry_says_what_an_auditor_needs() {
    let (gateway, ledger) = gateway();
    let authorization_id = held(&gateway);
    let entry = ledger.entry(&authorize("pm_card_visa").idempotency_key()).unwrap();
    let expected = [
        ("operation", of("authorize")),
        ("amount", IndexValue::Number(2_900)),
        ("currency", of("EUR")),
        ("payment_method", of("pm_card_visa")),
        ("result", of(authorization_id.as_str())),
        ("created", of("2026-01-01T00:00:00.000Z")),
    ];
    assert_eq!(entry, expected.map(|(name, value)| (name.to_owned(), value)).into());
}

#[test]
fn the_other_operations_are_found_under_the_keys_that_calls_have() {
    let id: GatewayReference = "x".parse().unwrap();
    let calls = [(authorize("pm_card_visa"), AUTHORIZE), (capture(&id), CAPTURE), (void(&id), VOID)];
    for (call, word) in calls {
        assert_eq!(key(&call, word), call.idempotency_key());
    }
    for reason in REASONS {
        assert_eq!(super::reason(reason.as_str(), &capture(&id)).unwrap(), reason);
    }
}

/// Entries of the build before, in all the words that it wrote: `capture_failed` was never booked as a result, for a
/// capture that was refused left no entry.
#[test]
fn what_was_booked_before_is_answered_again() {
    for reason in ["card_declined", "insufficient_funds", "expired_card", "invalid_payment_method"] {
        let (gateway, ledger) = gateway();
        let call = authorize("pm_card_visa");
        let booked = [
            ("operation", of("authorize")),
            ("amount", IndexValue::Number(2_900)),
            ("currency", of("EUR")),
            ("payment_method", of("pm_card_visa")),
            ("result", of(&format!("declined {reason}"))),
            ("created", of("2026-01-01T00:00:00.000Z")),
        ];
        let booked = booked.map(|(name, value)| (name.to_owned(), value)).into();
        block_on(ledger.put_if_absent(&call.idempotency_key(), &booked)).unwrap();
        let answer = asked(&gateway, &call).unwrap();
        let GatewayAnswer::Declined { reason: answered } = answer else { panic!("{answer:?}") };
        assert_eq!(answered.as_str(), reason);
    }
}

#[test]
fn the_same_key_with_other_terms_is_an_error() {
    let (gateway, ledger) = gateway();
    held(&gateway);
    fatal(asked(&gateway, &authorize("pm_card_mastercard")), "payment_method differs");
    let more = Money::new(2_901, Currency::EUR).unwrap();
    fatal(asked(&gateway, &GatewayCall { amount: more, ..authorize("pm_card_visa") }), "amount differs");
    let dollars = Money::new(2_900, Currency::USD).unwrap();
    fatal(asked(&gateway, &GatewayCall { amount: dollars, ..authorize("pm_card_visa") }), "currency differs");
    assert_eq!(ledger.operations(), ["authorize"]);
}

#[test]
fn a_hold_is_captured_or_voided_but_only_if_it_was_given() {
    let (gateway, ledger) = gateway();
    let unknown: GatewayReference = "pi_sim_unknown".parse().unwrap();
    fatal(asked(&gateway, &capture(&unknown)), "no hold of this order");
    fatal(asked(&gateway, &void(&unknown)), "no hold of this order");
    assert!(ledger.operations().is_empty());

    let hold = held(&gateway);
    fatal(asked(&gateway, &capture(&unknown)), "no hold of this order");
    assert_eq!(asked(&gateway, &void(&hold)).unwrap(), GatewayAnswer::Voided);
    assert_eq!(asked(&gateway, &void(&hold)).unwrap(), GatewayAnswer::Voided);
    assert_eq!(
        asked(&gateway, &capture(&hold)).unwrap(),
        GatewayAnswer::CaptureRefused { reason: DeclineReason::CardDeclined }
    );
    assert_eq!(ledger.operations(), ["authorize", "void"]);
}

#[test]
fn a_declined_card_leaves_nothing_to_capture() {
    let (gateway, _) = gateway();
    asked(&gateway, &authorize("pm_card_chargeDeclined")).unwrap();
    let derived = reference("pi", &authorize("pm_card_chargeDeclined")).unwrap();
    fatal(asked(&gateway, &capture(&derived)), "no hold of this order");
    assert!("declined card_declined".parse::<GatewayReference>().is_err(), "nor is the entry's own word one");
}

#[test]
fn what_is_captured_is_refunded_once_and_not_voided() {
    let (gateway, ledger) = gateway();
    let unknown: GatewayReference = "ch_sim_unknown".parse().unwrap();
    fatal(asked(&gateway, &refund(&unknown)), "no charge of this order");
    let charge = charged(&gateway);
    assert_eq!(charged(&gateway), charge, "a repeated capture is the same charge");
    fatal(asked(&gateway, &void(&held(&gateway))), "is captured");
    fatal(asked(&gateway, &refund(&unknown)), "no charge of this order");
    let first = asked(&gateway, &refund(&charge)).unwrap();
    assert_eq!(asked(&gateway, &refund(&charge)).unwrap(), first);
    assert_eq!(ledger.operations(), ["authorize", "capture", "refund"]);
}

#[tokio::test]
async fn the_books_are_kept_in_dynamodb() {
    let dynamo = LocalDynamo::start().await;
    let config = aws_config::defaults(BehaviorVersion::latest())
        .test_credentials()
        .region(Region::new("us-east-1"))
        .endpoint_url(dynamo.endpoint())
        .load()
        .await;
    let aws = Aws::with_config(config);
    let gateway = SimulatedGateway::new(aws.ledger("GatewayLedgerTable"), SimulatedClock::default());
    let ask = async |call: GatewayCall| gateway.call(&call, Attempt::First).await;

    let GatewayAnswer::Authorized { authorization_id } = ask(authorize("pm_card_visa")).await.unwrap() else {
        panic!("a good card is declined");
    };
    assert_eq!(
        aws.requests().take().requests.into_iter().collect::<Vec<_>>(),
        [("DynamoDB.PutItem".to_owned(), 1)]
    );
    assert!(ask(authorize("pm_card_mastercard")).await.is_err());
    let first = ask(capture(&authorization_id)).await.unwrap();
    assert_eq!(ask(capture(&authorization_id)).await.unwrap(), first);
    assert!(ask(void(&authorization_id)).await.is_err());

    let items = dynamo.items("GatewayLedgerTable");
    let mut booked: Vec<_> = items.iter().map(|item| item["operation"]["S"].as_str().unwrap()).collect();
    booked.sort_unstable();
    assert_eq!(booked, ["authorize", "capture"]);
    assert!(items.iter().all(|item| item["amount"]["N"] == "2900"));
}
