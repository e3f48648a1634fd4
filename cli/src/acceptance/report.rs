//! The figures for people.

use std::fmt::Write as _;

use super::figures::Figures;

/// The report as text.
pub fn text(figures: &Figures) -> String {
    let mut out = String::new();
    orders(&mut out, figures);
    money_and_stock(&mut out, figures);
    events(&mut out, figures);
    requests(&mut out, figures);
    verdict(&mut out, figures);
    out
}

/// Writing to a string cannot fail.
macro_rules! line {
    ($out:expr) => { let _ = writeln!($out); };
    ($out:expr, $($text:tt)*) => { let _ = writeln!($out, $($text)*); };
}

fn orders(out: &mut String, figures: &Figures) {
    line!(out, "Orders by what the customer did and how they ended");
    for (kind, endings) in &figures.orders {
        let endings: Vec<String> =
            endings.iter().map(|(ending, count)| format!("{count} {ending}")).collect();
        line!(out, "  {kind:<16} {}", endings.join(", "));
    }
    for (status, count) in &figures.cancellations {
        line!(out, "  cancellations answered {status}: {count}");
    }
    let Figures { orders_accepted, orders_lost, orders_unasked, orders_open, .. } = figures;
    line!(
        out,
        "  {orders_accepted} accepted, {orders_lost} lost, {orders_unasked} unasked, {orders_open} not at an end"
    );
}

fn money_and_stock(out: &mut String, figures: &Figures) {
    line!(out);
    line!(out, "Money and stock");
    let charges: Vec<String> =
        figures.charges.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    line!(out, "  at the gateway   {}", charges.join(", "));
    for (currency, (kept, owed)) in &figures.money {
        line!(out, "  {currency} kept         {kept} minor units, for completed orders worth {owed}");
    }
    line!(out, "  units taken      {}, in live reservations {}", figures.stock.0, figures.stock.1);
    line!(out, "  charged twice {}, reserved twice {}", figures.double_charges, figures.double_reservations);
    line!(out, "  e-mails          {} sent, {} of them repeat another", figures.mails.0, figures.mails.1);
}

fn events(out: &mut String, figures: &Figures) {
    line!(out);
    line!(out, "Events by consumer (of invocations that lived to tell)");
    line!(
        out,
        "  {:<14}{:>9}{:>9}{:>11}{:>11}{:>6}{:>9}",
        "",
        "records",
        "applied",
        "duplicates",
        "no effect",
        "dead",
        "retried"
    );
    for (function, counts) in &figures.events {
        let count = |field: &str| counts.get(field).copied().unwrap_or_default();
        line!(
            out,
            "  {function:<14}{:>9}{:>9}{:>11}{:>11}{:>6}{:>9}",
            count("records"),
            count("applied"),
            count("duplicate"),
            count("no_effect"),
            count("dead_lettered"),
            count("retried")
        );
    }
    let killed: Vec<String> = figures.killed.iter().map(|(name, count)| format!("{name} {count}")).collect();
    line!(out, "  killed at work: {}; requests sent again: {}", killed.join(", "), figures.unanswered);
}

fn requests(out: &mut String, figures: &Figures) {
    line!(out);
    line!(out, "Requests to AWS per order");
    #[allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let per_order = |count: u64| count as f64 / figures.orders_accepted.max(1) as f64;
    for (name, count) in &figures.requests {
        line!(out, "  {name:<34}{:>9.2}", per_order(*count));
    }
    let all: u64 = figures.requests.values().sum();
    line!(out, "  {:<34}{:>9.2}", "all", per_order(all));
    #[allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let units = figures.write_units / figures.orders_accepted.max(1) as f64;
    line!(out, "  {:<34}{units:>9.2}", "DynamoDB write units");
}

fn verdict(out: &mut String, figures: &Figures) {
    line!(out);
    let dead: u64 = figures.dead_letters.values().sum();
    line!(out, "Dead letters: {dead}");
    if figures.wrong.is_empty() {
        line!(out, "Every figure is right.");
    } else {
        line!(out, "{} figures are wrong:", figures.wrong.len());
        for wrong in figures.wrong.iter().take(SHOWN_MAX) {
            line!(out, "  - {wrong}");
        }
    }
}

/// A broken run breaks a thousand times in the same way.
const SHOWN_MAX: usize = 40;
