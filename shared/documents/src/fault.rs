//! Why documents cannot be made. Each names the event type or the resource, and the place in it.

/// What stands in the way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A schema uses what `AsyncAPI`'s schemas, a superset of draft-07, cannot say.
    #[error("{event_type}: {at}: {keyword} has no counterpart in AsyncAPI's schemas")]
    Keyword {
        /// The event type.
        event_type: String,
        /// Where in its schema, as a JSON pointer in a fragment.
        at: String,
        /// The keyword.
        keyword: String,
    },
    /// A schema uses what JSON Schema Draft 4, which `EventBridge`'s registry takes, cannot say.
    #[error("{event_type}: {at}: {keyword} cannot be said in JSON Schema Draft 4")]
    Draft4 {
        /// The event type.
        event_type: String,
        /// Where in its schema, as a JSON pointer in a fragment.
        at: String,
        /// The keyword.
        keyword: String,
    },
    /// Something is longer than `EventBridge`'s registry takes.
    #[error("{event_type}: its {what} has {characters} characters, and EventBridge's registry takes {max}")]
    TooLong {
        /// The event type.
        event_type: String,
        /// What.
        what: &'static str,
        /// How long it is.
        characters: usize,
        /// How long it may be.
        max: usize,
    },
    /// A reference leads to something other than a definition of the same schema.
    #[error("{event_type}: {at}: {reference} is no definition of this schema")]
    Reference {
        /// The event type.
        event_type: String,
        /// Where in its schema, as a JSON pointer in a fragment.
        at: String,
        /// What it refers to.
        reference: String,
    },
    /// Consumers tell events apart by their type alone.
    #[error("{event_type}: {first} and {second} both emit it, and consumers could not tell them apart")]
    Twice {
        /// The event type.
        event_type: String,
        /// Who emits it.
        first: String,
        /// Who emits it too.
        second: String,
    },
    /// An event type whose name is none in TypeScript and Python.
    #[error("{event_type}: the name of a type begins with a letter and has letters, digits and _ only")]
    Name {
        /// The event type.
        event_type: String,
    },
    /// A resource of the template is not as it can be followed.
    #[error("{resource}: {why}")]
    Template {
        /// Its logical id.
        resource: String,
        /// What is wrong.
        why: String,
    },
}
