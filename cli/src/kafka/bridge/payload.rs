//! The event that Lambda hands to a function for Kafka records, byte for byte, and its size before it is written.
//!
//! The shape is the one of AWS's documentation for Amazon MSK (`aws:kafka`) and self-managed clusters
//! (`SelfManagedKafka`). Keys and values are base64; a header's value is an array of its bytes as signed numbers, as a
//! Java `byte[]` prints; a key or value that is null is left out.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::mapping::{Mapping, Source};
use super::record::{Record, TopicPartition};

/// Lambda's limit for the payload of a synchronous invocation, in bytes.
pub const PAYLOAD_BYTES_MAX: usize = 6_291_556;

/// Records of one partition, in order.
#[derive(Debug, Clone)]
pub struct Slice<'a> {
    /// The partition.
    pub source: &'a TopicPartition,
    /// Its records.
    pub records: &'a [Record],
}

/// The bytes of the event around its partitions.
pub fn frame_bytes(mapping: &Mapping) -> usize {
    opening(mapping).len() + 2
}

/// The bytes that a partition adds besides its records, the comma after it included.
pub fn partition_bytes(source: &TopicPartition) -> usize {
    // "topic-0":[],
    source.topic.len() + 1 + digits(i64::from(source.partition)) + 6
}

/// The bytes of a record in the event, the comma after it included.
pub fn record_bytes(source: &TopicPartition, record: &Record) -> usize {
    let optional = |name: usize, bytes: &Option<bytes::Bytes>| {
        bytes.as_ref().map_or(0, |bytes| r#","":"""#.len() + name + base64_bytes(bytes.len()))
    };
    let headers: usize = record
        .headers
        .iter()
        .map(|(name, value)| r"{:[]},".len() + string_bytes(name) + value.as_deref().map_or(0, signed_bytes))
        .sum();
    r#"{"topic":"","partition":,"offset":,"timestamp":,"timestampType":"","headers":[]},"#.len()
        + source.topic.len()
        + digits(i64::from(source.partition))
        + digits(record.offset)
        + digits(record.timestamp)
        + record.timestamp_type.name().len()
        + optional("key".len(), &record.key)
        + optional("value".len(), &record.value)
        // The last header has no comma.
        + headers.saturating_sub(1)
}

/// Writes the event. `capacity` is what the sizes above add up to.
pub fn encode(mapping: &Mapping, slices: &[Slice<'_>], capacity: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(capacity);
    out.extend_from_slice(opening(mapping).as_bytes());
    for (index, slice) in slices.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.push(b'"');
        out.extend_from_slice(slice.source.topic.as_bytes());
        out.push(b'-');
        push_number(&mut out, i64::from(slice.source.partition));
        out.extend_from_slice(b"\":[");
        for (index, record) in slice.records.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            push_record(&mut out, slice.source, record);
        }
        out.push(b']');
    }
    out.extend_from_slice(b"}}");
    out
}

fn opening(mapping: &Mapping) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let servers = quoted(&mapping.bootstrap_servers);
    match &mapping.source {
        Source::Managed { arn } => format!(
            r#"{{"eventSource":"aws:kafka","eventSourceArn":{},"bootstrapServers":{servers},"records":{{"#,
            quoted(arn)
        ),
        Source::SelfManaged => {
            format!(r#"{{"eventSource":"SelfManagedKafka","bootstrapServers":{servers},"records":{{"#)
        }
    }
}

fn push_record(out: &mut Vec<u8>, source: &TopicPartition, record: &Record) {
    out.extend_from_slice(b"{\"topic\":\"");
    out.extend_from_slice(source.topic.as_bytes());
    out.extend_from_slice(b"\",\"partition\":");
    push_number(out, i64::from(source.partition));
    out.extend_from_slice(b",\"offset\":");
    push_number(out, record.offset);
    out.extend_from_slice(b",\"timestamp\":");
    push_number(out, record.timestamp);
    out.extend_from_slice(b",\"timestampType\":\"");
    out.extend_from_slice(record.timestamp_type.name().as_bytes());
    out.push(b'"');
    for (name, bytes) in [("key", &record.key), ("value", &record.value)] {
        if let Some(bytes) = bytes {
            out.extend_from_slice(b",\"");
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b"\":\"");
            push_base64(out, bytes);
            out.push(b'"');
        }
    }
    out.extend_from_slice(b",\"headers\":[");
    for (index, (name, value)) in record.headers.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.push(b'{');
        out.extend_from_slice(serde_json::Value::from(&**name).to_string().as_bytes());
        out.extend_from_slice(b":[");
        for (index, byte) in value.iter().flat_map(|value| value.iter()).enumerate() {
            if index > 0 {
                out.push(b',');
            }
            push_number(out, i64::from(byte.cast_signed()));
        }
        out.extend_from_slice(b"]}");
    }
    out.extend_from_slice(b"]}");
}

fn push_base64(out: &mut Vec<u8>, bytes: &[u8]) {
    let start = out.len();
    out.resize(start + base64_bytes(bytes.len()), 0);
    // The place was made to measure, so this cannot fail.
    if STANDARD.encode_slice(bytes, &mut out[start..]).is_err() {
        out.truncate(start);
    }
}

fn push_number(out: &mut Vec<u8>, number: i64) {
    if number < 0 {
        out.push(b'-');
    }
    let mut buffer = [0_u8; 20];
    let mut at = buffer.len();
    let mut rest = number.unsigned_abs();
    loop {
        at -= 1;
        // A remainder of ten is one digit.
        buffer[at] = b'0' + u8::try_from(rest % 10).unwrap_or_default();
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&buffer[at..]);
}

fn base64_bytes(length: usize) -> usize {
    length.div_ceil(3) * 4
}

fn digits(number: i64) -> usize {
    usize::from(number < 0) + number.unsigned_abs().checked_ilog10().map_or(1, |log| log as usize + 1)
}

/// A header's value as numbers with commas between them.
fn signed_bytes(value: &[u8]) -> usize {
    let numbers: usize = value.iter().map(|byte| digits(i64::from(byte.cast_signed())) + 1).sum();
    numbers.saturating_sub(1)
}

fn string_bytes(text: &str) -> usize {
    serde_json::Value::from(text).to_string().len()
}

#[cfg(test)]
mod tests;
