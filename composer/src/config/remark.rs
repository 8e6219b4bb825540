//! What a configuration says without effect.

use std::fmt;

/// Something that a configuration says without effect.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remark {
    /// Nothing is made of a definition.
    UnusedDefinition(String),
    /// No import leads to an instance.
    UnusedInstantiation(String),
    /// An import is to be filled with an instance of which there is no component: it stays open.
    NoSuchInstance {
        /// Whose import it is.
        consumer: String,
        /// The import.
        import: String,
        /// The name of the instance.
        instance: String,
    },
    /// An import is filled by a definition, and not by the argument that is given for it.
    DefinitionFirst {
        /// Whose import it is.
        consumer: String,
        /// The import.
        import: String,
        /// The name of the definition.
        definition: String,
    },
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Remark::UnusedDefinition(name) => write!(f, "definition `{name}` fills nothing"),
            Remark::UnusedInstantiation(name) => {
                write!(f, "instantiation `{name}` is used by nothing")
            }
            Remark::NoSuchInstance {
                consumer,
                import,
                instance,
            } => write!(
                f,
                "`{import}` of `{consumer}` stays open: it is to be `{instance}`, of which there is no \
                 component"
            ),
            Remark::DefinitionFirst {
                consumer,
                import,
                definition,
            } => write!(
                f,
                "the argument `{import}` of `{consumer}` has no effect: definition `{definition}` \
                 exports it, and goes first"
            ),
        }
    }
}
