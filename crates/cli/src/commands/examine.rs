//! Paths to examinations, in parallel, in the order they were named.

use std::path::{Path, PathBuf};

use anyhow::Result;
use pkgseal_openpgp::{Examination, Verifier};
use pkgseal_repo::{CheckOptions, Finding, Limits, Progress};
use rayon::prelude::*;

use crate::args::{Examine, KindName};
use crate::{context, kind, progress, report};

/// What became of one path.
pub(super) enum Examined {
    /// Something was decided.
    Decided(Examination),
    /// Nothing could be; the error was reported on stderr already.
    Failed,
}

/// What paths are examined for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose {
    /// A verdict.
    Verify,
    /// Facts, all of them.
    Inspect,
}

/// Verifies one path as what it is, or as what `--as` says.
fn one(
    path: &Path,
    purpose: Purpose,
    arguments: &Examine,
    verifier: &Verifier,
    options: &CheckOptions,
    progress: &dyn Progress,
) -> Result<Examination> {
    let (named, max_age) = (arguments.kind, arguments.max_age);
    let kind = match named {
        Some(kind) => kind,
        None => kind::recognise(path)?,
    };
    let limits = &options.limits;
    let examination = match kind {
        KindName::Deb => match purpose {
            Purpose::Verify => pkgseal_deb::package::verify(path, verifier, limits)?,
            Purpose::Inspect => pkgseal_deb::package::inspect(path, verifier, limits)?,
        },
        KindName::Rpm => match purpose {
            Purpose::Verify => pkgseal_rpm::package::verify(path, verifier, limits)?,
            Purpose::Inspect => pkgseal_rpm::package::inspect(path, verifier, limits)?,
        },
        KindName::Release => pkgseal_deb::apt::verify_release(path, verifier, limits)?,
        KindName::Repomd => pkgseal_rpm::yum::verify_repomd(path, verifier, limits)?,
        KindName::Changes | KindName::Dsc | KindName::Buildinfo => {
            pkgseal_deb::upload::verify(path, verifier, max_age, options, progress)?
        }
        KindName::File => pkgseal_maven::artifact::verify(path, verifier, limits)?,
        KindName::Sums | KindName::Files if path.is_dir() => {
            pkgseal_maven::plain::verify(path, verifier, options, progress)?
        }
        KindName::Sums | KindName::Files => {
            let policy = pkgseal_maven::plain::Policy::default();
            pkgseal_maven::plain::verify_list(path, verifier, policy, options, progress)?
        }
        KindName::Apt => pkgseal_deb::apt::verify_tree(path, verifier, options, progress)?,
        KindName::Yum => pkgseal_rpm::yum::verify_tree(path, verifier, options, progress)?,
        KindName::Maven => pkgseal_maven::tree::verify(path, verifier, options, progress)?,
    };
    Ok(examination)
}

/// Verifies every path as what it is.
pub(super) fn all(
    arguments: &Examine,
    purpose: Purpose,
    verifier: &Verifier,
) -> Result<Vec<Examined>> {
    let options = context::check_options(&arguments.common, &Limits::default());
    let bar = progress::for_stderr();
    each(&arguments.paths, &options, |path| {
        one(path, purpose, arguments, verifier, &options, bar.as_ref())
    })
}

/// Examines every path. Several paths go in parallel; a single one has all threads to
/// itself. Errors are reported as they are met and do not stop the others.
pub(super) fn each(
    paths: &[PathBuf],
    options: &CheckOptions,
    examine: impl Fn(&Path) -> Result<Examination> + Sync,
) -> Result<Vec<Examined>> {
    let examine = |path: &PathBuf| match examine(path) {
        Ok(examination) => Examined::Decided(sorted(examination)),
        Err(error) => {
            crate::failure::report(&error.context(format!("{}", path.display())));
            Examined::Failed
        }
    };
    if let [path] = paths {
        return Ok(vec![examine(path)]);
    }
    options
        .pool()?
        .install(|| Ok(paths.par_iter().map(examine).collect()))
}

/// Findings in an order that does not depend on the number of threads.
fn sorted(mut examination: Examination) -> Examination {
    examination.report.sort();
    examination
        .report
        .findings
        .dedup_by(|a: &mut Finding, b: &mut Finding| a == b);
    examination
}

/// Prints what was decided and gives the exit status of all of it.
pub(super) fn conclude(
    examined: &[Examined],
    style: report::Style,
    verifier: &Verifier,
) -> Result<std::process::ExitCode> {
    let decided: Vec<&Examination> = examined
        .iter()
        .filter_map(|examined| match examined {
            Examined::Decided(examination) => Some(examination),
            Examined::Failed => None,
        })
        .collect();
    let failed = examined.len() - decided.len();
    let outcome = report::examinations(&decided, failed, style, verifier)?;
    Ok(super::status(outcome))
}
