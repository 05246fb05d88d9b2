//! From the signed document down to every file.

mod follow;
mod upstream;

use std::collections::BTreeMap;
use std::path::Path;

use jiff::SignedDuration;
use pkgseal_openpgp::cleartext::TrailingBlanks;
use pkgseal_openpgp::{Examination, Object, Status, Verified, Verifier};
use pkgseal_repo::{
    CheckOptions, Error as RepoError, Finding, Progress, Root, SafePath, codes as repo_codes,
    unfinished,
};

use super::agree;
use super::document::{Document, Kind};
use super::files::Copies;
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
    let mut examination = job.examine(&place, path.display().to_string())?;
    if unfinished(place.root.path()) {
        let finding = Finding::warning(
            codes::UPLOAD_UNFINISHED,
            place.name.as_str(),
            "a process that signed in this directory was cut off, or is still at it",
        );
        examination
            .report
            .push(finding.hint("wait for it, or complete it: pkgseal sign --key KEY CHANGES"));
        examination.report.sort();
    }
    Ok(examination)
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
}
