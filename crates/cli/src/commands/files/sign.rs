//! `pkgseal files sign`.

use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::{Context as _, Result};
use pkgseal_maven::plain::{self, SignOptions, What};
use pkgseal_maven::sums::Form;
use pkgseal_maven::tree::Existing;
use pkgseal_repo::{DigestAlgorithm, Limits};

use crate::args::files::{FilesSign, ListName};
use crate::args::maven::KeptName;
use crate::{commands, context, progress, report};

pub(super) fn run(arguments: &FilesSign, clock: SystemTime) -> Result<ExitCode> {
    let limits = Limits::default();
    let now = context::now(&arguments.moment, clock)?;
    let signers = context::signers(&arguments.secrets, now)?;
    let signed = plain::sign(
        &arguments.path,
        &signers,
        now,
        &context::destination(arguments.output.as_deref()),
        &wanted(arguments),
        &context::check_options(&arguments.common, &limits),
        progress::for_stderr().as_ref(),
    )
    .with_context(|| format!("{} was not signed", arguments.path.display()))?;
    let outcome = report::signed(&[&signed], 0, arguments.common.json)?;
    Ok(commands::status(outcome))
}

fn wanted(arguments: &FilesSign) -> SignOptions {
    let form = if arguments.tag {
        Form::Tagged
    } else {
        Form::Plain
    };
    let lists = arguments.list.iter().map(|name| match name {
        ListName::Sha256 => DigestAlgorithm::Sha256,
        ListName::Sha512 => DigestAlgorithm::Sha512,
    });
    SignOptions {
        what: match arguments.list.is_empty() {
            true => What::Each,
            false => What::Lists(lists.collect(), form),
        },
        existing: match arguments.existing {
            KeptName::Keep => Existing::Keep,
            KeptName::Replace => Existing::Replace,
        },
    }
}
