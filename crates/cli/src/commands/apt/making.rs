//! What `apt index` and `apt release` share.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use pkgseal_deb::apt::{Automatic, ByHash, Drafted, PublishOptions, ReleaseFields};
use pkgseal_openpgp::{Fingerprint, Signed};
use pkgseal_repo::{CheckOptions, DigestAlgorithm, Limits, Progress, SafePath};

use crate::args::{
    AutomaticName, Common, DigestName, Moment, PublishArguments, ReleaseOptions, Switch,
};
use crate::failure::hinted;
use crate::{commands, context, progress, report};

/// Everything a run needs beside what it makes.
pub(super) struct Run<'a> {
    pub(super) now: Timestamp,
    pub(super) wait: Duration,
    pub(super) options: CheckOptions,
    pub(super) progress: Box<dyn Progress + 'a>,
    publish: &'a PublishArguments,
    json: bool,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        publish: &'a PublishArguments,
        moment: &Moment,
        common: &Common,
        clock: SystemTime,
    ) -> Result<Self> {
        Ok(Self {
            now: context::now(moment, clock)?,
            wait: Duration::try_from(publish.wait).context("--wait is negative")?,
            options: context::check_options(common, &Limits::default()),
            progress: progress::for_stderr(),
            publish,
            json: common.json,
        })
    }

    /// Publishes what was made, and says what came of it. Keys are opened only here:
    /// where nothing changed, nobody is asked for a passphrase.
    pub(super) fn conclude(self, drafted: Drafted) -> Result<ExitCode> {
        let nothing = |examination| Signed {
            outputs: Vec::<PathBuf>::new(),
            examination,
        };
        let (verb, done) = match drafted {
            Drafted::Current(examination) => ("unchanged", nothing(examination)),
            Drafted::Refused(examination) => ("refused", nothing(examination)),
            Drafted::Changed(draft) => {
                let publish = self.publish;
                let signers = context::optional_signers(&publish.secrets, self.now)?;
                let options = PublishOptions {
                    keep: publish.retention(),
                    wait: self.wait,
                };
                let progress = self.progress.as_ref();
                let done = draft.publish(&signers, &options, &self.options, progress)?;
                let verb = if signers.is_empty() { "made" } else { "signed" };
                (verb, done)
            }
        };
        let outcome = report::made(verb, &done, self.json)?;
        Ok(commands::status(outcome))
    }
}

/// The directory of a suite.
pub(super) fn suite(name: Option<&str>) -> Result<Option<SafePath>> {
    name.map(|name| SafePath::new(&format!("dists/{name}")).context("--suite"))
        .transpose()
}

/// What the Release says.
pub(super) fn fields(options: &ReleaseOptions) -> Result<ReleaseFields> {
    for fingerprint in &options.signed_by {
        if Fingerprint::parse(fingerprint).is_none() || fingerprint.len() != 40 {
            return Err(hinted(
                format!("--signed-by {fingerprint} is no fingerprint of 40 hexadecimal digits"),
                "clients know no other form here; list full fingerprints with: \
                 pkgseal keyring list KEYRING",
            ));
        }
    }
    if !options.signed_by.is_empty() && options.valid_for.is_none() {
        return Err(hinted(
            "--signed-by is ignored by clients where the Release has no Valid-Until",
            "add --valid-for, for example --valid-for 14d",
        ));
    }
    Ok(ReleaseFields {
        origin: options.origin.clone(),
        label: options.label.clone(),
        suite: None,
        codename: options.codename.clone(),
        version: options.release_version.clone(),
        description: options.description.clone(),
        valid_for: options.valid_for,
        automatic: match options.automatic {
            AutomaticName::All => Automatic::Yes,
            AutomaticName::Upgrades => Automatic::UpgradesOnly,
            AutomaticName::None => Automatic::No,
        },
        signed_by: options.signed_by.clone(),
        by_hash: match options.acquire_by_hash {
            Switch::On => ByHash::Yes,
            Switch::Off => ByHash::No,
        },
    })
}

/// Digests beside SHA-256.
pub(super) fn digests(options: &ReleaseOptions) -> Vec<DigestAlgorithm> {
    options
        .digests
        .iter()
        .map(|digest| match digest {
            DigestName::Md5 => DigestAlgorithm::Md5,
            DigestName::Sha1 => DigestAlgorithm::Sha1,
            DigestName::Sha256 => DigestAlgorithm::Sha256,
            DigestName::Sha512 => DigestAlgorithm::Sha512,
        })
        .collect()
}
