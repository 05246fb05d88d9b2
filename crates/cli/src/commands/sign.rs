//! `pkgseal sign`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use pkgseal_openpgp::{Signed, Signer};
use pkgseal_repo::{CheckOptions, Destination, Limits, Progress};
use rayon::prelude::*;

use super::examine::pool;
use crate::args::{ExistingName, KindName, RoleName, Sign};
use crate::{context, failure, kind, progress, report};

/// Every signed file is synced before it counts, so threads wait for the disk rather than for
/// a core; a disk that is asked by many at once serves them together.
const AT_ONCE: usize = 16;

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
    let destination = match &arguments.output {
        None => Destination::Beside,
        Some(directory) => {
            std::fs::create_dir_all(directory)
                .with_context(|| format!("cannot create {}", directory.display()))?;
            Destination::Directory(directory.clone())
        }
    };
    let options = context::check_options(&arguments.common, &limits);
    let job = Job {
        arguments,
        signers: &signers,
        now,
        destination,
        options,
    };
    let bar = progress::for_stderr();
    let sign = |path: &PathBuf| match job.sign(path, bar.as_ref()) {
        Ok(signed) => Some(signed),
        Err(error) => {
            failure::report(&error.context(format!("{} was not signed", path.display())));
            None
        }
    };
    let results: Vec<Option<Signed>> = match arguments.paths.as_slice() {
        [path] => vec![sign(path)],
        paths => {
            let jobs = arguments.common.jobs.unwrap_or_else(|| {
                std::thread::available_parallelism()
                    .map_or(AT_ONCE, |cores| cores.get().max(AT_ONCE))
            });
            pool(jobs)?.install(|| paths.par_iter().map(sign).collect())
        }
    };
    let failed = results.iter().filter(|result| result.is_none()).count();
    let signed: Vec<&Signed> = results.iter().flatten().collect();
    let outcome = report::signed(&signed, failed, arguments.common.json)?;
    Ok(super::status(outcome))
}

impl Job<'_> {
    fn sign(&self, path: &Path, progress: &dyn Progress) -> Result<Signed> {
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
        Ok(match kind {
            KindName::Deb => {
                pkgseal_deb::package::sign(path, self.role(), signers, *now, destination, limits)?
            }
            KindName::Rpm => pkgseal_rpm::package::sign_with(
                path,
                signers,
                *now,
                destination,
                limits,
                &self.rpm_options(),
            )?,
            KindName::Release => {
                pkgseal_deb::apt::sign_release(path, signers, *now, destination, limits)?
            }
            KindName::Repomd => {
                pkgseal_rpm::yum::sign_repomd(path, signers, *now, destination, limits)?
            }
            KindName::File => {
                pkgseal_maven::artifact::sign(path, signers, *now, destination, limits)?
            }
            KindName::Apt => {
                pkgseal_deb::apt::sign_tree(path, signers, *now, destination, options, progress)?
            }
            KindName::Yum => {
                pkgseal_rpm::yum::sign_tree(path, signers, *now, destination, options, progress)?
            }
            KindName::Maven => {
                pkgseal_maven::tree::sign(path, signers, *now, destination, options, progress)?
            }
        })
    }

    fn role(&self) -> pkgseal_deb::package::Role {
        match self.arguments.role {
            RoleName::Origin => pkgseal_deb::package::Role::Origin,
            RoleName::Maint => pkgseal_deb::package::Role::Maint,
            RoleName::Archive => pkgseal_deb::package::Role::Archive,
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
