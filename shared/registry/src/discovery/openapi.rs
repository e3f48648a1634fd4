//! The `OpenAPI` 3 documents that AWS's schema discovery writes, read as shapes.
//!
//! `components.schemas.AWSEvent` names the source and the detail-type and refers to the schema of `detail`. AWS writes
//! `{}` where it saw only null, and elements of type object without fields where it saw only empty lists: neither says
//! a type.

use serde_json::Value;

use super::path;
use super::report::TypeName;
use super::shape::{MAX_DEPTH, Place, Room, Shape};
use super::types::JsonType;

/// Schemas of a document that are read, references followed; what more there is is left out.
const MAX_SCHEMAS: usize = 100_000;

/// This is no schema of an event as AWS writes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "is no OpenAPI 3 document of an event: components.schemas.AWSEvent has no x-amazon-events-source, \
     x-amazon-events-detail-type or detail"
)]
pub struct NotDescribed;

/// Reads a document: which events it describes, and what they look like.
pub(super) fn read(document: &Value) -> Result<(TypeName, Shape), NotDescribed> {
    let event = document.pointer("/components/schemas/AWSEvent").ok_or(NotDescribed)?;
    let text = |field: &str| event.get(field).and_then(Value::as_str).map(path::kept).ok_or(NotDescribed);
    let name = TypeName {
        source: text("x-amazon-events-source")?,
        event_type: text("x-amazon-events-detail-type")?,
    };
    let detail = event.pointer("/properties/detail").ok_or(NotDescribed)?;
    let mut shape = Shape::default();
    shape.describe(|root, room| {
        Reader { document, room, schemas: MAX_SCHEMAS }.describe(detail, root, MAX_DEPTH);
    });
    Ok((name, shape))
}

struct Reader<'a> {
    document: &'a Value,
    room: &'a mut Room,
    /// How many schemas may still be read.
    schemas: usize,
}

impl Reader<'_> {
    fn describe(&mut self, schema: &Value, place: &mut Place, depth: usize) {
        let (Some(depth), Some(schemas)) = (depth.checked_sub(1), self.schemas.checked_sub(1)) else {
            return;
        };
        self.schemas = schemas;
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let document = self.document;
            let target = reference.strip_prefix('#').and_then(|pointer| document.pointer(pointer));
            if let Some(target) = target {
                self.describe(target, place, depth);
            }
            return;
        }
        for each in ["allOf", "anyOf", "oneOf"] {
            for one in schema.get(each).and_then(Value::as_array).into_iter().flatten() {
                self.describe(one, place, depth);
            }
        }
        let properties = schema.get("properties").and_then(Value::as_object);
        let said = schema.get("type").and_then(Value::as_str).and_then(JsonType::named);
        let is_nullable = schema.get("nullable") == Some(&Value::Bool(true));
        let types = said.or(properties.map(|_| JsonType::Object)).into_iter();
        for each in types.chain(is_nullable.then_some(JsonType::Null)) {
            place.types.entry(each).or_default();
        }
        for (name, schema) in properties.into_iter().flatten() {
            if let Some(inside) = place.field(name, self.room) {
                self.describe(schema, inside, depth);
            }
        }
        if let Some(schema) = schema.get("additionalProperties").filter(|schema| schema.is_object())
            && let Some(inside) = place.further(self.room)
        {
            self.describe(schema, inside, depth);
        }
        if let Some(schema) = schema.get("items").filter(|schema| !is_of_empty_lists(schema))
            && let Some(inside) = place.element(self.room)
        {
            self.describe(schema, inside, depth);
        }
    }
}

fn is_of_empty_lists(items: &Value) -> bool {
    let says_one_thing = items.as_object().is_some_and(|fields| fields.len() == 1);
    says_one_thing && items.get("type") == Some(&Value::from("object"))
}
