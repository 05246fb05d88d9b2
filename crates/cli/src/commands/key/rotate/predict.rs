//! What a client would make of a signature that is not made yet, by what is known of keys.

use anyhow::Result;
use jiff::Timestamp;
use pkgseal_keyring::Form;
use pkgseal_keyring::consumer::{Answer as Says, Consumer, KeyFile};
use pkgseal_keyring::rotate::{Answer, Format, Holding, Plan, Repository, Step};
use pkgseal_openpgp::{Certificate, Fingerprint};

use super::held::Held;
use super::sight::Seen;
use crate::consumers;

/// What a client that has these certificates makes of a signature by a key.
pub(super) fn signature(
    consumer: &dyn Consumer,
    held: &Held,
    key: &Fingerprint,
    now: Timestamp,
) -> (Answer, Vec<String>) {
    let Some(certificate) = held.with_key(key) else {
        return (Answer::Rejects, vec![format!("it does not have {key}")]);
    };
    let judgement = consumer.judge(certificate, now);
    let opinion = judgement.keys.iter().find(|known| known.key == *key);
    let Some(opinion) = opinion.map(|known| &known.opinion) else {
        return (Answer::Rejects, vec![format!("it does not have {key}")]);
    };
    let why = || {
        let details = opinion.reasons.iter().map(|reason| reason.detail.clone());
        details.collect()
    };
    match opinion.answer {
        Says::Accepts => (Answer::Accepts, Vec::new()),
        Says::Warns => (Answer::Warns, why()),
        Says::Rejects => (Answer::Rejects, why()),
        Says::NotAsked => (Answer::Rejects, vec![format!("{key} is not meant to sign")]),
    }
}

/// What each client would make of a repository that these keys sign, in this order.
pub(super) fn after(
    plan: &Plan,
    repository: &Repository,
    step: Step,
    now: Timestamp,
) -> Result<Vec<Seen>> {
    let signs: &[&Fingerprint] = match plan.signing(Some(step), repository.format) {
        Holding::Old => &[&plan.old.key],
        Holding::Both => &[&plan.old.key, &plan.new.key],
        Holding::New => &[&plan.new.key],
    };
    let mut all = Vec::new();
    for name in &repository.clients {
        let consumer = consumers::one(name)?;
        for held in Held::all(plan) {
            let hidden = match repository.format {
                Format::Apt => hidden(&*consumer, &held),
                Format::Yum | Format::Maven => Vec::new(),
            };
            let best = signs
                .iter()
                .map(|key| signature(&*consumer, &held, key, now))
                .min_by_key(|(answer, _)| *answer);
            let (answer, why) = match (hidden.is_empty(), best) {
                (true, Some(best)) => best,
                (_, _) => (Answer::Rejects, hidden),
            };
            all.push(Seen {
                repository: repository.path.display().to_string(),
                client: name.clone(),
                holding: held.holding,
                answer,
                why,
                hint: None,
            });
        }
    }
    Ok(all)
}

/// Why a client finds nothing in the keyring file it has.
fn hidden(consumer: &dyn Consumer, held: &Held) -> Vec<String> {
    let content = held.binary();
    let certificates: Vec<Certificate> = held.certificates.iter().cloned().collect();
    let reading = consumer.reads(&KeyFile {
        name: "keyring.gpg",
        form: Form::Binary,
        content: &content,
        certificates: &certificates,
        errors: &[],
    });
    if reading.found.is_empty() {
        let details = reading.reasons.into_iter().map(|reason| reason.detail);
        return details.collect();
    }
    Vec::new()
}
