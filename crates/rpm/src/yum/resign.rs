//! Signing a whole repository: its packages, and the metadata that lists them.
//!
//! All packages are signed in parallel, beside the old ones. What was written is read back
//! once: that read verifies it with the public certificates, gives its new digest, and
//! compares what is the same in the old package with what the metadata lists. The indices
//! are then rewritten as streams; every byte of them stays but the digests, sizes, places
//! and times of what was signed. `repomd.xml` is signed, all of it is verified, and
//! published in one step (see [`publish`](super::publish)).

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use jiff::Timestamp;
use pkgseal_openpgp::{Examination, Signed, Signer, Verified, Verifier};
use pkgseal_repo::publication::{Lock, Stage, next, stands, sweep};
use pkgseal_repo::{
    CheckOptions, Destination, Finding, Limits, MultiHasher, Outcome, Progress, Root, SafePath,
    Severity, StagedFile, codes as repo_codes,
};
use rayon::prelude::*;

use super::chain::Chain;
use super::listing::{self, Standing};
use super::make::{is_derived, read_if_there};
use super::primary::Package;
use super::publish::{Built, PublishOptions, Publisher, refused};
use super::repomd::Repomd;
use super::request::Level;
use super::rewrite::{Changed, Changes, drain, identifier, rewrite};
use super::verify::judge;
use super::{REPODATA, REPOMD};
use crate::codes;
use crate::error::{Error, Result};
use crate::package::{Existing, Head, SignOptions, Stop, examine, stage};

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
    /// than it lists, and has to read the metadata anew.
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

/// What became of one package.
enum Came {
    /// It is signed already.
    Signed,
    /// It was signed: what changed, the file, what is worth saying.
    Changed(Box<(Changed, StagedFile, Vec<Finding>)>),
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

    /// Signs one package. The read that verifies what was written also gives its digest,
    /// and that of the old package, which differs before the main header only.
    fn package(&self, package: &Package) -> Result<Came> {
        let publisher = &self.publisher;
        let limits = &publisher.options.limits;
        let place = &package.location;
        let root = Root::open(publisher.lock.root())?;
        // What the name leads to: nothing outside is ever signed.
        let file = match root.file(place) {
            Ok(Some(file)) => file,
            Ok(None) => {
                let detail = "the file does not exist";
                let finding = Finding::reject(repo_codes::FILE_MISSING, place.as_str(), detail);
                return Err(self.refused(vec![finding]));
            }
            Err(error) => return Err(error.into()),
        };
        let path = publisher.lock.root().join(place);
        let failed = |error| Error::read(&path, error);
        let Some((algorithm, old)) = identifier(&package.checksum) else {
            return Err(self.refused(vec![no_digest(place)]));
        };
        if !algorithm.is_strong() {
            let detail =
                format!("the metadata gives {algorithm} only, and SHA-256 or better is needed");
            let finding = Finding::reject(repo_codes::FILE_WEAK_DIGEST, place.as_str(), detail)
                .hint("make the metadata anew with: pkgseal yum index");
            return Err(self.refused(vec![finding]));
        }
        let length = file.metadata().map_err(failed)?.len();
        let head = match Head::read(&mut &file, length) {
            Ok(head) => head,
            Err(Stop::Io(error)) => return Err(failed(error)),
            Err(Stop::Malformed(finding)) => {
                let finding = Finding {
                    subject: place.to_string(),
                    ..*finding
                };
                return Err(self.refused(vec![finding]));
            }
        };
        if self.repository.packages == Packages::Missing
            && self.repository.sign.existing == Existing::Keep
            && self.is_good(&path, package, &head, length, limits)?
        {
            return Ok(Came::Signed);
        }

        let (mut staged, examination) = stage(
            &path,
            publisher.signers,
            publisher.time,
            &Destination::Beside,
            limits,
            &self.repository.sign,
        )?;
        let modified = publisher.time.as_second();
        let moment = UNIX_EPOCH + Duration::from_secs(u64::try_from(modified).unwrap_or(0));
        let dated = staged.file_mut().set_modified(moment);
        dated.map_err(|error| Error::write(&path, error))?;
        let mut written = staged.reopen()?;
        let size = written.metadata().map_err(failed)?.len();
        let new_head = match Head::read(&mut &written, size) {
            Ok(head) => head,
            Err(Stop::Io(error)) => return Err(failed(error)),
            Err(Stop::Malformed(finding)) => return Err(self.refused(vec![*finding])),
        };
        let mut old_hasher = MultiHasher::new([algorithm]);
        let mut new_hasher = MultiHasher::new([algorithm]);
        let old_front = head.bytes().get(..head.main_range().start);
        let new_front = new_head.bytes().get(..new_head.main_range().start);
        let rest = new_head.bytes().get(new_head.main_range().start..);
        old_hasher.update(old_front.unwrap_or_default());
        new_hasher.update(new_front.unwrap_or_default());
        for hasher in [&mut old_hasher, &mut new_hasher] {
            hasher.update(rest.unwrap_or_default());
        }
        drain(BufReader::with_capacity(1 << 20, &mut written), |bytes| {
            rayon::join(|| old_hasher.update(bytes), || new_hasher.update(bytes));
        })
        .map_err(failed)?;
        self.same(package, old_hasher)?;
        let new = new_hasher.finish().hex(algorithm).unwrap_or_default();
        let location = match self.repository.placing {
            Placing::InPlace => place.clone(),
            Placing::Apart => apart(place, &new)?,
        };
        let range = new_head.main_range();
        let changed = Changed {
            old,
            new,
            size,
            modified,
            header: range.start as u64..range.end as u64,
            location,
        };
        let mut findings = examination.report.findings;
        findings.retain(|finding| finding.severity >= Severity::Warning);
        Ok(Came::Changed(Box::new((changed, staged, findings))))
    }

    /// Whether a package carries good signatures by all signers; it is then also what the
    /// metadata lists.
    fn is_good(
        &self,
        path: &Path,
        package: &Package,
        head: &Head,
        length: u64,
        limits: &Limits,
    ) -> Result<bool> {
        if !crate::package::is_signed(head) {
            return Ok(false);
        }
        let failed = |error| Error::read(path, error);
        let mut source = Hashing {
            file: File::open(path).map_err(failed)?,
            hasher: MultiHasher::new(package.checksum.algorithms()),
        };
        let subject = package.location.as_str();
        let found =
            examine(subject, &mut source, length, &self.verifier, limits).map_err(failed)?;
        if found.outcome() != Outcome::Accepted {
            return Ok(false);
        }
        self.same(package, source.hasher)?;
        Ok(true)
    }

    /// Refuses a package that is not the one that the metadata lists.
    fn same(&self, package: &Package, hasher: MultiHasher) -> Result<()> {
        let place = package.location.as_str();
        let count = hasher.count();
        let actual = hasher.finish();
        let size = package.size.is_none_or(|size| size == count);
        let strongest = package.checksum.strongest();
        let same = strongest.is_some_and(|a| package.checksum.get(a) == actual.get(a));
        if size && same {
            return Ok(());
        }
        let detail = "it is not the package that the metadata lists";
        let finding = Finding::reject(repo_codes::FILE_DIGEST, place, detail)
            .hint("make the metadata anew with: pkgseal yum index");
        Err(self.refused(vec![finding]))
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

fn no_digest(place: &SafePath) -> Finding {
    let detail = "the metadata gives no digest of it";
    Finding::reject(codes::PRIMARY, place.as_str(), detail)
}

/// Where a signed package goes that is not to replace the old one.
fn apart(place: &SafePath, digest: &str) -> Result<SafePath> {
    let is_digest = |name: &str| name.len() >= 64 && name.bytes().all(|b| b.is_ascii_hexdigit());
    let parent = place.parent();
    // A folder that such a package has already is not nested.
    let parent = match &parent {
        Some(folder) if is_digest(folder.file_name()) => folder.parent(),
        other => other.clone(),
    };
    let below = format!("{digest}/{}", place.file_name());
    Ok(SafePath::new(&match parent {
        Some(parent) => format!("{parent}/{below}"),
        None => below,
    })?)
}

/// Hashes a file on its way to whoever judges it.
struct Hashing {
    file: File,
    hasher: MultiHasher,
}

impl Read for Hashing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.hasher.update(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_apart_are_not_nested() {
        let place = |text: &str| SafePath::new(text).unwrap();
        let (one, two) = ("1".repeat(64), "2".repeat(64));
        let first = apart(&place("Packages/a/x.rpm"), &one).unwrap();
        assert_eq!(first.as_str(), format!("Packages/a/{one}/x.rpm"));
        let second = apart(&first, &two).unwrap();
        assert_eq!(second.as_str(), format!("Packages/a/{two}/x.rpm"));
        let top = apart(&place("x.rpm"), &one).unwrap();
        assert_eq!(apart(&top, &two).unwrap().as_str(), format!("{two}/x.rpm"));
    }
}
