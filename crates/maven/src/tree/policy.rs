//! What is asked of a file beyond its signature.

use std::collections::BTreeMap;

use pkgseal_openpgp::{Examination, codes as signature_codes};
use pkgseal_repo::{DigestAlgorithm, Digests, Finding, SafePath, Severity};

use super::verify::Candidate;
use crate::codes;
use crate::examine::Examined;
use crate::trust::{Allow, Permission, Trust};

/// What becomes of a file without a signature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unsigned {
    /// It is rejected.
    #[default]
    Reject,
    /// It passes with a warning.
    Warn,
    /// It passes, and is mentioned.
    Note,
}

/// What is asked of a tree beyond good signatures. Nothing passes silently: what a policy
/// lets pass is a finding.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Files without a signature.
    pub unsigned: Unsigned,
    /// Which keys may sign which coordinates, and files known by checksum. Where there is
    /// one, a file it does not mention is rejected.
    pub trust: Option<Trust>,
}

impl Policy {
    /// Files known by checksum.
    pub(super) fn checksums(&self) -> BTreeMap<&SafePath, &Digests> {
        let trust = self.trust.iter();
        trust
            .flat_map(|trust| &trust.checksums)
            .map(|(path, digests)| (path, digests))
            .collect()
    }

    /// Adds what was found of one file, by this policy.
    pub(super) fn judge(
        &self,
        candidate: &Candidate,
        examined: Examined,
        examination: &mut Examination,
    ) {
        let name = candidate.subject.name.as_str();
        let mut findings = examined.findings;
        findings.extend(folder(candidate, &examined.digests));
        let mut known = false;
        if let Some(listed) = &candidate.listed {
            match listed.mismatch(&examined.digests) {
                Some(algorithm) => findings.push(
                    Finding::reject(
                        codes::TRUST_CHECKSUM,
                        name,
                        format!(
                            "its {algorithm} is {}, not {}",
                            examined.digests.hex(algorithm).unwrap_or_default(),
                            listed.hex(algorithm).unwrap_or_default()
                        ),
                    )
                    .because("the trust file"),
                ),
                // A weak checksum is no reason to do without a signature.
                None => known = listed.strongest().is_some_and(DigestAlgorithm::is_strong),
            }
        }
        examination.report.findings.extend(findings);
        let Some((object, report)) = examined.signatures else {
            return;
        };
        let Some(found) = &candidate.coordinates else {
            examination.add_signatures(object, report);
            return;
        };
        let permission = self
            .trust
            .as_ref()
            .map(|trust| (trust, trust.permits(found, Some(&report))));
        let unsigned = report.findings("").iter().any(|finding| {
            finding.code == signature_codes::NONE && finding.severity == Severity::Reject
        });
        let mut push = |finding| examination.report.push(finding);
        match permission {
            Some((_, Permission::Tolerated)) => {
                let reason = report.findings("").into_iter().next();
                let why = reason.map_or_else(
                    || "whatever it is signed with".to_owned(),
                    |reason| reason.detail,
                );
                push(
                    Finding::warning(codes::TRUST_TOLERATED, name, why)
                        .because("the trust file lets it pass"),
                );
                examination
                    .signatures
                    .push(pkgseal_openpgp::ObjectSignatures { object, report });
                return;
            }
            Some((trust, Permission::Forbidden)) if !(unsigned && known) => {
                push(forbidden(name, trust.allows(found).collect()));
            }
            Some((_, Permission::Unmentioned)) if !known => push(
                Finding::reject(
                    codes::TRUST_UNMENTIONED,
                    name,
                    format!("no rule is about {found}"),
                )
                .because("the trust file")
                .hint("propose rules for what is new with: pkgseal maven trust learn"),
            ),
            Some(_) | None => {}
        }
        if !unsigned {
            examination.add_signatures(object, report);
            return;
        }
        let detail = "there is no signature beside it";
        let finding = if known {
            Finding::note(codes::UNSIGNED, name, detail)
                .because("the trust file knows it by checksum")
        } else {
            match self.unsigned {
                Unsigned::Reject => {
                    examination.add_signatures(object, report);
                    return;
                }
                Unsigned::Warn => Finding::warning(codes::UNSIGNED, name, detail),
                Unsigned::Note => Finding::note(codes::UNSIGNED, name, detail),
            }
        };
        examination.report.push(finding);
    }
}

fn forbidden(name: &str, allows: Vec<&Allow>) -> Finding {
    let words = allows.iter().map(|allow| match allow {
        Allow::Key(key) => key.clone(),
        Allow::RevokedKey(key) => format!("the revoked key {key}"),
        Allow::AnyKey => "any key".to_owned(),
        Allow::NoSignature => "no signature".to_owned(),
        Allow::BadSignature => "a bad signature".to_owned(),
        Allow::MissingKey => "a key nobody has".to_owned(),
        Allow::Unchecked => "anything".to_owned(),
    });
    Finding::reject(
        codes::TRUST_FORBIDDEN,
        name,
        format!("allowed for it: {}", words.collect::<Vec<_>>().join(", ")),
    )
    .because("the trust file")
    .hint("ask the project whether its signing key has changed before you allow another")
}

/// In Gradle's cache the folder of a file is called by its SHA-1.
fn folder(candidate: &Candidate, digests: &Digests) -> Option<Finding> {
    let named = candidate.folder.as_ref()?;
    let found = digests.hex(DigestAlgorithm::Sha1)?;
    let plain = |hex: &str| hex.trim_start_matches('0').to_lowercase();
    (plain(named) != plain(&found)).then(|| {
        Finding::reject(
            codes::GRADLE_DIGEST,
            &candidate.subject.name,
            format!("its SHA-1 is {found}, its folder is called {named}"),
        )
        .hint("delete the file from the cache, and Gradle fetches it again")
    })
}
