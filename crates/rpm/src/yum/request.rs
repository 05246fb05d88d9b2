//! What to ask of a repository.

use super::freshness::Freshness;
use super::memory::Memory;
use super::metalink::Metalink;

/// How deep to look. Each level includes those before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The signed root: signatures, form, dates, memory.
    Signatures,
    /// Every metadata file: as stored, decompressed, and that filelists and other are about
    /// the packages of primary.
    Indices,
    /// Every package is there and has its size; what nothing lists is named.
    Existence,
    /// Every package has its digests, and is the one that primary describes.
    #[default]
    Content,
    /// Every package is signed by itself, by a signature that counts.
    Packages,
}

/// What [`verify_tree_with`](super::verify_tree_with) asks of a repository.
#[derive(Clone, Debug, Default)]
pub struct TreeRequest {
    /// How deep to look.
    pub level: Level,
    /// How fresh it has to be.
    pub freshness: Freshness,
    /// What was seen of it before. Whoever asks adds the
    /// [`generation`](super::Verification::generation) that was found, and keeps it.
    pub memory: Option<Memory>,
    /// What its distribution's server says of it.
    pub metalink: Option<Metalink>,
}
