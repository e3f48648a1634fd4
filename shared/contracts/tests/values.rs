//! Money, time and ids: arithmetic, spelling and derivation.

use std::time::Duration;

use proptest::prelude::*;
use semel_contracts::{
    Currency, EmailAddress, EventId, Lines, MAX_MINOR_UNITS, Money, MoneyError, OrderId, Quantity, Timestamp,
};
use uuid::Uuid;

fn money(amount: i64, currency: Currency) -> Money {
    Money::new(amount, currency).expect("in bounds")
}

#[test]
fn money_is_shown_with_the_decimals_of_its_currency() {
    for (amount, currency, shown) in [
        (3998, Currency::EUR, "39.98 EUR"),
        (5, Currency::USD, "0.05 USD"),
        (0, Currency::GBP, "0.00 GBP"),
        (500, Currency::JPY, "500 JPY"),
        (0, Currency::JPY, "0 JPY"),
        (12_345, Currency::KWD, "12.345 KWD"),
        (7, Currency::CLF, "0.0007 CLF"),
        (MAX_MINOR_UNITS, Currency::EUR, "90071992547409.91 EUR"),
    ] {
        assert_eq!(money(amount, currency).to_string(), shown);
    }
}

#[test]
fn money_refuses_what_it_cannot_hold() {
    let most = money(MAX_MINOR_UNITS, Currency::EUR);
    let cent = money(1, Currency::EUR);
    assert_eq!(Money::new(-1, Currency::EUR), Err(MoneyError::Negative));
    assert_eq!(Money::new(MAX_MINOR_UNITS + 1, Currency::EUR), Err(MoneyError::TooLarge));
    assert_eq!(most.checked_add(cent), Err(MoneyError::TooLarge));
    assert_eq!(cent.checked_sub(most), Err(MoneyError::Negative));
    assert_eq!(most.checked_mul(Quantity::new(10_000).expect("in bounds")), Err(MoneyError::TooLarge));
    assert_eq!(
        cent.checked_add(money(1, Currency::USD)),
        Err(MoneyError::MixedCurrencies { left: Currency::EUR, right: Currency::USD })
    );
}

proptest! {
    #[test]
    fn adding_and_taking_away_is_nothing(a in 0..=MAX_MINOR_UNITS / 2, b in 0..=MAX_MINOR_UNITS / 2) {
        let (a, b) = (money(a, Currency::EUR), money(b, Currency::EUR));
        let sum = a.checked_add(b).expect("in bounds");
        prop_assert_eq!(sum.amount(), a.amount() + b.amount());
        prop_assert_eq!(sum.checked_sub(b), Ok(a));
    }

    #[test]
    fn multiplying_is_exact(amount in 0..=MAX_MINOR_UNITS / 10_000, units in 1..=10_000_u32) {
        let product = money(amount, Currency::EUR).checked_mul(Quantity::new(units).expect("in bounds"));
        prop_assert_eq!(product.map(Money::amount), Ok(amount * i64::from(units)));
    }

    #[test]
    fn a_timestamp_is_read_as_it_is_written(millis in 0..=253_402_300_799_999_u64) {
        let at = Timestamp::from_millis(millis);
        prop_assert_eq!(at.to_string().parse(), Ok(at));
    }

    #[test]
    fn timestamps_sort_like_their_text(a in 0..=253_402_300_799_999_u64, b in 0..=253_402_300_799_999_u64) {
        let (a, b) = (Timestamp::from_millis(a), Timestamp::from_millis(b));
        prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
    }
}

#[test]
fn the_table_of_currencies_is_sorted_and_reads_itself() {
    assert!(Currency::LIST.is_sorted_by(|left, right| left.code() < right.code()));
    for currency in Currency::LIST {
        assert_eq!(currency.code().parse(), Ok(*currency));
    }
    let exponents = [Currency::EUR, Currency::JPY, Currency::TND, Currency::UYW].map(Currency::exponent);
    assert_eq!(exponents, [2, 0, 3, 4]);
}

#[test]
fn known_instants_have_their_known_spelling() {
    for (millis, text) in [
        (0, "1970-01-01T00:00:00.000Z"),
        (951_782_399_999, "2000-02-28T23:59:59.999Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (1_795_366_200_123, "2026-11-22T16:50:00.123Z"),
        (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        (u64::MAX, "9999-12-31T23:59:59.999Z"),
    ] {
        assert_eq!(Timestamp::from_millis(millis).to_string(), text);
    }
}

#[test]
fn a_timestamp_is_one_exact_form() {
    for text in [
        "",
        "2026-11-22",
        "2026-11-22T16:50:00Z",
        "2026-11-22T16:50:00.123456Z",
        "2026-11-22T16:50:00.123+01:00",
        "2026-11-22t16:50:00.123z",
        "2026-11-22 16:50:00.123Z",
        "2026-13-01T00:00:00.000Z",
        "2026-00-01T00:00:00.000Z",
        "2026-04-31T00:00:00.000Z",
        "2025-02-29T00:00:00.000Z",
        "2100-02-29T00:00:00.000Z",
        "2026-11-00T00:00:00.000Z",
        "2026-11-22T24:00:00.000Z",
        "2026-11-22T16:60:00.000Z",
        "2016-12-31T23:59:60.000Z",
        "1969-12-31T23:59:59.999Z",
        "2026-11-22T16:50:0x.123Z",
        "２026-11-22T16:50:0.123Z",
    ] {
        assert!(text.parse::<Timestamp>().is_err(), "{text:?} is refused");
    }
}

/// Whatever stands at any place: what is read is what would be written, and every digit that makes a time is read.
#[test]
fn every_character_of_a_timestamp_counts() {
    for text in ["2026-11-22T16:50:00.123Z", "1970-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z"] {
        for place in 0..text.len() {
            let read = |character: char| {
                let mut other: Vec<char> = text.chars().collect();
                other[place] = character;
                let other: String = other.into_iter().collect();
                let at = other.parse::<Timestamp>().ok();
                assert!(at.is_none_or(|at| at.to_string() == other), "{other:?} is read as {at:?}");
                at.is_some()
            };
            let kept = text.chars().nth(place).expect("within the text");
            assert!(read(kept));
            for character in (0..=0xff).map(char::from).filter(|character| *character != kept) {
                assert!(!read(character) || (kept.is_ascii_digit() && character.is_ascii_digit()), "{place}");
            }
        }
    }
    // The last digits of minute, second and millisecond may be any.
    for place in [15, 18, 20, 21, 22] {
        for digit in '0'..='9' {
            let mut text = "2026-11-22T16:50:00.123Z".to_owned();
            text.replace_range(place..=place, &digit.to_string());
            assert_eq!(text.parse::<Timestamp>().expect("a time").to_string(), text);
        }
    }
}

#[test]
fn time_saturates_at_both_ends() {
    let second = Duration::from_secs(1);
    assert_eq!(Timestamp::EPOCH.saturating_sub(second), Timestamp::EPOCH);
    let last = Timestamp::from_millis(u64::MAX);
    assert_eq!(last.saturating_add(Duration::MAX), last);
    assert_eq!(Timestamp::from_secs(u64::MAX), last);
    assert_eq!(Timestamp::from_secs(3).saturating_since(Timestamp::from_secs(1)), Duration::from_secs(2));
    assert_eq!(Timestamp::from_secs(1).saturating_since(Timestamp::from_secs(3)), Duration::ZERO);
}

#[test]
fn derived_ids_follow_their_documented_formula() {
    let emitted = Uuid::new_v5(&Uuid::NAMESPACE_URL, b"urn:semel:event:emitted");
    let named = Uuid::new_v5(&Uuid::NAMESPACE_URL, b"urn:semel:event:named");
    let orders = Uuid::new_v5(&Uuid::NAMESPACE_URL, b"urn:semel:order");
    let input = EventId::from_bytes([7; 16]);

    let name = [b"payments".as_slice(), &[7; 16], &[0, 0, 0, 3]].concat();
    assert_eq!(Uuid::from(EventId::derive("payments", input, 3)), Uuid::new_v5(&emitted, &name));

    let prefixed = [&[0, 0, 0, 0, 0, 0, 0, 2], b"ab".as_slice(), &[0, 0, 0, 0, 0, 0, 0, 1], b"c"].concat();
    assert_eq!(Uuid::from(EventId::derive_from(&["ab", "c"])), Uuid::new_v5(&named, &prefixed));
    assert_eq!(Uuid::from(OrderId::derive("ab", "c")), Uuid::new_v5(&orders, &prefixed));
}

#[test]
fn derived_ids_differ_when_anything_differs() {
    let (one, two) = (EventId::from_bytes([1; 16]), EventId::from_bytes([2; 16]));
    let mut ids = vec![
        EventId::derive("payments", one, 0),
        EventId::derive("payments", one, 1),
        EventId::derive("payments", two, 0),
        EventId::derive("inventory", one, 0),
        EventId::derive_from(&["ab", "c"]),
        EventId::derive_from(&["a", "bc"]),
        EventId::derive_from(&["abc"]),
        EventId::derive_from(&["abc", ""]),
    ];
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
    assert_ne!(OrderId::derive("ann", "key"), OrderId::derive("ann", "key2"));
    assert_ne!(OrderId::derive("ann", "key"), OrderId::derive("bob", "key"));
}

#[test]
fn fresh_ids_sort_by_time_and_are_of_version_7() {
    let early = EventId::new_v7(Timestamp::from_millis(1_000), [0xff; 10]);
    let late = EventId::new_v7(Timestamp::from_millis(1_001), [0; 10]);
    assert!(early < late && early.to_string() < late.to_string());
    assert_eq!(Uuid::from(early).get_version_num(), 7);
    assert_eq!(EventId::from_bytes(*early.as_bytes()), early);
}

#[test]
fn an_email_address_has_the_plain_form() {
    let long_local = format!("{}@example.com", "a".repeat(65));
    let long = format!("a@{}.com", "b".repeat(250));
    for good in ["a@b.co", "ann.o'neil+shop@mail.example.com", "x@xn--bcher-kva.example"] {
        assert!(EmailAddress::new(good).is_ok(), "{good:?} is accepted");
    }
    for bad in [
        "",
        "a",
        "@b.co",
        "a@",
        "a@b",
        "a@@b.co",
        "a@b..co",
        "a@-b.co",
        "a@b-.co",
        "a b@c.de",
        "a@b.co,c@d.co",
        "Ann <a@b.co>",
        "a@b.co\r\nBcc: c@d.co",
        "ä@b.co",
        &long_local,
        &long,
    ] {
        assert!(EmailAddress::new(bad).is_err(), "{bad:?} is refused");
    }
}

#[test]
fn lines_and_quantities_keep_their_bounds() {
    assert!(Lines::<u8>::new(vec![]).is_err());
    assert!(Lines::new(vec![0; 50]).is_ok());
    assert!(Lines::new(vec![0; 51]).is_err());
    assert!(Quantity::new(0).is_err());
    assert!(Quantity::new(10_000).is_ok());
    assert!(Quantity::new(10_001).is_err());
}
