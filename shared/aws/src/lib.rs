//! The ports on AWS: where aggregates and records are kept, how events are published, queues answered, e-mail
//! sent and secrets read.
//!
//! The only crate that names `aws_sdk_*`. It knows no business rule and no Lambda runtime: an adapter says what
//! the service answered, classed as transient or fatal, and what it cost.
//!
//! [`Aws`] is loaded once per process; every adapter is made from it and shares its connections and its
//! [`Requests`] counter.

mod batch;
mod clients;
mod clock;
pub mod dynamodb;
mod error;
mod eventbridge;
#[cfg(feature = "operator")]
pub mod operator;
mod publish;
pub mod requests;
mod s3;
mod secrets;
mod ses;
mod sns;
mod sqs;
#[cfg(test)]
mod wire;

pub use clients::{ATTEMPT_TIMEOUT, Aws, OPERATION_TIMEOUT};
pub use clock::SystemClock;
pub use error::{AwsError, class_of, class_of_code};
pub use eventbridge::{Arns, EventBridge, InvalidArn};
pub use requests::{Requests, Usage};
pub use s3::Bucket;
pub use secrets::Secrets;
pub use ses::{Email, Mailer};
pub use sns::Topic;
pub use sqs::{Delay, Message, Queue};
