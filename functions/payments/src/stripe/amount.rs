//! Amounts as Stripe counts them, which for some currencies is not as ISO 4217 does.
//!
//! A wrong factor here takes a hundred times the money, hence no guessing: a currency that Stripe's own documents
//! contradict each other about is refused.

use semel_contracts::{Currency, Money};

/// An amount that Stripe cannot charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{amount} cannot be charged at Stripe: {why}")]
pub struct NotChargeable {
    amount: Money,
    why: &'static str,
}

/// The amount in the units that Stripe's API takes for its currency.
pub fn at_stripe(money: Money) -> Result<i64, NotChargeable> {
    let (amount, currency) = (money.amount(), money.currency());
    let refuse = |why| NotChargeable { amount: money, why };
    if currency == Currency::ISK {
        // No decimals in ISO; Stripe still wants two, which are zeros.
        return amount.checked_mul(100).ok_or_else(|| refuse("it is too large"));
    }
    if currency == Currency::MGA {
        // Two decimals in ISO; Stripe takes whole ariary.
        return if amount % 100 == 0 { Ok(amount / 100) } else { Err(refuse("it is no whole ariary")) };
    }
    if currency == Currency::UGX {
        return Err(refuse("Stripe's unit of UGX is not certain"));
    }
    match currency.exponent() {
        0 | 2 => Ok(amount),
        3 if amount % 10 == 0 => Ok(amount),
        3 => Err(refuse("the last of its three decimals must be zero")),
        _ => Err(refuse("Stripe does not know its unit")),
    }
}

/// The currency's code as Stripe writes it.
pub fn code(currency: Currency) -> String {
    currency.code().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(amount: i64, currency: Currency) -> Option<i64> {
        at_stripe(Money::new(amount, currency).expect("an amount")).ok()
    }

    #[test]
    fn most_currencies_are_counted_alike() {
        assert_eq!(converted(5_300, Currency::EUR), Some(5_300));
        assert_eq!(converted(500, Currency::JPY), Some(500));
        assert_eq!(converted(5_120, Currency::KWD), Some(5_120));
    }

    #[test]
    fn others_are_converted_or_refused_but_never_rounded() {
        assert_eq!(converted(5, Currency::ISK), Some(500));
        assert_eq!(converted(1_500, Currency::MGA), Some(15));
        assert_eq!(converted(1_550, Currency::MGA), None);
        assert_eq!(converted(5_124, Currency::KWD), None);
        assert_eq!(converted(5, Currency::UGX), None);
        assert_eq!(converted(5, Currency::CLF), None);
    }
}
