//! The plain text of a mail.

use std::fmt::Write;

use crate::mail::{Basket, Mail};

/// Lays a mail out for readers without HTML.
pub fn render(mail: &Mail<'_>) -> String {
    let mut text = format!("{}\n\n{}\n", mail.heading, mail.words);
    // Writing to a text never fails.
    let _ = write_rest(&mut text, mail);
    text
}

fn write_rest(text: &mut String, mail: &Mail<'_>) -> std::fmt::Result {
    if let Some(Basket { lines, total }) = &mail.basket {
        writeln!(text)?;
        for (what, price) in lines {
            writeln!(text, "  {what}: {price}")?;
        }
        writeln!(text, "  Total: {total}")?;
    }
    if !mail.facts.is_empty() {
        writeln!(text)?;
    }
    for (name, value) in &mail.facts {
        writeln!(text, "{name}: {value}")?;
    }
    write!(text, "\nOrder {}\n-- \nSemel\n", mail.order)
}

#[cfg(test)]
mod tests {
    use semel_contracts::Event;
    use semel_testkit::sample;

    use super::*;
    use crate::mail::News;

    #[test]
    fn all_that_the_mail_says_is_in_the_text() {
        let event = Event::from(sample::confirmed());
        let mail = News::of(&event).expect("a customer is told").mail();
        let expected = format!(
            "Your order is confirmed\n\n\
             Your articles are reserved and your payment is authorised. We are packing.\n\n  \
             2 × MUG-BLUE: 29.00 EUR\n  Total: 29.00 EUR\n\n\
             Shipping: Standard\nDelivery to: Ada Lovelace, 12 Rue de la Paix, 75002 Paris, FR\n\n\
             Order {}\n-- \nSemel\n",
            mail.order
        );
        assert_eq!(render(&mail), expected);
    }
}
