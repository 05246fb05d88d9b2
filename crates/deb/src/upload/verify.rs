//! From the signed document down to every file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::SignedDuration;
use pkgseal_openpgp::cleartext::TrailingBlanks;
use pkgseal_openpgp::{
    Examination, Object, ObjectSignatures, SignatureBlock, SignatureReport, Status, Verified,
    Verifier,
};
use pkgseal_repo::{
    CheckOptions, Entry, Error as RepoError, Finding, MultiHasher, Progress, Requirement, Root,
    SafePath, check_witnessed, codes as repo_codes,
};

use super::agree;
use super::document::{Document, Kind, Listed};
use super::files::{Copies, Upstream, UpstreamReports, Watch};
use crate::{Error, Result, codes};

/// How a clearsigned message begins.
pub(super) const BEGIN: &[u8] = b"-----BEGIN PGP SIGNED MESSAGE-----";

/// Judges a .changes, .dsc or .buildinfo, told apart by the ending of its name, and every
/// file it lists, all the way down. `max_age` is how old the signature of a .changes may
/// be; without it, the profile says.
///
/// # Errors
/// [`Error::Repo`] when there is no such file, or it is called otherwise.
pub fn verify(
    path: &Path,
    verifier: &Verifier,
    max_age: Option<SignedDuration>,
    options: &CheckOptions,
    progress: &dyn Progress,
) -> Result<Examination> {
    let place = Place::of(path)?;
    let job = Job {
        root: &place.root,
        verifier,
        max_age,
        options,
        progress,
        staged: &BTreeMap::new(),
        copies: None,
    };
    job.examine(&place, path.display().to_string())
}

/// Where a document stands.
pub(super) struct Place {
    pub(super) root: Root,
    pub(super) name: SafePath,
    pub(super) kind: Kind,
}

impl Place {
    pub(super) fn of(path: &Path) -> Result<Self> {
        let name = path.file_name().and_then(|name| name.to_str());
        let Some((name, kind)) = name.and_then(|name| Some((name, Kind::of(name)?))) else {
            let source = std::io::Error::new(
                std::io::ErrorKind::InvalidInput,
                "it is called neither .changes, .dsc nor .buildinfo",
            );
            return Err(Error::read(path, source));
        };
        let parent = path.parent().filter(|parent| *parent != Path::new(""));
        Ok(Self {
            root: Root::open(parent.unwrap_or(Path::new(".")))?,
            name: SafePath::new(name)?,
            kind,
        })
    }
}

/// One verification.
pub(super) struct Job<'a> {
    pub(super) root: &'a Root,
    pub(super) verifier: &'a Verifier,
    pub(super) max_age: Option<SignedDuration>,
    pub(super) options: &'a CheckOptions,
    pub(super) progress: &'a dyn Progress,
    /// Documents that are not visible yet; they stand for those on disk.
    pub(super) staged: &'a BTreeMap<SafePath, Vec<u8>>,
    /// Where the files go, too.
    pub(super) copies: Option<&'a Copies<'a>>,
}

/// A document that was accepted and read.
struct Opened {
    name: SafePath,
    document: Verified<Document>,
}

impl Opened {
    fn get(&self) -> &Document {
        self.document.get()
    }
}

/// Small files that were read into memory: documents and signatures.
type Held = BTreeMap<SafePath, Vec<u8>>;

impl Job<'_> {
    pub(super) fn examine(&self, place: &Place, subject: String) -> Result<Examination> {
        let mut examination = Examination::new(place.kind.word(), subject);
        let content = match self.content(&place.name, self.options.limits.release) {
            Ok(Some(content)) => content,
            Ok(None) => {
                let path = self.root.path().join(&place.name);
                return Err(Error::read(&path, std::io::ErrorKind::NotFound.into()));
            }
            Err(error @ RepoError::TooLarge { .. }) => {
                let name = place.name.as_str();
                let finding = Finding::reject(repo_codes::LIMIT, name, error.to_string());
                examination.report.push(finding);
                return Ok(examination);
            }
            Err(error) => return Err(error.into()),
        };
        let object = match place.kind {
            Kind::Changes => Object::Upload,
            Kind::Dsc | Kind::Buildinfo => Object::Package,
        };
        let opened = self.open(
            &place.name,
            &content,
            (place.kind, object),
            None,
            &mut examination,
        );
        if let Some(opened) = opened {
            if place.kind == Kind::Changes {
                self.age(&mut examination);
            }
            self.follow(opened, object, &mut examination)?;
        }
        examination.report.sort();
        Ok(examination)
    }

    /// A small file's content, `None` when there is no such file.
    fn content(&self, name: &SafePath, limit: u64) -> Result<Option<Vec<u8>>, RepoError> {
        match self.staged.get(name) {
            Some(content) => Ok(Some(content.clone())),
            None => self.root.read(name, limit),
        }
    }

    /// Judges and reads a document. Whatever is wrong becomes a finding; `None` when it
    /// cannot be read on. `voucher` is a document that vouches for this very content.
    fn open(
        &self,
        name: &SafePath,
        content: &[u8],
        (kind, object): (Kind, Object),
        voucher: Option<&Verified<Document>>,
        examination: &mut Examination,
    ) -> Option<Opened> {
        let subject = name.as_str();
        let text = if content.windows(BEGIN.len()).any(|window| window == BEGIN) {
            let drop = TrailingBlanks::Drop;
            let judged = self.verifier.cleartext_with(object, content, drop);
            let (text, report) = judged.accept();
            examination.add_signatures(subject, report);
            text?
        } else if let (Kind::Buildinfo, Some(voucher)) = (kind, voucher) {
            let detail = "it has no signature of its own; the .changes vouches for it";
            let note = Finding::note(codes::UPLOAD_BUILDINFO_UNSIGNED, subject, detail);
            examination.report.push(note);
            voucher.clone().map(|_| content.to_vec())
        } else {
            let finding = Finding::reject(codes::UPLOAD_UNSIGNED, subject, "it has no signature")
                .hint("sign it: pkgseal sign --key KEY FILE.changes");
            examination.report.push(finding);
            return None;
        };
        match Document::parse(text, kind, subject, &self.options.limits) {
            Ok(document) => {
                let findings = agree::alone(document.get(), subject);
                examination.report.findings.extend(findings);
                Some(Opened {
                    name: name.clone(),
                    document,
                })
            }
            Err(finding) => {
                examination.report.push(*finding);
                None
            }
        }
    }

    /// How long ago the .changes was signed.
    fn age(&self, examination: &mut Examination) {
        let given = self
            .max_age
            .map(|age| (age, "the option --max-age".to_owned()));
        let rule = given.or_else(|| {
            let (days, line) = self.verifier.profile().max_age_days(Object::Upload)?;
            Some((SignedDuration::from_hours(24 * i64::from(days)), line))
        });
        let Some((most, cause)) = rule else { return };
        let now = self.verifier.now();
        let newest = examination
            .signatures
            .iter()
            .flat_map(|object| &object.report.signatures)
            .filter(|facts| facts.status == Status::Good)
            .filter_map(|facts| facts.created)
            .max();
        let Some(created) = newest.filter(|created| now.duration_since(*created) > most) else {
            return;
        };
        let days = now.duration_since(created).as_hours() / 24;
        let object = examination.signatures.first();
        let subject = object
            .map_or("", |object| object.object.as_str())
            .to_owned();
        let detail = format!("signed {created}, {days} days ago");
        examination.report.push(
            Finding::reject(codes::UPLOAD_TOO_OLD, subject, detail)
                .because(cause)
                .hint("if it is meant to be uploaded only now, have it signed anew"),
        );
    }

    /// Follows a document to everything it lists.
    fn follow(&self, first: Opened, object: Object, examination: &mut Examination) -> Result<()> {
        let mut held = Held::new();
        let mut entries = entries(&first, |_| Requirement::Required);
        let mut opened = vec![first];
        let inner = self.inner(&opened, &mut entries, object, &mut held, examination);
        for document in inner {
            let changes = opened.first().map(Opened::get);
            entries.extend(listed_by_inner(changes, &document, self.root, examination));
            opened.push(document);
        }
        self.hold_upstream(&entries, &mut held, examination);
        let upstream = upstream(&entries, &held, examination);
        if let Some(copies) = self.copies {
            for (path, content) in &held {
                if !self.staged.contains_key(path) {
                    copies.add(path.as_str(), content);
                }
            }
        }
        entries.retain(|entry| match held.get(&entry.path) {
            None => true,
            Some(content) => {
                let listed = Listed {
                    size: entry.size.unwrap_or(content.len() as u64),
                    digests: entry.digests.clone(),
                };
                compare(&entry.path, &listed, content, &entry.listed_by, examination);
                false
            }
        });
        self.check(&opened, entries, &upstream, examination)
    }

    /// The documents that a .changes lists. Those that could be read into memory are held
    /// and compared with what it says, and leave the entries.
    fn inner(
        &self,
        opened: &[Opened],
        entries: &mut Vec<Entry>,
        object: Object,
        held: &mut Held,
        examination: &mut Examination,
    ) -> Vec<Opened> {
        let Some(changes) = opened.first() else {
            return Vec::new();
        };
        if changes.get().kind() != Kind::Changes {
            return Vec::new();
        }
        let mut inner = Vec::new();
        for (path, listed) in changes.get().files() {
            let Some(kind @ (Kind::Dsc | Kind::Buildinfo)) = Kind::of(path.as_str()) else {
                continue;
            };
            let Some(content) = self.hold(path, self.options.limits.release, examination) else {
                continue;
            };
            if !compare(path, listed, &content, changes.name.as_str(), examination) {
                entries.retain(|entry| entry.path != *path);
                continue;
            }
            examination.report.files += 1;
            examination.report.bytes += content.len() as u64;
            entries.retain(|entry| entry.path != *path);
            let voucher = Some(&changes.document);
            let document = self.open(path, &content, (kind, object), voucher, examination);
            held.insert(path.clone(), content);
            if let Some(document) = document {
                let subject = path.as_str();
                let findings = agree::together(changes.get(), document.get(), subject);
                examination.report.findings.extend(findings);
                examination
                    .report
                    .findings
                    .extend(other_signer(changes, &document));
                inner.push(document);
            }
        }
        inner
    }

    /// Reads a small listed file; one that is missing or unreadable is left to the engine.
    fn hold(&self, path: &SafePath, limit: u64, examination: &mut Examination) -> Option<Vec<u8>> {
        match self.content(path, limit) {
            Ok(content) => content,
            Err(error @ RepoError::TooLarge { .. }) => {
                let finding = Finding::reject(repo_codes::LIMIT, path.as_str(), error.to_string());
                examination.report.push(finding);
                None
            }
            Err(_) => None,
        }
    }

    /// Reads the upstream signatures among the entries.
    fn hold_upstream(&self, entries: &[Entry], held: &mut Held, examination: &mut Examination) {
        let paths: BTreeSet<SafePath> = entries
            .iter()
            .filter(|entry| tarball_of(entry.path.as_str()).is_some())
            .map(|entry| entry.path.clone())
            .collect();
        for path in paths {
            if let Some(content) = self.hold(&path, self.options.limits.signature, examination) {
                examination.report.files += 1;
                examination.report.bytes += content.len() as u64;
                held.insert(path, content);
            }
        }
    }

    /// Every other file, each in one read.
    fn check(
        &self,
        opened: &[Opened],
        entries: Vec<Entry>,
        upstream: &BTreeMap<String, Upstream<'_>>,
        examination: &mut Examination,
    ) -> Result<()> {
        // Whom to trust with an upload says nothing of whom its upstream trusts.
        let profile = self.verifier.profile().clone();
        let anyone = Verifier::new(
            self.verifier.certificates().clone(),
            profile.allowing(Vec::new()).threshold(1),
            self.verifier.now(),
        );
        let reports = UpstreamReports::default();
        let packages = opened.first().map(Opened::get);
        let packages = packages.filter(|document| document.kind() != Kind::Dsc);
        let names: BTreeSet<SafePath> = entries.iter().map(|entry| entry.path.clone()).collect();
        let watch = |entry: &Entry| {
            let name = names.get(&entry.path)?.as_str();
            let mut watch = Watch::new(name);
            if let Some(document) = packages.filter(|document| {
                document.files().contains_key(&entry.path) && agree::is_package(name)
            }) {
                watch = watch.package(document, &self.options.limits);
            }
            if let Some(upstream) = upstream.get(name) {
                watch = watch.upstream(upstream, &anyone, &reports);
            }
            if let Some(copies) = self.copies {
                watch = watch.copy(copies);
            }
            watch.boxed()
        };
        let report = check_witnessed(self.root, entries, self.options, self.progress, &watch)?;
        examination.report.merge(report);
        let mut reports = reports.into_inner();
        reports.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (object, report) in reports {
            add_upstream(object, report, examination);
        }
        Ok(())
    }
}

/// What a document says of its files.
fn entries(opened: &Opened, requirement: impl Fn(&SafePath) -> Requirement) -> Vec<Entry> {
    let listed_by: std::sync::Arc<str> = opened.name.as_str().into();
    let files = opened.get().files().iter();
    files
        .map(|(path, listed)| Entry {
            path: path.clone(),
            size: Some(listed.size),
            digests: listed.digests.clone(),
            requirement: requirement(path),
            listed_by: listed_by.clone(),
        })
        .collect()
}

/// As [`entries`], of a document inside a .changes, which need not bring everything along:
/// not an upstream tarball that the archive has from an earlier version, and not packages
/// that were built and are not uploaded.
fn listed_by_inner(
    changes: Option<&Document>,
    inner: &Opened,
    root: &Root,
    examination: &mut Examination,
) -> Vec<Entry> {
    let brought =
        |path: &SafePath| changes.is_some_and(|changes| changes.files().contains_key(path));
    let mut absent = Vec::new();
    for path in inner.get().files().keys().filter(|path| !brought(path)) {
        if inner.get().kind() == Kind::Dsc && !path.as_str().contains(".orig") {
            let detail = format!("{path} belongs to this version of the source");
            examination.report.push(
                Finding::reject(codes::UPLOAD_INCOMPLETE, inner.name.as_str(), detail)
                    .hint("build the .changes again with the source included"),
            );
        } else if matches!(root.exists(path), Ok(false)) {
            absent.push(path.as_str());
        }
    }
    if !absent.is_empty() {
        let detail = absent.join(", ");
        let note = Finding::note(codes::UPLOAD_NOT_INCLUDED, inner.name.as_str(), detail);
        examination.report.push(note);
    }
    entries(inner, |path| {
        if brought(path) {
            Requirement::Required
        } else {
            Requirement::Optional
        }
    })
}

/// Whether content in memory is what a document lists; what differs is reported.
fn compare(
    path: &SafePath,
    listed: &Listed,
    content: &[u8],
    listed_by: &str,
    examination: &mut Examination,
) -> bool {
    let finding =
        |code, detail: String| Finding::reject(code, path.as_str(), detail).because(listed_by);
    let size = content.len() as u64;
    if listed.size != size {
        let detail = format!(
            "the file is {size} bytes long, the list says {}",
            listed.size
        );
        examination
            .report
            .push(finding(repo_codes::FILE_SIZE, detail));
        return false;
    }
    let mut hasher = MultiHasher::new(listed.digests.algorithms());
    hasher.update(content);
    let actual = hasher.finish();
    let differs = listed
        .digests
        .algorithms()
        .filter(|&algorithm| listed.digests.get(algorithm) != actual.get(algorithm))
        .last();
    if let Some(algorithm) = differs {
        let detail = format!(
            "its {algorithm} is {}, the list says {}",
            actual.hex(algorithm).unwrap_or_default(),
            listed.digests.hex(algorithm).unwrap_or_default()
        );
        examination
            .report
            .push(finding(repo_codes::FILE_DIGEST, detail));
    }
    differs.is_none()
}

fn other_signer(changes: &Opened, inner: &Opened) -> Option<Finding> {
    let (ours, theirs) = (changes.document.signers(), inner.document.signers());
    if ours.iter().any(|signer| theirs.contains(signer)) {
        return None;
    }
    let names = |signers: &[pkgseal_openpgp::Fingerprint]| {
        let names: Vec<String> = signers.iter().map(ToString::to_string).collect();
        names.join(", ")
    };
    let detail = format!(
        "signed by {}, and the .changes by {}",
        names(theirs),
        names(ours)
    );
    Some(
        Finding::reject(codes::UPLOAD_OTHER_SIGNER, inner.name.as_str(), detail).hint(
            "whoever uploads signs all of it: pkgseal sign --existing replace --key KEY \
             FILE.changes",
        ),
    )
}

/// The tarball an upstream signature is of, by its name.
fn tarball_of(name: &str) -> Option<&str> {
    let tarball = name.strip_suffix(".asc")?;
    tarball.contains(".orig").then_some(tarball)
}

/// Signatures by the name of the tarball they are of.
fn upstream<'a>(
    entries: &[Entry],
    held: &'a Held,
    examination: &mut Examination,
) -> BTreeMap<String, Upstream<'a>> {
    let mut found = BTreeMap::new();
    for (path, content) in held {
        let name = path.as_str();
        let Some(tarball) = tarball_of(name) else {
            continue;
        };
        if !entries.iter().any(|entry| entry.path.as_str() == tarball) {
            let detail = format!("{tarball} is not listed");
            let finding = Finding::reject(codes::UPLOAD_UPSTREAM_ORPHAN, name, detail);
            examination.report.push(finding);
            continue;
        }
        match SignatureBlock::parse(content) {
            Ok(block) => {
                found.insert(tarball.to_owned(), Upstream { name, block });
            }
            Err(finding) => examination.report.push(Finding {
                subject: name.to_owned(),
                ..finding
            }),
        }
    }
    found
}

/// An upstream signature that nobody here can judge is no fault of the upload.
fn add_upstream(object: String, report: SignatureReport, examination: &mut Examination) {
    let unknown =
        |status: &Status| matches!(status, Status::MissingCertificate | Status::Unsupported);
    let mut facts = report.signatures.iter();
    if report.is_accepted() || !facts.all(|facts| unknown(&facts.status)) {
        examination.add_signatures(object, report);
        return;
    }
    let detail = "there is no certificate for it among those given";
    examination.report.push(
        Finding::note(codes::UPLOAD_UPSTREAM_UNKNOWN, &object, detail)
            .hint("give the source's debian/upstream/signing-key.asc with --keyring, too"),
    );
    examination
        .signatures
        .push(ObjectSignatures { object, report });
}
