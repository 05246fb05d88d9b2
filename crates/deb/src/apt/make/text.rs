//! The text of a Release.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use pkgseal_repo::{DigestAlgorithm, Digests, Finding, SafePath};

use crate::codes;

/// What a Release says beside the list of its files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReleaseFields {
    /// Origin: whose repository it is.
    pub origin: Option<String>,
    /// Label: which of their repositories.
    pub label: Option<String>,
    /// Suite; the name of the directory where it is not given.
    pub suite: Option<String>,
    /// Codename; as the suite where it is not given.
    pub codename: Option<String>,
    /// Version of the distribution.
    pub version: Option<String>,
    /// Description: one line for people.
    pub description: Option<String>,
    /// How long clients may use it, from its date on.
    pub valid_for: Option<SignedDuration>,
    /// Whether clients install from it by themselves.
    pub automatic: Automatic,
    /// Fingerprints of the certificates that the next Release has to be signed by.
    pub signed_by: Vec<String>,
    /// Whether indices also stand under their digests.
    pub by_hash: ByHash,
}

/// Whether clients install and upgrade from a suite by themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Automatic {
    /// As from any suite.
    #[default]
    Yes,
    /// Only what is asked for by name (`NotAutomatic`), as from experimental.
    No,
    /// Upgrades of what was asked for (`ButAutomaticUpgrades`), as from backports.
    UpgradesOnly,
}

/// Whether indices also stand under their digests, so that a client never meets a mix of
/// two generations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ByHash {
    /// They do: `Acquire-By-Hash: yes`.
    #[default]
    Yes,
    /// Under their names only.
    No,
}

/// The files that a Release lists, relative to it: size and digests.
pub(super) type Files = BTreeMap<SafePath, (u64, Digests)>;

/// Everything that goes into a Release.
pub(super) struct Text<'a> {
    pub(super) fields: &'a ReleaseFields,
    /// The suite's directory below `dists`; `None` for a flat repository.
    pub(super) directory: Option<&'a str>,
    pub(super) time: Timestamp,
    pub(super) architectures: &'a [String],
    pub(super) components: &'a [String],
    pub(super) files: &'a Files,
    pub(super) digests: &'a [DigestAlgorithm],
}

impl Text<'_> {
    /// The text, fields in apt-ftparchive's order, files sorted.
    ///
    /// # Errors
    /// A finding about a value that is none.
    pub(super) fn write(&self) -> Result<Vec<u8>, Box<Finding>> {
        let fields = self.fields;
        let suite = fields.suite.as_deref().or(self.directory);
        let until = self.valid_until()?;
        let (not_automatic, but_upgrades) = match fields.automatic {
            Automatic::Yes => (None, None),
            Automatic::No => (Some("yes"), None),
            Automatic::UpgradesOnly => (Some("yes"), Some("yes")),
        };
        let some = |words: String| Some(words).filter(|words| !words.is_empty());
        let architectures = some(self.architectures.join(" "));
        let components = some(self.components.join(" "));
        let signed_by = some(fields.signed_by.join(", "));
        let (date, until) = (date(self.time), until.map(date));
        let by_hash = (fields.by_hash == ByHash::Yes).then_some("yes");
        let mut text = String::new();
        for (name, value) in [
            ("Origin", fields.origin.as_deref()),
            ("Label", fields.label.as_deref()),
            ("Suite", suite),
            ("Version", fields.version.as_deref()),
            ("Codename", fields.codename.as_deref().or(suite)),
            ("Date", Some(date.as_str())),
            ("Valid-Until", until.as_deref()),
            ("NotAutomatic", not_automatic),
            ("ButAutomaticUpgrades", but_upgrades),
            ("Acquire-By-Hash", by_hash),
            ("Architectures", architectures.as_deref()),
            ("Components", components.as_deref()),
            ("Description", fields.description.as_deref()),
            ("Signed-By", signed_by.as_deref()),
        ] {
            if let Some(value) = value {
                let clean = !value.trim().is_empty()
                    && value.trim() == value
                    && !value.chars().any(char::is_control);
                if !clean {
                    let detail = format!("{name} cannot be {value:?}");
                    return Err(Box::new(Finding::reject(
                        codes::MAKE_OPTION,
                        "Release",
                        detail,
                    )));
                }
                text.push_str(&format!("{name}: {value}\n"));
            }
        }
        let mut digests = self.digests.to_vec();
        digests.sort_unstable();
        for algorithm in digests {
            let field = match algorithm {
                DigestAlgorithm::Md5 => "MD5Sum",
                DigestAlgorithm::Sha1 => "SHA1",
                DigestAlgorithm::Sha256 => "SHA256",
                DigestAlgorithm::Sha512 => "SHA512",
                DigestAlgorithm::Sha224 | DigestAlgorithm::Sha3_256 | DigestAlgorithm::Sha384 => {
                    continue;
                }
            };
            text.push_str(&format!("{field}:\n"));
            for (path, (size, digests)) in self.files {
                let hex = digests.hex(algorithm).unwrap_or_default();
                text.push_str(&format!(" {hex} {size:>16} {path}\n"));
            }
        }
        Ok(text.into_bytes())
    }

    /// Until when clients may use it.
    ///
    /// # Errors
    /// A finding when that is no time.
    pub(super) fn valid_until(&self) -> Result<Option<Timestamp>, Box<Finding>> {
        let Some(valid) = self.fields.valid_for else {
            return Ok(None);
        };
        let until = self
            .time
            .checked_add(valid)
            .ok()
            .filter(|until| *until > self.time);
        until.map(Some).ok_or_else(|| {
            let detail = format!("it cannot be valid for {valid:#}");
            Box::new(Finding::reject(codes::MAKE_OPTION, "Release", detail))
        })
    }
}

/// A date as every client reads it, in UTC.
fn date(time: Timestamp) -> String {
    time.strftime("%a, %d %b %Y %H:%M:%S UTC").to_string()
}

/// A Release without its dates: what it says of the suite.
pub(super) fn undated(text: &[u8]) -> Vec<&[u8]> {
    text.split(|byte| *byte == b'\n')
        .filter(|line| !line.starts_with(b"Date:") && !line.starts_with(b"Valid-Until:"))
        .collect()
}
