//! The pool: every file that indices list, once.

use std::collections::{BTreeSet, HashMap};

use pkgseal_repo::{Entry, Report, Root, SafePath, surplus};

use crate::{Error, Result, codes};

/// Entries to check. Suites and architectures name the same files again and again: the
/// same words about the same file are kept once.
#[derive(Default)]
pub(super) struct Files {
    seen: HashMap<SafePath, Entry>,
    /// Other words about a file of `seen`: whether they agree is for the check to say.
    others: Vec<Entry>,
}

impl Files {
    pub(super) fn add(&mut self, entry: Entry) {
        match self.seen.get_mut(&entry.path) {
            None => {
                self.seen.insert(entry.path.clone(), entry);
            }
            Some(known) if known.size == entry.size && known.digests == entry.digests => {
                known.requirement = known.requirement.min(entry.requirement);
                // Whoever comes first, the message is the same.
                if entry.listed_by < known.listed_by {
                    known.listed_by = entry.listed_by;
                }
            }
            Some(known) => {
                let later = if entry.listed_by < known.listed_by {
                    std::mem::replace(known, entry)
                } else {
                    entry
                };
                self.others.push(later);
            }
        }
    }

    /// Every path there is an entry for.
    pub(super) fn paths(&self) -> BTreeSet<SafePath> {
        self.seen.keys().cloned().collect()
    }

    pub(super) fn into_entries(self) -> Vec<Entry> {
        self.seen.into_values().chain(self.others).collect()
    }
}

/// Files below `pool` that nothing lists, and what they take up.
pub(super) fn unlisted(root: &Root, listed: &BTreeSet<SafePath>) -> Result<Report> {
    let below = SafePath::new("pool").map_err(Error::Repo)?;
    if root.dir(&below)?.is_none() {
        return Ok(Report::new());
    }
    surplus(root, Some(&below), listed, codes::POOL_SURPLUS).map_err(Error::Repo)
}
