//! `pkgseal rpm apply`.

use std::fs::File;
use std::io::{BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::{Context as _, Result, bail};
use pkgseal_openpgp::{Examination, Signed, Verifier};
use pkgseal_repo::{Destination, Limits, read_file};
use pkgseal_rpm::package::header_blob::{self, Offer, SignatureList};
use pkgseal_rpm::package::{Existing, SignOptions, Tags};

use crate::args::{ExistingName, RpmApply};
use crate::commands::batch::{self, Prepared};
use crate::failure::hinted;
use crate::{context, report};

/// Bytes of a signature header read at most: rpm's own cap on its data, and its index.
const SIGNATURE_HEADER: u64 = (64 << 20) + 4096;

/// What a file for a package may be called, behind the package's name.
const ENDINGS: [&str; 4] = [".hdr.sig", ".hdr.asc", ".hdr.gpg", ".sig"];

/// What came back.
enum Back {
    /// One file, for one package.
    One(Vec<u8>),
    /// A file for each package.
    Directory(PathBuf),
    List(SignatureList),
}

struct Job {
    back: Back,
    verifier: Verifier,
    options: SignOptions,
    destination: Destination,
    limits: Limits,
}

pub(super) fn run(arguments: &RpmApply, clock: SystemTime) -> Result<ExitCode> {
    let limits = Limits::default();
    let now = context::now(&arguments.moment, clock)?;
    let verifier = context::verifier(&arguments.trust, now, &limits)?;
    let json = arguments.common.json;
    let back = match back(&arguments.signatures, arguments.paths.len(), &limits)? {
        Ok(back) => back,
        Err(refused) => {
            let outcome = report::worked("signed", "refused", &[*refused], 0, json)?;
            return Ok(crate::commands::status(outcome));
        }
    };
    let existing = match arguments.existing {
        ExistingName::Keep => Existing::Keep,
        ExistingName::Replace => Existing::Replace,
    };
    let options = context::check_options(&arguments.common, &limits);
    let job = Job {
        back,
        verifier,
        options: SignOptions {
            existing,
            tags: if arguments.rpmv4 || arguments.rpmv6 {
                Tags::Both
            } else {
                Tags::Native
            },
            ..SignOptions::default()
        },
        destination: context::destination(arguments.output.as_deref()),
        limits,
    };
    batch::recover(&arguments.paths);
    let (done, failed) = batch::each(
        &arguments.paths,
        &arguments.common,
        &options,
        "signed",
        |path: &Path| job.apply(path),
    )?;
    let outcome = report::worked("signed", "refused", &done, failed, json)?;
    Ok(crate::commands::status(outcome))
}

/// Reads what came back; a list that breaks its grammar is a verdict.
fn back(path: &Path, packages: usize, limits: &Limits) -> Result<Result<Back, Box<Signed>>> {
    let unread = || format!("cannot read {}", path.display());
    if path.is_dir() {
        return Ok(Ok(Back::Directory(path.to_owned())));
    }
    let mut head = Vec::new();
    let mut file = File::open(path).with_context(unread)?;
    file.by_ref()
        .take(64)
        .read_to_end(&mut head)
        .with_context(unread)?;
    if header_blob::is_signature_list(&head) {
        let source = BufReader::new(head.as_slice().chain(file));
        return Ok(
            match SignatureList::read(source, limits).with_context(unread)? {
                Ok(list) => Ok(Back::List(list)),
                Err(mut finding) => {
                    let subject = path.display().to_string();
                    finding.subject.clone_from(&subject);
                    let mut examination = Examination::new("rpm-signatures", subject);
                    examination.report.push(*finding);
                    Err(Box::new(Signed {
                        outputs: Vec::new(),
                        examination,
                    }))
                }
            },
        );
    }
    if packages > 1 {
        return Err(hinted(
            format!(
                "{} is one signature, and there are {packages} packages",
                path.display()
            ),
            "name a directory with a signature for each, or what pkgseal rpm sign-plan wrote",
        ));
    }
    Ok(Ok(Back::One(read_file(path, SIGNATURE_HEADER)?)))
}

impl Job {
    fn apply(&self, path: &Path) -> Result<Prepared> {
        let own;
        let offer = match &self.back {
            Back::One(bytes) => Offer::File(bytes),
            Back::List(list) => Offer::List(list),
            Back::Directory(directory) => {
                own = read_file(&beside(directory, path)?, SIGNATURE_HEADER)?;
                Offer::File(&own)
            }
        };
        let (staged, examination) = header_blob::apply(
            path,
            offer,
            &self.verifier,
            &self.options,
            &self.destination,
            &self.limits,
        )?;
        Ok(match staged {
            Some(staged) => Prepared::single(staged, examination),
            None => Prepared::Visible(Signed {
                outputs: Vec::new(),
                examination,
            }),
        })
    }
}

/// The one file of a directory that is for a package.
fn beside(directory: &Path, package: &Path) -> Result<PathBuf> {
    let name = package.file_name().unwrap_or_default();
    let found: Vec<PathBuf> = ENDINGS
        .iter()
        .map(|ending| {
            let mut name = name.to_owned();
            name.push(ending);
            directory.join(name)
        })
        .filter(|path| path.exists())
        .collect();
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(hinted(
            format!(
                "{} holds no signature for {}",
                directory.display(),
                name.display()
            ),
            format!("call it {}.hdr.sig or .hdr.asc", name.display()),
        )),
        [one, other, ..] => bail!(
            "{} and {} are both for {}",
            one.display(),
            other.display(),
            name.display()
        ),
    }
}
