//! `Bucket`: objects in S3, written whole, read whole and deleted.
//!
//! The requests are made on the SDK's own runtime rather than by `aws-sdk-s3`. That crate turns on event streams in
//! the runtime crates below it, and features are united per build: a function with it and a function without would
//! compile every AWS crate twice. Retries, time-outs, credentials, signing and the request counter are those of the
//! other clients; only the requests' text is written here and in `rest.rs`.
//!
//! Knows nothing of what the objects hold. A payload's SHA-256 is part of what is signed, so S3 refuses a body that
//! was damaged on the way.

mod rest;

use std::fmt::Write;

use aws_config::SdkConfig;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use futures::stream::{self, StreamExt, TryStreamExt};
use semel_exactly_once::StoreError;
use semel_exactly_once::batch::ObjectStore;

use crate::error::class_of;
use crate::requests::Requests;
use rest::{Call, Refusal, Rest};

/// Deletions under way at once. Each is a request of its own, which costs nothing; a request for many would have to
/// bring a checksum of its list.
const DELETIONS_MAX: usize = 8;

/// The objects of one bucket.
#[derive(Debug, Clone)]
pub struct Bucket {
    put: Rest,
    get: Rest,
    delete: Rest,
}

impl Bucket {
    pub(crate) fn new(config: &SdkConfig, bucket: &str, requests: &Requests) -> Self {
        let rest = |operation| Rest::new(config, bucket, operation, requests);
        Self { put: rest("PutObject"), get: rest("GetObject"), delete: rest("DeleteObject") }
    }

    async fn delete_one(&self, key: &str) -> Result<(), StoreError> {
        let call = Call { method: "DELETE", target: path(key), body: Vec::new() };
        self.delete.send(call).await.map(drop).map_err(|error| refused("S3 DeleteObject", key, error))
    }
}

impl ObjectStore for Bucket {
    async fn put(&self, key: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let call = Call { method: "PUT", target: path(key), body: bytes.to_vec() };
        self.put.send(call).await.map(drop).map_err(|error| refused("S3 PutObject", key, error))
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let call = Call { method: "GET", target: path(key), body: Vec::new() };
        match self.get.send(call).await {
            Ok(bytes) => Ok(Some(bytes)),
            // Without the right to list the bucket, S3 says AccessDenied instead, and that is an error.
            Err(error) if error.code() == Some("NoSuchKey") => Ok(None),
            Err(error) => Err(refused("S3 GetObject", key, error)),
        }
    }

    async fn delete(&self, keys: &[String]) -> Result<(), StoreError> {
        let deletions = keys.iter().cloned().map(|key| async move { self.delete_one(&key).await });
        stream::iter(deletions).buffer_unordered(DELETIONS_MAX).try_collect().await
    }
}

/// A key as the path of a request: percent-encoded as Signature Version 4 wants it, which is all but slashes and the
/// unreserved characters of RFC 3986.
fn path(key: &str) -> String {
    let mut path = String::with_capacity(1 + key.len());
    path.push('/');
    for byte in key.bytes() {
        let character = char::from(byte);
        if character.is_ascii_alphanumeric() || "/-._~".contains(character) {
            path.push(character);
        } else {
            let _infallible = write!(path, "%{byte:02X}");
        }
    }
    path
}

fn refused(operation: &'static str, key: &str, error: SdkError<Refusal, HttpResponse>) -> StoreError {
    StoreError { class: class_of(&error), operation, key: key.to_owned(), source: Box::new(error) }
}

#[cfg(test)]
mod tests;
