//! What was seen of a repository before, kept in a file: the one defence against an old
//! generation that is served again, as yum metadata never expires.
//!
//! The file is text. Its first line is `pkgseal-yum-state 1`; then comes a paragraph for
//! each generation that was accepted, the latest first, of lines with a name and a value:
//!
//! ```text
//! seen 2025-03-02T00:00:00Z
//! repomd 5891b5b5…
//! revision 1740787200
//! timestamp 1740787200
//! signed 2025-03-01T00:00:00Z
//! signer 0123ABCD…
//! data primary sha256 e258d248…
//! ```
//!
//! `seen` is when it was accepted first, `repomd` the SHA-256 of `repomd.xml`. `revision`,
//! `timestamp` (of the newest metadata file) and `signed` are left out where there are none;
//! `signer` and `data` stand once for each.

mod text;

use std::io::Write as _;
use std::path::Path;

use jiff::Timestamp;
use pkgseal_repo::{Digests, Finding, StagedFile, read_file};

use super::generation::{Generation, moment};
use crate::codes;
use crate::error::{Error, Result};

/// Generations that are kept. With one a day, that is a month.
const MOST: usize = 32;

/// A file of that many generations with that many metadata files each is far shorter.
const MOST_BYTES: u64 = 1 << 20;

/// The generations of one repository that were accepted before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// The latest first.
    seen: Vec<Seen>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    first: Timestamp,
    generation: Generation,
}

impl Memory {
    /// Reads a state file; one that does not exist remembers nothing.
    ///
    /// # Errors
    /// When it cannot be read, and [`Error::State`] when it is no state file.
    pub fn load(path: &Path) -> Result<Self> {
        if !path.exists() {
            return Ok(Self::default());
        }
        let bytes = read_file(path, MOST_BYTES)?;
        let text = String::from_utf8(bytes).map_err(|_| Error::State {
            path: path.to_owned(),
            reason: "it is not UTF-8".to_owned(),
        })?;
        Self::parse(&text).map_err(|reason| Error::State {
            path: path.to_owned(),
            reason,
        })
    }

    /// Reads the text of a state file.
    ///
    /// # Errors
    /// A sentence with the number of the line.
    pub fn parse(text: &str) -> Result<Self, String> {
        text::parse(text).map(|seen| Self { seen })
    }

    /// Writes a state file, whole or not at all.
    ///
    /// # Errors
    /// When it cannot be written; the old one is whole then.
    pub fn save(&self, path: &Path) -> Result<()> {
        let mut file = StagedFile::create(path)?;
        file.write_all(self.to_text().as_bytes())
            .map_err(|source| pkgseal_repo::Error::Write {
                path: path.to_owned(),
                source,
            })?;
        file.commit()?;
        Ok(())
    }

    /// The text of a state file.
    pub fn to_text(&self) -> String {
        text::write(&self.seen)
    }

    /// Adds a generation that was accepted at `now`. One that is known keeps the moment
    /// when it was seen first.
    pub fn remember(&mut self, generation: Generation, now: Timestamp) {
        let known = self
            .seen
            .iter()
            .position(|seen| seen.generation.repomd == generation.repomd);
        let first = match known {
            Some(place) => self.seen.remove(place).first,
            None => now,
        };
        self.seen.insert(0, Seen { first, generation });
        self.seen.truncate(MOST);
    }

    /// Whether it remembers anything.
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    /// What is wrong with a generation after those that were seen; `subject` names its
    /// root.
    pub(super) fn judge(&self, now: &Generation, subject: &str) -> Vec<Finding> {
        let Some(latest) = self.seen.first() else {
            return Vec::new();
        };
        if latest.generation.repomd == now.repomd {
            return Vec::new();
        }
        let mut findings = Vec::new();
        let then = &latest.generation;
        let known = self
            .seen
            .iter()
            .find(|seen| seen.generation.repomd == now.repomd);
        if let Some(why) = backwards(now, then) {
            let when = match known {
                Some(seen) => format!(", and this one was seen before, at {}", seen.first),
                None => String::new(),
            };
            findings.push(
                Finding::reject(
                    codes::ROLLBACK,
                    subject,
                    format!("{why}; the latest was seen at {}{when}", latest.first),
                )
                .because("the state file")
                .hint("update the mirror; if its publisher went back on purpose, remove the state file"),
            );
        } else if let Some(seen) = known {
            findings.push(
                Finding::reject(
                    codes::ROLLBACK,
                    subject,
                    format!(
                        "{} was seen at {} and followed by {} at {}, and is served again",
                        now.name(),
                        seen.first,
                        then.name(),
                        latest.first
                    ),
                )
                .because("the state file"),
            );
        } else if now.revision.is_some() && now.revision == then.revision {
            findings.push(self.equivocation(now, subject));
        }
        let strangers = !then.signers.is_empty()
            && !now.signers.is_empty()
            && !then
                .signers
                .iter()
                .any(|signer| now.signers.contains(signer));
        if strangers {
            let names: Vec<_> = then.signers.iter().map(ToString::to_string).collect();
            findings.push(
                Finding::warning(
                    codes::OTHER_SIGNERS,
                    subject,
                    format!("before, {} signed it", names.join(", ")),
                )
                .because("the state file"),
            );
        }
        findings
    }

    /// The same revision with other content: two truths, unless everything else says that
    /// time went on.
    fn equivocation(&self, now: &Generation, subject: &str) -> Finding {
        let then = self.seen.first().map(|seen| &seen.generation);
        let went_on = then.is_some_and(|then| {
            now.newest > then.newest && now.signed.is_none_or(|at| Some(at) > then.signed)
        });
        let detail = format!(
            "{} was seen with other content (its repomd.xml had the SHA-256 {})",
            now.name(),
            then.and_then(|then| then.repomd.hex(pkgseal_repo::DigestAlgorithm::Sha256))
                .unwrap_or_default()
        );
        let finding = if went_on {
            Finding::warning(codes::EQUIVOCATION, subject, detail)
                .hint("as the publisher, give every generation a revision of its own")
        } else {
            Finding::reject(codes::EQUIVOCATION, subject, detail)
                .hint("compare with other mirrors: somebody may be shown another repository")
        };
        finding.because("the state file")
    }

    /// Which generation listed a metadata file of this type and these digests.
    pub(super) fn origin(&self, kind: &str, actual: &Digests) -> Option<String> {
        let lists = |generation: &Generation| {
            generation
                .data
                .iter()
                .any(|(known, digests)| known == kind && digests.mismatch(actual).is_none())
        };
        self.seen
            .iter()
            .find(|seen| lists(&seen.generation))
            .map(|seen| format!("{}, seen at {}", seen.generation.name(), seen.first))
    }

    /// Which generation was signed at this moment.
    pub(super) fn signed_at(&self, at: Timestamp) -> Option<String> {
        self.seen
            .iter()
            .find(|seen| seen.generation.signed == Some(at))
            .map(|seen| format!("{}, seen at {}", seen.generation.name(), seen.first))
    }
}

/// How `now` goes back behind `then`, if it does.
fn backwards(now: &Generation, then: &Generation) -> Option<String> {
    let date = |seconds: u64| moment(seconds).map_or(seconds.to_string(), |at| at.to_string());
    if let (Some(here), Some(there)) = (now.number(), then.number())
        && here < there
    {
        return Some(format!("its revision is {here}, and {there} was seen"));
    }
    if let (Some(here), Some(there)) = (now.newest, then.newest)
        && here < there
    {
        return Some(format!(
            "its newest file is of {}, and one of {} was seen",
            date(here),
            date(there)
        ));
    }
    // Signed again or not, with another revision or newer files it is a newer one.
    let alike = now.revision == then.revision && now.newest == then.newest;
    match (now.signed, then.signed) {
        (Some(here), Some(there)) if alike && here < there => Some(format!(
            "it was signed at {here}, and one signed at {there} was seen"
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
