//! Secrets Manager: reads a secret's text.

use semel_exactly_once::Class;

use crate::AwsError;

const OPERATION: &str = "SecretsManager GetSecretValue";

/// The secret store.
#[derive(Debug, Clone)]
pub struct Secrets(aws_sdk_secretsmanager::Client);

impl Secrets {
    pub(crate) fn new(client: aws_sdk_secretsmanager::Client) -> Self {
        Self(client)
    }

    /// The current value of the secret `id` (its name or ARN), without surrounding white space.
    pub async fn text(&self, id: &str) -> Result<String, AwsError> {
        let answer = self
            .0
            .get_secret_value()
            .secret_id(id)
            .send()
            .await
            .map_err(|error| AwsError::of(OPERATION, &error))?;
        match answer.secret_string().map(str::trim) {
            Some(text) if !text.is_empty() => Ok(text.to_owned()),
            // The value itself is never part of a message.
            _ => Err(AwsError::new(
                Class::Fatal,
                OPERATION,
                "NoText",
                "the secret has no text, or an empty one",
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Wire, json};

    #[tokio::test]
    async fn a_secrets_text_is_read() {
        let wire = Wire::answering(|_| json(200, &serde_json::json!({ "SecretString": "sk_test_1\n" })));
        assert_eq!(wire.aws().secrets().text("stripe").await.as_deref(), Ok("sk_test_1"));
        assert_eq!(wire.requests()[0].json()["SecretId"], "stripe");
    }

    #[tokio::test]
    async fn a_binary_or_empty_secret_is_refused() {
        for answer in
            [serde_json::json!({ "SecretBinary": "AAAA" }), serde_json::json!({ "SecretString": " " })]
        {
            let wire = Wire::answering(move |_| json(200, &answer));
            let error = wire.aws().secrets().text("stripe").await.expect_err("no text");
            assert_eq!((error.class, error.code.as_str()), (Class::Fatal, "NoText"));
        }
    }
}
