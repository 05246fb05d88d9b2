//! The rpm of each release, and the systems around it: dnf, zypper.

use anyhow::Result;
use jiff::Timestamp;
use pkgseal_keyring::Form;
use pkgseal_keyring::consumer::{
    Answer, Consumer, FORM, Judgement, KeyFile, LENIENT, Model, NOT_IMPORTED, Opinion, Policy,
    Reading, Treatment,
};
use pkgseal_openpgp::{Certificate, Profile};
use pkgseal_repo::{Finding, Severity};
use pkgseal_rpm::client::Client;
use pkgseal_rpm::lint::{self, Target};

/// Systems: their name here, the rpm whose reading of keys theirs is, their target.
const SYSTEMS: &[(&str, &str, &str)] = &[
    ("dnf-el8", "rpm-4.18", "el8"),
    ("dnf-el9", "rpm-4.18", "el9"),
    ("dnf-el10", "rpm-6", "el10"),
    ("dnf-fedora", "rpm-6", "fedora"),
    ("zypper-suse", "rpm-4.18", "suse"),
];

/// An rpm, perhaps within a system that minds more.
#[derive(Debug)]
pub(super) struct Rpm {
    name: String,
    client: Client,
    model: Model,
    target: Option<Target>,
}

pub(super) fn names() -> impl Iterator<Item = &'static str> {
    Client::names()
}

pub(super) fn systems() -> impl Iterator<Item = &'static str> {
    SYSTEMS.iter().map(|(name, ..)| *name)
}

impl Rpm {
    pub(super) fn named(name: &str) -> Result<Self> {
        Self::within(name, name, None)
    }

    pub(super) fn system(name: &str) -> Result<Self> {
        let (_, rpm, target) = SYSTEMS
            .iter()
            .find(|(known, ..)| *known == name)
            .ok_or_else(|| anyhow::anyhow!("no system of the name {name}"))?;
        Self::within(name, rpm, Some(Target::named(target)?))
    }

    fn within(name: &str, rpm: &str, target: Option<Target>) -> Result<Self> {
        let client = Client::named(rpm)?;
        let mut policies = vec![Policy {
            from: None,
            profile: client.profile().clone(),
        }];
        policies.extend(client.cut_offs().iter().map(|cut_off| Policy {
            from: Some(cut_off.from),
            profile: cut_off.profile().clone(),
        }));
        let treatment = Treatment::strict("nothing that such a key signs now counts");
        let model = Model::new(
            name,
            target.as_ref().map_or(client.summary(), Target::summary),
            target.as_ref().map_or(client.checked(), Target::checked),
            policies,
            treatment,
        );
        Ok(Self {
            name: name.to_owned(),
            client,
            model,
            target,
        })
    }

    /// By what is imported alone.
    fn imported(&self, certificate: &Certificate, now: Timestamp, judgement: &mut Judgement) {
        let imported = self.client.imports(certificate, now);
        let lenient = !self.client.asks_for_key_states();
        for (key, imported) in judgement.keys.iter_mut().zip(&imported) {
            if *imported && lenient {
                key.opinion = tolerated(&key.opinion, self.client.summary());
            } else if !imported && key.opinion.answer != Answer::NotAsked {
                let detail = format!("{} does not import it", self.client.name());
                let reason = Finding::reject(NOT_IMPORTED, key.key.to_string(), detail)
                    .because(self.client.summary());
                // Who asks for no state has no other reason.
                if lenient || key.opinion.answer.counts() {
                    key.opinion = Opinion::new(Answer::Rejects, Vec::new());
                }
                key.opinion.also(&reason);
            }
        }
        judgement.sum_up();
        let known = |reason: &Finding| reason.code == NOT_IMPORTED;
        if !imported.contains(&true) && !judgement.whole.reasons.iter().any(known) {
            let detail = format!("{} does not import it", self.client.name());
            let subject = certificate.fingerprint().to_string();
            let reason =
                Finding::reject(NOT_IMPORTED, subject, detail).because(self.client.summary());
            judgement.whole.also(&reason);
        }
    }

    /// By what the system around it minds.
    fn minded(&self, certificate: &Certificate, now: Timestamp, judgement: &mut Judgement) {
        let Some(target) = &self.target else {
            return;
        };
        let found = lint::certificate(certificate, std::slice::from_ref(target), now);
        for finding in found.report.findings {
            // Looked at key by key where rpm does so itself.
            if self.client.asks_for_key_states() && finding.code.id.ends_with("sha1-self-signature")
            {
                continue;
            }
            let named = judgement
                .keys
                .iter()
                .position(|key| finding.detail.contains(key.key.as_str()));
            for (place, key) in judgement.keys.iter_mut().enumerate() {
                let about = matches!(named, None | Some(0)) || named == Some(place);
                if about && key.opinion.answer.counts() {
                    key.opinion.also(&finding);
                }
            }
        }
        judgement.sum_up();
    }
}

impl Consumer for Rpm {
    fn name(&self) -> &str {
        &self.name
    }

    fn summary(&self) -> &str {
        self.model.summary()
    }

    fn checked(&self) -> &str {
        self.model.checked()
    }

    fn reads(&self, file: &KeyFile<'_>) -> Reading {
        let block = b"-----BEGIN PGP PUBLIC KEY BLOCK-----";
        let armored = file
            .content
            .windows(block.len())
            .any(|window| window == block);
        if file.form == Form::Binary || !armored {
            let detail = "rpm imports armored certificates only";
            let reason = Finding::reject(FORM, file.name, detail)
                .because(format!("{}: {}", self.name, self.summary()))
                .hint("publish it armored: pkgseal keyring merge --output NAME.asc NAME.gpg");
            return Reading::nothing(reason);
        }
        Reading::whole(file)
    }

    fn profile(&self, now: Timestamp) -> Option<Profile> {
        self.model.profile(now)
    }

    fn judge(&self, certificate: &Certificate, now: Timestamp) -> Judgement {
        let mut judgement = self.model.judge(certificate, now);
        self.imported(certificate, now, &mut judgement);
        self.minded(certificate, now, &mut judgement);
        judgement
    }
}

/// What counts though its state speaks against it.
fn tolerated(opinion: &Opinion, summary: &str) -> Opinion {
    let reasons = opinion.reasons.iter().map(|reason| {
        let detail = format!("{}, which it does not look at", reason.detail);
        Finding {
            severity: Severity::Note,
            code: LENIENT,
            detail,
            cause: Some(summary.to_owned()),
            ..reason.clone()
        }
    });
    Opinion::new(Answer::Accepts, reasons.collect())
}
