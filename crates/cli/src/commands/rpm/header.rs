//! `pkgseal rpm header`.

use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use pkgseal_openpgp::{Examination, Signed};
use pkgseal_repo::{CheckOptions, Destination, Limits, Outcome, StagedFile};
use pkgseal_rpm::package::header_blob::{self, PlanWriter};
use rayon::prelude::*;

use crate::args::RpmHeader;
use crate::{context, failure, report};

/// Headers in memory at once.
const BATCH: usize = 256;

pub(super) fn run(arguments: &RpmHeader) -> Result<ExitCode> {
    let options = context::check_options(&arguments.common, &Limits::default());
    let json = arguments.common.json;
    let (done, failed) = match &arguments.plan {
        Some(plan) => planned(arguments, plan, &options)?,
        None => each(arguments, &options)?,
    };
    let outcome = report::worked("extracted", "refused", &done, failed, json)?;
    Ok(crate::commands::status(outcome))
}

/// A file beside each package, or into a directory.
fn each(arguments: &RpmHeader, options: &CheckOptions) -> Result<(Vec<Signed>, usize)> {
    let destination = context::destination(arguments.output.as_deref());
    let (take, ending): (Take, _) = if arguments.signature_header {
        (header_blob::signature_header, ".sig")
    } else {
        (header_blob::main_header, ".hdr")
    };
    let one = |path: &PathBuf| {
        write(path, take, ending, &destination)
            .map_err(|error| failure::report(&error.context(format!("{}", path.display()))))
            .ok()
    };
    let done: Vec<Option<Signed>> = options
        .pool()?
        .install(|| arguments.paths.par_iter().map(one).collect());
    let failed = done.iter().filter(|one| one.is_none()).count();
    Ok((done.into_iter().flatten().collect(), failed))
}

type Take = fn(&Path) -> pkgseal_rpm::Result<(Option<Vec<u8>>, Examination)>;

fn write(path: &Path, take: Take, ending: &str, destination: &Destination) -> Result<Signed> {
    let (bytes, examination) = take(path)?;
    let mut outputs = Vec::new();
    if let Some(bytes) = bytes {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        let target = destination.resolve(Path::new(&name));
        destination.prepare()?;
        let mut staged = StagedFile::create(&target)?;
        staged
            .write_all(&bytes)
            .with_context(|| format!("cannot write {}", target.display()))?;
        staged.commit()?;
        outputs.push(target);
    }
    Ok(Signed {
        outputs,
        examination,
    })
}

/// All in one file, or none where one package is rejected.
fn planned(
    arguments: &RpmHeader,
    plan: &Path,
    options: &CheckOptions,
) -> Result<(Vec<Signed>, usize)> {
    let unwritten = || format!("cannot write {}", plan.display());
    let mut staged = StagedFile::create(plan)?;
    let mut writer = PlanWriter::new(BufWriter::new(staged.file_mut())).with_context(unwritten)?;
    let mut done = Vec::with_capacity(arguments.paths.len());
    let mut failed = 0;
    let pool = options.pool()?;
    for batch in arguments.paths.chunks(BATCH) {
        let taken: Vec<_> = pool.install(|| {
            let take = |path: &PathBuf| header_blob::main_header(path);
            batch.par_iter().map(take).collect()
        });
        for (path, taken) in batch.iter().zip(taken) {
            match taken {
                Ok((bytes, examination)) => {
                    if let Some(bytes) = bytes {
                        writer.add(path, &bytes).with_context(unwritten)?;
                    }
                    done.push(Signed {
                        outputs: Vec::new(),
                        examination,
                    });
                }
                Err(error) => {
                    failure::report(&error.into());
                    failed += 1;
                }
            }
        }
    }
    writer.finish().with_context(unwritten)?;
    let whole = failed == 0
        && done
            .iter()
            .all(|one| one.examination.outcome() == Outcome::Accepted);
    if whole {
        staged.commit()?;
        if let Some(last) = done.last_mut() {
            last.outputs.push(plan.to_owned());
        }
    }
    Ok((done, failed))
}
