//! Many files written in one run: made in parallel, put in place in batches.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Result;
use pkgseal_openpgp::{Examination, Signed};
use pkgseal_repo::{CheckOptions, StagedFile, StagedSet};
use pkgseal_rpm::package::{self, Edit, InPlace};
use rayon::prelude::*;

use crate::args::Common;
use crate::{failure, report};

/// So many files become visible together: enough for the disk to write them at once, few
/// enough to keep them open.
const BATCH: usize = 32;

/// So many batches are under way at least: while one waits for the disk, another has the
/// core.
const BATCHES: usize = 8;

/// What is to become of a path, or has.
pub(super) enum Prepared {
    /// It is there already.
    Visible(Signed),
    /// Files that take the place of others.
    Staged(StagedSet, Examination),
    /// A package that gets another head.
    InPlace(Box<Edit>),
    /// The error was reported.
    Failed,
}

impl Prepared {
    /// One file that takes the place of another.
    pub(super) fn single(file: StagedFile, examination: Examination) -> Self {
        let mut set = StagedSet::new();
        set.push(file);
        Self::Staged(set, examination)
    }
}

impl From<package::Prepared> for Prepared {
    fn from(prepared: package::Prepared) -> Self {
        match prepared {
            package::Prepared::InPlace(edit) => Self::InPlace(edit),
            package::Prepared::Staged(staged) => {
                let (file, examination) = *staged;
                Self::single(file, examination)
            }
        }
    }
}

/// Prepares every path and puts the results in place. What failed is reported as it is met
/// and only counted; the others are in order. `done` is what a path was not, where it
/// failed: signed.
pub(super) fn each(
    paths: &[PathBuf],
    common: &Common,
    options: &CheckOptions,
    done: &str,
    prepare: impl Fn(&Path) -> Result<Prepared> + Sync,
) -> Result<(Vec<Signed>, usize)> {
    let run = InPlace::new();
    let prepare = |path: &PathBuf| {
        prepare(path).unwrap_or_else(|error| {
            failure::report(&error.context(format!("{} was not {done}", path.display())));
            Prepared::Failed
        })
    };
    let batch = |paths: &[PathBuf]| put_in_place(&run, paths.iter().map(prepare).collect(), done);
    let signed: Vec<Signed> = match paths {
        // A tree uses every thread by itself.
        [path] => batch(std::slice::from_ref(path)),
        paths => {
            let jobs = common.jobs.unwrap_or_else(|| {
                std::thread::available_parallelism()
                    .map_or(BATCHES, |cores| cores.get().max(BATCHES))
            });
            let options = CheckOptions {
                jobs,
                ..options.clone()
            };
            options
                .pool()?
                .install(|| paths.par_chunks(BATCH).flat_map_iter(batch).collect())
        }
    };
    let mut failed = paths.len() - signed.len();
    if let Err(error) = run.finish() {
        let error = anyhow::Error::new(error);
        failure::report(&error.context("not everything is on the disk"));
        failed += 1;
    }
    Ok((signed, failed))
}

/// Completes what a killed run left of packages in the directories of these.
pub(super) fn recover(packages: &[PathBuf]) {
    let is_package = |path: &&PathBuf| path.extension().is_some_and(|ending| ending == "rpm");
    let directories: BTreeSet<&Path> = packages
        .iter()
        .filter(is_package)
        .filter_map(|path| path.parent())
        .collect();
    for directory in directories {
        let directory = match directory.as_os_str().is_empty() {
            true => Path::new("."),
            false => directory,
        };
        if !directory.is_dir() {
            continue;
        }
        match package::recover(directory) {
            Ok(completed) => completed
                .iter()
                .for_each(|one| report::warn_finding(&one.finding)),
            Err(error) => {
                failure::report(&anyhow::Error::new(error));
            }
        }
    }
}

/// Makes everything of a batch visible, and says what was done, in order.
fn put_in_place(run: &InPlace, prepared: Vec<Prepared>, done: &str) -> Vec<Signed> {
    /// What each of the batch waits for.
    enum Waiting {
        Nothing(Signed),
        Files(usize, Examination),
        Edit,
    }
    let mut set = StagedSet::new();
    let mut edits = Vec::new();
    let mut waiting = Vec::with_capacity(prepared.len());
    for one in prepared {
        waiting.push(match one {
            Prepared::Failed => continue,
            Prepared::Visible(signed) => Waiting::Nothing(signed),
            Prepared::InPlace(edit) => {
                edits.push(*edit);
                Waiting::Edit
            }
            Prepared::Staged(files, examination) => {
                let count = files.len();
                set.append(files);
                Waiting::Files(count, examination)
            }
        });
    }
    let written = set.commit().map_err(|error| {
        let error = anyhow::Error::new(error);
        failure::report(
            &error.context(format!("not all of the {done} files could be put in place")),
        );
    });
    let mut written = written.map(Vec::into_iter);
    let mut edited = run.write(edits).into_iter();
    let put = |one| match one {
        Waiting::Nothing(signed) => Some(signed),
        Waiting::Files(count, examination) => {
            let outputs = written.as_mut().ok()?.by_ref().take(count).collect();
            Some(Signed {
                outputs,
                examination,
            })
        }
        Waiting::Edit => {
            let reported = |error| failure::report(&anyhow::Error::new(error));
            edited.next()?.map_err(reported).ok()
        }
    };
    waiting.into_iter().filter_map(put).collect()
}
