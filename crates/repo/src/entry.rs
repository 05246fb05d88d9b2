//! What a signed document says of a file.

use crate::{Digests, SafePath};

/// Whether a listed file has to exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Requirement {
    /// Absence rejects.
    Required,
    /// Absence is normal: a listed but unpublished variant. Presence is checked.
    Optional,
}

/// One file a signed document vouches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where it is, relative to the [`Root`](crate::Root).
    pub path: SafePath,
    /// Its size in bytes, where the document says it.
    pub size: Option<u64>,
    /// Every digest the document gives; all are compared, at least one must be strong.
    pub digests: Digests,
    /// Whether it has to exist.
    pub requirement: Requirement,
    /// Which signed document and field lists it, for messages.
    pub listed_by: std::sync::Arc<str>,
}
