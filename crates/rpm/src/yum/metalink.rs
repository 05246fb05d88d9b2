//! Metalinks: which generations of `repomd.xml` a mirror may serve, told by the central
//! server of a distribution.
//!
//! Fedora signs no `repomd.xml`. Its clients trust the metalink, as it comes over HTTPS from
//! MirrorManager: it names mirrors, and size and digests of the current `repomd.xml` and of
//! a few older ones. Whoever names a metalink here vouches for it in the same way.

mod parse;

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use pkgseal_repo::{DigestAlgorithm, Digests, Finding, Limits, MultiHasher, read_file};

use super::REPOMD;
use super::freshness::Freshness;
use super::generation::moment;
use crate::codes;
use crate::error::Result;

/// A metalink for `repomd.xml`, as somebody read it.
#[derive(Clone, Debug)]
pub struct Metalink {
    name: String,
    content: Result<Content, Box<Finding>>,
}

/// What it says.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Content {
    /// When it was made itself.
    published: Option<Timestamp>,
    /// The current generation.
    current: Version,
    /// Older ones, as it lists them.
    alternates: Vec<Version>,
}

/// One `repomd.xml`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Version {
    timestamp: Option<u64>,
    size: Option<u64>,
    digests: Digests,
}

impl Metalink {
    /// Reads a metalink; one that is malformed is a verdict for [`Metalink::judge`].
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read(path: &Path, limits: &Limits) -> Result<Self> {
        let name = path.display().to_string();
        let bytes = match read_file(path, limits.side_file) {
            Err(pkgseal_repo::Error::TooLarge { limit, .. }) => {
                let detail = format!("it is longer than the limit of {limit} bytes");
                let finding = Finding::reject(pkgseal_repo::codes::LIMIT, &*name, detail);
                return Ok(Self {
                    content: Err(Box::new(finding)),
                    name,
                });
            }
            bytes => bytes?,
        };
        Ok(Self::parse(name, &bytes))
    }

    /// Reads the text of a metalink; `name` stands for it in findings.
    pub fn parse(name: impl Into<String>, bytes: &[u8]) -> Self {
        let name = name.into();
        let content = parse::content(bytes)
            .map_err(|(code, detail)| Box::new(Finding::reject(code, &*name, detail)));
        Self { name, content }
    }

    /// Compares a `repomd.xml` with the generations it names, and their dates with `now`.
    pub fn judge(&self, repomd: &[u8], freshness: &Freshness, now: Timestamp) -> Vec<Finding> {
        let content = match &self.content {
            Ok(content) => content,
            Err(finding) => return vec![(**finding).clone()],
        };
        let mut findings = self.stale(content, freshness, now);
        let mut hasher = MultiHasher::new(DigestAlgorithm::ALL);
        hasher.update(repomd);
        let actual = hasher.finish();
        let size = repomd.len() as u64;
        let named = |version: &Version| {
            version.size.is_none_or(|said| said == size)
                && version.digests.mismatch(&actual).is_none()
                && version.is_strong()
        };
        let version = if named(&content.current) {
            &content.current
        } else if let Some(older) = content.alternates.iter().find(|version| named(version)) {
            findings.push(self.older(content, older));
            older
        } else {
            findings.push(self.unnamed(content, &actual));
            return findings;
        };
        findings.extend(self.dated(version, freshness, now));
        findings
    }

    /// What is wrong with the date of the metalink itself.
    fn stale(&self, content: &Content, freshness: &Freshness, now: Timestamp) -> Vec<Finding> {
        let (Some(published), Some(max_age)) = (content.published, freshness.max_age) else {
            return Vec::new();
        };
        let until = published.saturating_add(max_age).unwrap_or(Timestamp::MAX);
        if now <= until {
            return Vec::new();
        }
        vec![
            Finding::reject(
                codes::TOO_OLD,
                &*self.name,
                format!("the metalink is dated {published}, and now it is {now}"),
            )
            .because("the longest age asked for, and its pubdate")
            .hint("fetch the metalink again, over HTTPS"),
        ]
    }

    /// What is wrong with the date of the generation that is served.
    fn dated(&self, version: &Version, freshness: &Freshness, now: Timestamp) -> Option<Finding> {
        let made = moment(version.timestamp?).unwrap_or(Timestamp::MAX);
        let skew = freshness
            .clock_skew
            .unwrap_or(SignedDuration::from_secs(10));
        if made > now.saturating_add(skew).unwrap_or(Timestamp::MAX) {
            let detail = format!("repomd.xml is dated {made}, and now it is {now}");
            return Some(
                Finding::reject(codes::FUTURE, &*self.name, detail).because("its <mm0:timestamp>"),
            );
        }
        let until = made.saturating_add(freshness.max_age?);
        (now > until.unwrap_or(Timestamp::MAX)).then(|| {
            Finding::reject(
                codes::TOO_OLD,
                REPOMD,
                format!("dated {made}, and now it is {now}"),
            )
            .because(format!("the longest age asked for, and {}", self.name))
            .hint("update the mirror; if it is current, its publisher has stopped")
        })
    }

    fn older(&self, content: &Content, older: &Version) -> Finding {
        let behind = match (content.current.timestamp, older.timestamp) {
            (Some(current), Some(older)) => {
                format!(", {} behind", words(current.saturating_sub(older)))
            }
            _ => String::new(),
        };
        Finding::warning(
            codes::METALINK_ALTERNATE,
            REPOMD,
            format!("it is an older generation that still passes{behind}"),
        )
        .because(&*self.name)
        .hint("update the mirror")
    }

    fn unnamed(&self, content: &Content, actual: &Digests) -> Finding {
        let hex = |digests: &Digests| {
            let algorithm = digests
                .strongest()
                .filter(|_| digests.get(DigestAlgorithm::Sha256).is_none())
                .unwrap_or(DigestAlgorithm::Sha256);
            format!("{algorithm} {}", digests.hex(algorithm).unwrap_or_default())
        };
        Finding::reject(
            codes::METALINK_OTHER,
            REPOMD,
            format!(
                "it has the {}, and none of the {} generations that are named has; the current \
                 one has the {}",
                hex(actual),
                content.alternates.len() + 1,
                hex(&content.current.digests)
            ),
        )
        .because(&*self.name)
        .hint("fetch the metalink and the repository again; if both are new, the mirror is broken or lies")
    }
}

impl Version {
    fn is_strong(&self) -> bool {
        self.digests.strongest().is_some_and(|a| a.is_strong())
    }
}

/// A length of time for people.
fn words(seconds: u64) -> String {
    match seconds {
        0..3600 => format!("{} min", seconds / 60),
        3600..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests;
