//! What keys sign from a moment on.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::path::Path;

use jiff::Timestamp;
use pkgseal_deb::apt::client::Client;
use pkgseal_keyring::consumer::{self, Consumer, Opinion};
use pkgseal_keyring::forecast::{
    Answer, Change, Dated, Followed, Scope, State, Subject, Timeline, after, causes, follow, told,
};
use pkgseal_openpgp::{Certificate, Certificates, Fingerprint, KeyState, Profile};
use pkgseal_repo::Finding;
use rayon::prelude::*;

use super::{Asked, Part, apt, dates, mend, ourselves};

/// Asks those who read such things about every certificate.
pub(super) fn ask(
    place: &Path,
    certificates: &Certificates,
    asked: &Asked,
    read_by: fn(&str) -> bool,
) -> Part {
    let consumers: Vec<_> = asked
        .consumers
        .iter()
        .filter(|consumer| read_by(consumer.name()))
        .collect();
    let all: Vec<&Certificate> = certificates.iter().collect();
    let followed = all
        .par_iter()
        .flat_map_iter(|certificate| {
            let subject = Subject {
                place: place.display().to_string(),
                name: certificate.fingerprint().to_string(),
                scope: Scope::New,
            };
            let dates = dates::of_certificate(certificate, None, asked.span.now);
            let mut followed: Vec<Followed> = consumers
                .iter()
                .map(|consumer| {
                    by_consumer(&subject, certificate, consumer.as_ref(), &dates, asked)
                })
                .collect();
            if let Some(profile) = &asked.profile {
                followed.push(by_ourselves(&subject, certificate, profile, &dates, asked));
            }
            followed
        })
        .collect();
    Part {
        followed,
        findings: Vec::new(),
        signers: BTreeSet::new(),
    }
}

fn by_consumer(
    subject: &Subject,
    certificate: &Certificate,
    consumer: &dyn Consumer,
    dates: &[Dated],
    asked: &Asked,
) -> Followed {
    let now = asked.span.now;
    let line = line(certificate, consumer, now, asked.span.until);
    let mut dates = dates.to_vec();
    dates.extend(policy(certificate, consumer, &line));
    told(subject, consumer.name(), asked.span, &dates, line)
}

/// What a consumer says over time: of the past by what it would have said at its beginning,
/// as far as that leads to what it says now.
fn line(
    certificate: &Certificate,
    consumer: &dyn Consumer,
    now: Timestamp,
    until: Timestamp,
) -> Timeline<State> {
    let owner = certificate.fingerprint();
    let present = consumer.judge(certificate, now).whole;
    let coming = changes(&present, &owner, |at| at > now && at <= until);
    // Of what is accepted now nobody asks since when.
    let begun = match present.answer {
        Answer::NotAsked | Answer::Accepts => None,
        Answer::Warns | Answer::Rejects => certificate.moments().into_iter().min(),
    };
    let early = begun
        .filter(|begun| *begun <= now)
        .map(|begun| consumer.judge(certificate, after(begun, -1)).whole);
    let said = state(&present.answer, &present.reasons, &owner);
    let past = early
        .map(|early| Timeline {
            first: state(&early.answer, &early.reasons, &owner),
            changes: changes(&early, &owner, |at| at <= now),
        })
        .filter(|past| {
            let last = past.changes.last().map_or(&past.first, |change| &change.to);
            last.answer == said.answer
        });
    match past {
        Some(mut past) => {
            // Words as they are now.
            match past.changes.last_mut() {
                Some(last) => last.to = said,
                None => past.first = said,
            }
            past.changes.extend(coming);
            past
        }
        None => Timeline {
            first: said,
            changes: coming,
        },
    }
}

fn state(answer: &Answer, reasons: &[Finding], owner: &Fingerprint) -> State {
    let mended = |reason: &Finding| {
        let mend = match reason.code {
            consumer::EXPIRED => Some(mend::extend(owner)),
            consumer::WEAK_SELF_SIGNATURE => Some(mend::doctor(owner.as_str())),
            consumer::WEAK_KEY => Some(mend::rotate(owner.as_str())),
            _ => None,
        };
        Finding {
            hint: mend.or_else(|| reason.hint.clone()),
            ..reason.clone()
        }
    };
    State {
        answer: *answer,
        reasons: reasons.iter().map(mended).collect(),
    }
}

fn changes(
    opinion: &Opinion,
    owner: &Fingerprint,
    counts: impl Fn(Timestamp) -> bool,
) -> Vec<Change<State>> {
    opinion
        .changes
        .iter()
        .filter(|change| counts(change.at))
        .map(|change| Change {
            at: change.at,
            to: state(&change.to, &change.reasons, owner),
        })
        .collect()
}

/// The days of its policy: of an apt those of its model, of others those on which it
/// says that something is too weak.
fn policy(
    certificate: &Certificate,
    consumer: &dyn Consumer,
    line: &Timeline<State>,
) -> Vec<Dated> {
    let owner = certificate.fingerprint().to_string();
    if let Ok(client) = Client::named(consumer.name()) {
        let again = mend::rotate(&owner);
        return client
            .cut_offs()
            .iter()
            .flat_map(|cut_off| apt::of_cut_off(cut_off, &owner, &again))
            .collect();
    }
    let weak = [
        consumer::WEAK_KEY,
        consumer::WEAK_SELF_SIGNATURE,
        consumer::SOON,
    ];
    line.changes
        .iter()
        .filter_map(|change| {
            let reason = change
                .to
                .reasons
                .iter()
                .find(|reason| weak.contains(&reason.code))?;
            let rule = reason.cause.as_deref().unwrap_or(&reason.detail);
            let mut date = dates::dated(change.at, causes::POLICY, format!("policy: {rule}"));
            date.cause.mend = Some(if reason.code == consumer::WEAK_KEY {
                mend::rotate(&owner)
            } else {
                mend::doctor(&owner)
            });
            date.shows = vec![reason.code.id.to_owned()];
            Some(date)
        })
        .collect()
}

fn by_ourselves(
    subject: &Subject,
    certificate: &Certificate,
    profile: &Profile,
    dates: &[Dated],
    asked: &Asked,
) -> Followed {
    let say = |at| {
        let keys = certificate.keys(profile, at);
        let live = keys.iter().any(|key| key.state == KeyState::Live);
        let reasons = if live {
            Vec::new()
        } else {
            let mut reasons: Vec<Finding> = keys.into_iter().filter_map(|key| key.reason).collect();
            if reasons.is_empty() {
                let detail = "no key of the certificate is meant to sign";
                reasons.push(Finding::warning(
                    consumer::NO_SIGNING_KEY,
                    &subject.name,
                    detail,
                ));
            }
            reasons
        };
        Ok::<_, Infallible>(State {
            answer: if live {
                Answer::Accepts
            } else {
                Answer::Rejects
            },
            reasons,
        })
    };
    match follow(subject, ourselves::NAME, asked.span, dates, say) {
        Ok(followed) => followed,
        Err(never) => match never {},
    }
}
