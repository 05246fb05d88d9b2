//! The check engine: entries against files, in parallel, one read per file.

use crate::{Entry, Limits, Progress, Report, Result, Root, SafePath};

/// How to check.
#[derive(Clone, Debug)]
pub struct CheckOptions {
    /// Worker threads; 0 means one for each core.
    pub jobs: usize,
    /// Caps.
    pub limits: Limits,
}

/// Compares every entry with its file beneath `root`: existence, size, every listed
/// digest. Entries of the same path are merged first; contradicting ones reject. An
/// entry without a strong digest rejects. Memory is bounded by threads, not by files.
///
/// # Errors
/// None for a single file (an unreadable file is an `Undecided` finding); an error only
/// when the engine itself cannot run.
pub fn check(
    _root: &Root,
    _entries: Vec<Entry>,
    _options: &CheckOptions,
    _progress: &dyn Progress,
) -> Result<Report> {
    unimplemented!()
}

/// Files beneath `below` that `listed` does not name, as notes (`file.surplus`).
///
/// # Errors
/// [`Error::Read`](crate::Error::Read) when a directory cannot be read.
pub fn surplus(
    _root: &Root,
    _below: Option<&SafePath>,
    _listed: &std::collections::BTreeSet<SafePath>,
) -> Result<Report> {
    unimplemented!()
}
