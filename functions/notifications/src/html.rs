//! The HTML of a mail: one card, tables and inline styles, since mail readers know little else.
//!
//! Everything that is not markup of this file is escaped, our own words too.

use std::fmt::{self, Display, Write};

use crate::mail::{Basket, Mail, Tone};

const FONT: &str = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
const INK: &str = "#1c1917";
const FAINT: &str = "#78716c";
const RULE: &str = "#e7e5e4";

/// Lays a mail out as HTML.
pub fn render(mail: &Mail<'_>) -> String {
    let mut html = String::with_capacity(4096);
    // Writing to a text never fails.
    let _ = write_page(&mut html, mail);
    html
}

/// Text that may stand between tags and in quoted attributes.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

fn write_page(html: &mut String, mail: &Mail<'_>) -> fmt::Result {
    let (subject, heading, words) = (Escaped(&mail.subject), Escaped(mail.heading), Escaped(&mail.words));
    let accent = match mail.tone {
        Tone::Neutral => "#2563eb",
        Tone::Good => "#15803d",
        Tone::Bad => "#b45309",
    };
    write!(
        html,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light\"><title>{subject}</title></head>\n\
         <body style=\"margin:0;background:#f5f5f4;color:{INK};{FONT}\">\n\
         <div style=\"display:none;max-height:0;overflow:hidden\">{words}</div>\n\
         <table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\"><tr>\
         <td align=\"center\" style=\"padding:40px 16px\">\n\
         <table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"max-width:560px\">\n\
         <tr><td style=\"padding:0 8px 16px;font-size:20px;font-weight:700;letter-spacing:-0.02em\">Semel</td></tr>\n\
         <tr><td style=\"background:#ffffff;border:1px solid {RULE};border-top:4px solid {accent};\
         border-radius:8px;padding:32px\">\n\
         <h1 style=\"margin:0 0 12px;font-size:24px;line-height:1.25;letter-spacing:-0.02em\">{heading}</h1>\n\
         <p style=\"margin:0;font-size:16px;line-height:1.6\">{words}</p>\n"
    )?;
    if let Some(basket) = &mail.basket {
        write_basket(html, basket)?;
    }
    if !mail.facts.is_empty() {
        write_facts(html, &mail.facts)?;
    }
    write!(
        html,
        "</td></tr>\n<tr><td style=\"padding:16px 8px;font-size:13px;line-height:1.5;color:{FAINT}\">\
         Order {}. You get this mail because you placed it.</td></tr>\n\
         </table></td></tr></table>\n</body></html>\n",
        Escaped(&mail.order)
    )
}

fn write_basket(html: &mut String, basket: &Basket) -> fmt::Result {
    let cell = format!("padding:10px 0;border-bottom:1px solid {RULE};font-size:15px");
    html.push_str(
        "<table width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"margin-top:24px;border-collapse:collapse\">\n",
    );
    for (what, price) in &basket.lines {
        let (what, price) = (Escaped(what), Escaped(price));
        writeln!(
            html,
            "<tr><td style=\"{cell}\">{what}</td>\
             <td align=\"right\" style=\"{cell};white-space:nowrap\">{price}</td></tr>"
        )?;
    }
    let total = Escaped(&basket.total);
    writeln!(
        html,
        "<tr><td style=\"padding:12px 0 0;font-size:16px;font-weight:700\">Total</td>\
         <td align=\"right\" style=\"padding:12px 0 0;font-size:16px;font-weight:700;white-space:nowrap\">{total}</td>\
         </tr></table>"
    )
}

fn write_facts(html: &mut String, facts: &[(&'static str, String)]) -> fmt::Result {
    html.push_str("<table width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"margin-top:24px\">\n");
    for (name, value) in facts {
        let (name, value) = (Escaped(name), Escaped(value));
        writeln!(
            html,
            "<tr><td valign=\"top\" width=\"38%\" style=\"padding:4px 12px 4px 0;font-size:14px;color:{FAINT}\">{name}\
             </td><td style=\"padding:4px 0;font-size:14px;word-break:break-word\">{value}</td></tr>"
        )?;
    }
    html.push_str("</table>\n");
    Ok(())
}

#[cfg(test)]
mod tests {
    use semel_contracts::Event;
    use semel_contracts::events::OrderConfirmed;
    use semel_testkit::sample;

    use super::*;
    use crate::mail::News;

    #[test]
    fn what_comes_from_outside_cannot_become_markup() {
        let mut order: OrderConfirmed = sample::confirmed();
        order.ship_to.name = "<script>alert(\"1\")</script> & 'co'".parse().expect("a printable name");
        let event = Event::from(order);
        let html = render(&News::of(&event).expect("a customer is told").mail());
        assert!(!html.contains("<script"), "{html}");
        assert!(html.contains("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;co&#39;"));
    }

    #[test]
    fn all_that_the_mail_says_is_in_the_page() {
        let event = Event::from(sample::confirmed());
        let mail = News::of(&event).expect("a customer is told").mail();
        let html = render(&mail);
        for said in [
            mail.heading,
            &mail.words,
            "2 × MUG-BLUE",
            "29.00 EUR",
            "12 Rue de la Paix",
            "Standard",
            &mail.order,
        ] {
            assert!(html.contains(said), "{said} is missing");
        }
    }
}
