//! Every kind of difference, by the smallest pair of schemas that shows it, over the whole vocabulary and both drafts.

use std::collections::BTreeSet;

use semel_registry::SchemaDocument;
use semel_registry::compatibility::{Difference, Kind, Policy, Verdict, differences};
use serde_json::{Value, json};

fn document(text: &str) -> SchemaDocument {
    SchemaDocument::parse(text).unwrap_or_else(|error| panic!("{text} {error}"))
}

fn compare(writer: &str, reader: &str, policy: Policy) -> Vec<Difference> {
    differences(&document(writer), &document(reader), policy)
}

/// One schema, another, and what is found when the second reads what the first wrote, and the other way round: the
/// path from the root and the names of the kinds there.
type Row = (&'static str, &'static str, &'static str, &'static str, &'static str);

const NOTES: &[Row] = &[
    (r#"{"$id": "a:1"}"#, r#"{"$id": "a:2"}"#, "/$id", "ID_CHANGED", "ID_CHANGED"),
    (r#"{"title": "a"}"#, "{}", "/title", "TITLE_CHANGED", "TITLE_CHANGED"),
    (r#"{"description": "a"}"#, "{}", "/description", "DESCRIPTION_CHANGED", "DESCRIPTION_CHANGED"),
    (r#"{"default": 1}"#, r#"{"default": 2}"#, "/default", "DEFAULT_CHANGED", "DEFAULT_CHANGED"),
];

const TEXTS: &[Row] = &[
    (r#"{"type": "string"}"#, "{}", "", "TYPE_EXTENDED", ""),
    (r#"{"type": "integer"}"#, r#"{"type": "number"}"#, "/type", "TYPE_EXTENDED", "TYPE_NARROWED"),
    (r#"{"type": "string"}"#, r#"{"type": "number"}"#, "/type", "TYPE_CHANGED", "TYPE_CHANGED"),
    (r#"{"minLength": 1}"#, "false", "", "TYPE_CHANGED", ""),
    (
        r#"{"maxLength": 1}"#,
        r#"{"maxLength": 2}"#,
        "/maxLength",
        "MAX_LENGTH_INCREASED",
        "MAX_LENGTH_DECREASED",
    ),
    (
        r#"{"minLength": 2}"#,
        r#"{"minLength": 1}"#,
        "/minLength",
        "MIN_LENGTH_DECREASED",
        "MIN_LENGTH_INCREASED",
    ),
    (
        r#"{"maxLength": 1, "type": "string"}"#,
        r#"{"type": "string"}"#,
        "/maxLength",
        "MAX_LENGTH_REMOVED",
        "MAX_LENGTH_ADDED",
    ),
    (
        r#"{"minLength": 1, "type": "string"}"#,
        r#"{"type": "string"}"#,
        "/minLength",
        "MIN_LENGTH_REMOVED",
        "MIN_LENGTH_ADDED",
    ),
    (
        r#"{"pattern": "a", "type": "string"}"#,
        r#"{"type": "string"}"#,
        "/pattern",
        "PATTERN_REMOVED",
        "PATTERN_ADDED",
    ),
    (r#"{"pattern": "a"}"#, r#"{"pattern": "b"}"#, "/pattern", "PATTERN_CHANGED", "PATTERN_CHANGED"),
    (
        r#"{"type": "string", "format": "date"}"#,
        r#"{"type": "string"}"#,
        "/format",
        "FORMAT_REMOVED",
        "FORMAT_ADDED",
    ),
    (
        r#"{"type": "string", "format": "date"}"#,
        r#"{"type": "string", "format": "time"}"#,
        "/format",
        "FORMAT_CHANGED",
        "FORMAT_CHANGED",
    ),
    (
        r#"{"type": "string", "format": "a"}"#,
        r#"{"type": "string", "format": "b"}"#,
        "/format",
        "FORMAT_IS_ONLY_A_NOTE",
        "FORMAT_IS_ONLY_A_NOTE",
    ),
    (r#"{"enum": [1]}"#, r#"{"enum": [1, 2]}"#, "/enum", "ENUM_ARRAY_EXTENDED", "ENUM_ARRAY_NARROWED"),
    (r#"{"enum": [1, 2]}"#, r#"{"enum": [2, 1]}"#, "/enum", "", ""),
    (r#"{"enum": [1, 3]}"#, r#"{"enum": [1, 2]}"#, "/enum", "ENUM_ARRAY_CHANGED", "ENUM_ARRAY_CHANGED"),
    (r#"{"type": "string", "enum": ["a"]}"#, r#"{"type": "string"}"#, "/enum", "ENUM_REMOVED", "ENUM_ADDED"),
    (r#"{"const": 1}"#, r#"{"const": 2}"#, "/const", "ENUM_ARRAY_CHANGED", "ENUM_ARRAY_CHANGED"),
    (r#"{"type": "string", "const": "a"}"#, r#"{"type": "string"}"#, "/const", "ENUM_REMOVED", "ENUM_ADDED"),
];

const NUMBERS: &[Row] = &[
    (r#"{"maximum": 1}"#, r#"{"maximum": 2}"#, "/maximum", "MAXIMUM_INCREASED", "MAXIMUM_DECREASED"),
    (r#"{"minimum": 2}"#, r#"{"minimum": 1}"#, "/minimum", "MINIMUM_DECREASED", "MINIMUM_INCREASED"),
    (
        r#"{"maximum": 9007199254740992}"#,
        r#"{"maximum": 9007199254740993}"#,
        "/maximum",
        "MAXIMUM_INCREASED",
        "MAXIMUM_DECREASED",
    ),
    (r#"{"maximum": 1.0}"#, r#"{"maximum": 1}"#, "/maximum", "", ""),
    (
        r#"{"maximum": 1, "type": "number"}"#,
        r#"{"type": "number"}"#,
        "/maximum",
        "MAXIMUM_REMOVED",
        "MAXIMUM_ADDED",
    ),
    (
        r#"{"minimum": 1, "type": "number"}"#,
        r#"{"type": "number"}"#,
        "/minimum",
        "MINIMUM_REMOVED",
        "MINIMUM_ADDED",
    ),
    (
        r#"{"exclusiveMaximum": 1}"#,
        r#"{"exclusiveMaximum": 2}"#,
        "/exclusiveMaximum",
        "EXCLUSIVE_MAXIMUM_INCREASED",
        "EXCLUSIVE_MAXIMUM_DECREASED",
    ),
    (
        r#"{"exclusiveMinimum": 2}"#,
        r#"{"exclusiveMinimum": 1}"#,
        "/exclusiveMinimum",
        "EXCLUSIVE_MINIMUM_DECREASED",
        "EXCLUSIVE_MINIMUM_INCREASED",
    ),
    (
        r#"{"exclusiveMaximum": 1, "type": "number"}"#,
        r#"{"type": "number"}"#,
        "/exclusiveMaximum",
        "EXCLUSIVE_MAXIMUM_REMOVED",
        "EXCLUSIVE_MAXIMUM_ADDED",
    ),
    (
        r#"{"exclusiveMinimum": 1, "type": "number"}"#,
        r#"{"type": "number"}"#,
        "/exclusiveMinimum",
        "EXCLUSIVE_MINIMUM_REMOVED",
        "EXCLUSIVE_MINIMUM_ADDED",
    ),
    (
        r#"{"multipleOf": 0.3}"#,
        r#"{"multipleOf": 0.1}"#,
        "/multipleOf",
        "MULTIPLE_OF_REDUCED",
        "MULTIPLE_OF_EXPANDED",
    ),
    (r#"{"multipleOf": 0.5}"#, r#"{"multipleOf": 0.50}"#, "/multipleOf", "", ""),
    (
        r#"{"multipleOf": 2}"#,
        r#"{"multipleOf": 3}"#,
        "/multipleOf",
        "MULTIPLE_OF_CHANGED",
        "MULTIPLE_OF_CHANGED",
    ),
    (
        r#"{"multipleOf": 2, "type": "number"}"#,
        r#"{"type": "number"}"#,
        "/multipleOf",
        "MULTIPLE_OF_REMOVED",
        "MULTIPLE_OF_ADDED",
    ),
];

const OBJECTS: &[Row] = &[
    (
        r#"{"properties": {"a": {}}, "required": ["a"]}"#,
        r#"{"properties": {"a": {}}}"#,
        "/required/a",
        "REQUIRED_ATTRIBUTE_REMOVED",
        "REQUIRED_ATTRIBUTE_ADDED",
    ),
    (
        r#"{"required": ["a"]}"#,
        r#"{"required": ["b"]}"#,
        "/required/b",
        "REQUIRED_ATTRIBUTE_ADDED",
        "REQUIRED_ATTRIBUTE_REMOVED",
    ),
    (
        r#"{"properties": {"a": {"default": 1}}}"#,
        r#"{"properties": {"a": {"default": 1}}, "required": ["a"]}"#,
        "/required/a",
        "REQUIRED_ATTRIBUTE_WITH_DEFAULT_ADDED",
        "REQUIRED_ATTRIBUTE_REMOVED",
    ),
    (
        r#"{"type": "object"}"#,
        r#"{"type": "object", "properties": {"a": {}}}"#,
        "/properties/a",
        "PROPERTY_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL",
        "PROPERTY_REMOVED_FROM_OPEN_CONTENT_MODEL",
    ),
    (
        r#"{"type": "object"}"#,
        r#"{"type": "object", "properties": {"a": {"type": "null"}}}"#,
        "/properties/a",
        "OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL",
        "PROPERTY_REMOVED_FROM_OPEN_CONTENT_MODEL",
    ),
    (
        r#"{"type": "object"}"#,
        r#"{"type": "object", "properties": {"a": {"type": "null"}}, "required": ["a"]}"#,
        "/properties/a",
        "REQUIRED_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL",
        "PROPERTY_REMOVED_FROM_OPEN_CONTENT_MODEL",
    ),
    (
        r#"{"type": "object"}"#,
        r#"{"type": "object", "properties": {"a": {"type": "null", "default": null}}, "required": ["a"]}"#,
        "/properties/a",
        "REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_OPEN_CONTENT_MODEL",
        "PROPERTY_REMOVED_FROM_OPEN_CONTENT_MODEL",
    ),
    (
        r#"{"additionalProperties": false}"#,
        r#"{"additionalProperties": false, "properties": {"a": {"type": "null"}}}"#,
        "/properties/a",
        "OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL",
        "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL",
    ),
    (
        r#"{"additionalProperties": false}"#,
        r#"{"additionalProperties": false, "properties": {"a": {}}, "required": ["a"]}"#,
        "/properties/a",
        "REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL",
        "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL",
    ),
    (
        r#"{"additionalProperties": false}"#,
        r#"{"additionalProperties": false, "properties": {"a": {"default": 1}}, "required": ["a"]}"#,
        "/properties/a",
        "REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_UNOPEN_CONTENT_MODEL",
        "PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL",
    ),
    (
        r#"{"additionalProperties": false, "properties": {"a": false}}"#,
        r#"{"additionalProperties": false}"#,
        "/properties/a",
        "PROPERTY_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL",
        "OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL",
    ),
    (
        r#"{"additionalProperties": {"type": "integer"}}"#,
        r#"{"additionalProperties": {"type": "integer"}, "properties": {"a": {"type": "number"}}}"#,
        "/properties/a",
        "OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL PROPERTY_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
        "PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
    ),
    (
        r#"{"additionalProperties": {"type": "number"}}"#,
        r#"{"additionalProperties": {"type": "number"}, "properties": {"a": {"type": "integer"}}}"#,
        "/properties/a",
        "OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
        "PROPERTY_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
    ),
    (
        r#"{"additionalProperties": false}"#,
        r#"{"type": ["object", "string"], "additionalProperties": true}"#,
        "/additionalProperties",
        "ADDITIONAL_PROPERTIES_ADDED",
        "ADDITIONAL_PROPERTIES_REMOVED",
    ),
    (
        r#"{"additionalProperties": {"type": "null"}}"#,
        r#"{"type": "object"}"#,
        "/additionalProperties",
        "ADDITIONAL_PROPERTIES_EXTENDED",
        "ADDITIONAL_PROPERTIES_NARROWED",
    ),
    (
        r#"{"unevaluatedProperties": false}"#,
        r#"{"type": "object"}"#,
        "/unevaluatedProperties",
        "UNEVALUATED_PROPERTIES_ADDED",
        "UNEVALUATED_PROPERTIES_REMOVED",
    ),
    (
        r#"{"unevaluatedProperties": {"type": "null"}}"#,
        r#"{"type": "object"}"#,
        "/unevaluatedProperties",
        "UNEVALUATED_PROPERTIES_EXTENDED",
        "UNEVALUATED_PROPERTIES_NARROWED",
    ),
    (
        r#"{"type": "object", "patternProperties": {"^a": {"type": "null"}}}"#,
        r#"{"type": "object"}"#,
        "/patternProperties/^a",
        "PATTERN_PROPERTY_REMOVED_FROM_OPEN_CONTENT_MODEL",
        "PATTERN_PROPERTY_ADDED",
    ),
    (
        r#"{"additionalProperties": false}"#,
        r#"{"additionalProperties": false, "patternProperties": {"^a": {"type": "null"}}}"#,
        "/patternProperties/^a",
        "PATTERN_PROPERTY_ADDED_TO_CLOSED_CONTENT_MODEL",
        "PATTERN_PROPERTY_REMOVED",
    ),
    (
        r#"{"type": "object", "propertyNames": {"maxLength": 1}}"#,
        r#"{"type": "object"}"#,
        "/propertyNames",
        "PROPERTY_NAMES_REMOVED",
        "PROPERTY_NAMES_ADDED",
    ),
    (
        r#"{"maxProperties": 1}"#,
        r#"{"maxProperties": 2}"#,
        "/maxProperties",
        "MAX_PROPERTIES_INCREASED",
        "MAX_PROPERTIES_DECREASED",
    ),
    (
        r#"{"minProperties": 2}"#,
        r#"{"minProperties": 1}"#,
        "/minProperties",
        "MIN_PROPERTIES_DECREASED",
        "MIN_PROPERTIES_INCREASED",
    ),
    (
        r#"{"maxProperties": 1}"#,
        r#"{"type": "object"}"#,
        "/maxProperties",
        "MAX_PROPERTIES_REMOVED",
        "MAX_PROPERTIES_ADDED",
    ),
    (
        r#"{"minProperties": 1}"#,
        r#"{"type": "object"}"#,
        "/minProperties",
        "MIN_PROPERTIES_REMOVED",
        "MIN_PROPERTIES_ADDED",
    ),
    (
        r#"{"dependentRequired": {"a": ["b"]}}"#,
        r#"{"type": "object"}"#,
        "/dependentRequired/a",
        "DEPENDENCY_ARRAY_REMOVED",
        "DEPENDENCY_ARRAY_ADDED",
    ),
    (
        r#"{"dependentRequired": {"a": ["b", "c"]}}"#,
        r#"{"dependentRequired": {"a": ["b"]}}"#,
        "/dependentRequired/a",
        "DEPENDENCY_ARRAY_NARROWED",
        "DEPENDENCY_ARRAY_EXTENDED",
    ),
    (
        r#"{"dependentRequired": {"a": ["b"]}}"#,
        r#"{"dependentRequired": {"a": ["c"]}}"#,
        "/dependentRequired/a",
        "DEPENDENCY_ARRAY_CHANGED",
        "DEPENDENCY_ARRAY_CHANGED",
    ),
    (
        r#"{"dependentSchemas": {"a": {"required": ["b"]}}}"#,
        r#"{"type": "object"}"#,
        "/dependentSchemas/a",
        "DEPENDENCY_SCHEMA_REMOVED",
        "DEPENDENCY_SCHEMA_ADDED",
    ),
];

const LISTS: &[Row] = &[
    (
        r#"{"type": "array", "items": {"type": "null"}}"#,
        r#"{"type": "array"}"#,
        "/items",
        "SCHEMA_REMOVED",
        "SCHEMA_ADDED",
    ),
    (
        r#"{"prefixItems": [{"type": "null"}]}"#,
        r#"{"prefixItems": [{"type": "null"}, true]}"#,
        "/prefixItems/1",
        "ITEM_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL",
        "ITEM_REMOVED_FROM_OPEN_CONTENT_MODEL",
    ),
    (
        r#"{"prefixItems": [true]}"#,
        r#"{"prefixItems": [true, {"type": "null"}]}"#,
        "/prefixItems/1",
        "ITEM_ADDED_TO_OPEN_CONTENT_MODEL",
        "ITEM_REMOVED_FROM_OPEN_CONTENT_MODEL",
    ),
    (
        r#"{"prefixItems": [true], "items": false}"#,
        r#"{"prefixItems": [true, {"type": "null"}], "items": false}"#,
        "/prefixItems/1",
        "ITEM_ADDED_TO_CLOSED_CONTENT_MODEL",
        "ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL",
    ),
    (
        r#"{"prefixItems": [true, false], "items": false}"#,
        r#"{"prefixItems": [true], "items": false}"#,
        "/prefixItems/1",
        "ITEM_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL",
        "ITEM_ADDED_TO_CLOSED_CONTENT_MODEL",
    ),
    (
        r#"{"prefixItems": [true], "items": {"type": "integer"}}"#,
        r#"{"prefixItems": [true, {"type": "number"}], "items": {"type": "integer"}}"#,
        "/prefixItems/1",
        "ITEM_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
        "ITEM_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
    ),
    (
        r#"{"prefixItems": [true], "items": {"type": "number"}}"#,
        r#"{"prefixItems": [true, {"type": "integer"}], "items": {"type": "number"}}"#,
        "/prefixItems/1",
        "ITEM_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
        "ITEM_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
    ),
    (
        r#"{"prefixItems": [true], "items": false}"#,
        r#"{"prefixItems": [true]}"#,
        "/items",
        "ADDITIONAL_ITEMS_ADDED",
        "ADDITIONAL_ITEMS_REMOVED",
    ),
    (
        r#"{"prefixItems": [true], "items": {"type": "null"}}"#,
        r#"{"prefixItems": [true]}"#,
        "/items",
        "ADDITIONAL_ITEMS_EXTENDED",
        "ADDITIONAL_ITEMS_NARROWED",
    ),
    (
        r#"{"$schema": "http://json-schema.org/draft-07/schema#", "items": [true], "additionalItems": false}"#,
        r#"{"$schema": "http://json-schema.org/draft-07/schema#", "items": [true]}"#,
        "/additionalItems",
        "ADDITIONAL_ITEMS_ADDED",
        "ADDITIONAL_ITEMS_REMOVED",
    ),
    (
        r#"{"$schema": "http://json-schema.org/draft-07/schema#", "items": [true], "additionalItems": false}"#,
        r#"{"prefixItems": [true]}"#,
        "/items",
        "ADDITIONAL_ITEMS_ADDED",
        "",
    ),
    (
        r#"{"unevaluatedItems": false}"#,
        r#"{"type": "array"}"#,
        "/unevaluatedItems",
        "UNEVALUATED_ITEMS_ADDED",
        "UNEVALUATED_ITEMS_REMOVED",
    ),
    (
        r#"{"unevaluatedItems": {"type": "null"}}"#,
        r#"{"type": "array"}"#,
        "/unevaluatedItems",
        "UNEVALUATED_ITEMS_EXTENDED",
        "UNEVALUATED_ITEMS_NARROWED",
    ),
    (r#"{"maxItems": 1}"#, r#"{"maxItems": 2}"#, "/maxItems", "MAX_ITEMS_INCREASED", "MAX_ITEMS_DECREASED"),
    (r#"{"minItems": 2}"#, r#"{"minItems": 1}"#, "/minItems", "MIN_ITEMS_DECREASED", "MIN_ITEMS_INCREASED"),
    (r#"{"maxItems": 1}"#, r#"{"type": "array"}"#, "/maxItems", "MAX_ITEMS_REMOVED", "MAX_ITEMS_ADDED"),
    (r#"{"minItems": 1}"#, r#"{"type": "array"}"#, "/minItems", "MIN_ITEMS_REMOVED", "MIN_ITEMS_ADDED"),
    (
        r#"{"contains": {"type": "null"}}"#,
        r#"{"type": "array"}"#,
        "/contains",
        "CONTAINS_REMOVED",
        "CONTAINS_ADDED",
    ),
    (
        r#"{"contains": {"type": "integer"}, "maxContains": 2}"#,
        r#"{"contains": {"type": "number"}, "maxContains": 2}"#,
        "/contains",
        "CONTAINS_CHANGED",
        "CONTAINS_CHANGED",
    ),
    (
        r#"{"contains": true, "maxContains": 1}"#,
        r#"{"contains": true, "maxContains": 2}"#,
        "/maxContains",
        "MAX_CONTAINS_INCREASED",
        "MAX_CONTAINS_DECREASED",
    ),
    (
        r#"{"contains": true, "minContains": 3}"#,
        r#"{"contains": true, "minContains": 2}"#,
        "/minContains",
        "MIN_CONTAINS_DECREASED",
        "MIN_CONTAINS_INCREASED",
    ),
    (
        r#"{"contains": true, "maxContains": 1}"#,
        r#"{"contains": true}"#,
        "/maxContains",
        "MAX_CONTAINS_REMOVED",
        "MAX_CONTAINS_ADDED",
    ),
    (
        r#"{"contains": true, "minContains": 2}"#,
        r#"{"contains": true}"#,
        "/minContains",
        "MIN_CONTAINS_REMOVED",
        "MIN_CONTAINS_ADDED",
    ),
    (
        r#"{"contains": true, "minContains": 0}"#,
        r#"{"contains": true}"#,
        "/minContains",
        "MIN_CONTAINS_INCREASED",
        "MIN_CONTAINS_ADDED",
    ),
    (
        r#"{"uniqueItems": true}"#,
        r#"{"uniqueItems": false}"#,
        "/uniqueItems",
        "UNIQUE_ITEMS_REMOVED",
        "UNIQUE_ITEMS_ADDED",
    ),
];

const COMBINED: &[Row] = &[
    (
        r#"{"type": "string"}"#,
        r#"{"oneOf": [{"type": "string"}, {"type": "null"}]}"#,
        "/oneOf",
        "SUM_TYPE_EXTENDED",
        "SUM_TYPE_NARROWED",
    ),
    (
        r#"{"type": "string"}"#,
        r#"{"anyOf": [{"type": "integer"}, {"type": "null"}]}"#,
        "/anyOf",
        "TYPE_CHANGED",
        "SUM_TYPE_NARROWED",
    ),
    (
        r#"{"anyOf": [{"type": "null"}, {"type": "string"}]}"#,
        r#"{"anyOf": [{"type": "string"}, {"type": "null"}]}"#,
        "/anyOf",
        "",
        "",
    ),
    (
        r#"{"anyOf": [{"type": "null"}, {"type": "string"}]}"#,
        r#"{"anyOf": [{"type": "null"}, {"type": "integer"}]}"#,
        "/anyOf",
        "COMBINED_TYPE_SUBSCHEMAS_CHANGED",
        "COMBINED_TYPE_SUBSCHEMAS_CHANGED",
    ),
    (
        r#"{"oneOf": [{"type": "null"}, {"type": "string"}]}"#,
        r#"{"anyOf": [{"type": "null"}, {"type": "string"}]}"#,
        "/oneOf",
        "COMBINED_TYPE_EXTENDED",
        "",
    ),
    (
        r#"{"anyOf": [{"type": "null"}, {"type": "string"}]}"#,
        r#"{"allOf": [{"type": "null"}, {"type": "string"}]}"#,
        "/anyOf",
        "COMBINED_TYPE_CHANGED",
        "",
    ),
    (
        r#"{"allOf": [{"maxLength": 3}, {"type": "string"}]}"#,
        r#"{"type": "string"}"#,
        "/allOf",
        "PRODUCT_TYPE_NARROWED",
        "PRODUCT_TYPE_EXTENDED",
    ),
    (
        r#"{"allOf": [{"maxLength": 3}, {"type": "string"}]}"#,
        r#"{"allOf": [{"type": "string"}]}"#,
        "/allOf",
        "PRODUCT_TYPE_NARROWED",
        "PRODUCT_TYPE_EXTENDED",
    ),
    (r#"{"type": "string"}"#, r#"{"allOf": [{"type": "string"}]}"#, "", "", ""),
    (
        r#"{"not": {"type": "number"}}"#,
        r#"{"not": {"type": "integer"}}"#,
        "/not",
        "NOT_TYPE_NARROWED",
        "NOT_TYPE_EXTENDED",
    ),
    (
        r#"{"type": "string", "not": {"const": "a"}}"#,
        r#"{"type": "string"}"#,
        "/not",
        "NOT_REMOVED",
        "NOT_ADDED",
    ),
    (
        r#"{"type": "string", "if": {"minLength": 1}, "then": false}"#,
        r#"{"type": "string"}"#,
        "/if",
        "CONDITION_REMOVED",
        "CONDITION_ADDED",
    ),
    (
        r#"{"if": {"minLength": 1}, "then": false}"#,
        r#"{"if": {"minLength": 2}, "then": false}"#,
        "/if",
        "CONDITION_CHANGED",
        "CONDITION_CHANGED",
    ),
    (
        r#"{"if": {"minLength": 1}, "then": {"maxLength": 3}}"#,
        r#"{"if": {"minLength": 1}, "then": {"maxLength": 4}}"#,
        "/then/maxLength",
        "MAX_LENGTH_INCREASED",
        "MAX_LENGTH_DECREASED",
    ),
    (r##"{"$defs": {"a": {"maxLength": 3}}, "$ref": "#/$defs/a"}"##, r#"{"maxLength": 3}"#, "", "", ""),
    (
        r##"{"$defs": {"a": {"maxLength": 3}}, "properties": {"x": {"$ref": "#/$defs/a"}}}"##,
        r##"{"$defs": {"b": {"maxLength": 4}}, "properties": {"x": {"$ref": "#/$defs/b"}}}"##,
        "/properties/x/maxLength",
        "MAX_LENGTH_INCREASED",
        "MAX_LENGTH_DECREASED",
    ),
    (
        r##"{"$defs": {"a": {"type": "string", "maxLength": 3}}, "$ref": "#/$defs/a", "maxLength": 2}"##,
        r##"{"$defs": {"a": {"type": "string", "maxLength": 3}}, "$ref": "#/$defs/a", "maxLength": 1}"##,
        "/maxLength",
        "MAX_LENGTH_DECREASED",
        "MAX_LENGTH_INCREASED",
    ),
    (
        r##"{"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {"a": {"type": "string"}}, "allOf": [{"$ref": "#/definitions/a", "type": "null"}]}"##,
        r#"{"type": "string"}"#,
        "",
        "",
        "",
    ),
    (
        r##"{"properties": {"next": {"$ref": "#"}, "v": {"type": "integer"}}}"##,
        r##"{"properties": {"next": {"$ref": "#"}, "v": {"type": "number"}}}"##,
        "/properties/v/type",
        "TYPE_EXTENDED",
        "TYPE_NARROWED",
    ),
];

fn rows() -> impl Iterator<Item = &'static Row> {
    [NOTES, TEXTS, NUMBERS, OBJECTS, LISTS, COMBINED].into_iter().flatten()
}

fn names_at(found: &[Difference], path: &str) -> String {
    let at = found.iter().filter(|difference| difference.path.strip_prefix('#') == Some(path));
    let names: BTreeSet<&str> = at.map(|difference| difference.kind.name()).collect();
    names.into_iter().collect::<Vec<_>>().join(" ")
}

#[test]
fn every_pair_shows_its_kind() {
    for (one, other, path, there, back) in rows() {
        let found = compare(one, other, Policy::Strict);
        assert_eq!(names_at(&found, path), *there, "{one} → {other}: {found:#?}");
        // A row whose way back is another row's matter says nothing of it.
        if !back.is_empty() || there.is_empty() {
            let found = compare(other, one, Policy::Strict);
            assert_eq!(names_at(&found, path), *back, "{other} → {one}: {found:#?}");
        }
    }
}

#[test]
fn every_kind_is_shown_and_breaks_as_its_verdict_says() {
    let mut shown = BTreeSet::new();
    for (one, other, ..) in rows() {
        for (writer, reader) in [(one, other), (other, one)] {
            for policy in [Policy::Strict, Policy::Lenient] {
                for difference in compare(writer, reader, policy) {
                    shown.insert(difference.kind);
                    let breaks = match difference.kind.verdict() {
                        Verdict::Harmless => false,
                        Verdict::HarmlessIfLenient => policy == Policy::Strict,
                        Verdict::Breaks => true,
                    };
                    assert_eq!((difference.breaks, difference.why), (breaks, difference.kind.why()));
                }
            }
        }
    }
    let missing: Vec<&Kind> = Kind::ALL.iter().filter(|kind| !shown.contains(kind)).collect();
    assert_eq!(missing, [&Kind::ComparisonTooLarge]);
}

#[test]
fn no_two_kinds_have_one_name() {
    let names: BTreeSet<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
    assert_eq!(names.len(), Kind::ALL.len());
}

/// A break that can only be reached by going round a cycle is found, and alternatives do not hide it.
#[test]
fn a_break_inside_a_recursive_schema_is_found() {
    let tree = |limit: u64| {
        json!({
            "$defs": {
                "node": {"anyOf": [{"$ref": "#/$defs/leaf"}, {
                    "type": "object", "properties": {"left": {"$ref": "#/$defs/node"}, "right": {"$ref": "#/$defs/node"}},
                }]},
                "leaf": {"type": "integer", "maximum": limit},
            },
            "$ref": "#/$defs/node",
        })
        .to_string()
    };
    let broken = compare(&tree(5), &tree(4), Policy::Strict);
    assert!(broken.iter().any(|each| each.breaks && each.kind == Kind::MaximumDecreased), "{broken:#?}");
    let wider = compare(&tree(4), &tree(5), Policy::Strict);
    assert!(wider.iter().all(|each| !each.breaks), "{wider:#?}");
}

/// Six definitions of which each may be any: far more ways through them than can be walked.
#[test]
fn schemas_that_all_refer_to_one_another_are_compared_in_bounded_time() {
    let web = |limit: u64| {
        let all: Vec<Value> = (0..6).map(|index| json!({"$ref": format!("#/$defs/d{index}")})).collect();
        let definitions: serde_json::Map<String, Value> = (0..6)
            .map(|index| {
                let next = json!({"anyOf": all.clone()});
                let id = json!({"type": "integer", "maximum": limit + index});
                (
                    format!("d{index}"),
                    json!({"type": "object", "properties": {"next": next, "id": id}, "required": ["id"]}),
                )
            })
            .collect();
        json!({"$defs": definitions, "$ref": "#/$defs/d0"}).to_string()
    };
    assert!(compare(&web(5), &web(5), Policy::Strict).iter().all(|each| !each.breaks));
    assert!(compare(&web(5), &web(4), Policy::Strict).iter().any(|each| each.breaks));
}
