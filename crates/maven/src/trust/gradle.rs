//! `verification-metadata.xml` of Gradle's dependency verification (schema 1.0 to 1.3).
//!
//! Gradle trusts keys by the full fingerprint of the key that signed: naming a primary key
//! does not cover its signing subkey. Where a component lists `pgp` keys or a `trusted-key`
//! covers it, a good signature is enough; otherwise its checksums must be right.

mod read;
mod rules;
mod write;

use pkgseal_repo::{DigestAlgorithm, Finding};

use crate::codes;

/// The document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerificationMetadata {
    /// Whether metadata files are verified too.
    pub verify_metadata: Option<bool>,
    /// Whether signatures are.
    pub verify_signatures: Option<bool>,
    /// `armored` or `binary`.
    pub keyring_format: Option<String>,
    /// Whether key servers are asked, and which.
    pub key_servers: Option<KeyServers>,
    /// What is not verified at all.
    pub trusted_artifacts: Vec<(Scope, Option<String>)>,
    /// Keys whose signatures are passed over, with reasons.
    pub ignored_keys: Vec<(String, Option<String>)>,
    /// Keys, each with what it is trusted for.
    pub trusted_keys: Vec<(String, Vec<Scope>)>,
    /// Single files.
    pub components: Vec<Component>,
}

/// Key servers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyServers {
    /// Whether they are asked; yes where nothing is said.
    pub enabled: Option<bool>,
    /// Their addresses.
    pub uris: Vec<String>,
}

/// What something holds for: everything where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scope {
    /// Group.
    pub group: Option<String>,
    /// Artifact.
    pub name: Option<String>,
    /// Version.
    pub version: Option<String>,
    /// Name of the file.
    pub file: Option<String>,
    /// Whether all of them are regular expressions.
    pub regex: bool,
}

/// A version of an artifact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Component {
    /// Group.
    pub group: String,
    /// Artifact.
    pub name: String,
    /// Version.
    pub version: String,
    /// Its files.
    pub artifacts: Vec<Artifact>,
}

/// One file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Artifact {
    /// Its name.
    pub name: String,
    /// Fingerprints of keys that may have signed it.
    pub pgp: Vec<String>,
    /// Keys whose signatures of it are passed over, with reasons.
    pub ignored_keys: Vec<(String, Option<String>)>,
    /// Its checksums.
    pub checksums: Vec<Checksum>,
}

/// One checksum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checksum {
    /// Which one.
    pub algorithm: DigestAlgorithm,
    /// Its value, hexadecimal.
    pub value: String,
    /// Other values that are as good.
    pub also_trust: Vec<String>,
    /// Where it came from.
    pub origin: Option<String>,
    /// Why there is none but a checksum.
    pub reason: Option<String>,
}

const ALGORITHMS: [(&str, DigestAlgorithm); 4] = [
    ("md5", DigestAlgorithm::Md5),
    ("sha1", DigestAlgorithm::Sha1),
    ("sha256", DigestAlgorithm::Sha256),
    ("sha512", DigestAlgorithm::Sha512),
];

fn element(algorithm: DigestAlgorithm) -> &'static str {
    ALGORITHMS
        .iter()
        .find(|(_, known)| *known == algorithm)
        .map_or("sha512", |(name, _)| name)
}

impl VerificationMetadata {
    /// Reads the document.
    ///
    /// # Errors
    /// A finding (`maven.trust.malformed`): not well-formed, a document type, an element or
    /// attribute that the schema does not have, a key by anything shorter than a
    /// fingerprint.
    pub fn parse(text: &str) -> Result<Self, Finding> {
        read::document(text).map_err(|reason| Finding::reject(codes::TRUST_MALFORMED, "", reason))
    }
}

#[cfg(test)]
mod tests;
