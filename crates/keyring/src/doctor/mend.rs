//! Self-signatures made anew.
//!
//! Each weak self-signature that was ever in force gets a strong one that says the same,
//! dated one second later. What was signed since then is therefore bound by a strong
//! signature of its own time: clients that ask about the time of a signature (sqv, apt
//! with sqv) accept old signatures again, not only those made after the mend. The weak
//! ones stay; no client minds them once there is a better one.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use openpgp::packet::Signature;
use openpgp::serialize::SerializeInto as _;
use openpgp::{Cert, Packet};
use pkgseal_openpgp::edit::{self, Edit, Holder};
use pkgseal_openpgp::{Certificate, Profile};
use pkgseal_repo::Finding;
use sequoia_openpgp as openpgp;

use super::critical::not_understood;
use super::part::{self, Bound, SelfSignature, is_revoked};
use super::{Part, diagnose, words};
use crate::codes::{RPM_KEEPS, doctor as codes};
use crate::generate::failed;
use crate::lifecycle::{Changed, Custody, Step, warn};
use crate::{Error, Passphrase, Result};

/// Whether a certificate may be left half mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halves {
    /// Nothing is changed where not all can be.
    Refuse,
    /// What can be mended is.
    Accept,
}

/// A key whose certificate was mended, not yet written.
#[derive(Clone, Debug)]
pub struct Mended {
    /// The key, its certificate before and after, and what was signed anew.
    pub changed: Changed,
    /// What could not be.
    pub left: Vec<Left>,
}

/// A part that could not be signed anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Which.
    pub part: Part,
    /// Why not.
    pub reason: String,
}

/// Signs anew what is weak or lacks its back-signature, with SHA-512: same fingerprint,
/// same expiry, same key flags, old signatures kept. The result is diagnosed with the
/// public certificate only before it is returned.
///
/// # Errors
/// [`Error::Request`] where something cannot be mended and halves are refused, or the
/// certificate is revoked; [`Error::OpenPgp`]: the primary key's secret part is not here,
/// a wrong passphrase, or what was made does not read as it should; as
/// [`Custody::open`].
pub fn mend(
    custody: &dyn Custody,
    passphrase: Option<&Passphrase>,
    halves: Halves,
    now: Timestamp,
) -> Result<Mended> {
    let before = custody.certificate();
    let ailing = Ailing::of(&before, SystemTime::from(now))?;
    if ailing.all.is_empty() && ailing.unknown.is_empty() {
        return Ok(Mended {
            changed: Changed::new(None, before.clone(), before, Vec::new(), Vec::new()),
            left: Vec::new(),
        });
    }
    let holder = custody.open(passphrase)?.holder;
    let primary = ailing.cert.primary_key().key().clone();
    let can_certify = holder.signer(&primary.role_into_unspecified())?.is_some();
    let mut after = before.clone();
    let mut steps = Vec::new();
    let mut left = ailing.unknown.clone();
    for (part, weak) in &ailing.all {
        match ailing.renewed(part, weak, &holder) {
            Ok(with) => {
                after = after.merge(with)?;
                steps.push(Step::Renewed {
                    part: part.to_string(),
                    follows: part::timestamp(weak.made),
                });
            }
            // Without the primary key nothing can be mended at all.
            Err(pkgseal_openpgp::Error::Key { reason, .. })
                if matches!(part, Part::Subkey(_)) && can_certify =>
            {
                if !left.iter().any(|left| left.part == *part) {
                    let part = part.clone();
                    left.push(Left { part, reason });
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
    if let (Some(first), Halves::Refuse) = (left.first(), halves) {
        return Err(Error::Request {
            field: "key",
            reason: format!(
                "nothing was changed, for the certificate would be mended by half: {}: {}",
                first.part, first.reason
            ),
        });
    }
    check(&before, &after, &left, now)?;
    let key = custody.secret(&after, None)?;
    let mut findings = warn::about(&before, &after, now);
    if !findings.iter().any(|finding| finding.code == RPM_KEEPS) {
        findings.push(
            Finding::note(
                RPM_KEEPS,
                after.fingerprint().to_string(),
                "rpm before version 6 keeps the certificate it has imported once",
            )
            .hint("its users run `rpm -e gpg-pubkey-…` for the old one, then `rpmkeys --import` the new one"),
        );
    }
    let mut changed = Changed::new(key, before, after, steps, findings);
    changed.findings.extend(custody.advice(&changed));
    Ok(Mended { changed, left })
}

/// Self-signatures to be made anew, in the order of the certificate.
struct Ailing {
    cert: Cert,
    all: Vec<(Part, SelfSignature)>,
    /// Parts that nobody can sign anew who does not know what they say.
    unknown: Vec<Left>,
}

impl Ailing {
    fn of(certificate: &Certificate, now: SystemTime) -> Result<Self> {
        let cert = part::cert(certificate)?;
        if is_revoked(&cert, &Part::Primary) {
            return Err(Error::Request {
                field: "key",
                reason: "its certificate is revoked, which no self-signature mends".to_owned(),
            });
        }
        let (mut all, mut unknown) = (Vec::new(), Vec::new());
        for bound in part::parts(&cert) {
            if is_revoked(&cert, &bound.part) {
                continue;
            }
            for weak in in_force(&bound, now) {
                all.push((bound.part.clone(), weak.clone()));
            }
            let newest = bound.newest(now).filter(|newest| !newest.holds());
            if let Some(what) = newest.and_then(|one| not_understood(&one.signature)) {
                unknown.push(Left {
                    part: bound.part.clone(),
                    reason: format!(
                        "its self-signature carries {what}, and what it says is not known here"
                    ),
                });
            }
        }
        Ok(Self { cert, all, unknown })
    }

    /// The certificate with a strong self-signature a second after a weak one.
    fn renewed(
        &self,
        part: &Part,
        weak: &SelfSignature,
        holder: &dyn Holder,
    ) -> pkgseal_openpgp::Result<Certificate> {
        let alone = self.alone(part, weak)?;
        let at = part::timestamp(weak.made + Duration::from_secs(1));
        let mut edit = Edit::new(&alone, holder, at)?;
        edit.renew(&self.named(part), &edit::Change::NONE)?;
        Ok(edit.finish()?.certificate().clone())
    }

    /// The certificate with this self-signature alone on its part, so that it is what the
    /// new one follows.
    fn alone(&self, part: &Part, weak: &SelfSignature) -> pkgseal_openpgp::Result<Certificate> {
        let here = part::parts(&self.cert)
            .into_iter()
            .find(|bound| bound.part == *part);
        let others: Vec<Signature> = here
            .into_iter()
            .flat_map(|bound| bound.signatures)
            .map(|one| one.signature)
            .filter(|one| !one.normalized_eq(&weak.signature))
            .collect();
        let kept = self
            .cert
            .clone()
            .into_packets()
            .filter(|packet| match packet {
                Packet::Signature(one) => !others.iter().any(|other| other.normalized_eq(one)),
                _ => true,
            });
        let cert = Cert::from_packets(kept);
        let bytes = cert.and_then(|cert| cert.to_vec()).map_err(crypto)?;
        let (certificates, _) = Certificate::parse_all(&bytes);
        certificates
            .into_iter()
            .next()
            .ok_or_else(|| crypto("nothing is left of the certificate"))
    }

    fn named(&self, part: &Part) -> edit::Part {
        match part {
            Part::Primary => edit::Part::Key,
            Part::Subkey(fingerprint) => edit::Part::Subkey(fingerprint.clone()),
            Part::UserId(text) => {
                let raw = self
                    .cert
                    .userids()
                    .map(|user_id| user_id.userid().value())
                    .find(|raw| String::from_utf8_lossy(raw) == *text);
                edit::Part::UserId(raw.map_or_else(|| text.clone().into_bytes(), <[u8]>::to_vec))
            }
        }
    }
}

fn crypto(error: impl std::fmt::Display) -> pkgseal_openpgp::Error {
    pkgseal_openpgp::Error::Crypto {
        operation: "taking the certificate apart",
        reason: error.to_string(),
    }
}

/// Weak self-signatures that were in force for longer than a second, and are not answered
/// by a strong one at once.
pub(super) fn in_force(bound: &Bound, now: SystemTime) -> Vec<&SelfSignature> {
    let followed = |weak: &SelfSignature| {
        bound.signatures.iter().any(|other| {
            let soon = other
                .made
                .duration_since(weak.made)
                .is_ok_and(|after| after <= Duration::from_secs(1));
            let later = other.made > weak.made || other.holds();
            let same = other.signature.normalized_eq(&weak.signature);
            soon && later && !same
        })
    };
    bound
        .signatures
        .iter()
        .filter(|signature| signature.made <= now && !signature.holds())
        .filter(|signature| not_understood(&signature.signature).is_none())
        .filter(|signature| !followed(signature))
        .collect()
}

/// What was made is looked at as clients will: public parts only, read from bytes.
fn check(before: &Certificate, after: &Certificate, left: &[Left], now: Timestamp) -> Result<()> {
    let unfit = |what: String| failed("checking the mended certificate")(what);
    let (certificates, _) = Certificate::parse_all(&after.to_binary());
    let Some(after) = certificates.into_iter().next() else {
        return Err(unfit("it cannot be read back".to_owned()));
    };
    if after.fingerprint() != before.fingerprint() {
        return Err(unfit("its fingerprint would change".to_owned()));
    }
    let lives = |certificate: &Certificate| -> Vec<_> {
        certificate
            .keys(&Profile::strict(), now)
            .into_iter()
            .map(|key| (key.fingerprint, key.expires, key.capabilities))
            .collect()
    };
    // A binding without back-signature says nothing that counts, before.
    let answered: Vec<_> = lives(before);
    for (one, other) in answered.iter().zip(lives(&after)) {
        if !one.2.is_empty() && *one != other {
            return Err(unfit(format!(
                "expiry or use of key {} would change",
                one.0
            )));
        }
    }
    let ails = diagnose(&after, now)?;
    let forgotten = ails
        .reissuable()
        .filter(|trouble| trouble.finding.code != codes::HALF_MENDED || left.is_empty())
        .find(|trouble| !left.iter().any(|left| left.part == trouble.part));
    match forgotten {
        None => Ok(()),
        Some(trouble) => Err(unfit(format!(
            "{} is still there: {}",
            trouble.finding.code,
            words::list(std::slice::from_ref(&trouble.finding.detail))
        ))),
    }
}
