//! `semel lag`: how far each mapping's group is behind, by topic and partition.

use std::time::Duration;

use clap::Args;
use semel_kafka::{Cluster, Connection};
use serde::Serialize;

use super::bridge::{EngineApi, Mapping};
use crate::error::Error;
use crate::project::Project;
use crate::run_files::{self, Kind};
use crate::runtime;
use crate::samconfig::LocalDeployment;

const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// What to print.
#[derive(Args)]
pub struct Options {
    /// Print JSON: an array of objects with group, topic, partition, start, committed, end, lag
    #[arg(long)]
    json: bool,
}

/// Where one group stands in one partition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Row {
    group: String,
    topic: String,
    partition: i32,
    /// The oldest record that is kept.
    start: i64,
    /// None if the group has committed nothing.
    committed: Option<i64>,
    /// What the next record will get.
    end: i64,
    /// Records still to be done.
    lag: i64,
}

/// Reads the groups of the running stack's mappings and prints them.
pub fn run(project: &Project, options: &Options) -> Result<(), Error> {
    let notes = run_files::all(project)?;
    let running =
        |kind| notes.iter().map(|(_, note)| note).find(|note| note.kind == kind && note.is_running());
    let (Some(engine), Some(broker)) = (running(Kind::Engine), running(Kind::Broker)) else {
        let what = if running(Kind::Engine).is_some() {
            "the running stack has no Kafka: it was started with --without-kafka"
        } else {
            "nothing is running; `cargo semel up` starts the stack"
        };
        return Err(Error::Failed(what.to_owned()));
    };
    let region = LocalDeployment::read(project)?.region;
    let brokers = format!("127.0.0.1:{}", broker.port);
    let mappings =
        EngineApi::new(&format!("http://127.0.0.1:{}", engine.port), &region)
            .mappings(&brokers)
            .map_err(|error| Error::Unexpected(format!("cannot list the event source mappings: {error}")))?;
    let rows = read(&brokers, &mappings)?;
    if options.json {
        let text = serde_json::to_string_pretty(&rows);
        println!("{}", text.map_err(|error| Error::Unexpected(error.to_string()))?);
    } else {
        print!("{}", table(&rows));
    }
    Ok(())
}

fn read(brokers: &str, mappings: &[Mapping]) -> Result<Vec<Row>, Error> {
    let runtime = runtime::new()?;
    runtime.block_on(async {
        let cluster = Cluster::connect(&Connection::plaintext(brokers), REQUEST_TIMEOUT).await;
        let cluster = cluster.map_err(|error| Error::chain("Kafka", &error))?;
        let mut rows = Vec::new();
        for mapping in mappings {
            for topic in &mapping.topics {
                let offsets = cluster.offsets(&mapping.group, topic).await;
                for at in offsets.map_err(|error| Error::chain(&format!("topic {topic}"), &error))? {
                    rows.push(Row {
                        group: mapping.group.clone(),
                        topic: topic.clone(),
                        partition: at.partition,
                        start: at.start,
                        committed: at.committed,
                        end: at.end,
                        lag: at.lag(),
                    });
                }
            }
        }
        rows.sort_by(|a, b| (&a.group, &a.topic, a.partition).cmp(&(&b.group, &b.topic, b.partition)));
        Ok(rows)
    })
}

/// A line for each partition, and one for each group and topic with the sum.
fn table(rows: &[Row]) -> String {
    if rows.is_empty() {
        return "no event source mapping reads from Kafka\n".to_owned();
    }
    let width =
        |name: fn(&Row) -> &str, least: usize| rows.iter().map(|row| name(row).len()).fold(least, usize::max);
    let (group, topic) = (width(|row| &row.group, 5), width(|row| &row.topic, 5));
    let line = |cells: [&str; 6]| {
        let [first, second, partition, committed, end, lag] = cells;
        format!("{first:<group$}  {second:<topic$}  {partition:>9}  {committed:>12}  {end:>12}  {lag:>12}\n")
    };
    let mut text = line(["GROUP", "TOPIC", "PARTITION", "COMMITTED", "END", "LAG"]);
    for chunk in rows.chunk_by(|a, b| a.group == b.group && a.topic == b.topic) {
        for row in chunk {
            let committed = row.committed.map_or_else(|| "-".to_owned(), |offset| offset.to_string());
            text += &line([
                &row.group,
                &row.topic,
                &row.partition.to_string(),
                &committed,
                &row.end.to_string(),
                &row.lag.to_string(),
            ]);
        }
        let sum: i64 = chunk.iter().map(|row| row.lag).sum();
        text += &line([&chunk[0].group, &chunk[0].topic, "all", "", "", &sum.to_string()]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(topic: &str, partition: i32, committed: Option<i64>, lag: i64) -> Row {
        let (group, topic) = ("semel-analytics".to_owned(), topic.to_owned());
        Row { group, topic, partition, start: 0, committed, end: 12, lag }
    }

    #[test]
    fn the_table_adds_up_each_topic() {
        let rows =
            [row("orders", 0, Some(10), 2), row("orders", 1, None, 12), row("telemetry", 0, Some(12), 0)];
        let expected = "\
GROUP            TOPIC      PARTITION     COMMITTED           END           LAG
semel-analytics  orders             0            10            12             2
semel-analytics  orders             1             -            12            12
semel-analytics  orders           all                                        14
semel-analytics  telemetry          0            12            12             0
semel-analytics  telemetry        all                                         0
";
        assert_eq!(table(&rows), expected);
        assert_eq!(table(&[]), "no event source mapping reads from Kafka\n");
    }

    #[test]
    fn json_names_what_was_never_committed_null() {
        let json = serde_json::to_value(row("orders", 1, None, 12)).expect("JSON");
        assert_eq!(json["committed"], serde_json::Value::Null);
        assert_eq!((json["lag"].as_i64(), json["partition"].as_i64()), (Some(12), Some(1)));
    }
}
