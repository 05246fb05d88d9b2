//! `pkgseal yum sign`.

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;
use pkgseal_repo::Limits;
use pkgseal_rpm::package::{Existing, SignOptions};
use pkgseal_rpm::yum::{Packages, Placing, RepositoryOptions, sign_repository};

use super::index::publish_options;
use crate::args::{ExistingName, PlaceName, SignedPackagesName, YumSign};
use crate::{commands, context, progress, report};

pub(super) fn run(arguments: &YumSign, clock: SystemTime) -> Result<ExitCode> {
    let now = context::now(&arguments.moment, clock)?;
    let check = context::check_options(&arguments.common, &Limits::default());
    let publish = publish_options(&arguments.publish, &arguments.several)?;
    let signers = context::optional_signers(&arguments.publish.secrets, now)?;
    let options = RepositoryOptions {
        packages: match arguments.packages {
            SignedPackagesName::Missing => Packages::Missing,
            SignedPackagesName::All => Packages::All,
            SignedPackagesName::None => Packages::None,
        },
        sign: SignOptions {
            existing: match arguments.existing {
                ExistingName::Keep => Existing::Keep,
                ExistingName::Replace => Existing::Replace,
            },
            ..SignOptions::default()
        },
        placing: match arguments.place {
            PlaceName::InPlace => Placing::InPlace,
            PlaceName::Apart => Placing::Apart,
        },
    };
    let bar = progress::for_stderr();
    let done = sign_repository(
        &arguments.path,
        &signers,
        now,
        &options,
        &publish,
        &check,
        bar.as_ref(),
    )?;
    let verb = if done.outputs.is_empty() {
        "unchanged"
    } else {
        "signed"
    };
    let outcome = report::made(verb, &done, arguments.common.json)?;
    Ok(commands::status(outcome))
}
