//! What is wrong with each part, and with all of them together.

use std::time::SystemTime;

use jiff::Timestamp;
use openpgp::Cert;
use openpgp::packet::Signature;
use openpgp::packet::signature::subpacket::{SubpacketTag, SubpacketValue};
use openpgp::types::SignatureType;
use pkgseal_openpgp::{Certificate, KeyFacts, KeyState, Profile};
use pkgseal_repo::{Code, Finding, Severity};
use sequoia_openpgp as openpgp;

use super::mend::in_force;
use super::part::{Back, Bound, SelfSignature, fingerprint, is_weak, parts, timestamp};
use super::{Part, Remedy, Trouble, words};
use crate::codes::doctor as codes;

const REISSUE: &str = "sign it anew with SHA-512: pkgseal key doctor --fix KEYFILE";
const EXTEND: &str = "extend it: pkgseal key extend";
const ROTATE: &str = "hand over to another key: pkgseal key rotate plan";

/// Everything that is wrong with a certificate at a moment.
pub(super) fn troubles(cert: &Cert, certificate: &Certificate, now: Timestamp) -> Vec<Trouble> {
    let parts = parts(cert);
    let mut examination = Examination {
        subject: certificate.fingerprint().to_string(),
        now: SystemTime::from(now),
        troubles: Vec::new(),
    };
    examination.revocations(cert);
    if is_revoked(cert, &Part::Primary) {
        // Whatever else is wrong with it matters no more.
        examination.keys(certificate, &parts, now);
        return examination.troubles;
    }
    let living: Vec<Bound> = parts
        .into_iter()
        .filter(|bound| !is_revoked(cert, &bound.part))
        .collect();
    for bound in &living {
        examination.part(bound, &living, cert);
    }
    examination.half_mended(&living, cert);
    examination.history(&living);
    examination.keys(certificate, &living, now);
    if cert.userids().next().is_none() {
        let finding = examination
            .finding(
                codes::NO_USER_ID,
                Severity::Warning,
                "it has no user ID, and gpg refuses to import it".to_owned(),
            )
            .hint("add one: gpg --quick-add-uid, or sq key userid add");
        examination.add(finding, Part::Primary, None, Remedy::AddUserId);
    }
    examination.troubles
}

struct Examination {
    subject: String,
    now: SystemTime,
    troubles: Vec<Trouble>,
}

impl Examination {
    fn finding(&self, code: Code, severity: Severity, detail: String) -> Finding {
        Finding::new(code, severity, self.subject.clone(), detail)
    }

    fn add(
        &mut self,
        finding: Finding,
        part: Part,
        signature: Option<&SelfSignature>,
        remedy: Remedy,
    ) {
        self.troubles.push(Trouble {
            finding,
            part,
            made: signature.map(|signature| timestamp(signature.made)),
            remedy,
        });
    }

    /// The self-signature in force today, and those that should be.
    fn part(&mut self, bound: &Bound, all: &[Bound], cert: &Cert) {
        for signature in &bound.signatures {
            if signature.made > self.now {
                let detail = format!(
                    "{}: its self-signature is of {}, which is yet to come",
                    bound.part,
                    words::moment(signature.made)
                );
                let finding = self
                    .finding(codes::FUTURE, Severity::Warning, detail)
                    .hint("set the clock of the machine that signed it right, and wait until then");
                self.add(
                    finding,
                    bound.part.clone(),
                    Some(signature),
                    Remedy::Nothing,
                );
            }
        }
        let Some(newest) = newest(bound, self.now) else {
            return self.unbound(bound);
        };
        let severity = self.weight(bound, newest, all, cert);
        self.strength(bound, newest, severity);
        self.back(bound, newest, severity);
        self.critical(bound, newest);
        self.says(bound, newest, cert);
    }

    /// A part that nothing holds at this moment.
    fn unbound(&mut self, bound: &Bound) {
        // A certificate may do without direct-key signature.
        if bound.part == Part::Primary {
            return;
        }
        let detail = match bound.signatures.first() {
            Some(expired) if expired.expired(self.now) => {
                format!("{}: its self-signature itself has expired", bound.part)
            }
            Some(_) => return,
            None => format!("{}: no self-signature on it verifies", bound.part),
        };
        let finding = self
            .finding(codes::UNBOUND, Severity::Warning, detail)
            .hint("if it is yours, bind it anew with gpg or sq; clients ignore it as it is");
        self.add(finding, bound.part.clone(), None, Remedy::Nothing);
    }

    /// How much it matters that a part does not count: all, where the certificate stands
    /// on it, or a key that signs today.
    fn weight(
        &self,
        bound: &Bound,
        newest: &SelfSignature,
        all: &[Bound],
        cert: &Cert,
    ) -> Severity {
        let decides = match &bound.part {
            Part::Primary | Part::UserId(_) => !all
                .iter()
                .filter(|other| !matches!(other.part, Part::Subkey(_)))
                .any(|other| self.newest(other).is_some_and(SelfSignature::holds)),
            Part::Subkey(of) => {
                !matches!(newest.back, Back::NotNeeded) && !expired(cert, of, newest, self.now)
            }
        };
        if decides {
            Severity::Reject
        } else {
            Severity::Warning
        }
    }

    fn newest<'b>(&self, bound: &'b Bound) -> Option<&'b SelfSignature> {
        newest(bound, self.now)
    }

    fn strength(&mut self, bound: &Bound, newest: &SelfSignature, severity: Severity) {
        let signature = &newest.signature;
        let made = words::moment(newest.made);
        let digest = words::digest(signature.hash_algo());
        if signature.version() <= 3 {
            let detail = format!(
                "{}: its self-signature of {made} is a version {} signature",
                bound.part,
                signature.version()
            );
            let finding = self
                .finding(codes::OLD_SELF_SIGNATURE, severity, detail)
                .hint(REISSUE);
            self.add(finding, bound.part.clone(), Some(newest), Remedy::Reissue);
        }
        if newest.is_weak() {
            let (code, what) = match &bound.part {
                Part::Subkey(_) => (codes::WEAK_BINDING, "binding signature"),
                Part::Primary => (codes::WEAK_SELF_SIGNATURE, "direct-key self-signature"),
                Part::UserId(_) => (codes::WEAK_SELF_SIGNATURE, "self-signature"),
            };
            let detail = format!("{}: its {what} of {made} uses {digest}", bound.part);
            let finding = self.finding(code, severity, detail).hint(REISSUE);
            self.add(finding, bound.part.clone(), Some(newest), Remedy::Reissue);
        }
    }

    fn back(&mut self, bound: &Bound, newest: &SelfSignature, severity: Severity) {
        let made = words::moment(newest.made);
        let (code, detail) = match &newest.back {
            Back::NotNeeded => return,
            Back::Missing => (
                codes::NO_BACK_SIGNATURE,
                format!(
                    "{}: it signs, and its binding of {made} carries no back-signature",
                    bound.part
                ),
            ),
            Back::Bad => (
                codes::BAD_BACK_SIGNATURE,
                format!(
                    "{}: the back-signature in its binding of {made} is not by this subkey over this certificate",
                    bound.part
                ),
            ),
            Back::Good(back) if is_weak(back) => (
                codes::WEAK_BACK_SIGNATURE,
                format!(
                    "{}: the back-signature in its binding of {made} uses {}",
                    bound.part,
                    words::digest(back.hash_algo())
                ),
            ),
            Back::Good(_) => return,
        };
        let finding = self.finding(code, severity, detail).hint(REISSUE);
        self.add(finding, bound.part.clone(), Some(newest), Remedy::Reissue);
    }

    fn critical(&mut self, bound: &Bound, newest: &SelfSignature) {
        let back = match &newest.back {
            Back::Good(back) => Some(&**back),
            _ => None,
        };
        let unknown = std::iter::once(&newest.signature)
            .chain(back)
            .find_map(critical_unknown);
        if let Some(what) = unknown {
            let detail = format!(
                "{}: its self-signature of {} carries {what}",
                bound.part,
                words::moment(newest.made)
            );
            let finding = self
                .finding(codes::CRITICAL, Severity::Reject, detail)
                .hint("only the key's holder knows what it says: make the self-signature anew without it");
            self.add(finding, bound.part.clone(), Some(newest), Remedy::Nothing);
        }
    }

    /// What the self-signature leaves unsaid.
    fn says(&mut self, bound: &Bound, newest: &SelfSignature, cert: &Cert) {
        let direct = cert
            .primary_key()
            .self_signatures()
            .any(|signature| signature.typ() == SignatureType::DirectKey);
        let flags = newest.signature.key_flags();
        let certifying =
            matches!(bound.part, Part::UserId(_)) && !direct || bound.part == Part::Primary;
        let subkey = matches!(bound.part, Part::Subkey(_));
        if (certifying || subkey) && flags.is_none() {
            let alone = certifying && cert.keys().count() == 1;
            let severity = if alone {
                Severity::Warning
            } else {
                Severity::Note
            };
            let detail = format!(
                "{}: its self-signature of {} does not say what the key is for",
                bound.part,
                words::moment(newest.made)
            );
            let finding = self.finding(codes::NO_KEY_FLAGS, severity, detail).hint(
                "state it: gpg --expert --edit-key, command change-usage, or a new signing subkey: pkgseal key subkey add",
            );
            self.add(finding, bound.part.clone(), Some(newest), Remedy::AddSubkey);
        }
        if certifying && newest.signature.features().is_none() {
            let detail = format!("{}: its self-signature lists no features", bound.part);
            let finding = self.finding(codes::NO_FEATURES, Severity::Note, detail);
            self.add(finding, bound.part.clone(), Some(newest), Remedy::Nothing);
        }
    }

    /// Parts that were renewed beside parts that were not.
    fn half_mended(&mut self, parts: &[Bound], cert: &Cert) {
        let state = |bound: &Bound| self.newest(bound).map(SelfSignature::holds);
        let names = |holds: bool| -> Vec<String> {
            parts
                .iter()
                .filter(|bound| state(bound) == Some(holds))
                .map(|bound| bound.part.to_string())
                .collect()
        };
        let renewed = parts.iter().any(|bound| {
            // Strong today and weak before: somebody set out to mend it.
            state(bound) == Some(true) && bound.signatures.iter().any(|older| !older.holds())
        });
        let weak = names(false);
        let decides = parts
            .iter()
            .filter(|bound| state(bound) == Some(false))
            .filter_map(|bound| Some(self.weight(bound, self.newest(bound)?, parts, cert)))
            .any(|severity| severity == Severity::Reject);
        if weak.is_empty() || names(true).is_empty() || !(renewed || decides) {
            return;
        }
        let severity = if decides {
            Severity::Reject
        } else {
            Severity::Warning
        };
        let detail = format!(
            "{} is strong, {} is not: clients ask for both",
            words::list(&names(true)),
            words::list(&weak)
        );
        let finding = self
            .finding(codes::HALF_MENDED, severity, detail)
            .hint(REISSUE);
        self.add(finding, Part::Primary, None, Remedy::Reissue);
    }

    /// Times at which nothing strong was in force.
    fn history(&mut self, parts: &[Bound]) {
        for bound in parts {
            let relevant = match &bound.part {
                Part::Primary => false,
                Part::UserId(_) => true,
                Part::Subkey(_) => bound
                    .signatures
                    .iter()
                    .any(|signature| !matches!(signature.back, Back::NotNeeded)),
            };
            if !relevant || !self.newest(bound).is_some_and(SelfSignature::holds) {
                continue;
            }
            let stronger = |weak: &SelfSignature| {
                bound
                    .signatures
                    .iter()
                    .any(|other| other.holds() && other.made <= weak.made)
            };
            let weak = in_force(bound, self.now)
                .into_iter()
                .rfind(|weak| !stronger(weak));
            let Some(weak) = weak else { continue };
            let first = bound
                .signatures
                .iter()
                .rfind(|strong| strong.holds() && strong.made > weak.made);
            let Some(first) = first else { continue };
            let detail = format!(
                "{}: between {} and {} only weak self-signatures were in force, and what was signed then is refused by clients that ask about that time",
                bound.part,
                words::moment(weak.made),
                words::moment(first.made)
            );
            let finding = self
                .finding(codes::WEAK_HISTORY, Severity::Warning, detail)
                .hint("sign the past anew too: pkgseal key doctor --fix KEYFILE");
            self.add(finding, bound.part.clone(), Some(weak), Remedy::Reissue);
        }
    }

    /// Revocations that stop counting.
    fn revocations(&mut self, cert: &Cert) {
        let primary = cert
            .primary_key()
            .self_revocations()
            .map(|s| (Part::Primary, s));
        let user_ids = cert.userids().flat_map(|user_id| {
            let text = String::from_utf8_lossy(user_id.userid().value()).into_owned();
            user_id
                .self_revocations()
                .map(move |signature| (Part::UserId(text.clone()), signature))
        });
        let subkeys = cert.keys().subkeys().flat_map(|subkey| {
            let part = Part::Subkey(fingerprint(&subkey.key().fingerprint()));
            subkey
                .self_revocations()
                .map(move |signature| (part.clone(), signature))
                .collect::<Vec<_>>()
        });
        let all: Vec<(Part, &Signature)> = primary.chain(user_ids).chain(subkeys).collect();
        for (part, revocation) in &all {
            let strong = all
                .iter()
                .any(|(other, signature)| other == part && !is_weak(signature));
            if is_weak(revocation) && !strong {
                let detail = format!(
                    "{part}: its revocation uses {}, which clients stop counting: the part comes back to life there",
                    words::digest(revocation.hash_algo())
                );
                let finding = self
                    .finding(codes::WEAK_REVOCATION, Severity::Warning, detail)
                    .hint("revoke it anew: pkgseal key revoke");
                self.add(finding, part.clone(), None, Remedy::Revoke);
            }
        }
    }

    /// Expiry, strength and revocation of the keys themselves.
    fn keys(&mut self, certificate: &Certificate, parts: &[Bound], now: Timestamp) {
        let keys = certificate.keys(&Profile::strict(), now);
        let Some((primary, subkeys)) = keys.split_first() else {
            return;
        };
        self.primary(primary, subkeys, parts);
        let signs = |key: &&KeyFacts| key.capabilities.contains(&"sign");
        let signing: Vec<&KeyFacts> = keys.iter().filter(signs).collect();
        for key in &signing {
            let part = part_of(key);
            self.algorithm(key, part.clone());
            if matches!(&key.state, KeyState::Revoked(_)) && !key.primary {
                let detail = format!("{part}: it is revoked");
                let finding = self.finding(codes::REVOKED, Severity::Note, detail);
                self.add(finding, part, None, Remedy::Rotate);
            } else if key.expires.is_none() && !matches!(key.state, KeyState::Revoked(_)) {
                let detail = format!("{part}: it never expires");
                let finding = self
                    .finding(codes::NO_EXPIRY, Severity::Note, detail)
                    .hint("give it an expiry of a year or two, and extend it in time: pkgseal key extend --expires 2y");
                self.add(finding, part, None, Remedy::Extend);
            }
        }
        if !primary.capabilities.contains(&"sign") {
            // A key that signs nothing still holds those that do.
            self.algorithm(primary, Part::Primary);
        }
        self.forgotten(primary, &signing, now);
        let claims = parts.iter().any(|bound| {
            newest(bound, self.now).is_some_and(|newest| !matches!(newest.back, Back::NotNeeded))
        });
        if signing.is_empty() && !claims && !matches!(primary.state, KeyState::Revoked(_)) {
            let finding = self
                .finding(
                    codes::CANNOT_SIGN,
                    Severity::Note,
                    "none of its keys is meant to sign files".to_owned(),
                )
                .hint("give it a signing subkey: pkgseal key subkey add");
            self.add(finding, Part::Primary, None, Remedy::AddSubkey);
        }
    }

    fn primary(&mut self, primary: &KeyFacts, subkeys: &[KeyFacts], parts: &[Bound]) {
        if let KeyState::Revoked(revocation) = &primary.state {
            let when = revocation
                .at
                .map(|at| format!(" since {}", words::moment(SystemTime::from(at))))
                .unwrap_or_default();
            let finding = self
                .finding(
                    codes::REVOKED,
                    Severity::Reject,
                    format!("the certificate is revoked{when}"),
                )
                .hint(ROTATE);
            self.add(finding, Part::Primary, None, Remedy::Rotate);
            return;
        }
        let Some(expired) = primary
            .expires
            .filter(|expires| SystemTime::from(*expires) <= self.now)
        else {
            return;
        };
        let alive = subkeys.iter().any(|key| {
            let Part::Subkey(fingerprint) = part_of(key) else {
                return false;
            };
            key.capabilities.contains(&"sign")
                && own_expiry(parts, &fingerprint, key) > Some(self.now)
        });
        let detail = if alive {
            format!(
                "the primary key expired at {expired}, and takes a signing subkey with it that would live on"
            )
        } else {
            format!("the primary key expired at {expired}")
        };
        let finding = self
            .finding(codes::EXPIRED, Severity::Reject, detail)
            .hint(EXTEND);
        self.add(finding, Part::Primary, None, Remedy::Extend);
    }

    /// Signing subkeys that expired under a primary key that lives.
    fn forgotten(&mut self, primary: &KeyFacts, signing: &[&KeyFacts], now: Timestamp) {
        let expired = |key: &KeyFacts| key.expires.is_some_and(|expires| expires <= now);
        if expired(primary) || matches!(primary.state, KeyState::Revoked(_)) {
            return;
        }
        // One that lives is there to replace those that do not.
        let replaced = signing
            .iter()
            .any(|key| !key.primary && !expired(key) && !matches!(key.state, KeyState::Revoked(_)));
        for key in signing.iter().filter(|key| !key.primary && expired(key)) {
            if matches!(key.state, KeyState::Revoked(_)) {
                continue;
            }
            let part = part_of(key);
            let (severity, rest) = if replaced {
                (Severity::Note, "another signing subkey lives")
            } else {
                (
                    Severity::Reject,
                    "the primary key was renewed, and the subkey forgotten",
                )
            };
            let at = key.expires.unwrap_or(now);
            let detail = format!("{part}: it expired at {at}; {rest}");
            let finding = self
                .finding(codes::SUBKEY_FORGOTTEN, severity, detail)
                .hint("extend the subkey as well: pkgseal key extend");
            self.add(finding, part, None, Remedy::Extend);
        }
    }

    fn algorithm(&mut self, key: &KeyFacts, part: Part) {
        let size =
            |prefix: &str| -> Option<u32> { key.algorithm.strip_prefix(prefix)?.parse().ok() };
        let (severity, why) = if size("DSA").is_some() {
            (
                Severity::Reject,
                "DSA is out of use: apt counts it no more since 2024-02-01, gpg warns",
            )
        } else {
            match size("RSA") {
                Some(bits) if bits < 2048 => (
                    Severity::Reject,
                    "every client of today refuses RSA below 2048 bits",
                ),
                Some(bits) if bits < 3072 => (
                    Severity::Note,
                    "apt stops counting RSA below 3072 bits on 2030-02-01",
                ),
                _ => return,
            }
        };
        let detail = format!("{part}: it is {}; {why}", key.algorithm);
        let finding = self.finding(codes::WEAK_KEY, severity, detail).hint(ROTATE);
        self.add(finding, part, None, Remedy::Rotate);
    }
}

/// The newest self-signature made by now that has not expired itself.
pub(super) fn newest(bound: &Bound, now: SystemTime) -> Option<&SelfSignature> {
    bound
        .signatures
        .iter()
        .find(|signature| signature.made <= now && !signature.expired(now))
}

fn part_of(key: &KeyFacts) -> Part {
    if key.primary {
        Part::Primary
    } else {
        Part::Subkey(key.fingerprint.clone())
    }
}

/// When a subkey's own binding lets it expire; the end of time where it says nothing.
fn own_expiry(
    parts: &[Bound],
    fingerprint: &pkgseal_openpgp::Fingerprint,
    key: &KeyFacts,
) -> Option<SystemTime> {
    let bound = parts
        .iter()
        .find(|bound| bound.part == Part::Subkey(fingerprint.clone()))?;
    let newest = bound.signatures.first()?;
    let created = SystemTime::from(key.created);
    match newest.signature.key_validity_period() {
        Some(period) => created.checked_add(period),
        None => Some(SystemTime::from(Timestamp::MAX)),
    }
}

/// Whether a subkey expired by its own binding.
fn expired(
    cert: &Cert,
    of: &pkgseal_openpgp::Fingerprint,
    newest: &SelfSignature,
    now: SystemTime,
) -> bool {
    let created = cert
        .keys()
        .subkeys()
        .find(|subkey| fingerprint(&subkey.key().fingerprint()) == *of)
        .map(|subkey| subkey.key().creation_time());
    created
        .zip(newest.signature.key_validity_period())
        .and_then(|(created, period)| created.checked_add(period))
        .is_some_and(|expires| expires <= now)
}

/// Whether the owner took a part back.
pub(super) fn is_revoked(cert: &Cert, part: &Part) -> bool {
    match part {
        Part::Primary => cert.primary_key().self_revocations().next().is_some(),
        Part::UserId(text) => cert.userids().any(|user_id| {
            String::from_utf8_lossy(user_id.userid().value()) == *text
                && user_id.self_revocations().next().is_some()
        }),
        Part::Subkey(of) => cert.keys().subkeys().any(|subkey| {
            fingerprint(&subkey.key().fingerprint()) == *of
                && subkey.self_revocations().next().is_some()
        }),
    }
}

/// A critical subpacket or notation nobody here understands (RFC 9580, 5.2.3.7).
pub(super) fn critical_unknown(signature: &Signature) -> Option<String> {
    signature
        .hashed_area()
        .iter()
        .filter(|subpacket| subpacket.critical())
        .find_map(|subpacket| match subpacket.value() {
            SubpacketValue::NotationData(notation) => {
                Some(format!("the critical notation \"{}\"", notation.name()))
            }
            SubpacketValue::Unknown { .. } => {
                let number = match subpacket.tag() {
                    SubpacketTag::Unknown(number)
                    | SubpacketTag::Private(number)
                    | SubpacketTag::Reserved(number) => number,
                    other => u8::from(other),
                };
                Some(format!("a critical subpacket of type {number}"))
            }
            _ => None,
        })
}
