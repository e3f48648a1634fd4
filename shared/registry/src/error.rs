//! Why the registry refuses: every reason names the file, and the field in it where there is one.

use std::io;
use std::path::PathBuf;

use crate::compatibility::Report;
use crate::document::{SchemaFault, Violation};
use crate::{ContentId, Version};

/// Why the registry cannot be read, or refuses a release.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The operating system refused.
    #[error("{}: cannot be {doing}", .file.display())]
    Io {
        /// The file or folder.
        file: PathBuf,
        /// "read" or "written".
        doing: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// Metadata do not hold what they should.
    #[error("{}: {field}: {why}", .file.display())]
    Metadata {
        /// The file.
        file: PathBuf,
        /// Where in it, as `releases[0].version`.
        field: String,
        /// What is wrong.
        why: String,
    },
    /// A schema is none.
    #[error("{}: {fault}", .file.display())]
    Schema {
        /// The file.
        file: PathBuf,
        /// Why not.
        #[source]
        fault: SchemaFault,
    },
    /// A released file is no longer what was released.
    #[error("{}: was changed after its release: its hash is {actual}, and {field} says {released}", .file.display())]
    Changed {
        /// The file.
        file: PathBuf,
        /// Where the metadata tell its hash.
        field: String,
        /// The hash that it was released with.
        released: ContentId,
        /// The hash that it has.
        actual: ContentId,
    },
    /// Two releases have one content.
    #[error("{}: {field}: {id} is the id of {other} already", .file.display())]
    IdClash {
        /// The metadata file.
        file: PathBuf,
        /// Where in it.
        field: String,
        /// The id.
        id: ContentId,
        /// Whose id it is.
        other: String,
    },
    /// A version does not come after those before it.
    #[error("{}: {field}: {version} does not come after {latest}", .file.display())]
    VersionGoesBack {
        /// The metadata file.
        file: PathBuf,
        /// Where in it.
        field: String,
        /// The version.
        version: Version,
        /// The one before it.
        latest: Version,
    },
    /// A golden sample is not what its schema describes.
    #[error("{}: the golden sample is refused by its schema: {}", .file.display(), listed(.violations))]
    Sample {
        /// The file.
        file: PathBuf,
        /// What it breaks.
        violations: Vec<Violation>,
    },
    /// A file belongs to no release.
    #[error("{}: belongs to no release that the metadata list", .file.display())]
    Stray {
        /// The file.
        file: PathBuf,
    },
    /// A schema breaks what its event type's mode promises.
    #[error("{}: version {version} is not compatible ({}): {}", .file.display(), .report.mode.name(), breaks(.report))]
    Incompatible {
        /// The schema's file.
        file: PathBuf,
        /// The version.
        version: Version,
        /// All differences.
        report: Report,
    },
    /// The registry has no such event type.
    #[error("{source_name}/{event_type} is not in the registry")]
    Unknown {
        /// The source that was asked for.
        source_name: String,
        /// The event type that was asked for.
        event_type: String,
    },
}

fn listed(violations: &[Violation]) -> String {
    let one = |violation: &Violation| {
        let Violation { instance_path, schema_path, reason } = violation;
        format!("at #{instance_path}: {reason} (rule #{schema_path})")
    };
    violations.iter().map(one).collect::<Vec<_>>().join("; ")
}

fn breaks(report: &Report) -> String {
    let one =
        |(comparison, difference): (&crate::compatibility::Comparison, &crate::compatibility::Difference)| {
            let detail = difference.detail.as_ref().map_or_else(String::new, |detail| format!(" ({detail})"));
            let (path, kind, why) = (&difference.path, difference.kind.name(), difference.why);
            format!("{path}: {kind}{detail} against {}: {why}", comparison.released)
        };
    report.breaking().map(one).collect::<Vec<_>>().join("; ")
}
