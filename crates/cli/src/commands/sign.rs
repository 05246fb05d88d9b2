//! `pkgseal sign`.

use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;
use jiff::Timestamp;
use pkgseal_maven::sums::Form;
use pkgseal_openpgp::{Signed, Signer};
use pkgseal_repo::{CheckOptions, Destination, DigestAlgorithm, Limits, Progress};
use pkgseal_rpm::package::{self, Signing};

use super::batch::{self, Prepared};
use crate::args::{ExistingName, KindName, Sign};
use crate::{context, kind, progress, report};

/// Everything that holds for each path.
struct Job<'a> {
    arguments: &'a Sign,
    signers: &'a [Signer],
    now: Timestamp,
    destination: &'a Destination,
    options: CheckOptions,
    packages: Signing<'a>,
}

pub(super) fn run(arguments: &Sign, clock: SystemTime) -> Result<ExitCode> {
    let limits = Limits::default();
    let now = context::now(&arguments.moment, clock)?;
    let signers = context::signers(&arguments.secrets, now)?;
    let destination = context::destination(arguments.output.as_deref());
    let options = context::check_options(&arguments.common, &limits);
    let mut packages = Signing::new(&signers, now, &destination, &limits);
    packages.options.existing = match arguments.existing {
        ExistingName::Keep => package::Existing::Keep,
        ExistingName::Replace => package::Existing::Replace,
    };
    let job = Job {
        arguments,
        signers: &signers,
        now,
        destination: &destination,
        options,
        packages,
    };
    let bar = progress::for_stderr();
    batch::recover(&arguments.paths);
    let prepare = |path: &Path| job.prepare(path, bar.as_ref());
    let (signed, failed) = batch::each(
        &arguments.paths,
        &arguments.common,
        &job.options,
        "signed",
        prepare,
    )?;
    let signed: Vec<&Signed> = signed.iter().collect();
    let outcome = report::signed(&signed, failed, arguments.common.json)?;
    Ok(super::status(outcome))
}

impl Job<'_> {
    fn prepare(&self, path: &Path, progress: &dyn Progress) -> Result<Prepared> {
        let Self {
            signers,
            now,
            destination,
            options,
            ..
        } = self;
        let limits = &options.limits;
        let kind = match self.arguments.kind {
            Some(kind) => kind,
            None => kind::recognise(path)?,
        };
        let single = |(file, examination)| Prepared::single(file, examination);
        Ok(match kind {
            KindName::Deb => single(pkgseal_deb::package::stage(
                path,
                &self.deb_options(),
                signers,
                *now,
                destination,
                limits,
            )?),
            KindName::Rpm => self.packages.prepare(path)?.into(),
            KindName::File => {
                let (set, examination) =
                    pkgseal_maven::artifact::stage(path, signers, *now, destination, limits)?;
                Prepared::Staged(set, examination)
            }
            KindName::Sums if !path.is_dir() => {
                let (set, examination) = pkgseal_maven::plain::sign_list(
                    path,
                    signers,
                    *now,
                    destination,
                    options,
                    progress,
                )?;
                Prepared::Staged(set, examination)
            }
            KindName::Sums | KindName::Files => Prepared::Visible(pkgseal_maven::plain::sign(
                path,
                signers,
                *now,
                destination,
                &self.plain_options(kind),
                options,
                progress,
            )?),
            KindName::Changes | KindName::Dsc | KindName::Buildinfo => {
                Prepared::Visible(pkgseal_deb::upload::sign(
                    path,
                    signers,
                    *now,
                    destination,
                    self.upload_existing(),
                    options,
                    progress,
                )?)
            }
            KindName::Release => Prepared::Visible(pkgseal_deb::apt::sign_release(
                path,
                signers,
                *now,
                destination,
                limits,
            )?),
            KindName::Repomd => Prepared::Visible(pkgseal_rpm::yum::sign_repomd(
                path,
                signers,
                *now,
                destination,
                limits,
            )?),
            KindName::Apt => Prepared::Visible(pkgseal_deb::apt::sign_tree(
                path,
                signers,
                *now,
                destination,
                options,
                progress,
            )?),
            KindName::Yum => Prepared::Visible(pkgseal_rpm::yum::sign_tree(
                path,
                signers,
                *now,
                destination,
                options,
                progress,
            )?),
            KindName::Maven => Prepared::Visible(pkgseal_maven::tree::sign(
                path,
                signers,
                *now,
                destination,
                options,
                progress,
            )?),
        })
    }

    fn deb_options(&self) -> pkgseal_deb::package::SignOptions {
        let existing = match self.arguments.existing {
            ExistingName::Keep => pkgseal_deb::package::Existing::Keep,
            ExistingName::Replace => pkgseal_deb::package::Existing::Replace,
        };
        let role = self.arguments.role.clone();
        pkgseal_deb::package::SignOptions {
            role: role.unwrap_or(pkgseal_deb::package::Role::ORIGIN),
            existing,
        }
    }

    fn plain_options(&self, kind: KindName) -> pkgseal_maven::plain::SignOptions {
        use pkgseal_maven::plain::{SignOptions, What};
        let what = match kind {
            KindName::Sums => What::Lists(vec![DigestAlgorithm::Sha256], Form::Plain),
            _ => What::Each,
        };
        SignOptions {
            what,
            ..SignOptions::default()
        }
    }

    fn upload_existing(&self) -> pkgseal_deb::upload::Existing {
        match self.arguments.existing {
            ExistingName::Keep => pkgseal_deb::upload::Existing::Keep,
            ExistingName::Replace => pkgseal_deb::upload::Existing::Replace,
        }
    }
}
