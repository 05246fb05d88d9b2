//! Publishing a generation of a repository: a reader finds the old one or the new one.
//!
//! # What a reader sees
//! The metadata folder is built aside, beneath `ROOT/.pkgseal/next`: the indices, what is
//! kept of other metadata, `repomd.xml` with its `.asc` and `.key`, and as second names the
//! metadata files of the last generations, so that whoever has just read the old
//! `repomd.xml` still finds what it lists. All of it is on the disk and was verified with
//! the public certificates only before anything changes. Then `repodata` and the new folder
//! change places in one step (`renameat2(2)`, `RENAME_EXCHANGE`): `repomd.xml` and its
//! `.asc` are of one generation at every moment. A client that asks for `repomd.xml` before
//! that step and for the `.asc` after it still gets a mix: two requests are two moments, and
//! no server can join them. It then has to ask for both again.
//!
//! Where the folder cannot be exchanged (another file system, a file system that cannot)
//! files are renamed one by one: metadata files, `repomd.xml.key`, `repomd.xml.asc`, and
//! `repomd.xml` last.
//!
//! Packages that are replaced, because they were signed, are renamed into their places one
//! by one just before that step. A reader of the old metadata who asks for such a package in
//! between, or later, finds one whose digest is not the one it expects, and has to read the
//! metadata anew; dnf and zypper say so. Where that is not good enough signed packages go to
//! places of their own (see [`Placing`](super::Placing)), and the old ones stay for as long
//! as their metadata.
//!
//! # What a crash leaves
//! As for apt: until the journal is on the disk nothing has happened, and from then on
//! whoever takes the lock next completes it. See [`pkgseal_repo::publication`].

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use pkgseal_openpgp::{
    Armor, Certificate, Certificates, Examination, Signed, Signer, Verified, Verifier,
};
use pkgseal_repo::publication::{
    How, Journal, Kept, Lock, Move, Part, Record, Retention, Stage, next, real_directory,
    same_device, sweep, unobstructed,
};
use pkgseal_repo::{CheckOptions, Finding, Outcome, Progress, Root, SafePath, Severity};

use super::chain::Chain;
use super::repomd::Repomd;
use super::request::Level;
use super::verify::judge;
use super::{REPODATA, REPOMD};
use crate::codes;
use crate::error::{Error, Result};

/// The files of the signed root, in the order in which they become visible where they have
/// to be renamed one by one.
const ROOT_FILES: [&str; 3] = ["repomd.xml.key", "repomd.xml.asc", "repomd.xml"];

/// Whether `repomd.xml.asc` may hold several signatures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Signatures {
    /// One: dnf on Fedora 39 and RHEL 10 and later reads the first armor block only, and
    /// wants one signature in it.
    #[default]
    One,
    /// One by each signer, each in an armor block of its own, the first for those who read
    /// no other.
    Several,
}

/// How to publish.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublishOptions {
    /// Generations whose metadata files stay.
    pub keep: Retention,
    /// How long to wait for another publisher.
    pub wait: Duration,
    /// Whether `repomd.xml.asc` may hold several signatures.
    pub signatures: Signatures,
}

impl PublishOptions {
    /// Refuses more signers than `repomd.xml.asc` is to have.
    pub(super) fn allows(&self, signers: &[Signer]) -> Result<()> {
        if signers.len() > 1 && self.signatures == Signatures::One {
            return Err(Error::SignerCount {
                what: "repomd.xml",
                needed: "exactly one key, as dnf on Fedora 39 and RHEL 10 and later refuses a second signature",
                given: signers.len(),
            });
        }
        Ok(())
    }
}

/// A generation that was built and that nobody sees yet.
pub(super) struct Built {
    /// The metadata folder: everything in it but the signed root. It is the last of the
    /// stages beneath `next`, and called by its number.
    pub(super) stage: Stage,
    /// The text of `repomd.xml`.
    pub(super) repomd: Vec<u8>,
    /// Packages in the stage before it, relative to the repository.
    pub(super) packages: Option<(Stage, Vec<SafePath>)>,
    /// Packages that the old generation lists and those that this one does, where old ones
    /// go with their metadata.
    pub(super) places: Option<(BTreeSet<SafePath>, BTreeSet<SafePath>)>,
}

impl Built {
    /// The number of its metadata folder.
    fn number(&self) -> usize {
        usize::from(self.packages.is_some())
    }
}

/// What a publication is made with.
pub(super) struct Publisher<'a> {
    pub(super) lock: &'a Lock,
    pub(super) signers: &'a [Signer],
    pub(super) time: Timestamp,
    pub(super) publish: &'a PublishOptions,
    pub(super) options: &'a CheckOptions,
    pub(super) progress: &'a dyn Progress,
}

impl Publisher<'_> {
    /// Signs, verifies and publishes what was built.
    ///
    /// # Errors
    /// [`Error::Refused`], [`Error::SelfCheck`]; the old generation is then whole.
    pub(super) fn bring_out(
        &self,
        mut built: Built,
        mut examination: Examination,
    ) -> Result<Signed> {
        let folder = self.lock.folder();
        let live = self.lock.root().join(REPODATA);
        self.seal(&mut built, &live)?;
        let mut record = Record::read(folder)?;
        let (moves, drops) = self.keep(&mut built, &live, &mut record)?;
        built.stage.sync()?;
        self.verify(&built, &mut examination)?;

        let directory = real_directory(self.lock.root(), &SafePath::new(REPODATA)?)?;
        let target = self.lock.root().join(&directory);
        let whole = same_device(&target, folder);
        let parts = [
            self.packages(&mut built, &mut record)?,
            Some(Part {
                inode: inode(built.stage.path())?,
                how: if whole { How::Whole } else { How::Moves },
                directory: Some(directory),
                moves,
                drops,
            }),
        ];
        if !whole && let Some(Some(part)) = parts.last() {
            part.moves
                .iter()
                .try_for_each(|moved| unobstructed(&target, &moved.path))?;
        }
        record.write(&next(folder))?;
        let parts: Vec<Part> = parts.into_iter().flatten().collect();
        let outputs = parts
            .iter()
            .flat_map(|part| {
                let directory = part.target(self.lock.named());
                part.moves
                    .iter()
                    .map(move |moved| directory.join(&moved.path))
            })
            .collect();
        Journal { parts }.carry_out(self.lock.root(), folder)?;
        sweep(folder);
        examination.report.sort();
        Ok(Signed {
            outputs,
            examination,
        })
    }

    /// Writes the signed root into the stage.
    fn seal(&self, built: &mut Built, live: &Path) -> Result<()> {
        let stage = &mut built.stage;
        let like = |name: &str| live.join(name);
        stage.write(Path::new("repomd.xml"), &built.repomd, &like("repomd.xml"))?;
        if self.signers.is_empty() {
            let asc = like("repomd.xml.asc");
            if fs::symlink_metadata(&asc).is_ok() {
                let detail = "a signature of the old repomd.xml stands there, \
                              and there is no key to sign the new one with";
                let finding =
                    Finding::reject(codes::PUBLISH_UNSIGNED, asc.display().to_string(), detail)
                        .hint("name the key with --key, or remove the file");
                return Err(refused(self.lock.named(), vec![finding]));
            }
            return Ok(());
        }
        self.publish.allows(self.signers)?;
        let mut signature = Vec::new();
        for signer in self.signers {
            let signer = std::slice::from_ref(signer);
            let block = Signer::detached(signer, &built.repomd, Armor::Armored, self.time)?;
            signature.extend(block);
        }
        let certificates = self
            .signers
            .iter()
            .map(|signer| signer.certificate().clone());
        let certificates = Certificates::new(certificates).by_version();
        let armored: Vec<u8> = certificates
            .iter()
            .flat_map(Certificate::to_armored)
            .collect();
        let (key, asc) = ("repomd.xml.key", "repomd.xml.asc");
        stage.write(Path::new(key), &armored, &like(key))?;
        stage.write(Path::new(asc), &signature, &like(asc))?;
        Ok(())
    }

    /// Takes the files of the last generations along, and everything that nobody listed.
    /// Returns what is new, and what goes.
    fn keep(
        &self,
        built: &mut Built,
        live: &Path,
        record: &mut Record,
    ) -> Result<(Vec<Move>, Vec<SafePath>)> {
        let limits = &self.options.limits;
        let new = names(&built.repomd, limits)?;
        let standing = super::make::read_if_there(&live.join("repomd.xml"), limits.repomd)?;
        let old = standing.map_or_else(BTreeSet::new, |text| {
            // What cannot be read lists nothing that has to be found.
            names(&text, limits).unwrap_or_default()
        });
        let kept = Kept {
            time: self.time,
            objects: new.clone(),
            names: BTreeSet::new(),
        };
        let gone = record.add(REPODATA, kept, &old, self.publish.keep);
        let mut moves: Vec<Move> = new
            .iter()
            .filter(|path| built.stage.path().join(path.as_str()).exists())
            .filter(|path| {
                !same_file(
                    &built.stage.path().join(path.as_str()),
                    &live.join(path.as_str()),
                )
            })
            .map(|path| Move {
                rank: 1,
                path: path.clone(),
            })
            .collect();
        for (number, name) in ROOT_FILES.iter().enumerate() {
            if built.stage.path().join(name).exists() {
                moves.push(Move {
                    rank: u8::try_from(number + 2).unwrap_or(u8::MAX),
                    path: SafePath::new(name)?,
                });
            }
        }
        if live.is_dir() {
            let stage = built.stage.path().to_owned();
            built.stage.link_tree(live, &|path| {
                let root = path.to_str().is_some_and(|path| ROOT_FILES.contains(&path));
                let safe = path.to_str().and_then(|path| SafePath::new(path).ok());
                root || stage.join(path).exists() || safe.is_some_and(|path| gone.contains(&path))
            })?;
        }
        Ok((moves, gone.into_iter().collect()))
    }

    /// Reads back what was written and judges it with the public certificates.
    fn verify(&self, built: &Built, examination: &mut Examination) -> Result<()> {
        let limits = &self.options.limits;
        // So that the metadata folder is found under its name.
        let view = next(self.lock.folder());
        let link = view.join(REPODATA);
        std::os::unix::fs::symlink(built.number().to_string(), &link)
            .map_err(|error| Error::write(&link, error))?;
        let root = Root::open(&view)?;
        let asc = SafePath::new(REPOMD)?.with_suffix(".asc")?;
        let text = root.read(&SafePath::new(REPOMD)?, limits.repomd)?;
        let signature = root.read(&asc, limits.signature)?;
        let before = examination.report.findings.len();
        let text = text.unwrap_or_default();
        let sealed = if self.signers.is_empty() {
            Some(Verified::danger_unverified(text))
        } else {
            let verifier = Verifier::of_signers(self.signers, self.time);
            let signature = signature.unwrap_or_default();
            judge(examination, asc.as_str(), &verifier, text, &signature)
        };
        if let Some(sealed) = sealed {
            let chain = Chain {
                root: &root,
                level: Level::Indices,
                verifier: None,
                memory: None,
                options: self.options,
                progress: self.progress,
            };
            chain.follow(sealed, examination)?;
        }
        fs::remove_file(&link).map_err(|error| Error::write(&link, error))?;
        if examination.outcome() == Outcome::Accepted {
            return Ok(());
        }
        let mut findings = examination.report.findings.split_off(before);
        findings.retain(|finding| finding.severity >= Severity::Undecided);
        Err(refused(self.lock.named(), findings))
    }

    /// The part of a publication that replaces packages.
    fn packages(&self, built: &mut Built, record: &mut Record) -> Result<Option<Part>> {
        let drops = match built.places.take() {
            None => BTreeSet::new(),
            Some((old, new)) => {
                let kept = Kept {
                    time: self.time,
                    objects: new,
                    names: BTreeSet::new(),
                };
                let keep = self.publish.keep;
                record.add(".", kept, &old, keep)
            }
        };
        let Some((stage, paths)) = built.packages.take() else {
            return Ok(None);
        };
        stage.sync()?;
        let root = self.lock.root();
        for path in &paths {
            unobstructed(root, path)?;
            let parent = path.parent();
            let directory = parent.map_or_else(|| root.to_owned(), |parent| root.join(parent));
            if !same_device(&directory, self.lock.folder()) {
                let apart = std::io::Error::new(
                    std::io::ErrorKind::CrossesDevices,
                    "it lies on another file system than the repository's root: \
                     no rename could put the signed package into its place",
                );
                return Err(Error::write(&root.join(path), apart));
            }
        }
        let moved = paths.into_iter().map(|path| Move { rank: 0, path });
        Ok(Some(Part {
            directory: None,
            inode: inode(stage.path())?,
            how: How::Moves,
            moves: moved.collect(),
            drops: drops.into_iter().collect(),
        }))
    }
}

/// The metadata files that a `repomd.xml` lists in its own folder, by name.
fn names(text: &[u8], limits: &pkgseal_repo::Limits) -> Result<BTreeSet<SafePath>> {
    let repomd = Repomd::parse(Verified::danger_unverified(text.to_vec()), limits)
        .map_err(|finding| refused(Path::new(REPOMD), vec![*finding]))?;
    let below = |path: &SafePath| {
        let name = path.as_str().strip_prefix("repodata/")?;
        SafePath::new(name).ok()
    };
    let repomd = repomd.into_inner();
    Ok(repomd
        .data
        .iter()
        .filter_map(|data| below(&data.location))
        .collect())
}

fn inode(path: &Path) -> Result<u64> {
    let found = fs::symlink_metadata(path).map_err(|error| Error::read(path, error))?;
    Ok(found.ino())
}

fn same_file(one: &Path, other: &Path) -> bool {
    let of = |path: &Path| fs::symlink_metadata(path).map(|found| (found.dev(), found.ino()));
    matches!((of(one), of(other)), (Ok(one), Ok(other)) if one == other)
}

/// The error that refuses to publish or sign.
pub(super) fn refused(path: &Path, findings: Vec<Finding>) -> Error {
    Error::Refused {
        path: path.to_owned(),
        findings,
    }
}

/// What taking the lock completed, as findings and paths.
pub(super) fn recovered(lock: &Lock) -> Signed {
    let mut examination = Examination::new("yum", lock.named().display().to_string());
    let mut outputs = Vec::new();
    for directory in lock.completed() {
        let detail = "an interrupted publication was completed";
        let finding = Finding::note(codes::PUBLISH_COMPLETED, directory, detail);
        examination.report.push(finding);
        outputs.push(match directory.as_str() {
            "." => lock.named().to_owned(),
            directory => lock.named().join(directory),
        });
    }
    Signed {
        outputs,
        examination,
    }
}

/// Completes a publication that was interrupted, waiting at most so long for another
/// publisher.
///
/// # Errors
/// [`Error::Locked`], [`Error::Journal`]; [`Error::Repo`].
pub fn recover(root: &Path, wait: Duration, time: Timestamp) -> Result<Signed> {
    Ok(recovered(&Lock::take(root, wait, time)?))
}
