//! Our own verdict, followed as those of others are.

use pkgseal_keyring::forecast::{Answer, Dated, Followed, Span, State, Subject, follow};
use pkgseal_openpgp::{Certificates, Examination, Profile, Verifier};
use pkgseal_repo::{Outcome, Severity};

/// The name under which pkgseal itself is asked.
pub(super) const NAME: &str = "pkgseal";

/// Follows what we say by a profile of what `verify` looks at.
pub(super) fn follow_us<E>(
    subject: &Subject,
    certificates: &Certificates,
    profile: &Profile,
    span: Span,
    dates: &[Dated],
    verify: impl Fn(&Verifier) -> Result<Examination, E>,
) -> Result<Followed, E> {
    let say = |at| {
        let verifier = Verifier::new(certificates.clone(), profile.clone(), at);
        verify(&verifier).map(said)
    };
    follow(subject, NAME, span, dates, say)
}

/// A verdict of ours as an answer: warnings are none of a client that goes on.
pub(super) fn said(examination: Examination) -> State {
    let answer = match examination.outcome() {
        Outcome::Accepted => Answer::Accepts,
        Outcome::Rejected | Outcome::Undecided => Answer::Rejects,
    };
    let mut reasons = examination.report.findings;
    reasons.retain(|finding| finding.severity >= Severity::Undecided);
    State { answer, reasons }
}
