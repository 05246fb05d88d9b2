//! Whom a trouble breaks, and since when.

use jiff::Timestamp;
use pkgseal_openpgp::Certificate;
use pkgseal_repo::{Code, Finding};

use super::{Part, Trouble};
use crate::codes::doctor as codes;
use crate::consumer::{self, Answer, Consumer, Judgement, Opinion};

/// A consumer that a trouble breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breaks {
    /// Its name.
    pub consumer: String,
    /// From when on, by its own clock; `None` where it never took it.
    pub since: Option<Timestamp>,
}

/// Whom each of these troubles breaks, in the order of the consumers.
pub fn breaks(
    certificate: &Certificate,
    troubles: &[Trouble],
    consumers: &[&dyn Consumer],
    now: Timestamp,
) -> Vec<Vec<Breaks>> {
    let judged: Vec<(&str, Judgement)> = consumers
        .iter()
        .map(|consumer| {
            // From the beginning, so that it is known when the answer changed.
            let judgement = consumer.judge(certificate, born(certificate, now));
            (consumer.name(), judgement)
        })
        .collect();
    troubles
        .iter()
        .map(|trouble| {
            judged
                .iter()
                .filter_map(|(consumer, judgement)| {
                    let opinion = opinion(judgement, &trouble.part);
                    broken(consumer, opinion, trouble.finding.code, now)
                })
                .collect()
        })
        .collect()
}

fn born(certificate: &Certificate, now: Timestamp) -> Timestamp {
    let strict = pkgseal_openpgp::Profile::strict();
    let keys = certificate.keys(&strict, now);
    let first = keys.iter().map(|key| key.created).max();
    first.map_or(now, |first| first.min(now))
}

fn opinion<'a>(judgement: &'a Judgement, part: &Part) -> &'a Opinion {
    match part {
        Part::Primary | Part::UserId(_) => &judgement.whole,
        Part::Subkey(fingerprint) => judgement
            .keys
            .iter()
            .find(|key| key.key == *fingerprint)
            .map_or(&judgement.whole, |key| &key.opinion),
    }
}

/// A consumer that rejects for this trouble, since the last such change by now or from the
/// next on.
fn broken(consumer: &str, opinion: &Opinion, code: Code, now: Timestamp) -> Option<Breaks> {
    let breaks = |since| Breaks {
        consumer: consumer.to_owned(),
        since,
    };
    let (answer, reasons) = opinion.at(now);
    let rejecting = |to: Answer, reasons: &[Finding]| to == Answer::Rejects && about(code, reasons);
    if rejecting(answer, reasons) {
        let begun = opinion
            .changes
            .iter()
            .rev()
            .find(|change| change.at <= now && change.to == Answer::Rejects);
        return Some(breaks(begun.map(|change| change.at)));
    }
    opinion
        .changes
        .iter()
        .find(|change| change.at > now && rejecting(change.to, &change.reasons))
        .map(|change| breaks(Some(change.at)))
}

/// Whether a consumer's reasons speak of this trouble.
fn about(code: Code, reasons: &[Finding]) -> bool {
    const WEAK: &[Code] = &[
        consumer::WEAK_SELF_SIGNATURE,
        consumer::UNBOUND,
        consumer::NOT_IMPORTED,
    ];
    const OF: &[(&[Code], &[Code])] = &[
        (
            &[
                codes::WEAK_SELF_SIGNATURE,
                codes::WEAK_BINDING,
                codes::WEAK_BACK_SIGNATURE,
                codes::OLD_SELF_SIGNATURE,
                codes::NO_BACK_SIGNATURE,
                codes::BAD_BACK_SIGNATURE,
                codes::HALF_MENDED,
                codes::UNBOUND,
                codes::CRITICAL,
                codes::FUTURE,
                codes::UNPUBLISHED,
            ],
            WEAK,
        ),
        (
            &[codes::EXPIRED, codes::SUBKEY_FORGOTTEN],
            &[consumer::EXPIRED],
        ),
        (&[codes::WEAK_KEY], &[consumer::WEAK_KEY]),
        (&[codes::REVOKED], &[consumer::REVOKED]),
        (
            &[codes::NO_KEY_FLAGS, codes::CANNOT_SIGN],
            &[consumer::NO_SIGNING_KEY],
        ),
    ];
    let says = |those: &[Code]| reasons.iter().any(|reason| those.contains(&reason.code));
    OF.iter()
        .any(|(troubles, those)| troubles.contains(&code) && says(those))
}
