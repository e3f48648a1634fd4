//! The binary refuses to start with a wrong configuration, and says which variable is wrong.

use std::process::{Command, Output};

const BASE: [(&str, &str); 7] = [
    ("AWS_REGION", "eu-central-1"),
    ("AWS_ACCESS_KEY_ID", "id"),
    ("AWS_SECRET_ACCESS_KEY", "key"),
    // Nobody listens there: an init that asks anything of AWS fails at once.
    ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
    ("QUEUE_URL", "http://127.0.0.1:9/1/payments"),
    ("DLQ_URL", "http://127.0.0.1:9/1/dead"),
    ("PAYMENTS_TABLE", "payments"),
];

fn start(variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_payments"));
    command.env_clear().envs(BASE).envs(variables.iter().copied());
    command.output().expect("the binary runs")
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    let secret = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:stripe";
    let cases: [(&[(&str, &str)], &str); 6] = [
        (&[], "environment variable PAYMENT_GATEWAY is not set; expected one of simulated, stripe"),
        (&[("PAYMENT_GATEWAY", "paypal")], "environment variable PAYMENT_GATEWAY is"),
        (&[("PAYMENT_GATEWAY", "simulated")], "environment variable GATEWAY_LEDGER_TABLE is not set"),
        (&[("PAYMENT_GATEWAY", "stripe")], "environment variable STRIPE_SECRET_ARN is not set"),
        (
            &[("PAYMENT_GATEWAY", "stripe"), ("STRIPE_SECRET_ARN", secret)],
            "the secret that STRIPE_SECRET_ARN names cannot be read",
        ),
        (
            &[("PAYMENT_GATEWAY", "simulated"), ("DEDUPLICATION_WINDOW_SECONDS", "soon")],
            "environment variable DEDUPLICATION_WINDOW_SECONDS is",
        ),
    ];
    for (variables, expected) in cases {
        let output = start(variables);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(!output.status.success(), "{variables:?}");
        assert!(said.contains(expected), "{variables:?}: {said}");
    }
}
