//! `pkgseal yum index`.

use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};
use pkgseal_openpgp::Signed;
use pkgseal_repo::Limits;
use pkgseal_rpm::yum::{
    Drafted, IndexOptions, PublishOptions, Reuse, Signatures, Unchanged, index,
};

use crate::args::{PublishArguments, SeveralSignatures, YumIndex};
use crate::{commands, context, progress, report};

pub(super) fn run(arguments: &YumIndex, clock: SystemTime) -> Result<ExitCode> {
    let now = context::now(&arguments.moment, clock)?;
    let check = context::check_options(&arguments.common, &Limits::default());
    let publish = publish_options(&arguments.publish, &arguments.several)?;
    let bar = progress::for_stderr();
    let options = IndexOptions {
        compress: context::compression(arguments.compress),
        changes: arguments.changelog_limit,
        metadata: arguments.add.clone(),
        without: arguments.without.clone(),
        reuse: if arguments.rehash {
            Reuse::Nothing
        } else {
            Reuse::Untouched
        },
        unchanged: if arguments.redate {
            Unchanged::Redate
        } else {
            Unchanged::Leave
        },
        signing: context::keys_as_they_stand(&arguments.publish.secrets.key)?,
    };
    let drafted = index(
        &arguments.path,
        &options,
        now,
        publish.wait,
        &check,
        bar.as_ref(),
    )?;
    let nothing = |examination| Signed {
        outputs: Vec::new(),
        examination,
    };
    // Keys are opened only where something is to be signed: where nothing changed, nobody
    // is asked for a passphrase.
    let (verb, done) = match drafted {
        Drafted::Current(examination) => ("unchanged", nothing(examination)),
        Drafted::Refused(examination) => ("refused", nothing(examination)),
        Drafted::Changed(draft) => {
            let signers = context::optional_signers(&arguments.publish.secrets, now)?;
            let done = draft.publish(&signers, &publish, &check, bar.as_ref())?;
            let verb = if signers.is_empty() { "made" } else { "signed" };
            (verb, done)
        }
    };
    let outcome = report::made(verb, &done, arguments.common.json)?;
    Ok(commands::status(outcome))
}

/// How to bring it out.
pub(super) fn publish_options(
    arguments: &PublishArguments,
    several: &SeveralSignatures,
) -> Result<PublishOptions> {
    Ok(PublishOptions {
        keep: arguments.retention(),
        wait: Duration::try_from(arguments.wait).context("--wait is negative")?,
        signatures: if several.several_signatures {
            Signatures::Several
        } else {
            Signatures::One
        },
    })
}
