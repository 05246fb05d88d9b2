//! The pool: every file that indices list, once.

use std::collections::{BTreeSet, HashMap};

use pkgseal_repo::{Entry, Finding, Report, Root, SafePath, codes as repo_codes};

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
    let mut report = Report::new();
    let (mut files, mut bytes) = (0_u64, 0_u64);
    for (path, size) in root.walk(Some(&below))? {
        let (subject, why) = match path {
            Ok(path) if listed.contains(&path) => continue,
            Ok(path) => (path.to_string(), String::new()),
            Err(pkgseal_repo::Error::UnsafePath { reason, path }) => {
                (path, format!(", and none could: {reason}"))
            }
            Err(error) => return Err(Error::Repo(error)),
        };
        files += 1;
        bytes += size;
        let detail = format!("no signed list mentions this file, {size} bytes{why}");
        report.push(Finding::note(repo_codes::FILE_SURPLUS, subject, detail));
    }
    if files > 0 {
        let detail = format!("{files} files that no signed list mentions take up {bytes} bytes");
        report.push(Finding::note(codes::POOL_SURPLUS, below.as_str(), detail));
    }
    Ok(report)
}
