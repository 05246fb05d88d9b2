//! `pkgseal rpm sign`.

use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;
use pkgseal_openpgp::Signed;
use pkgseal_repo::Limits;
use pkgseal_rpm::package::{Existing, SignOptions, Signing, Tags, Whole};

use super::writing;
use crate::args::{ExistingName, RpmSign};
use crate::commands::batch;
use crate::{context, report};

pub(super) fn run(arguments: &RpmSign, clock: SystemTime) -> Result<ExitCode> {
    let limits = Limits::default();
    let now = context::now(&arguments.moment, clock)?;
    let signers = context::signers(&arguments.secrets, now)?;
    let destination = context::destination(arguments.output.as_deref());
    let mut signing = Signing::new(&signers, now, &destination, &limits);
    signing.writing = writing::of(&arguments.writing);
    signing.options = SignOptions {
        existing: match arguments.existing {
            ExistingName::Keep => Existing::Keep,
            ExistingName::Replace => Existing::Replace,
        },
        tags: if arguments.rpmv4 || arguments.rpmv6 {
            Tags::Both
        } else {
            Tags::Native
        },
        whole: if arguments.rpmv3 {
            Whole::Always
        } else {
            Whole::WhereNeeded
        },
    };
    batch::recover(&arguments.paths);
    let (signed, failed) = batch::each(
        &arguments.paths,
        &arguments.common,
        &context::check_options(&arguments.common, &limits),
        "signed",
        |path: &Path| Ok(signing.prepare(path)?.into()),
    )?;
    let signed: Vec<&Signed> = signed.iter().collect();
    let outcome = report::signed(&signed, failed, arguments.common.json)?;
    Ok(crate::commands::status(outcome))
}
