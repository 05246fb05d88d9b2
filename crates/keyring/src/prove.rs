//! Whether a certificate can be published in place of another.
//!
//! A [`Prover`] holds an old and a new keyring. What the new one lacks is told by
//! [`Prover::certificates`]; whether each signature of a repository that verifies with the
//! old one still does with the new one, by [`Prover::object`], for every reader asked: our
//! own profile and those of others. A file is read once: [`Prover::gathering`] judges it
//! with both keyrings joined, and what it found is judged again with each alone.

use std::collections::BTreeMap;

use jiff::Timestamp;
use openpgp::Cert;
use openpgp::packet::Signature;
use pkgseal_openpgp::{
    Certificate, Certificates, Object, Profile, SignatureFacts, SignatureReport, Status, Verifier,
};
use pkgseal_repo::Finding;
use sequoia_openpgp as openpgp;

use crate::Result;
use crate::codes::doctor as codes;
use crate::consumer::Consumer;
use crate::doctor::{cert_of, fingerprint_of};

/// An old and a new keyring, and the readers that are asked.
#[derive(Debug)]
pub struct Prover {
    old: Certificates,
    new: Certificates,
    both: Certificates,
    readers: Vec<Reader>,
    now: Timestamp,
}

/// Somebody who verifies: a name and the rules.
#[derive(Debug)]
struct Reader {
    name: String,
    old: Verifier,
    new: Verifier,
}

/// What became of signatures, for one reader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Verify with both.
    pub both: u64,
    /// Verify with the old keyring only.
    pub lost: u64,
    /// Verify with the new keyring only.
    pub gained: u64,
    /// Verify with neither.
    pub neither: u64,
}

/// What was proven of one object, or of many.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// Signatures looked at.
    pub signatures: u64,
    /// For each reader by name.
    pub counts: BTreeMap<String, Count>,
    /// Signatures that are lost, gained, or verify with neither for any reader.
    pub findings: Vec<Finding>,
}

impl Proof {
    /// Takes over what was proven of something else.
    pub fn merge(&mut self, other: Self) {
        self.signatures += other.signatures;
        for (reader, count) in other.counts {
            let sum = self.counts.entry(reader).or_default();
            sum.both += count.both;
            sum.lost += count.lost;
            sum.gained += count.gained;
            sum.neither += count.neither;
        }
        self.findings.extend(other.findings);
    }

    /// Whether any signature verifies with the old or the new keyring, for anybody.
    pub fn proves_something(&self) -> bool {
        self.counts
            .values()
            .any(|count| count.both + count.lost + count.gained > 0)
    }
}

impl Prover {
    /// A prover that asks these readers at `now`, the first of them our own profile.
    pub fn new(
        old: Certificates,
        new: Certificates,
        readers: impl IntoIterator<Item = (String, Profile)>,
        now: Timestamp,
    ) -> Self {
        let readers = readers
            .into_iter()
            .map(|(name, profile)| Reader {
                name,
                old: Verifier::new(old.clone(), profile.clone(), now),
                new: Verifier::new(new.clone(), profile, now),
            })
            .collect();
        let both = Certificates::new(old.iter().chain(new.iter()).cloned());
        Self {
            old,
            new,
            both,
            readers,
            now,
        }
    }

    /// The verifier that reads files: it knows every key of both keyrings.
    pub fn gathering(&self) -> Verifier {
        let profile = self
            .readers
            .first()
            .map_or_else(Profile::strict, |reader| reader.old.profile().clone());
        Verifier::new(self.both.clone(), profile, self.now)
    }

    /// Judges the signatures of one object, as [`Prover::gathering`] found them.
    pub fn object(&self, kind: Object, subject: &str, report: &SignatureReport) -> Proof {
        let mut proof = Proof {
            signatures: report.signatures.len() as u64,
            ..Proof::default()
        };
        let mut told = vec![Told::default(); report.signatures.len()];
        for reader in &self.readers {
            let old = reader.old.again(kind, report);
            let new = reader.new.again(kind, report);
            let count = proof.counts.entry(reader.name.clone()).or_default();
            for (told, (old, new)) in told
                .iter_mut()
                .zip(old.signatures.iter().zip(&new.signatures))
            {
                told.add(reader, old, new, count);
            }
        }
        for (facts, told) in report.signatures.iter().zip(told) {
            proof.findings.extend(told.findings(subject, facts));
        }
        proof
    }

    /// What the new keyring lacks, and what a consumer makes of that.
    ///
    /// # Errors
    /// [`Error::OpenPgp`](crate::Error::OpenPgp) when a certificate cannot be taken apart.
    pub fn certificates(&self, consumers: &[&dyn Consumer]) -> Result<Vec<Finding>> {
        let mut findings = Vec::new();
        for old in self.old.iter() {
            let subject = old.fingerprint().to_string();
            let Some(new) = self.new.get(&old.fingerprint()) else {
                findings.push(
                    Finding::reject(
                        codes::LOST_CERTIFICATE,
                        subject,
                        "it is not in the new keyring",
                    )
                    .hint("a key that is to go is handed over first: pkgseal key rotate plan"),
                );
                continue;
            };
            findings.extend(lacks(old, new)?);
            for consumer in consumers {
                findings.extend(self.consumer(*consumer, old, new));
            }
        }
        for new in self.new.iter() {
            if self.old.get(&new.fingerprint()).is_none() {
                findings.push(Finding::note(
                    codes::NEW_PART,
                    new.fingerprint().to_string(),
                    "it is in the new keyring only",
                ));
            }
        }
        Ok(findings)
    }

    fn consumer(
        &self,
        consumer: &dyn Consumer,
        old: &Certificate,
        new: &Certificate,
    ) -> Option<Finding> {
        let counts = |certificate| consumer.judge(certificate, self.now).whole;
        let (before, after) = (counts(old), counts(new));
        let subject = old.fingerprint().to_string();
        let why = |reasons: &[Finding]| {
            reasons
                .first()
                .map(|reason| format!(": {}", reason.detail))
                .unwrap_or_default()
        };
        match (before.answer.counts(), after.answer.counts()) {
            (true, false) => Some(Finding::reject(
                codes::LOST_CONSUMER,
                subject,
                format!(
                    "{} counts what the old one signs, and not what the new one does{}",
                    consumer.name(),
                    why(&after.reasons)
                ),
            )),
            (false, true) => Some(Finding::note(
                codes::GAINED_CONSUMER,
                subject,
                format!(
                    "{} counts what the new one signs, and not what the old one does{}",
                    consumer.name(),
                    why(&before.reasons)
                ),
            )),
            _ => None,
        }
    }
}

/// What each reader makes of one signature.
#[derive(Clone, Debug, Default)]
struct Told {
    lost: Vec<(String, String)>,
    gained: Vec<(String, String)>,
    readers: usize,
    neither: Vec<String>,
}

impl Told {
    fn add(
        &mut self,
        reader: &Reader,
        old: &SignatureFacts,
        new: &SignatureFacts,
        count: &mut Count,
    ) {
        let why = |facts: &SignatureFacts| {
            facts
                .reason
                .as_ref()
                .map(|reason| reason.detail.clone())
                .unwrap_or_default()
        };
        self.readers += 1;
        match (old.status == Status::Good, new.status == Status::Good) {
            (true, true) => count.both += 1,
            (true, false) => {
                count.lost += 1;
                self.lost.push((reader.name.clone(), why(new)));
            }
            (false, true) => {
                count.gained += 1;
                self.gained.push((reader.name.clone(), why(old)));
            }
            (false, false) => {
                count.neither += 1;
                self.neither.push(why(new));
            }
        }
    }

    fn findings(self, subject: &str, facts: &SignatureFacts) -> Vec<Finding> {
        let key = facts
            .key
            .as_ref()
            .map(ToString::to_string)
            .or_else(|| facts.issuers.first().cloned())
            .unwrap_or_else(|| "an unknown key".to_owned());
        let made = facts
            .created
            .map(|made| format!(" of {made}"))
            .unwrap_or_default();
        let which = format!("the signature{made} by {key}");
        let readers = |those: &[(String, String)]| {
            let names: Vec<&str> = those.iter().map(|(name, _)| name.as_str()).collect();
            names.join(", ")
        };
        let because = |those: &[(String, String)]| {
            those
                .first()
                .map(|(_, why)| why.clone())
                .unwrap_or_default()
        };
        let mut findings = Vec::new();
        if !self.lost.is_empty() {
            findings.push(
                Finding::reject(
                    codes::LOST_SIGNATURE,
                    subject,
                    format!("{which} verifies no more: {}", because(&self.lost)),
                )
                .because(readers(&self.lost)),
            );
        }
        if !self.gained.is_empty() {
            findings.push(
                Finding::note(
                    codes::GAINED_SIGNATURE,
                    subject,
                    format!("{which} verifies again; before: {}", because(&self.gained)),
                )
                .because(readers(&self.gained)),
            );
        }
        if self.readers > 0 && self.neither.len() == self.readers {
            let why = self.neither.into_iter().next().unwrap_or_default();
            findings.push(Finding::note(
                codes::NEITHER,
                subject,
                format!("{which} verifies with neither: {why}"),
            ));
        }
        findings
    }
}

/// What a new copy of a certificate lacks.
fn lacks(old: &Certificate, new: &Certificate) -> Result<Vec<Finding>> {
    let subject = old.fingerprint().to_string();
    let (old, new) = (cert_of(old)?, cert_of(new)?);
    let mut findings = Vec::new();
    for key in old.keys().subkeys() {
        let fingerprint = key.key().fingerprint();
        if !new
            .keys()
            .subkeys()
            .any(|other| other.key().fingerprint() == fingerprint)
        {
            let detail = format!(
                "subkey {} is not in the new one",
                fingerprint_of(&fingerprint)
            );
            findings.push(Finding::reject(codes::LOST_PART, &subject, detail));
        }
    }
    for key in new.keys().subkeys() {
        let fingerprint = key.key().fingerprint();
        if !old
            .keys()
            .subkeys()
            .any(|other| other.key().fingerprint() == fingerprint)
        {
            let detail = format!(
                "subkey {} is in the new one only",
                fingerprint_of(&fingerprint)
            );
            findings.push(Finding::note(codes::NEW_PART, &subject, detail));
        }
    }
    for (one, other, code) in [
        (&old, &new, codes::LOST_PART),
        (&new, &old, codes::NEW_PART),
    ] {
        for user_id in one.userids() {
            if other
                .userids()
                .any(|known| known.userid() == user_id.userid())
            {
                continue;
            }
            let text = String::from_utf8_lossy(user_id.userid().value());
            findings.push(if code == codes::LOST_PART {
                let detail = format!("user ID \"{text}\" is not in the new one");
                Finding::reject(code, &subject, detail)
            } else {
                let detail = format!("user ID \"{text}\" is in the new one only");
                Finding::note(code, &subject, detail)
            });
        }
    }
    let lost = |of: fn(&Cert) -> Vec<&Signature>| {
        let known = of(&new);
        of(&old)
            .into_iter()
            .filter(|one| !known.iter().any(|other| other.normalized_eq(one)))
            .count()
    };
    let revocations = lost(revocations);
    if revocations > 0 {
        let detail = format!("{revocations} of its revocations are not in the new one");
        findings.push(
            Finding::reject(codes::LOST_REVOCATION, &subject, detail)
                .hint("join both: pkgseal keyring merge"),
        );
    }
    let signatures = lost(self_signatures);
    if signatures > 0 {
        let detail = format!("{signatures} of its self-signatures are not in the new one");
        findings.push(
            Finding::warning(codes::LOST_SELF_SIGNATURE, &subject, detail)
                .hint("join both: pkgseal keyring merge"),
        );
    }
    Ok(findings)
}

fn revocations(cert: &Cert) -> Vec<&Signature> {
    let primary = cert.primary_key();
    let on_key = primary
        .self_revocations()
        .chain(primary.other_revocations());
    let on_user_ids = cert
        .userids()
        .flat_map(|user_id| user_id.self_revocations());
    let on_subkeys = cert
        .keys()
        .subkeys()
        .flat_map(|subkey| subkey.self_revocations().collect::<Vec<_>>());
    on_key.chain(on_user_ids).chain(on_subkeys).collect()
}

fn self_signatures(cert: &Cert) -> Vec<&Signature> {
    let on_user_ids = cert.userids().flat_map(|user_id| user_id.self_signatures());
    let on_subkeys = cert
        .keys()
        .subkeys()
        .flat_map(|subkey| subkey.self_signatures().collect::<Vec<_>>());
    cert.primary_key()
        .self_signatures()
        .chain(on_user_ids)
        .chain(on_subkeys)
        .collect()
}

/// The finding that nothing was proven.
pub fn nothing_proven(subject: &str, proof: &Proof) -> Finding {
    let detail = if proof.signatures == 0 {
        "no signature was found".to_owned()
    } else {
        format!(
            "none of the {} signatures found verifies with the old certificate or the new one",
            proof.signatures
        )
    };
    Finding::undecided(codes::NOTHING_PROVEN, subject, detail)
        .hint("name the directory of a repository that the key signed")
}
