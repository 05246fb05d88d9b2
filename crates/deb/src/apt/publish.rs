//! Publishing a generation of a suite: a reader finds the old one or the new one.
//!
//! # What a reader sees
//! A new generation is built aside, beneath `ROOT/.pkgseal/next`: the directory of the
//! suite as it will be. What stays the same is there as a second name of the same file;
//! what is new is written; indices stand under their digests (`by-hash`) too. All of it
//! is on the disk, and the new InRelease, Release.gpg and every listed index have been
//! read back and verified with the public certificates, before anything that clients see
//! changes. Then the two directories change places in one step (`renameat2(2)`,
//! `RENAME_EXCHANGE`). So
//!
//! - whoever opens any file of the suite at any moment gets it from the old generation
//!   or from the new one, and no name is ever missing that is in both;
//! - whoever reads the same InRelease before and after reading other files read all of
//!   them from one generation, the plain names and Release with Release.gpg too;
//! - whoever read the old InRelease and asks for indices by their digests afterwards
//!   finds them in the new directory: objects of the last generations stay there.
//!
//! A flat repository has no directory of its own that could be exchanged, and some file
//! systems cannot exchange directories. There, files are renamed one by one: by-hash
//! first, then indices by name, Release, Release.gpg, and InRelease last. Readers of
//! InRelease and by-hash see no difference; for the others the few renames in between are
//! a moment (no disk is waited for but to order them) in which Release and InRelease, or
//! an index and its InRelease, may be of two generations.
//!
//! # What a crash leaves
//! Until the journal (`.pkgseal/journal`, with a checksum) is on the disk, nothing has
//! happened: the next publisher removes what was built. From then on the publication
//! happens: whoever takes the lock next completes it. Each step can be done again: a
//! directory is known by its inode, a file that was moved is no longer where it was
//! built. The journal goes when everything is in place and on the disk.
//!
//! # What is kept
//! `.pkgseal/generations` notes which objects and names each generation had. Objects go
//! when no kept generation has them; objects that others put there are noted as of the
//! generation they stood beside, and go with it. Nothing is judged by its age on disk.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use pkgseal_openpgp::{Examination, Signed, Signer, Verifier};
use pkgseal_repo::publication::{Journal, Record, Retention, next, sweep};
use pkgseal_repo::{CheckOptions, Finding, Progress, SafePath, Severity};

use super::lint;
use super::tree::KIND;
use crate::{Error, Result};

mod build;
mod lock;
mod sealed;

pub use lock::Lock;

pub(super) use build::Suite;
pub(super) use sealed::Sealed;

use build::{OBJECT, Workshop};

/// What one suite is to become.
#[derive(Clone, Debug)]
pub struct Generation {
    /// Its directory, relative to the root (`dists/stable`); `None` is a flat repository.
    pub suite: Option<SafePath>,
    /// Indices to be placed or replaced, relative to that directory. Listed ones that are
    /// not given stay as they are, and have to be what the Release says.
    pub indices: Vec<(SafePath, Vec<u8>)>,
    /// The text of its Release.
    pub release: Vec<u8>,
}

/// How to publish.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublishOptions {
    /// Generations whose indices stay under their digests.
    pub keep: Retention,
    /// How long to wait for another publisher.
    pub wait: Duration,
}

/// Publishes generations of suites, one after the other: all of them or, where one is
/// refused, none. Without signers, Release only.
///
/// # Errors
/// [`Error::Refused`] with what is wrong: a Release that clients would reject, an index
/// that is not what it lists, a signed suite and no signer; [`Error::Locked`] when
/// somebody else publishes; [`Error::Repo`] and [`Error::OpenPgp`] when reading, writing or
/// signing fails. The old generations are then whole; if it was the journal's steps
/// that failed, whoever takes the lock next completes them.
pub fn publish(
    root: &Path,
    generations: Vec<Generation>,
    signers: &[Signer],
    time: Timestamp,
    publish: &PublishOptions,
    options: &CheckOptions,
    progress: &dyn Progress,
) -> Result<Signed> {
    let lock = Lock::take(root, publish.wait, time)?;
    lock.publish(generations, signers, time, publish, options, progress)
}

impl Lock {
    /// As [`publish`], by an owner of the lock: for those who derive the generations from
    /// what they read since they took it.
    ///
    /// # Errors
    /// As [`publish`].
    pub fn publish(
        &self,
        generations: Vec<Generation>,
        signers: &[Signer],
        time: Timestamp,
        publish: &PublishOptions,
        options: &CheckOptions,
        progress: &dyn Progress,
    ) -> Result<Signed> {
        let mut suites = Vec::with_capacity(generations.len());
        for generation in generations {
            let prefix = match &generation.suite {
                Some(directory) => format!("{directory}/"),
                None => String::new(),
            };
            let name = format!("{prefix}Release");
            let path = self.named().join(&name);
            let names = (path.as_path(), name.as_str());
            let text = generation.release;
            let sealed = Sealed::make(names, text, signers, time, &options.limits)?;
            suites.push(Suite {
                directory: generation.suite,
                prefix,
                sealed,
                indices: generation.indices,
            });
        }
        let keep = Some(publish.keep);
        let examination = Examination::new(KIND, self.named().display().to_string());
        self.bring_out(&suites, signers, time, keep, options, progress, examination)
    }

    /// Builds, verifies and publishes suites.
    #[expect(clippy::too_many_arguments, reason = "the inner joint of three doors")]
    pub(super) fn bring_out(
        &self,
        suites: &[Suite],
        signers: &[Signer],
        time: Timestamp,
        keep: Option<Retention>,
        options: &CheckOptions,
        progress: &dyn Progress,
        mut examination: Examination,
    ) -> Result<Signed> {
        let twice = |(number, suite): (usize, &Suite)| {
            let mut before = suites.iter().take(number);
            before.any(|other| other.directory == suite.directory)
        };
        if suites.iter().enumerate().any(twice) {
            let source = std::io::Error::new(
                std::io::ErrorKind::InvalidInput,
                "one suite is to be published twice",
            );
            return Err(Error::write(self.root(), source));
        }
        let folder = self.folder();
        let next = next(folder);
        sweep(folder);
        let built = (|| {
            std::fs::create_dir(&next).map_err(|error| Error::write(&next, error))?;
            let mut record = Record::read(folder)?;
            let verifier = Verifier::of_signers(signers, time);
            let workshop = Workshop {
                lock: self,
                verifier: &verifier,
                time,
                keep,
                options,
                progress,
            };
            let mut parts = Vec::with_capacity(suites.len());
            for (number, suite) in suites.iter().enumerate() {
                let subject = format!("{}Release", suite.prefix);
                let odd = lint::worth_saying(suite.sealed.release().get(), &subject);
                if odd
                    .iter()
                    .any(|finding| finding.severity == Severity::Reject)
                {
                    return Err(refused(self.named(), odd));
                }
                examination.report.findings.extend(odd);
                parts.push(workshop.build(number, suite, &mut record, &mut examination)?);
            }
            if keep.is_some() {
                record.write(&next)?;
            }
            Ok(parts)
        })();
        let parts = match built {
            Ok(parts) => parts,
            Err(error) => {
                sweep(folder);
                return Err(error);
            }
        };
        let outputs = parts
            .iter()
            .flat_map(|part| {
                let directory = part.target(self.named());
                let visible = part.moves.iter().filter(|moved| moved.rank > OBJECT);
                visible.map(move |moved| directory.join(&moved.path))
            })
            .collect();
        let journal = Journal { parts };
        journal.carry_out(self.root(), folder)?;
        sweep(folder);
        examination.report.sort();
        Ok(Signed {
            outputs,
            examination,
        })
    }
}

/// The error that refuses to publish or sign.
pub(super) fn refused(path: &Path, findings: Vec<Finding>) -> Error {
    Error::Refused {
        path: path.to_owned(),
        findings,
    }
}
