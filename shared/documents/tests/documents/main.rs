//! The platform's own documents, made from its own template and its released schemas, and held to what they promise.

mod asyncapi;
mod bindings;
mod catalogue;
mod eventbridge;
mod hostile;
mod refusals;
mod source;
