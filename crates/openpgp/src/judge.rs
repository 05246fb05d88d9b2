//! The facts of one signature, and its status.

use jiff::{SignedDuration, Timestamp};
use openpgp::packet::Signature;
use openpgp::types::SignatureType;
use pkgseal_repo::{Code, Finding, Severity};
use sequoia_openpgp as openpgp;

use crate::algorithm::{Algorithm, digest_rule};
use crate::block::Packet;
use crate::certificates::Candidate;
use crate::keystate::{self, Assessment};
use crate::plan::NoDigest;
use crate::profile::{Cited, TextForm, Use, Weight};
use crate::{
    Certificates, Fingerprint, Hashes, KeyState, Mathematics, Object, Profile, SignatureFacts,
    Status, codes, names, time,
};

mod reasons;

/// What a signature is judged against.
pub(crate) struct Context<'a> {
    pub(crate) certificates: &'a Certificates,
    pub(crate) profile: &'a Profile,
    pub(crate) now: Timestamp,
    pub(crate) object: Object,
    /// Whether the data is the text of a clearsigned message.
    pub(crate) cleartext: bool,
}

/// Judges one signature.
pub(crate) fn facts(
    context: &Context<'_>,
    index: usize,
    packet: &Packet,
    hashes: &Hashes,
) -> SignatureFacts {
    match packet {
        Packet::Known(signature) => Judge { context, signature }.judge(index, hashes),
        Packet::Unknown { version, reason } => unknown(index, *version, reason),
    }
}

fn unknown(index: usize, version: u8, reason: &str) -> SignatureFacts {
    let (status, finding) = if matches!(version, 3 | 4 | 6) {
        (
            Status::Malformed,
            Finding::reject(
                codes::MALFORMED,
                "",
                format!("the signature packet cannot be read: {reason}"),
            )
            .hint("fetch the signature again"),
        )
    } else {
        (
            Status::Unsupported,
            reasons::unsupported(&format!("a signature of version {version}")),
        )
    };
    SignatureFacts {
        index,
        digest: None,
        version,
        form: "unknown".to_owned(),
        public_key_algorithm: "unknown".to_owned(),
        digest_algorithm: "unknown".to_owned(),
        created: None,
        expires: None,
        issuers: Vec::new(),
        certificate: None,
        key: None,
        user_id: None,
        mathematics: Mathematics::NotChecked,
        when_signed: None,
        now: None,
        status,
        reason: Some(finding),
        notes: Vec::new(),
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

struct Judge<'a> {
    context: &'a Context<'a>,
    signature: &'a Signature,
}

impl Judge<'_> {
    fn judge(&self, index: usize, hashes: &Hashes) -> SignatureFacts {
        let mut blank = self.blank(index);
        if let Some((status, reason)) = self.structure(hashes) {
            return rejected(blank, status, reason);
        }
        let digest = match hashes.digest(self.signature) {
            Ok(digest) => digest,
            Err(NoDigest::NotComputed) => {
                let reason = reasons::unsupported(&blank.digest_algorithm);
                return rejected(blank, Status::Unsupported, reason);
            }
            Err(NoDigest::Collision) => {
                let detail = format!(
                    "the content was made to collide under {}: there is another one with this digest",
                    blank.digest_algorithm
                );
                let reason = Finding::reject(codes::WEAK_DIGEST, "", detail)
                    .hint("somebody made this on purpose: keep the file, and tell the publisher");
                return rejected(blank, Status::WeakAlgorithm, reason);
            }
        };
        blank.digest = Some(hexadecimal(&digest));
        let prefix = digest.get(..2) == Some(self.signature.digest_prefix().as_slice());
        let issuers = self.signature.get_issuers();
        let best = self
            .context
            .certificates
            .candidates(&issuers)
            .into_iter()
            .map(|candidate| self.against(blank.clone(), &candidate, &digest, prefix))
            .min_by_key(rank);
        match best {
            Some(facts) if !self.shares_only_a_key_id(&facts) => facts,
            _ => reasons::missing(blank, prefix),
        }
    }

    fn blank(&self, index: usize) -> SignatureFacts {
        let signature = self.signature;
        SignatureFacts {
            index,
            digest: None,
            version: signature.version(),
            form: match signature.typ() {
                SignatureType::Binary => "binary".to_owned(),
                SignatureType::Text => "text".to_owned(),
                other => other.to_string(),
            },
            public_key_algorithm: names::algorithm_name(signature.pk_algo()),
            digest_algorithm: names::digest(signature.hash_algo()),
            created: signature.signature_creation_time().map(time::timestamp),
            expires: signature.signature_expiration_time().map(time::timestamp),
            issuers: issuers(signature),
            certificate: None,
            key: None,
            user_id: None,
            mathematics: Mathematics::NotChecked,
            when_signed: None,
            now: None,
            status: Status::Unsupported,
            reason: None,
            notes: Vec::new(),
        }
    }

    /// What forbids the signature whoever made it.
    fn structure(&self, hashes: &Hashes) -> Option<(Status, Finding)> {
        let signature = self.signature;
        let malformed = |code: Code, detail: &str| {
            let reason = Finding::reject(code, "", detail).hint(reasons::SIGN_AGAIN);
            Some((Status::Malformed, reason))
        };
        match signature.typ() {
            SignatureType::Binary if self.context.cleartext => {
                return malformed(
                    codes::WRONG_FORM,
                    "a binary signature in a clearsigned message, where only a text signature is defined",
                );
            }
            SignatureType::Binary => {}
            SignatureType::Text if self.context.cleartext => {}
            SignatureType::Text => {
                if let Some(reason) = self.text_on_a_file(hashes) {
                    return Some((Status::Malformed, reason));
                }
            }
            other => {
                return malformed(
                    codes::WRONG_FORM,
                    &format!("this signature is over something else than a file: {other}"),
                );
            }
        }
        if signature.signature_creation_time().is_none() {
            return malformed(
                codes::MALFORMED,
                "the signature does not say when it was made",
            );
        }
        if signature.version() == 6 {
            let expected = signature.hash_algo().salt_size().ok();
            if expected.is_none() || expected != signature.salt().map(<[u8]>::len) {
                return malformed(
                    codes::MALFORMED,
                    "the salt does not have the length its digest algorithm asks for",
                );
            }
        }
        if !signature.pk_algo().is_supported() {
            let name = names::algorithm_name(signature.pk_algo());
            return Some((Status::Unsupported, reasons::unsupported(&name)));
        }
        let what = keystate::critical_unknown(signature)?;
        let reason = Finding::reject(codes::UNSUPPORTED, "", what).because(
            "RFC 9580, 5.2.3.7: a critical subpacket that is not understood voids the signature",
        )
        .hint("ask the publisher for a signature without it");
        Some((Status::Unsupported, reason))
    }

    fn text_on_a_file(&self, hashes: &Hashes) -> Option<Finding> {
        let rule = self.context.profile.text_form(self.context.object);
        let ends = hashes.line_ends();
        let refuse = |detail: &str| {
            Some(
                Finding::reject(codes::WRONG_FORM, "", detail)
                    .because(rule.line.clone())
                    .hint("ask the signer for a binary signature (gpg without --textmode)"),
            )
        };
        match rule.value {
            TextForm::Reject => refuse(
                "a text signature, which leaves line ends open; this kind of file needs a binary one",
            ),
            _ if ends.lone => refuse(
                "a text signature on a file with lone carriage returns: readers disagree on what is signed",
            ),
            TextForm::LfOnly if ends.carriage_return => {
                refuse("a text signature on a file with carriage returns, which it does not cover")
            }
            TextForm::LfOnly | TextForm::Accept => None,
        }
    }

    /// A signature that names another signer in full, and that a key with the same key
    /// ID did not make, is by that other signer: not a bad one by this key.
    fn shares_only_a_key_id(&self, facts: &SignatureFacts) -> bool {
        let mut named = self.signature.issuer_fingerprints().peekable();
        facts.status != Status::Good
            && facts.mathematics != Mathematics::Good
            && named.peek().is_some()
            && !named.any(|named| facts.key.as_ref() == Some(&Fingerprint::of(named)))
    }

    fn against(
        &self,
        blank: SignatureFacts,
        candidate: &Candidate<'_>,
        digest: &[u8],
        prefix: bool,
    ) -> SignatureFacts {
        let key = candidate.key.key();
        let algorithm = Algorithm::of(key);
        let mut facts = SignatureFacts {
            certificate: Some(candidate.certificate.fingerprint()),
            key: Some(Fingerprint::of(&key.fingerprint())),
            user_id: candidate.certificate.user_id(),
            public_key_algorithm: algorithm.name.clone(),
            ..blank
        };
        let signature = self.signature;
        if (signature.version() == 6) != (key.version() == 6) {
            let reason = Finding::reject(
                codes::MALFORMED,
                "",
                format!(
                    "a version {} signature cannot be by a version {} key",
                    signature.version(),
                    key.version()
                ),
            )
            .hint(reasons::SIGN_AGAIN);
            return rejected(facts, Status::Malformed, reason);
        }
        if !algorithm.supported {
            return rejected(
                facts,
                Status::Unsupported,
                reasons::unsupported(&algorithm.name),
            );
        }
        // Not through sequoia's cache of good signatures, which never forgets.
        let checked = key.verify(signature.mpis(), signature.hash_algo(), digest);
        match checked {
            Ok(()) if prefix => facts.mathematics = Mathematics::Good,
            Ok(()) | Err(_) => {
                facts.mathematics = Mathematics::Bad;
                let reason = Finding::reject(
                    codes::BAD,
                    "",
                    format!(
                        "the content is not what {} signed: changed after signing, or the signature is of another file",
                        reasons::whose(&facts)
                    ),
                )
                .hint("fetch the file and its signature again, together and from one place");
                return rejected(facts, Status::Bad, reason);
            }
        }
        self.fitness(facts, candidate, &algorithm)
    }

    /// The mathematics holds: was everything else as it must be?
    fn fitness(
        &self,
        mut facts: SignatureFacts,
        candidate: &Candidate<'_>,
        algorithm: &Algorithm,
    ) -> SignatureFacts {
        let Context {
            profile,
            now,
            certificates,
            ..
        } = *self.context;
        let Some(created) = facts.created else {
            return facts;
        };
        let made = time::system(created);
        let at = |at| keystate::assess(&candidate.key, certificates, profile, at, made);
        let then = at(made);
        // Whoever signs asks about the moment of signing; the answer is not for nothing.
        let today = match time::system(now) {
            today if today == made => then.clone(),
            today => at(today),
        };
        facts.when_signed = Some(then.state.clone());
        facts.now = Some(today.state.clone());
        if let Some((status, reason)) = self
            .hard_revocation(&facts, &then, created)
            .or_else(|| self.algorithms(&facts, created))
            .or_else(|| self.moments(&facts, created))
            .or_else(|| self.state_then(&mut facts, &then, created))
            .or_else(|| self.state_now(&mut facts, &then, &today))
        {
            return rejected(facts, status, reason);
        }
        if let Some(line) = profile.small_key(algorithm) {
            facts.notes.push(
                Finding::note(
                    codes::WEAK_KEY,
                    "",
                    format!("{} will not be enough for long", algorithm.name),
                )
                .because(line),
            );
        }
        if let Some(note) = self.weak_now(candidate, algorithm) {
            facts.notes.push(note);
        }
        if let (Some(certificate), Some(key)) = (&facts.certificate, &facts.key)
            && !profile.allows(certificate, key)
        {
            let note = Finding::note(
                codes::NOT_ALLOWED,
                "",
                format!(
                    "a good signature by {}, which is not among the certificates that count",
                    reasons::whose(&facts)
                ),
            )
            .because(profile.allowed_line())
            .hint("if you trust it for this too, allow its full fingerprint");
            facts.notes.push(note);
        }
        if then.by_later {
            facts.notes.push(reasons::by_later(&facts));
        }
        facts.status = Status::Good;
        facts
    }

    /// Good enough when it was made, by its own word, and not for what is made today.
    fn weak_now(&self, candidate: &Candidate<'_>, algorithm: &Algorithm) -> Option<Finding> {
        let Context { profile, now, .. } = *self.context;
        let digest = self.signature.hash_algo();
        let rule = digest_rule(digest);
        let unless = |accepted: Cited<bool>| (!accepted.value).then_some(accepted.line);
        let primary = Algorithm::of(candidate.key.cert().primary_key().key());
        let digest_line = unless(profile.digest(rule, Use::Data, Some(now)))
            .or_else(|| profile.weak_digest(rule))
            .map(|line| (names::digest(digest), line));
        let key_line = |algorithm: &Algorithm| {
            let line = unless(profile.public_key(algorithm, Some(now)))
                .or_else(|| profile.weak_algorithm(algorithm))?;
            Some((algorithm.name.clone(), line))
        };
        let (what, line) = digest_line
            .or_else(|| key_line(algorithm))
            .or_else(|| key_line(&primary))?;
        let detail =
            format!("it rests on {what}, which is weak today; its date is the signer's claim");
        Some(Finding::warning(codes::WEAK_NOW, "", detail).because(line))
    }

    /// Weighs more than whatever else is wrong.
    fn hard_revocation(
        &self,
        facts: &SignatureFacts,
        then: &Assessment,
        created: Timestamp,
    ) -> Option<(Status, Finding)> {
        match &then.state {
            KeyState::Revoked(revocation) if revocation.hard => {
                reasons::state_then(facts, then, created)
            }
            _ => None,
        }
    }

    /// What was wrong when it signed; the profile may let a lapse pass.
    fn state_then(
        &self,
        facts: &mut SignatureFacts,
        then: &Assessment,
        created: Timestamp,
    ) -> Option<(Status, Finding)> {
        let Context {
            profile, object, ..
        } = *self.context;
        let (status, finding) = reasons::state_then(facts, then, created)?;
        let rule = match &then.state {
            KeyState::Expired { .. } if then.extended.is_some() => profile.extended_later(object),
            KeyState::Expired { .. } => profile.expired_then(object),
            KeyState::Unbound { .. } if then.bare => profile.bare_key(object),
            _ => return Some((status, finding)),
        };
        let finding = finding.because(rule.line);
        let severity = match rule.value {
            Weight::Reject => return Some((status, finding)),
            Weight::Warn => Severity::Warning,
            Weight::Note => Severity::Note,
        };
        let finding = match then.bare {
            true => reasons::pinned(facts, finding),
            false => finding,
        };
        facts.notes.push(Finding {
            severity,
            hint: None,
            ..finding
        });
        None
    }

    /// By the rules for this kind of object.
    fn state_now(
        &self,
        facts: &mut SignatureFacts,
        then: &Assessment,
        today: &Assessment,
    ) -> Option<(Status, Finding)> {
        let Context {
            profile, object, ..
        } = *self.context;
        // Said already.
        let lapsed = |state: &KeyState| matches!(state, KeyState::Expired { .. });
        let unextended = then.extended.is_none() && lapsed(&then.state);
        if then.bare || unextended && lapsed(&today.state) {
            return None;
        }
        let rule = match &today.state {
            KeyState::Revoked(_) => profile.retired_since(object),
            _ => profile.alive_now(object),
        };
        let (bad, finding) = reasons::state_now(facts, today)?;
        let finding = finding.because(rule.line);
        let severity = match rule.value {
            Weight::Reject => return Some((Status::BadKey(bad), finding)),
            Weight::Warn => Severity::Warning,
            Weight::Note => Severity::Note,
        };
        facts.notes.push(Finding {
            severity,
            hint: None,
            ..finding
        });
        None
    }

    fn algorithms(&self, facts: &SignatureFacts, created: Timestamp) -> Option<(Status, Finding)> {
        let profile = self.context.profile;
        let version = profile.version(facts.version, Some(created));
        if !version.value {
            let reason = Finding::reject(
                codes::OLD_VERSION,
                "",
                format!("a version {} signature", facts.version),
            );
            let reason = reason.because(version.line).hint(reasons::SIGN_AGAIN);
            return Some((Status::WeakAlgorithm, reason));
        }
        let digest = names::digest(self.signature.hash_algo());
        let rule = digest_rule(self.signature.hash_algo());
        let accepted = profile.digest(rule, Use::Data, Some(created));
        if accepted.value {
            return None;
        }
        let reason = Finding::reject(
            codes::WEAK_DIGEST,
            "",
            format!("the signature of {created} uses {digest}"),
        )
        .because(accepted.line)
        .hint("ask the publisher to sign again with SHA-256 or SHA-512");
        Some((Status::WeakAlgorithm, reason))
    }

    fn moments(&self, facts: &SignatureFacts, created: Timestamp) -> Option<(Status, Finding)> {
        let now = self.context.now;
        let skew = self.context.profile.skew();
        let ahead = created.duration_since(now);
        if ahead > SignedDuration::from_secs(i64::from(skew.value)) {
            let reason = Finding::reject(
                codes::NOT_YET_VALID,
                "",
                format!("the signature says it was made at {created}, and now is {now}"),
            )
            .because(skew.line)
            .hint("check this machine's clock; if it is right, the signer's was wrong");
            return Some((Status::NotYetValid, reason));
        }
        let expires = facts.expires.filter(|expires| *expires <= now)?;
        let reason = Finding::reject(
            codes::EXPIRED,
            "",
            format!("the signature was valid until {expires} only, and now is {now}"),
        )
        .hint("look for a newer file; else the publisher must sign again");
        Some((Status::Expired, reason))
    }
}

/// The most favourable finding first: a signature is good if one key makes it good.
fn rank(facts: &SignatureFacts) -> u8 {
    match facts.status {
        Status::Good => u8::from(
            facts
                .notes
                .iter()
                .any(|note| note.code == codes::NOT_ALLOWED),
        ),
        Status::BadKey(_) | Status::WeakAlgorithm | Status::NotYetValid | Status::Expired => 2,
        Status::Bad => 3,
        Status::Malformed | Status::Unsupported | Status::MissingCertificate => 4,
    }
}

fn rejected(facts: SignatureFacts, status: Status, reason: Finding) -> SignatureFacts {
    SignatureFacts {
        status,
        reason: Some(reason),
        ..facts
    }
}

fn issuers(signature: &Signature) -> Vec<String> {
    let mut named: Vec<String> = signature
        .issuer_fingerprints()
        .map(openpgp::Fingerprint::to_hex)
        .collect();
    for id in signature.issuers() {
        let id = id.to_hex();
        if !named.iter().any(|known| known.ends_with(&id)) {
            named.push(id);
        }
    }
    if let Signature::V3(_) = signature {
        for handle in signature.get_issuers() {
            let id = handle.to_hex();
            if !named.contains(&id) {
                named.push(id);
            }
        }
    }
    named.dedup();
    named
}
