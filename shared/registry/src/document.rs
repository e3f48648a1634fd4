//! One schema document: read, checked, and ready to validate events. Knows neither files nor versions.

use jsonschema::Validator;
use serde_json::Value;

use crate::reference;

/// Bytes that a schema may have. Those of the largest event types have some 10 KB.
pub const MAX_SCHEMA_BYTES: usize = 1024 * 1024;

/// Violations that one validation names; an event that breaks more rules is wrong in the same way.
pub const MAX_VIOLATIONS: usize = 100;

/// The drafts of JSON Schema that are understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Draft-07.
    Draft7,
    /// Draft 2020-12, which is also meant where `$schema` is missing.
    Draft202012,
}

/// Why a text is refused as a schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaFault {
    /// It is longer than [`MAX_SCHEMA_BYTES`].
    #[error("has {bytes} bytes, which is more than {MAX_SCHEMA_BYTES}")]
    TooLarge {
        /// How long it is.
        bytes: usize,
    },
    /// It is not JSON.
    #[error("is not JSON: {0}")]
    NotJson(String),
    /// It is JSON, and no schema.
    #[error("is not a schema: at {at}: {why}")]
    NotASchema {
        /// Where, as a JSON pointer in a fragment.
        at: String,
        /// What the draft's own schema says of it.
        why: String,
    },
    /// It is a schema of another draft.
    #[error("is not a schema: at #/$schema: {0} is neither draft-07 nor draft 2020-12")]
    UnknownDialect(String),
    /// It refers to what is not in it.
    #[error("has a reference that cannot be followed: at {at}: {why}")]
    Reference {
        /// Where, as a JSON pointer in a fragment.
        at: String,
        /// What is wrong with it.
        why: String,
    },
}

/// What an event breaks of a schema.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Violation {
    /// Where in the event, as a JSON pointer; empty for the event itself.
    pub instance_path: String,
    /// Which rule of the schema, as a JSON pointer.
    pub schema_path: String,
    /// What is wrong, in words.
    pub reason: String,
}

/// A schema that is one, all of whose references stay inside it.
#[derive(Debug)]
pub struct SchemaDocument {
    value: Value,
    dialect: Dialect,
    validator: Validator,
}

impl SchemaDocument {
    /// Reads a schema.
    pub fn parse(text: &str) -> Result<Self, SchemaFault> {
        if text.len() > MAX_SCHEMA_BYTES {
            return Err(SchemaFault::TooLarge { bytes: text.len() });
        }
        Self::new(serde_json::from_str(text).map_err(|error| SchemaFault::NotJson(error.to_string()))?)
    }

    /// Checks a schema: that it keeps to its draft's own schema, and that its references stay inside it.
    pub fn new(value: Value) -> Result<Self, SchemaFault> {
        if !value.is_object() && !value.is_boolean() {
            let why = "a schema is an object, true or false".to_owned();
            return Err(SchemaFault::NotASchema { at: "#".to_owned(), why });
        }
        let dialect = dialect(&value)?;
        let checked = match dialect {
            Dialect::Draft7 => jsonschema::draft7::meta::validate(&value),
            Dialect::Draft202012 => jsonschema::draft202012::meta::validate(&value),
        };
        checked.map_err(|error| SchemaFault::NotASchema {
            at: format!("#{}", error.instance_path()),
            why: error.to_string(),
        })?;
        if let Some((at, why)) = reference::first_fault(&value, dialect) {
            return Err(SchemaFault::Reference { at: format!("#{at}"), why });
        }
        let options = match dialect {
            Dialect::Draft7 => jsonschema::draft7::options(),
            Dialect::Draft202012 => jsonschema::draft202012::options(),
        };
        // A pattern that is no regular expression passes the draft's schema and is found here.
        let validator = options.offline().should_validate_formats(true).build(&value).map_err(|error| {
            SchemaFault::NotASchema { at: format!("#{}", error.schema_path()), why: error.to_string() }
        })?;
        Ok(Self { value, dialect, validator })
    }

    /// The schema as JSON.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// Its draft.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Whether an event keeps to the schema; the fast way to ask.
    pub fn is_valid(&self, event: &Value) -> bool {
        self.validator.is_valid(event)
    }

    /// What an event breaks of the schema: nothing, or up to [`MAX_VIOLATIONS`]. Formats are checked.
    pub fn violations(&self, event: &Value) -> Vec<Violation> {
        let errors = self.validator.iter_errors(event).take(MAX_VIOLATIONS);
        let violation = |error: jsonschema::ValidationError<'_>| Violation {
            instance_path: error.instance_path().to_string(),
            schema_path: error.schema_path().to_string(),
            reason: error.to_string(),
        };
        errors.map(violation).collect()
    }
}

fn dialect(schema: &Value) -> Result<Dialect, SchemaFault> {
    let Some(name) = schema.get("$schema") else { return Ok(Dialect::Draft202012) };
    match name.as_str().map(|name| name.trim_end_matches('#')) {
        Some("https://json-schema.org/draft/2020-12/schema") => Ok(Dialect::Draft202012),
        Some("http://json-schema.org/draft-07/schema") => Ok(Dialect::Draft7),
        Some(_) | None => Err(SchemaFault::UnknownDialect(name.to_string())),
    }
}
