//! IAM credentials for MSK: asked for when a connection is made, renewed by the time they expire.
//!
//! Nothing refreshes in the background. A Lambda environment may be frozen for hours between two calls, and a timer
//! that slept through the expiry would hand out a dead token; what is checked at the moment of use cannot.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use krafka::auth::{AuthConfig, AwsMskIamCredentials};
use krafka::error::KrafkaError;
use tokio::sync::Mutex;

/// Credentials that expire sooner are renewed before they sign. The signature itself is valid for 15 minutes, and MSK
/// checks it when the connection is made.
const EXPIRY_MARGIN: Duration = Duration::from_mins(1);

pub(crate) type Now = fn() -> SystemTime;

/// The credentials last given out, for as long as they are good.
pub(crate) struct IamCredentials<N = Now> {
    region: String,
    provider: SharedCredentialsProvider,
    now: N,
    held: Mutex<Option<Credentials>>,
}

impl<N: Fn() -> SystemTime + Send + Sync> IamCredentials<N> {
    pub(crate) fn new(region: String, provider: SharedCredentialsProvider, now: N) -> Self {
        Self { region, provider, now, held: Mutex::new(None) }
    }

    /// What to sign a connection with.
    pub(crate) async fn get(&self) -> Result<AwsMskIamCredentials, KrafkaError> {
        let mut held = self.held.lock().await;
        let good = held.as_ref().filter(|known| self.is_good(known)).cloned();
        let credentials = if let Some(known) = good {
            known
        } else {
            let fresh = self.provider.provide_credentials().await.map_err(|error| refused(&error))?;
            held.insert(fresh).clone()
        };
        drop(held);
        let signer = AwsMskIamCredentials::new(
            credentials.access_key_id(),
            credentials.secret_access_key(),
            &self.region,
        );
        Ok(match credentials.session_token() {
            Some(token) => signer.with_session_token(token),
            None => signer,
        })
    }

    /// Credentials that do not say when they expire are asked for each time: they come from the environment, at no
    /// cost, or a provider keeps them itself.
    fn is_good(&self, credentials: &Credentials) -> bool {
        credentials.expiry().is_some_and(|expiry| (self.now)() + EXPIRY_MARGIN < expiry)
    }
}

/// The way in that signs every connection with what the provider has then.
pub(crate) fn auth(region: &str, provider: &SharedCredentialsProvider) -> AuthConfig {
    let credentials =
        std::sync::Arc::new(IamCredentials::new(region.to_owned(), provider.clone(), SystemTime::now as Now));
    AuthConfig::aws_msk_iam_provider(move || {
        let credentials = std::sync::Arc::clone(&credentials);
        async move { credentials.get().await }
    })
}

/// A provider that could not be reached may be reachable later; one that has nothing to give is a fault of the setup.
fn refused(error: &CredentialsError) -> KrafkaError {
    match error {
        CredentialsError::ProviderTimedOut(_) | CredentialsError::ProviderError(_) => {
            KrafkaError::timeout(format!("loading credentials: {error}"))
        }
        CredentialsError::CredentialsNotLoaded(_)
        | CredentialsError::InvalidConfiguration(_)
        | CredentialsError::Unhandled(_)
        | _ => KrafkaError::auth(format!("loading credentials: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::UNIX_EPOCH;

    use aws_credential_types::provider::future;
    use semel_exactly_once::Clock;
    use semel_testkit::SimulatedClock;

    use super::*;

    /// Gives out keys named by their number, good for `life`.
    #[derive(Debug)]
    struct Issuer {
        clock: SimulatedClock,
        life: Option<Duration>,
        issued: Arc<AtomicU64>,
    }

    impl ProvideCredentials for Issuer {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            let number = self.issued.fetch_add(1, Ordering::SeqCst) + 1;
            let expiry = self.life.map(|life| system(&self.clock) + life);
            let token = Some("token".to_owned());
            future::ProvideCredentials::ready(Ok(Credentials::new(
                format!("key-{number}"),
                "secret",
                token,
                expiry,
                "test",
            )))
        }
    }

    fn system(clock: &SimulatedClock) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(clock.now().as_millis())
    }

    fn issuer(
        life: Option<Duration>,
    ) -> (SimulatedClock, Arc<AtomicU64>, IamCredentials<impl Fn() -> SystemTime>) {
        let clock = SimulatedClock::default();
        let issued = Arc::new(AtomicU64::new(0));
        let provider = Issuer { clock: clock.clone(), life, issued: Arc::clone(&issued) };
        let now = clock.clone();
        let credentials = IamCredentials::new(
            "eu-central-1".to_owned(),
            SharedCredentialsProvider::new(provider),
            move || system(&now),
        );
        (clock, issued, credentials)
    }

    #[tokio::test]
    async fn credentials_are_kept_while_good_and_renewed_at_the_first_use_after_they_expired() {
        let (clock, issued, credentials) = issuer(Some(Duration::from_hours(1)));
        for _ in 0..3 {
            assert_eq!(credentials.get().await.expect("credentials").access_key_id(), "key-1");
        }
        assert_eq!(issued.load(Ordering::SeqCst), 1);
        // Frozen for longer than the credentials live: no timer ran meanwhile.
        clock.advance(Duration::from_hours(5));
        assert_eq!(credentials.get().await.expect("credentials").access_key_id(), "key-2");
        // Within the margin they no longer sign.
        clock.advance(Duration::from_hours(1).saturating_sub(EXPIRY_MARGIN));
        let fresh = credentials.get().await.expect("credentials");
        assert_eq!(
            (fresh.access_key_id(), fresh.region(), fresh.has_session_token()),
            ("key-3", "eu-central-1", true)
        );
    }

    #[tokio::test]
    async fn credentials_that_name_no_expiry_are_asked_for_each_time() {
        let (_, _, credentials) = issuer(None);
        assert_eq!(credentials.get().await.expect("credentials").access_key_id(), "key-1");
        assert_eq!(credentials.get().await.expect("credentials").access_key_id(), "key-2");
    }

    #[test]
    fn a_provider_that_did_not_answer_is_asked_again_later() {
        use semel_exactly_once::Class;

        use crate::KafkaError;
        let timed_out = refused(&CredentialsError::provider_timed_out(Duration::from_secs(1)));
        assert_eq!(KafkaError::of("x", &timed_out).class, Class::Transient);
        let nothing = refused(&CredentialsError::not_loaded("no role"));
        assert_eq!(KafkaError::of("x", &nothing).class, Class::Fatal);
    }
}
