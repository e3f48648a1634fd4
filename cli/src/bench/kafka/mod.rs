//! The Kafka path: its parts, one after the other, each with nothing of ours beside it that it does not need.
//!
//! The hot path is pure computing; the function's binary needs what `sam build` made; producing needs a broker; and
//! publishing to the committed effect needs the whole platform. What is started here is stopped again, whatever happens.

mod bootstrap;
mod hot_path;
mod latency;
mod perf_test;
mod produce;

use serde::Serialize;

use self::latency::DynamoDb;
use super::{Build, Source, TESTS, built};
use crate::error::Error;
use crate::kafka::{Artifacts, Kafka as Broker};
use crate::platform;
use crate::project::Project;
use crate::toolbox::Toolbox;
use crate::up::Platform;
use crate::{after_deploy, build, engine, prerequisites};

/// The benchmark of `tests/` that the parts with processes and a broker are in.
const BENCHMARK: &str = "kafka_path";
/// The name of this command's engine and broker.
const RUN: &str = "bench";

/// What was measured of the Kafka path.
#[derive(Debug, Serialize)]
pub struct Kafka {
    /// Computing alone, beside its floor and Powertools.
    pub hot_path: hot_path::HotPath,
    /// Through the function's binary.
    pub bootstrap: bootstrap::Bootstrap,
    /// Our publisher beside Kafka's own; not without a broker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub produce: Option<produce::Produce>,
    /// From publishing to the committed effect; not without a broker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency: Option<latency::Latency>,
    /// The same, but for what the engine takes as DynamoDB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_without_dynamodb: Option<latency::Latency>,
}

/// Measures everything; without `artifacts` what needs no broker.
pub fn measure(project: &Project, artifacts: Option<&Artifacts>) -> Result<Kafka, Error> {
    let architecture = platform::architecture()?;
    engine::end_left_over(project)?;
    let toolbox = Toolbox::prepare(project, &prerequisites::find()?)?;
    build::run(project, &toolbox, architecture)?;
    let source = Source { package: TESTS, name: BENCHMARK, build: Build::Release(architecture) };
    let benchmark = built(project, source)?;
    let hot_path = hot_path::measure(project, architecture)?;
    let bootstrap = bootstrap::measure(project, &benchmark)?;
    let Some(artifacts) = artifacts else {
        return Ok(Kafka {
            hot_path,
            bootstrap,
            produce: None,
            latency: None,
            latency_without_dynamodb: None,
        });
    };
    let produce = {
        let broker = Broker::start(project, artifacts, RUN)?;
        produce::measure(project, &benchmark, artifacts, &broker.brokers())?
    };
    let (latency, without_dynamodb) = {
        let platform = Platform::start(project, &toolbox, architecture, Some(artifacts), RUN)?;
        after_deploy::fill_catalogue(&platform.stack)?;
        let measured = |dynamodb| latency::measure(project, &benchmark, &platform, dynamodb);
        (measured(DynamoDb::Engine)?, measured(DynamoDb::StandIn)?)
    };
    Ok(Kafka {
        hot_path,
        bootstrap,
        produce: Some(produce),
        latency: Some(latency),
        latency_without_dynamodb: Some(without_dynamodb),
    })
}

/// The figures for people.
pub fn text(kafka: &Kafka) -> String {
    let mut out = hot_path::text(&kafka.hot_path);
    out.push_str(&bootstrap::text(&kafka.bootstrap));
    out.push_str(&kafka.produce.as_ref().map(produce::text).unwrap_or_default());
    for (measured, dynamodb) in
        [(&kafka.latency, DynamoDb::Engine), (&kafka.latency_without_dynamodb, DynamoDb::StandIn)]
    {
        out.push_str(
            &measured.as_ref().map(|measured| latency::text(measured, dynamodb)).unwrap_or_default(),
        );
    }
    out
}
