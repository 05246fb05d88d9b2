//! Whether a signature whose mathematics holds counts: algorithms, key states, moments.

use jiff::{SignedDuration, Timestamp};
use openpgp::types::HashAlgorithm;
use pkgseal_repo::{Finding, Severity};
use sequoia_openpgp as openpgp;

use super::{Context, reasons, rejected};
use crate::algorithm::{Algorithm, digest_rule};
use crate::certificates::Candidate;
use crate::keystate::{self, Assessment};
use crate::profile::{Cited, Use, Weight};
use crate::{KeyState, Mathematics, SignatureFacts, Status, codes, names, time};

/// What else is asked of a signature once its mathematics holds.
pub(super) struct Fitness<'a> {
    pub(super) context: &'a Context<'a>,
    /// The digest it was made with.
    pub(super) digest: HashAlgorithm,
}

impl Fitness<'_> {
    /// The mathematics holds: was everything else as it must be?
    pub(super) fn judge(
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
        let digest = self.digest;
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
        let digest = names::digest(self.digest);
        let rule = digest_rule(self.digest);
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

/// Judges a signature anew by what is known of it: the mathematics does not change with
/// the certificates, for the same fingerprint is the same key.
pub(crate) fn again(context: &Context<'_>, facts: &SignatureFacts) -> SignatureFacts {
    let blank = SignatureFacts {
        certificate: None,
        key: None,
        user_id: None,
        when_signed: None,
        now: None,
        status: Status::Unsupported,
        reason: None,
        notes: Vec::new(),
        ..facts.clone()
    };
    let (Mathematics::Good | Mathematics::Bad, Some(named), Some(of)) =
        (facts.mathematics, &facts.key, &facts.certificate)
    else {
        return facts.clone();
    };
    let known = context.certificates.get(of).and_then(|certificate| {
        let key = certificate
            .cert()
            .keys()
            .find(|key| key.key().fingerprint().to_hex() == named.as_str())?;
        Some(Candidate { certificate, key })
    });
    let Some(candidate) = known else {
        return reasons::missing(blank, facts.mathematics == Mathematics::Good);
    };
    let digest =
        HashAlgorithm::variants().find(|one| names::digest(*one) == facts.digest_algorithm);
    let (Mathematics::Good, Some(digest)) = (facts.mathematics, digest) else {
        return facts.clone();
    };
    let algorithm = Algorithm::of(candidate.key.key());
    let blank = SignatureFacts {
        certificate: facts.certificate.clone(),
        key: facts.key.clone(),
        user_id: candidate.certificate.user_id(),
        ..blank
    };
    Fitness { context, digest }.judge(blank, &candidate, &algorithm)
}
