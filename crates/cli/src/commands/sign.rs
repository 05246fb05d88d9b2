//! `pkgseal sign`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::Result;
use jiff::Timestamp;
use pkgseal_maven::sums::Form;
use pkgseal_openpgp::{Examination, Signed, Signer};
use pkgseal_repo::{CheckOptions, Destination, DigestAlgorithm, Limits, Progress, StagedSet};
use rayon::prelude::*;

use crate::args::{ExistingName, KindName, Sign};
use crate::{context, failure, kind, progress, report};

/// So many files become visible together: enough for the disk to write them at once, few
/// enough to keep them open.
const BATCH: usize = 16;

/// So many batches are under way at least: while one waits for the disk, another has the
/// core.
const BATCHES: usize = 8;

/// Everything that holds for each path.
struct Job<'a> {
    arguments: &'a Sign,
    signers: &'a [Signer],
    now: Timestamp,
    destination: Destination,
    options: CheckOptions,
}

pub(super) fn run(arguments: &Sign, clock: SystemTime) -> Result<ExitCode> {
    let limits = Limits::default();
    let now = context::now(&arguments.moment, clock)?;
    let signers = context::signers(&arguments.secrets, now)?;
    let destination = context::destination(arguments.output.as_deref());
    let options = context::check_options(&arguments.common, &limits);
    let job = Job {
        arguments,
        signers: &signers,
        now,
        destination,
        options,
    };
    let bar = progress::for_stderr();
    let batch = |paths: &[PathBuf]| {
        publish(
            paths
                .iter()
                .map(|path| job.prepare(path, bar.as_ref()))
                .collect(),
        )
    };
    let signed: Vec<Signed> = match arguments.paths.as_slice() {
        // A tree uses every thread by itself.
        [path] => batch(std::slice::from_ref(path)),
        paths => {
            let jobs = arguments.common.jobs.unwrap_or_else(|| {
                std::thread::available_parallelism()
                    .map_or(BATCHES, |cores| cores.get().max(BATCHES))
            });
            let options = CheckOptions {
                jobs,
                ..job.options.clone()
            };
            options
                .pool()?
                .install(|| paths.par_chunks(BATCH).flat_map_iter(batch).collect())
        }
    };
    let failed = arguments.paths.len() - signed.len();
    let signed: Vec<&Signed> = signed.iter().collect();
    let outcome = report::signed(&signed, failed, arguments.common.json)?;
    Ok(super::status(outcome))
}

/// A path that was signed, visible already or not yet.
enum Prepared {
    Visible(Signed),
    Staged(StagedSet, Examination),
    /// The error was reported.
    Failed,
}

/// Makes everything that is staged visible together, and says what was signed, in order.
fn publish(prepared: Vec<Prepared>) -> Vec<Signed> {
    let mut set = StagedSet::new();
    let mut waiting = Vec::new();
    for one in prepared {
        match one {
            Prepared::Failed => {}
            Prepared::Visible(signed) => waiting.push((None, signed)),
            Prepared::Staged(files, examination) => {
                let outputs = Vec::with_capacity(files.len());
                waiting.push((
                    Some(files.len()),
                    Signed {
                        outputs,
                        examination,
                    },
                ));
                set.append(files);
            }
        }
    }
    let mut written = match set.commit() {
        Ok(written) => written.into_iter(),
        Err(error) => {
            let error = anyhow::Error::new(error);
            failure::report(&error.context("not all of the signed files could be put in place"));
            waiting.retain(|(staged, _)| staged.is_none());
            Vec::new().into_iter()
        }
    };
    waiting
        .into_iter()
        .map(|(staged, mut signed)| {
            signed
                .outputs
                .extend(written.by_ref().take(staged.unwrap_or(0)));
            signed
        })
        .collect()
}

impl Job<'_> {
    fn prepare(&self, path: &Path, progress: &dyn Progress) -> Prepared {
        self.sign(path, progress).unwrap_or_else(|error| {
            failure::report(&error.context(format!("{} was not signed", path.display())));
            Prepared::Failed
        })
    }

    fn sign(&self, path: &Path, progress: &dyn Progress) -> Result<Prepared> {
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
        let single = |(file, examination)| {
            let mut set = StagedSet::new();
            set.push(file);
            Prepared::Staged(set, examination)
        };
        Ok(match kind {
            KindName::Deb => single(pkgseal_deb::package::stage(
                path,
                &self.deb_options(),
                signers,
                *now,
                destination,
                limits,
            )?),
            KindName::Rpm => single(pkgseal_rpm::package::stage(
                path,
                signers,
                *now,
                destination,
                limits,
                &self.rpm_options(),
            )?),
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

    fn rpm_options(&self) -> pkgseal_rpm::package::SignOptions {
        let existing = match self.arguments.existing {
            ExistingName::Keep => pkgseal_rpm::package::Existing::Keep,
            ExistingName::Replace => pkgseal_rpm::package::Existing::Replace,
        };
        pkgseal_rpm::package::SignOptions {
            existing,
            ..Default::default()
        }
    }
}
