//! A directory of key files, or an OpenPGP certificate directory.

use std::path::Path;

use pkgseal_repo::Finding;
use pkgseal_repo::codes::LIMIT;
use walkdir::WalkDir;

use super::{Asked, Collector, FILES, subject};
use crate::codes;

/// Directories below the one named.
const DEPTH: usize = 8;

impl Collector {
    /// Every key file in it, links followed, in order of their names.
    pub(super) fn directory(&mut self, path: &Path) {
        let walk = WalkDir::new(path)
            .follow_links(true)
            .max_depth(DEPTH)
            .sort_by_file_name()
            .into_iter()
            .filter_entry(|entry| entry.depth() == 0 || !is_hidden(entry.path()));
        for entry in walk {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    let at = error.path().unwrap_or(path).to_owned();
                    self.warn(codes::UNREADABLE, &at, error.to_string());
                    continue;
                }
            };
            if !entry.file_type().is_file() || is_bookkeeping(entry.path()) {
                continue;
            }
            if is_retired(entry.path()) {
                self.findings.push(Finding::note(
                    codes::RETIRED,
                    subject(entry.path()),
                    "removed keys, left out; name the file itself to use them",
                ));
                continue;
            }
            let Some(left) = self.files.checked_sub(1) else {
                self.warn(LIMIT, path, format!("more than {FILES} files"));
                return;
            };
            self.files = left;
            match self.read(entry.path()) {
                Ok(bytes) => {
                    let before = self.certificates.len();
                    self.file(entry.path(), &bytes, Asked::InDirectory);
                    self.check_name(entry.path(), before);
                }
                Err(error) => {
                    let reason = match std::error::Error::source(&error) {
                        Some(cause) => format!("{error}: {cause}"),
                        None => error.to_string(),
                    };
                    self.warn(codes::UNREADABLE, entry.path(), reason);
                }
            }
        }
    }

    /// In a certificate directory (`ab/cdef…`) the name is the fingerprint.
    fn check_name(&mut self, path: &Path, before: usize) {
        let Some(expected) = name_in_certificate_directory(path) else {
            return;
        };
        let others: Vec<_> = self
            .certificates
            .iter()
            .skip(before)
            .map(pkgseal_openpgp::Certificate::fingerprint)
            .filter(|fingerprint| !fingerprint.as_str().eq_ignore_ascii_case(&expected))
            .collect();
        for other in others {
            self.warn(
                codes::NAME,
                path,
                format!("named after {expected}, but holds {other}"),
            );
        }
    }
}

/// `ab/cdef…`: two and 38 (v4) or 62 (v6) hexadecimal digits, lower case.
fn name_in_certificate_directory(path: &Path) -> Option<String> {
    let hex = |text: &str| {
        text.bytes()
            .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    let name = path.file_name()?.to_str()?;
    let parent = path.parent()?.file_name()?.to_str()?;
    (parent.len() == 2 && matches!(name.len(), 38 | 62) && hex(parent) && hex(name))
        .then(|| format!("{parent}{name}"))
}

fn is_hidden(path: &Path) -> bool {
    path.file_name()
        .and_then(|name| name.to_str())
        .is_some_and(|name| name.starts_with('.'))
}

/// Distributions ship keys they no longer sign with beside those they do
/// (`debian-archive-removed-keys.gpg`); no client of theirs trusts them.
fn is_retired(path: &Path) -> bool {
    path.file_stem()
        .and_then(|name| name.to_str())
        .is_some_and(|name| name.split(['-', '_', '.']).any(|word| word == "removed"))
}

/// What a certificate directory keeps beside certificates: its lock, caches, and the
/// owner's local trust root, which signs no packages.
fn is_bookkeeping(path: &Path) -> bool {
    path.file_name()
        .and_then(|name| name.to_str())
        .is_some_and(|name| matches!(name, "writelock" | "trust-root") || name.starts_with('_'))
}
