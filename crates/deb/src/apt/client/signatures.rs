//! Which signatures the client's program counts, and what apt makes of them.

use jiff::{Timestamp, Zoned, tz::TimeZone};
use pkgseal_openpgp::{
    Certificates, KeyState, Mathematics, Object, SignatureBlock, SignatureFacts, Status, Verifier,
    codes as signature_codes,
};
use pkgseal_repo::Finding;

use super::keyring::Pin;
use super::openpgp::{Policy, profile};
use super::rules::{Blocks, Critical, Moment, NoIssuer, Program, Rules, Six, Take};
use super::split::Block;
use super::{armor, reject};
use crate::codes;

/// What signatures are judged against.
pub(super) struct Judge<'a> {
    pub(super) rules: &'a Rules,
    pub(super) certificates: &'a Certificates,
    pub(super) pins: &'a [Pin],
    pub(super) now: Timestamp,
    pub(super) subject: &'a str,
}

/// What one signature is to the client.
enum Counted {
    Good { certificate: String, key: String },
    Bad(String),
    Worthless(String),
    Unknown(String),
}

/// Certificate and key of a good signature.
type Signer = (String, String);

/// Long after every revocation anybody has made.
const FAR: i64 = 32_503_680_000;

impl Judge<'_> {
    /// Whether a good signature is found that is asked for.
    pub(super) fn run(
        &self,
        text: &[u8],
        blocks: &[Block],
        reasons: &mut Vec<Finding>,
    ) -> Result<(), Box<Finding>> {
        let block = self.packets(blocks)?;
        let later = match self.rules.program {
            Program::Sqv => self.good(text, &block, Policy::At(in_a_year(self.now))),
            Program::Gpgv => self.good(text, &block, Policy::Next(self.now)),
        };
        let good = match later {
            Ok(good) => good,
            Err(later) => {
                let good = self.good(text, &block, Policy::At(self.now))?;
                let detail = match self.rules.program {
                    Program::Sqv => {
                        format!(
                            "its policy will reject the signature within a year: {}",
                            later.detail
                        )
                    }
                    Program::Gpgv => format!("a weak algorithm: {}", later.detail),
                };
                let warning = Finding::warning(codes::CLIENT_SOON, self.subject, detail);
                reasons.push(Finding {
                    cause: later.cause,
                    ..warning
                });
                good
            }
        };
        self.asked_for(&good)
    }

    /// The packets of all blocks, as far as the client reads them.
    fn packets(&self, blocks: &[Block]) -> Result<SignatureBlock, Box<Finding>> {
        let unreadable = |detail: &str, cause: String| {
            let finding = reject(codes::CLIENT_UNREADABLE, self.subject, detail);
            Box::new(finding.because(cause))
        };
        let rules = self.rules;
        let armor_line = || format!("client {}: armor ({})", rules.name, rules.armor.explain);
        let mut bytes = Vec::new();
        let read = match rules.armor.blocks {
            Blocks::All => blocks.len(),
            Blocks::First => 1,
        };
        for block in blocks.iter().take(read) {
            match armor::decode(block, &rules.armor) {
                Some(packets) => bytes.extend(packets),
                None => {
                    return Err(unreadable(
                        "it finds no signature in the armor",
                        armor_line(),
                    ));
                }
            }
        }
        let block = SignatureBlock::parse(&bytes)
            .map_err(|finding| unreadable(&finding.detail, armor_line()))?;
        let first = block.summary().first().map(|(version, ..)| *version);
        if rules.signature.v6 == Six::Unreadable && !matches!(first, Some(3 | 4)) {
            let cause = format!(
                "client {}: signature.v6 ({})",
                rules.name, rules.signature.v6_explain
            );
            return Err(unreadable(
                "its first signature is of a version the client does not know",
                cause,
            ));
        }
        Ok(block)
    }

    /// The good signers under a policy, or why there are none.
    fn good(
        &self,
        text: &[u8],
        block: &SignatureBlock,
        policy: Policy,
    ) -> Result<Vec<Signer>, Box<Finding>> {
        let rules = self.rules;
        let at = match policy {
            Policy::At(at) | Policy::Next(at) => at,
        };
        let fail = |code, detail: String, cause: String| {
            Err(Box::new(reject(code, self.subject, detail).because(cause)))
        };
        let old = block.summary().iter().any(|(version, ..)| *version == 3);
        if rules.program == Program::Sqv && old && !rules.signature.v3.holds(at) {
            return fail(
                codes::CLIENT_UNREADABLE,
                "it holds a version 3 signature, at which the client gives up".to_owned(),
                format!("client {}: signature.v3", rules.name),
            );
        }
        let (today, ever) = self.facts(text, block, policy)?;
        let longest = text.split(|byte| *byte == b'\n').map(<[u8]>::len).max();
        let too_long = rules
            .signature
            .text_line_bytes
            .is_some_and(|most| longest > Some(most));
        let mut good = Vec::new();
        let (mut bad, mut poor) = (Vec::new(), Vec::new());
        for (facts, ever) in today.iter().zip(&ever) {
            if rules.signature.v6 == Six::Unreadable && !matches!(facts.version, 3 | 4) {
                continue;
            }
            if rules.signature.no_issuer == NoIssuer::Crash && facts.issuers.is_empty() {
                let cause = &rules.signature.no_issuer_explain;
                return fail(
                    codes::CLIENT_UNREADABLE,
                    "a signature names no issuer, at which the client ends".to_owned(),
                    format!("client {}: signature.no-issuer ({cause})", rules.name),
                );
            }
            if too_long && facts.form == "text" && facts.certificate.is_some() {
                bad.push(rules.signature.text_line_explain.clone());
                continue;
            }
            match self.counted(facts, ever) {
                Counted::Good { certificate, key } => good.push((certificate, key)),
                Counted::Bad(detail) => bad.push(detail),
                Counted::Worthless(detail) | Counted::Unknown(detail) => poor.push(detail),
            }
        }
        if rules.signature.bad_beside_good == Take::Reject && !bad.is_empty() {
            let cause = &rules.signature.bad_beside_good_explain;
            return fail(
                codes::CLIENT_BAD,
                bad.join("; "),
                format!("client {}: signature.bad-beside-good ({cause})", rules.name),
            );
        }
        if good.is_empty() {
            poor.extend(bad);
            let cause = format!("client {}: key ({})", rules.name, rules.key.explain);
            return fail(codes::CLIENT_NO_GOOD, poor.join("; "), cause);
        }
        Ok(good)
    }

    /// Facts as of now, and as of a day after every revocation.
    fn facts(
        &self,
        text: &[u8],
        block: &SignatureBlock,
        policy: Policy,
    ) -> Result<(Vec<SignatureFacts>, Vec<SignatureFacts>), Box<Finding>> {
        let profile = profile(self.rules, policy)
            .map_err(|error| reject(codes::CLIENT_UNREADABLE, self.subject, error.to_string()))?;
        let judged = |now| {
            let verifier = Verifier::new(self.certificates.clone(), profile.clone(), now);
            let mut hashes = verifier.plan([block]).start();
            hashes.update(text);
            verifier
                .hashed(Object::Repository, block, &hashes)
                .signatures
        };
        let far = Timestamp::from_second(FAR).unwrap_or(Timestamp::MAX);
        Ok((judged(self.now), judged(far)))
    }

    fn counted(&self, facts: &SignatureFacts, ever: &SignatureFacts) -> Counted {
        let who = facts
            .certificate
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_else(|| facts.issuers.first().cloned().unwrap_or_default());
        let reason = facts
            .reason
            .as_ref()
            .map(|reason| reason.detail.clone())
            .unwrap_or_default();
        match self.rules.key.judged {
            Moment::Now => self.by_gpgv(facts, ever, &who, reason),
            Moment::WhenSigned => by_sqv(facts, &who, reason),
        }
    }

    /// gpgv's status line, and the list apt puts it on.
    fn by_gpgv(
        &self,
        facts: &SignatureFacts,
        ever: &SignatureFacts,
        who: &str,
        reason: String,
    ) -> Counted {
        let rules = self.rules;
        let critical = facts
            .reason
            .as_ref()
            .and_then(|reason| reason.cause.as_deref())
            .is_some_and(|cause| cause.starts_with("RFC 9580, 5.2.3.7"));
        if critical && rules.signature.critical_unknown == Critical::Bad {
            let explain = &rules.signature.critical_unknown_explain;
            return Counted::Bad(format!("BADSIG {who}: {reason} ({explain})"));
        }
        match facts.status {
            Status::MissingCertificate => return Counted::Unknown(format!("NO_PUBKEY {who}")),
            Status::Malformed | Status::Unsupported => {
                return Counted::Worthless(format!("ERRSIG {who}: {reason}"));
            }
            _ => {}
        }
        if rules.signature.short_digest == Take::Reject && short(facts) {
            return Counted::Worthless(format!(
                "ERRSIG {who}: {} is shorter than the key ({})",
                facts.digest_algorithm, rules.signature.short_digest_explain
            ));
        }
        if facts.digest_algorithm == "MD5" {
            return Counted::Worthless(format!("ERRSIG {who}: MD5"));
        }
        if facts.mathematics != Mathematics::Good {
            return Counted::Bad(format!("BADSIG {who}: {reason}"));
        }
        if matches!(ever.now, Some(KeyState::Revoked(_))) {
            return Counted::Worthless(format!("REVKEYSIG {who}: the key is revoked"));
        }
        match &facts.now {
            Some(KeyState::Live) => {}
            Some(KeyState::NotYetValid { .. }) if rules.key.before_its_key == Take::Accept => {}
            Some(KeyState::Expired { at, .. }) => {
                return Counted::Worthless(format!("EXPKEYSIG {who}: the key expired at {at}"));
            }
            Some(KeyState::Weak { reason }) => {
                return Counted::Worthless(format!("{who}: untrusted public key: {reason}"));
            }
            Some(KeyState::NotYetValid { from }) => {
                let explain = &rules.key.before_its_key_explain;
                return Counted::Worthless(format!("{who}: made at {from} only ({explain})"));
            }
            Some(KeyState::Revoked(_) | KeyState::NotForSigning | KeyState::Unbound { .. })
            | None => return Counted::Worthless(format!("ERRSIG {who}: the key may not sign")),
        }
        if facts.status == Status::Expired {
            return Counted::Worthless(format!("EXPSIG {who}: {reason}"));
        }
        let weak = facts
            .reason
            .as_ref()
            .is_some_and(|reason| reason.code == signature_codes::WEAK_DIGEST);
        if weak {
            let digest = &facts.digest_algorithm;
            return Counted::Worthless(format!("{who}: untrusted digest algorithm {digest}"));
        }
        good(facts)
    }

    /// `Signed-By` with fingerprints.
    fn asked_for(&self, good: &[Signer]) -> Result<(), Box<Finding>> {
        let rules = &self.rules.signed_by;
        let fits = |(certificate, key): &Signer, pin: &Pin| {
            let same_key = pin.fingerprint == *key;
            if pin.exact {
                return rules.exact == Take::Accept && same_key;
            }
            pin.fingerprint == *certificate || (rules.subkey == Take::Accept && same_key)
        };
        let found = good
            .iter()
            .any(|signer| self.pins.iter().any(|pin| fits(signer, pin)));
        if self.pins.is_empty() || found {
            return Ok(());
        }
        let signers: Vec<_> = good
            .iter()
            .map(|(certificate, _)| certificate.as_str())
            .collect();
        let detail = format!(
            "good signatures by {}, and Signed-By asks for others",
            signers.join(", ")
        );
        let cause = format!("client {}: signed-by ({})", self.rules.name, rules.explain);
        let finding = reject(codes::CLIENT_NOT_ASKED, self.subject, detail);
        Err(Box::new(finding.because(cause)))
    }
}

/// The day of which apt asks sqv first.
pub(super) fn in_a_year(now: Timestamp) -> Timestamp {
    let today: Zoned = now.to_zoned(TimeZone::UTC);
    today
        .date()
        .checked_add(jiff::Span::new().years(1))
        .ok()
        .and_then(|day| day.to_zoned(TimeZone::UTC).ok())
        .map_or(Timestamp::MAX, |day| day.timestamp())
}

fn by_sqv(facts: &SignatureFacts, who: &str, reason: String) -> Counted {
    let by_later = facts
        .notes
        .iter()
        .any(|note| note.code == signature_codes::KEY_HISTORY);
    match facts.status {
        Status::Good if by_later => Counted::Worthless(format!(
            "{who}: no self-signature binds the key at the time of the signature"
        )),
        Status::Good => good(facts),
        Status::Bad => Counted::Bad(format!("{who}: {reason}")),
        Status::MissingCertificate => Counted::Unknown(format!("missing key {who}")),
        Status::BadKey(_)
        | Status::WeakAlgorithm
        | Status::NotYetValid
        | Status::Expired
        | Status::Malformed
        | Status::Unsupported => Counted::Worthless(format!("{who}: {reason}")),
    }
}

fn good(facts: &SignatureFacts) -> Counted {
    match (&facts.certificate, &facts.key) {
        (Some(certificate), Some(key)) => Counted::Good {
            certificate: certificate.to_string(),
            key: key.to_string(),
        },
        _ => Counted::Unknown("no certificate".to_owned()),
    }
}

/// Whether an ECDSA or DSA digest is shorter than gpg asks of such a key.
fn short(facts: &SignatureFacts) -> bool {
    let bits = match facts.digest_algorithm.as_str() {
        "MD5" => 128,
        "SHA-1" | "RIPEMD-160" => 160,
        "SHA-224" => 224,
        "SHA-256" | "SHA3-256" => 256,
        "SHA-384" => 384,
        _ => 512,
    };
    let name = facts.public_key_algorithm.as_str();
    let needed = match name {
        _ if name.starts_with("DSA") => 224,
        _ if name.contains("256") && !name.starts_with("RSA") => 256,
        _ if name.contains("384") && !name.starts_with("RSA") => 384,
        _ if name.contains("521") || name.contains("P512") => 512,
        _ => 0,
    };
    bits < needed
}
