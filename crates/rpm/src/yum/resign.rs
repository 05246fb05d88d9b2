//! Signing a whole repository: its packages, and the metadata that lists them.
//!
//! All packages are signed in parallel, beside the old ones. What was written is read back
//! once: that read verifies it with the public certificates, gives its new digest, and
//! compares what is the same in the old package with what the metadata lists. The indices
//! are then rewritten as streams; every byte of them stays but the digests, sizes, places
//! and times of what was signed. `repomd.xml` is signed, all of it is verified, and
//! published in one step (see [`publish`](super::publish)).

mod package;

use std::collections::BTreeSet;
use std::path::Path;

use jiff::Timestamp;
use pkgseal_openpgp::{Examination, Signed, Signer, Verified, Verifier};
use pkgseal_repo::publication::{Lock, Stage, next, stands, sweep};
use pkgseal_repo::{
    CheckOptions, Finding, Progress, Root, SafePath, Severity, codes as repo_codes,
};
use rayon::prelude::*;

use super::chain::Chain;
use super::listing::{self, Standing};
use super::make::{is_derived, read_if_there};
use super::primary::Package;
use super::publish::{Built, PublishOptions, Publisher, refused};
use super::repomd::Repomd;
use super::request::Level;
use super::rewrite::{Changes, rewrite};
use super::verify::judge;
use super::{REPODATA, REPOMD};
use crate::codes;
use crate::error::{Error, Result};
use crate::package::SignOptions;

use package::Came;

/// Packages whose new files are open at a time.
const BATCH: usize = 64;

/// Which packages are signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Packages {
    /// Those that do not carry good signatures by all signers yet.
    #[default]
    Missing,
    /// All of them, anew.
    All,
    /// None: `repomd.xml` alone.
    None,
}

/// Where signed packages go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Placing {
    /// In place of the old ones. Who read the old metadata finds packages with other digests
    /// than it lists, and has to read the metadata anew. Other names of a package (hard links)
    /// keep the old one.
    #[default]
    InPlace,
    /// Into folders of their own, beside the old ones, called by their digests. The old
    /// packages stay as long as the metadata that lists them, and go with it.
    Apart,
}

/// How to sign a whole repository.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RepositoryOptions {
    /// Which packages are signed.
    pub packages: Packages,
    /// How they are signed.
    pub sign: SignOptions,
    /// Where they go.
    pub placing: Placing,
}

/// Signs the packages of a repository and its metadata, and publishes both.
///
/// Where every package and `repomd.xml` carry good signatures already, nothing is written.
///
/// # Errors
/// [`Error::SignerCount`], [`Error::Refused`] with what is wrong with the repository,
/// [`Error::Broken`], [`Error::SlotTaken`] and [`Error::NoSlot`] for a package that cannot be
/// signed, [`Error::Locked`], [`Error::Journal`], [`Error::SelfCheck`]; [`Error::Repo`] and
/// [`Error::OpenPgp`] when reading, writing or signing fails. The old generation is then
/// whole; if it was the journal's steps that failed, whoever takes the lock next completes
/// them.
pub fn sign_repository(
    root: &Path,
    signers: &[Signer],
    time: Timestamp,
    repository: &RepositoryOptions,
    publish: &PublishOptions,
    options: &CheckOptions,
    progress: &dyn Progress,
) -> Result<Signed> {
    if signers.is_empty() {
        return Err(Error::SignerCount {
            what: "a repository",
            needed: "at least one key",
            given: 0,
        });
    }
    publish.allows(signers)?;
    let lock = Lock::take(root, publish.wait, time)?;
    let signing = Signing {
        publisher: Publisher {
            lock: &lock,
            signers,
            time,
            publish,
            options,
            progress,
        },
        repository,
        verifier: Verifier::of_signers(signers, time),
    };
    let signed = signing.run();
    if signed.is_err() && !stands(lock.folder()) {
        sweep(lock.folder());
    }
    signed
}

struct Signing<'a> {
    publisher: Publisher<'a>,
    repository: &'a RepositoryOptions,
    verifier: Verifier,
}

impl Signing<'_> {
    fn run(&self) -> Result<Signed> {
        let publisher = &self.publisher;
        let lock = publisher.lock;
        let limits = &publisher.options.limits;
        let path = lock.root().join(REPOMD);
        let Some(text) = read_if_there(&path, limits.repomd)? else {
            let detail = "there is no metadata to sign";
            let finding = Finding::reject(repo_codes::FILE_MISSING, REPOMD, detail)
                .hint("make it with: pkgseal yum index");
            return Err(self.refused(vec![finding]));
        };
        let root = Root::open(lock.root())?;
        let standing =
            Standing::parse(&text, limits).map_err(|finding| self.refused(vec![*finding]))?;
        let packages = self.listed(&root, &text)?;

        let folder = lock.folder();
        sweep(folder);
        let next = next(folder);
        std::fs::create_dir(&next).map_err(|error| Error::write(&next, error))?;
        let mut examination = Examination::new("yum", lock.named().display().to_string());
        let mut signed = Stage::create(next.join("0"))?;
        let changes = match self.repository.packages {
            Packages::None => Changes::new(),
            Packages::Missing | Packages::All => {
                self.packages(&packages, &mut signed, &mut examination)?
            }
        };
        if changes.is_empty() && self.is_signed(&path, &text)? {
            sweep(folder);
            let detail = "every package and repomd.xml are signed already, and nothing was written";
            let subject = examination.subject.clone();
            let finding = Finding::note(codes::MAKE_CURRENT, subject, detail);
            examination.report.push(finding);
            return Ok(Signed {
                outputs: Vec::new(),
                examination,
            });
        }
        let built = if changes.is_empty() {
            // Nothing of it is to be published: the metadata folder is the only stage.
            std::fs::remove_dir_all(signed.path())
                .map_err(|error| Error::write(signed.path(), error))?;
            let mut stage = Stage::create(next.join("0"))?;
            // The text stays: what it lists is what was checked.
            self.take_all(&standing.repomd, &mut stage)?;
            Built {
                stage,
                repomd: text,
                packages: None,
                places: None,
            }
        } else {
            let stage = Stage::create(next.join("1"))?;
            self.metadata(
                &root,
                &standing,
                &packages,
                &changes,
                stage,
                &mut examination,
            )?
            .with_packages(signed, &packages, &changes, self.repository.placing)
        };
        publisher.bring_out(built, examination)
    }

    fn refused(&self, findings: Vec<Finding>) -> Error {
        refused(self.publisher.lock.named(), findings)
    }

    /// The packages of the repository, once its metadata is what it says; at
    /// [`Packages::None`] the packages too.
    fn listed(&self, root: &Root, text: &[u8]) -> Result<Vec<Package>> {
        let publisher = &self.publisher;
        let chain = Chain {
            root,
            level: match self.repository.packages {
                Packages::None => Level::Content,
                Packages::Missing | Packages::All => Level::Indices,
            },
            verifier: None,
            memory: None,
            options: publisher.options,
            progress: publisher.progress,
        };
        let unverified = Verified::danger_unverified(text.to_vec());
        let limits = &publisher.options.limits;
        let repomd =
            Repomd::parse(unverified, limits).map_err(|finding| self.refused(vec![*finding]))?;
        if self.repository.packages == Packages::None {
            let mut examination = Examination::new("yum", root.path().display().to_string());
            chain.from(&repomd, &mut examination)?;
            self.accept(examination.report.findings)?;
            return Ok(Vec::new());
        }
        let (primary, report) = chain.metadata(&repomd)?;
        self.accept(report.findings)?;
        let packages = primary.map(|primary| primary.into_inner().packages);
        let packages = packages.unwrap_or_default();
        let mut places = BTreeSet::new();
        let twice = |package: &&Package| !places.insert(package.location.clone());
        if let Some(package) = packages.iter().find(twice) {
            let detail = "it is listed twice";
            let finding = Finding::reject(codes::PRIMARY_TWICE, package.location.as_str(), detail);
            return Err(self.refused(vec![finding]));
        }
        Ok(packages)
    }

    fn accept(&self, mut findings: Vec<Finding>) -> Result<()> {
        findings.retain(|finding| finding.severity >= Severity::Undecided);
        if findings.is_empty() {
            Ok(())
        } else {
            Err(self.refused(findings))
        }
    }

    /// Signs what has to be signed, into `stage`.
    fn packages(
        &self,
        packages: &[Package],
        stage: &mut Stage,
        examination: &mut Examination,
    ) -> Result<Changes> {
        let publisher = &self.publisher;
        let progress = publisher.progress;
        let pool = publisher.options.pool()?;
        let bytes = packages.iter().filter_map(|package| package.size).sum();
        progress.begin("signing packages", packages.len() as u64, Some(bytes));
        let mut changes = Changes::with_capacity(packages.len());
        for batch in packages.chunks(BATCH) {
            let signed: Vec<Result<Came>> = pool.install(|| {
                let signed = batch.par_iter().with_max_len(1).map(|package| {
                    let signed = self.package(package);
                    progress.bytes(package.size.unwrap_or(0));
                    progress.file();
                    signed
                });
                signed.collect()
            });
            for (package, signed) in batch.iter().zip(signed) {
                let Came::Changed(changed) = signed? else {
                    continue;
                };
                let (changed, staged, findings) = *changed;
                stage.adopt(changed.location.as_ref(), staged)?;
                examination.report.findings.extend(findings);
                changes.insert(package.location.clone(), changed);
            }
        }
        progress.end();
        Ok(changes)
    }

    /// Whether `repomd.xml` carries good signatures by all signers.
    fn is_signed(&self, path: &Path, text: &[u8]) -> Result<bool> {
        if self.repository.packages == Packages::All {
            return Ok(false);
        }
        let mut asc = path.as_os_str().to_owned();
        asc.push(".asc");
        let limit = self.publisher.options.limits.signature;
        let Some(signature) = read_if_there(Path::new(&asc), limit)? else {
            return Ok(false);
        };
        let mut scratch = Examination::new("yum", "");
        let sealed = judge(
            &mut scratch,
            REPOMD,
            &self.verifier,
            text.to_vec(),
            &signature,
        );
        Ok(sealed.is_some())
    }

    /// Takes every metadata file along.
    fn take_all(&self, repomd: &Repomd, stage: &mut Stage) -> Result<()> {
        let live = self.publisher.lock.root().join(REPODATA);
        for data in &repomd.data {
            if let Some(name) = data.location.as_str().strip_prefix("repodata/")
                && !stage.path().join(name).exists()
            {
                stage.take(name.as_ref(), &live.join(name))?;
            }
        }
        Ok(())
    }

    /// Writes the indices anew, and takes other metadata along.
    fn metadata(
        &self,
        root: &Root,
        standing: &Standing,
        packages: &[Package],
        changes: &Changes,
        mut stage: Stage,
        examination: &mut Examination,
    ) -> Result<Built> {
        let limits = &self.publisher.options.limits;
        let order: Vec<SafePath> = packages.iter().map(|p| p.location.clone()).collect();
        let mut made = Vec::new();
        let live = self.publisher.lock.root().join(REPODATA);
        for data in &standing.repomd.data {
            let kind = data.kind.as_str();
            if super::make::KINDS.contains(&kind) {
                made.push(rewrite(root, data, changes, &order, &mut stage, limits)?);
            } else if is_derived(kind) {
                let detail = format!(
                    "{kind} was made of the packages as they were; it was left out of the new repomd.xml"
                );
                let finding =
                    Finding::warning(codes::MAKE_LEFT_OUT, data.location.as_str(), detail);
                examination.report.push(finding);
            } else if let Some(name) = data.location.as_str().strip_prefix("repodata/")
                && !stage.path().join(name).exists()
            {
                stage.take(name.as_ref(), &live.join(name))?;
            }
        }
        let now = self.publisher.time.as_second();
        let revision = standing
            .revision()
            .map_or(now, |old| now.max(old.saturating_add(1)));
        let kept = standing.records(|kind| !is_derived(kind));
        let repomd = listing::write(revision, Some(standing), &made, kept);
        Ok(Built {
            stage,
            repomd,
            packages: None,
            places: None,
        })
    }
}

impl Built {
    fn with_packages(
        mut self,
        stage: Stage,
        packages: &[Package],
        changes: &Changes,
        placing: Placing,
    ) -> Self {
        let mut moved: Vec<SafePath> = changes.values().map(|c| c.location.clone()).collect();
        moved.sort();
        self.packages = Some((stage, moved));
        if placing == Placing::Apart {
            let old = packages.iter().map(|p| p.location.clone());
            let new = packages.iter().map(|package| {
                let changed = changes.get(&package.location);
                changed.map_or_else(|| package.location.clone(), |c| c.location.clone())
            });
            self.places = Some((old.collect(), new.collect()));
        }
        self
    }
}
