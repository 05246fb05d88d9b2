//! Signatures whose fate is the same.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::Result;
use jiff::Timestamp;
use pkgseal_keyring::forecast::{Dated, Followed, Scope, Subject, causes};
use pkgseal_openpgp::{Certificates, Examination, Fingerprint, SignatureFacts, Verifier};
use pkgseal_repo::Finding;
use rayon::prelude::*;

use super::ourselves::follow_us;
use super::{Asked, Part, dates, mend};

/// Files whose signatures share a fate.
pub(super) struct Group {
    pub(super) subject: Subject,
    /// The smallest: it is asked about for all.
    pub(super) example: PathBuf,
    size: u64,
    facts: Vec<SignatureFacts>,
}

impl Group {
    /// Who signed it.
    pub(super) fn signers(&self) -> Vec<Fingerprint> {
        let signers = self.facts.iter();
        signers
            .filter_map(|facts| facts.certificate.clone())
            .collect()
    }

    /// The certificates of those who signed it.
    pub(super) fn certificates(&self, asked: &Asked) -> Certificates {
        asked.certificates.only(&self.signers())
    }

    /// The moments of its signatures.
    pub(super) fn dates(&self, asked: &Asked) -> Vec<Dated> {
        let again = mend::sign(&self.example);
        let of = |facts| dates::of_signature(facts, &asked.certificates, asked.span.now, &again);
        self.facts.iter().flat_map(of).collect()
    }

    /// What we say of the example ourselves, where a profile is asked about.
    pub(super) fn ourselves(
        &self,
        asked: &Asked,
        dates: &[Dated],
        verify: impl Fn(&Path, &Verifier) -> Result<Examination>,
    ) -> Result<Option<Followed>> {
        let Some(profile) = &asked.profile else {
            return Ok(None);
        };
        let certificates = self.certificates(asked);
        let verify = |verifier: &Verifier| verify(&self.example, verifier);
        follow_us(
            &self.subject,
            &certificates,
            profile,
            asked.span,
            dates,
            verify,
        )
        .map(Some)
    }
}

/// A file that was looked at.
pub(super) struct Examined<'a> {
    pub(super) path: &'a Path,
    /// Bytes.
    pub(super) size: u64,
    pub(super) examination: Examination,
}

/// Groups what lies at a place by fate, and follows one of each group. `what` they are is
/// part of the groups' names; `strangers` says how many are signed by somebody unknown,
/// by whom, and which is the first.
pub(super) fn follow_each(
    place: &Path,
    what: &str,
    examined: Vec<Examined<'_>>,
    asked: &Asked,
    strangers: impl Fn(usize, &str, &Path) -> String,
    of_group: impl Fn(&Group, &Asked) -> Result<Vec<Followed>> + Sync,
) -> Result<Part> {
    let mut part = Part::default();
    let mut groups: BTreeMap<Vec<Fate>, Group> = BTreeMap::new();
    let mut unknown: BTreeMap<String, (usize, &Path)> = BTreeMap::new();
    for one in examined {
        let known = known(&one.examination);
        if known.is_empty() {
            let who = signatures(&one.examination).find_map(|facts| facts.issuers.first());
            if let Some(who) = who {
                unknown.entry(who.clone()).or_insert((0, one.path)).0 += 1;
            }
            continue;
        }
        part.signers
            .extend(known.iter().filter_map(|facts| facts.certificate.clone()));
        let fates: Vec<Fate> = known
            .iter()
            .map(|facts| Fate::of(facts, &asked.certificates))
            .collect();
        let group = groups.entry(fates.clone()).or_insert_with(|| Group {
            subject: Subject {
                place: place.display().to_string(),
                name: format!("{what} signed by {}", Fate::words(&fates)),
                scope: Scope::Published,
            },
            example: one.path.to_owned(),
            size: one.size,
            facts: known,
        });
        if one.size < group.size {
            group.size = one.size;
            one.path.clone_into(&mut group.example);
        }
    }
    for (who, (count, first)) in unknown {
        let name = place.display().to_string();
        let detail = strangers(count, &who, first);
        let finding = Finding::undecided(causes::UNKNOWN_SIGNER, name, detail);
        part.findings
            .push(finding.hint("name a keyring that holds it with --keyring"));
    }
    let groups: Vec<Group> = groups.into_values().collect();
    let followed = groups
        .par_iter()
        .map(|group| of_group(group, asked))
        .collect::<Result<Vec<_>>>()?;
    part.followed.extend(followed.into_iter().flatten());
    Ok(part)
}

/// Signatures by certificates that are known.
pub(super) fn known(examination: &Examination) -> Vec<SignatureFacts> {
    signatures(examination)
        .filter(|facts| facts.certificate.is_some())
        .cloned()
        .collect()
}

fn signatures(examination: &Examination) -> impl Iterator<Item = &SignatureFacts> {
    examination
        .signatures
        .iter()
        .flat_map(|object| &object.report.signatures)
}

/// Who signed; `None` after a finding where it is signed, and nobody who did is known.
/// What is not signed at all has no signer, and is for those who are asked to judge.
pub(super) fn signers(
    known: &[SignatureFacts],
    examination: &Examination,
    subject: &Subject,
    findings: &mut Vec<Finding>,
) -> Option<BTreeSet<Fingerprint>> {
    let signers: BTreeSet<Fingerprint> = known
        .iter()
        .filter_map(|facts| facts.certificate.clone())
        .collect();
    let mut unknown: Vec<&str> = signatures(examination)
        .filter(|facts| facts.certificate.is_none())
        .flat_map(|facts| facts.issuers.first())
        .map(String::as_str)
        .collect();
    unknown.sort_unstable();
    unknown.dedup();
    if unknown.is_empty() {
        return Some(signers);
    }
    let who = unknown.join(", ");
    let name = format!("{}: {}", subject.place, subject.name);
    if signers.is_empty() {
        let detail = format!("signed by {who}, and no certificate of theirs is at hand");
        let finding = Finding::undecided(causes::UNKNOWN_SIGNER, name, detail);
        findings.push(finding.hint("name a keyring that holds it with --keyring"));
        return None;
    }
    let detail = format!("signed by {who} too, whose certificate is not at hand");
    findings.push(Finding::note(causes::UNKNOWN_SIGNER, name, detail));
    Some(signers)
}

/// What decides the fate of a signature: who made it, by which algorithms, between which
/// moments of the certificate, and when it expires itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fate {
    key: Option<Fingerprint>,
    algorithms: (String, String, u8),
    /// The last moment of the certificate that was before it.
    since: Option<Timestamp>,
    expires: Option<Timestamp>,
    good: bool,
}

impl Fate {
    pub(super) fn of(facts: &SignatureFacts, certificates: &Certificates) -> Self {
        let certificate = facts
            .certificate
            .as_ref()
            .and_then(|name| certificates.get(name));
        let moments = certificate.map_or_else(Vec::new, |one| one.moments());
        let since = facts
            .created
            .and_then(|made| moments.into_iter().rev().find(|moment| *moment <= made));
        Self {
            key: facts.key.clone(),
            algorithms: (
                facts.public_key_algorithm.clone(),
                facts.digest_algorithm.clone(),
                facts.version,
            ),
            since,
            expires: facts.expires,
            good: facts.mathematics == pkgseal_openpgp::Mathematics::Good,
        }
    }

    /// In words, so that two fates of one folder have two names.
    pub(super) fn words(fates: &[Self]) -> String {
        let words: Vec<String> = fates
            .iter()
            .map(|fate| {
                let key = fate.key.as_ref().map_or("somebody", Fingerprint::as_str);
                let (public_key, digest, version) = &fate.algorithms;
                let since = fate
                    .since
                    .map(|since| format!(" since {}", since.strftime("%Y-%m-%d")))
                    .unwrap_or_default();
                format!("{key} (v{version} {public_key} {digest}{since})")
            })
            .collect();
        words.join(" and ")
    }
}
