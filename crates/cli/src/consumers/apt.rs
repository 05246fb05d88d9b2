//! The apt of each release.

use anyhow::Result;
use jiff::Timestamp;
use pkgseal_deb::apt::client::{Client, KeyFile as AptFile, Keys, Policies};
use pkgseal_keyring::Form;
use pkgseal_keyring::consumer::{
    Answer, Consumer, FORM, Judgement, KeyFile, Model, Policy, Reading, Treatment,
};
use pkgseal_openpgp::{Certificate, Profile};
use pkgseal_repo::Severity;

/// An apt: what its model of a client says, asked of certificates.
#[derive(Debug)]
pub(super) struct Apt {
    client: Client,
    model: Model,
}

pub(super) fn names() -> impl Iterator<Item = &'static str> {
    Client::names()
}

impl Apt {
    pub(super) fn named(name: &str) -> Result<Self> {
        let client = Client::named(name)?;
        let Policies { today, foretold } = client.policies()?;
        let policies = |steps: Vec<(Option<Timestamp>, Profile)>| {
            steps
                .into_iter()
                .map(|(from, profile)| Policy { from, profile })
                .collect()
        };
        let mut treatment = Treatment::strict("nothing that such a key signs now counts");
        if !client.asks_for_key_flags() {
            let why = "gpgv takes a key without flags for one that may do everything";
            treatment.unflagged = (Answer::Accepts, why.to_owned());
        }
        let newest = if client.knows_version(6) { 6 } else { 4 };
        let model = Model::new(
            client.name(),
            client.summary(),
            client.checked(),
            policies(today),
            treatment,
        )
        .foretelling(policies(foretold))
        .knowing(newest);
        Ok(Self { client, model })
    }
}

impl Consumer for Apt {
    fn name(&self) -> &str {
        self.client.name()
    }

    fn summary(&self) -> &str {
        self.client.summary()
    }

    fn checked(&self) -> &str {
        self.client.checked()
    }

    fn reads(&self, file: &KeyFile<'_>) -> Reading {
        if is_plain(file) {
            return Reading::whole(file);
        }
        let keys = match file.form {
            Form::Inline => Keys::inline(file.content.to_vec()),
            Form::Armored | Form::Binary => Keys::files(vec![AptFile {
                name: file.name.to_owned(),
                content: Some(file.content.to_vec()),
            }]),
        };
        let (found, mut reasons) = self.client.finds(&keys);
        for reason in &mut reasons {
            // What hides certificates is no note here.
            if found.is_empty() {
                reason.severity = Severity::Reject;
                reason.code = FORM;
            }
        }
        Reading {
            found: found.iter().map(Certificate::fingerprint).collect(),
            reasons,
        }
    }

    fn profile(&self, now: Timestamp) -> Option<Profile> {
        self.model.profile(now)
    }

    fn judge(&self, certificate: &Certificate, now: Timestamp) -> Judgement {
        self.model.judge(certificate, now)
    }
}

/// Binary packets of version 4 and nothing else, under a name that promises them: every
/// apt reads that, and nobody has to parse it again.
fn is_plain(file: &KeyFile<'_>) -> bool {
    file.form == Form::Binary
        && file.extension() != Some("asc")
        && matches!(file.content.first(), Some(0x98 | 0x99 | 0xc6))
        && file.errors.is_empty()
        && file.certificates.iter().all(|one| one.version() == 4)
}
