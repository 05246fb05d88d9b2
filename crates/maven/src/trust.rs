//! Who may sign what: trust files, read, written and converted.
//!
//! Maven's world writes trust in many forms. [`Trust`] is what they have in common: rules
//! that say which keys may sign which coordinates, checksums of single files, and the
//! certificates themselves. Each form can say things that others cannot; what is lost on
//! the way is told, never dropped silently, and a conversion never trusts more than its
//! input did.
//!
//! - [`keysmap`]: pgpverify-maven-plugin's list of patterns and fingerprints.
//! - [`gradle`]: `verification-metadata.xml` of Gradle's dependency verification.
//! - [`keys`]: a project's `KEYS` file, and Gradle's keyrings.
//! - [`checksums`]: trusted checksums of Maven's resolver.

pub mod checksums;
mod convert;
pub mod gradle;
pub mod keys;
pub mod keysmap;
mod learn;
mod pattern;
mod version;

pub use convert::{Form, convert, read};
pub use learn::learn;
pub use pattern::{Pattern, Text, Versions};
pub use version::{compare as compare_versions, in_range as version_in_range};

use pkgseal_openpgp::{Certificate, Fingerprint, SignatureReport, Status};
use pkgseal_repo::{Digests, SafePath};

use crate::Coordinates;

/// Whom somebody trusts for what.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trust {
    /// Which keys may sign which coordinates. A file may be signed by any key that a rule
    /// about it allows.
    pub rules: Vec<Rule>,
    /// Files known by checksum, as paths in the repository layout.
    pub checksums: Checksums,
    /// Certificates that came with it.
    pub certificates: Vec<Certificate>,
}

/// Paths in the repository layout, with what their files' digests are.
pub type Checksums = Vec<(SafePath, Digests)>;

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// What it is about.
    pub pattern: Pattern,
    /// What it allows.
    pub allows: Vec<Allow>,
}

/// What a rule allows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Allow {
    /// A signature by this key, or by a key of the certificate it is the primary key of;
    /// upper-case hexadecimal. A shorter key ID identifies nobody and matches nothing.
    Key(String),
    /// The same, of a key that is revoked and whose public part is no longer published.
    RevokedKey(String),
    /// A signature by any key.
    AnyKey,
    /// No signature.
    NoSignature,
    /// A signature that is wrong.
    BadSignature,
    /// A signature by a key nobody has.
    MissingKey,
    /// Anything, unlooked at.
    Unchecked,
}

/// What trust says of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// A rule allows it.
    Allowed,
    /// A rule allows it for want of anything better: unsigned, wrongly signed, by a key
    /// nobody has, or unchecked.
    Tolerated,
    /// Rules are about it, and none allows it.
    Forbidden,
    /// No rule is about it.
    Unmentioned,
}

impl Trust {
    /// Every allowance for a file.
    pub fn allows<'a>(&'a self, found: &'a Coordinates) -> impl Iterator<Item = &'a Allow> {
        self.rules
            .iter()
            .filter(|rule| rule.pattern.matches(found))
            .flat_map(|rule| &rule.allows)
    }

    /// What the rules say of a file with these signatures; `None` for one without.
    pub fn permits(&self, found: &Coordinates, report: Option<&SignatureReport>) -> Permission {
        let mut about = self.allows(found).peekable();
        if about.peek().is_none() {
            return Permission::Unmentioned;
        }
        let allows: Vec<&Allow> = about.collect();
        let has = |wanted: &Allow| allows.contains(&wanted);
        if has(&Allow::Unchecked) {
            return Permission::Tolerated;
        }
        let Some(report) = report.filter(|report| !report.signatures.is_empty()) else {
            return match has(&Allow::NoSignature) {
                true => Permission::Tolerated,
                false => Permission::Forbidden,
            };
        };
        if report.is_accepted() {
            let good = report
                .signatures
                .iter()
                .filter(|facts| facts.status == Status::Good);
            let by = |key: &str| {
                good.clone().any(|facts| {
                    let signers = [&facts.key, &facts.certificate];
                    signers.into_iter().flatten().any(|f| f.as_str() == key)
                })
            };
            let allowed = allows.iter().any(|allow| match allow {
                Allow::Key(key) => by(key),
                Allow::AnyKey => true,
                Allow::RevokedKey(_)
                | Allow::NoSignature
                | Allow::BadSignature
                | Allow::MissingKey
                | Allow::Unchecked => false,
            });
            return match allowed {
                true => Permission::Allowed,
                false => Permission::Forbidden,
            };
        }
        let named = |key: &str| {
            let mut all = report.signatures.iter();
            all.any(|facts| {
                let known = facts.key.iter().chain(&facts.certificate);
                known.map(Fingerprint::as_str).any(|known| known == key)
                    || facts.issuers.iter().any(|issuer| issuer == key)
            })
        };
        let all = |status: &Status| {
            report
                .signatures
                .iter()
                .all(|facts| facts.status == *status)
        };
        let tolerated = allows.iter().any(|allow| match allow {
            Allow::BadSignature => all(&Status::Bad),
            Allow::MissingKey => all(&Status::MissingCertificate),
            Allow::RevokedKey(key) => named(key) && all(&Status::MissingCertificate),
            Allow::Key(_) | Allow::AnyKey | Allow::NoSignature | Allow::Unchecked => false,
        });
        match tolerated {
            true => Permission::Tolerated,
            false => Permission::Forbidden,
        }
    }

    /// Full fingerprints that any rule allows, sorted.
    pub fn fingerprints(&self) -> Vec<Fingerprint> {
        let mut all: Vec<Fingerprint> = self
            .rules
            .iter()
            .flat_map(|rule| &rule.allows)
            .filter_map(|allow| match allow {
                Allow::Key(key) | Allow::RevokedKey(key) => Fingerprint::parse(key),
                Allow::AnyKey
                | Allow::NoSignature
                | Allow::BadSignature
                | Allow::MissingKey
                | Allow::Unchecked => None,
            })
            .collect();
        all.sort();
        all.dedup();
        all
    }
}
