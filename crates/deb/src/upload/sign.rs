//! Signing from the inside out.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::Path;

use jiff::Timestamp;
use pkgseal_openpgp::cleartext::{self, TrailingBlanks};
use pkgseal_openpgp::{Examination, Signed, Signer, Verified, Verifier};
use pkgseal_repo::{
    CheckOptions, Destination, Finding, Limits, Outcome, Progress, SafePath, Severity, StagedFile,
    StagedSet, codes as repo_codes, complete,
};

use super::document::{Document, Kind};
use super::edit::{Entry, relist};
use super::files::Copies;
use super::verify::{BEGIN, Job, Place, verify};
use crate::listed::Listed;
use crate::{Error, Result};

/// What happens to signatures that are there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// They stay. A document inside an upload that is signed already must hold by the same
    /// certificate; the document that was named is not signed twice.
    Keep,
    /// They give way.
    Replace,
}

/// Signs a .changes with the .dsc and .buildinfo it lists, or one of these by itself, each
/// with all signers.
///
/// From the inside out, as debsign does: the .dsc first; its new size and digests go into
/// the .buildinfo and the .changes; then the .buildinfo, and the .changes last. Of the
/// texts nothing else changes. What the archive would reject is not signed: the whole
/// upload is verified with the public certificates, down to every file it lists, before
/// all documents become visible together, the .changes last; where a process is killed
/// while they do, the next one that signs here completes it ([`pkgseal_repo::complete`]).
/// Into another directory the whole upload goes along.
///
/// # Errors
/// [`Error::Refused`] with everything that is wrong with the upload,
/// [`Error::SignedAlready`], [`Error::NoSigner`]; [`Error::Repo`] and [`Error::OpenPgp`]
/// when reading, writing or signing fails. The old files are then whole.
pub fn sign(
    path: &Path,
    signers: &[Signer],
    time: Timestamp,
    destination: &Destination,
    existing: Existing,
    options: &CheckOptions,
    progress: &dyn Progress,
) -> Result<Signed> {
    let directory = path.parent().unwrap_or(Path::new(""));
    let completed = complete(directory)?;
    if !completed.is_empty() && existing == Existing::Keep {
        // That was all there was to do, unless it was of another upload or by other keys.
        let verifier = Verifier::of_signers(signers, time);
        let examination = verify(path, &verifier, None, options, progress)?;
        if examination.outcome() == Outcome::Accepted {
            return Ok(Signed {
                outputs: completed,
                examination,
            });
        }
    }
    let (set, examination) = stage(
        path,
        signers,
        time,
        destination,
        existing,
        options,
        progress,
    )?;
    let target = destination.resolve(path);
    let directory = target.parent().unwrap_or(Path::new(""));
    Ok(Signed {
        outputs: set.commit_together(directory)?,
        examination,
    })
}

/// As [`sign`], but leaves the signed and verified files staged.
fn stage(
    path: &Path,
    signers: &[Signer],
    time: Timestamp,
    destination: &Destination,
    existing: Existing,
    options: &CheckOptions,
    progress: &dyn Progress,
) -> Result<(StagedSet, Examination)> {
    if signers.is_empty() {
        return Err(Error::NoSigner);
    }
    let place = Place::of(path)?;
    let maker = Maker {
        path,
        place: &place,
        signers,
        time,
        existing,
        limits: &options.limits,
    };
    let made = maker.make()?;
    destination.prepare()?;
    let apart = apart(path, destination);
    let mut staged = StagedSet::new();
    let mut written = BTreeMap::new();
    for (name, content) in made {
        let target = destination.resolve(&path.with_file_name(name.as_str()));
        let mut file = StagedFile::create(&target)?;
        file.write_all(&content)
            .map_err(|error| Error::write(&target, error))?;
        let mut back = Vec::with_capacity(content.len());
        file.reopen()?
            .take(options.limits.release.saturating_mul(2))
            .read_to_end(&mut back)
            .map_err(|error| Error::write(&target, error))?;
        written.insert(name, back);
        staged.push(file);
    }
    let copies = apart.map(Copies::to);
    let verifier = Verifier::of_signers(signers, time);
    let job = Job {
        root: &place.root,
        verifier: &verifier,
        max_age: None,
        options,
        progress,
        staged: &written,
        copies: copies.as_ref(),
    };
    let subject = destination.resolve(path).display().to_string();
    let examination = job.examine(&place, subject)?;
    let copies = copies.map_or_else(|| Ok(StagedSet::new()), Copies::into_set)?;
    if examination.outcome() != Outcome::Accepted {
        let mut findings = examination.report.findings;
        findings.retain(|finding| finding.severity >= Severity::Undecided);
        return Err(refused(path, findings));
    }
    let mut set = copies;
    set.append(staged);
    Ok((set, examination))
}

/// The output directory, unless it is the one the upload stands in.
fn apart<'a>(path: &Path, destination: &'a Destination) -> Option<&'a Path> {
    let Destination::Directory(directory) = destination else {
        return None;
    };
    let parent = path.parent().filter(|parent| *parent != Path::new(""));
    let own = parent.unwrap_or(Path::new(".")).canonicalize().ok();
    (own.is_none() || directory.canonicalize().ok() != own).then_some(directory)
}

/// A document without its signature, if it has one.
struct Plain {
    content: Vec<u8>,
    text: String,
    signed: bool,
}

/// Makes the signed documents.
struct Maker<'a> {
    path: &'a Path,
    place: &'a Place,
    signers: &'a [Signer],
    time: Timestamp,
    existing: Existing,
    limits: &'a Limits,
}

impl Maker<'_> {
    /// Documents to write, in the order they become visible.
    fn make(&self) -> Result<Vec<(SafePath, Vec<u8>)>> {
        let Place { name, kind, .. } = self.place;
        let outer = self.plain(name)?;
        if outer.signed && self.existing == Existing::Keep {
            return Err(Error::SignedAlready {
                path: self.path.to_owned(),
            });
        }
        let document = self.read(&outer.text, *kind, name)?;
        let mut text = outer.text;
        let mut inner = Vec::new();
        if *kind == Kind::Changes {
            inner = self.inner(document.get())?;
            for document in &inner {
                let entry = Entry::of(document.name.as_str(), &document.content);
                text = relist(&text, *kind, &entry);
            }
        }
        let signed = self.sign(&text)?;
        let new = inner.into_iter().filter(|document| document.new);
        let mut made: Vec<_> = new
            .map(|document| (document.name, document.content))
            .collect();
        made.push((name.clone(), signed));
        Ok(made)
    }

    /// The documents inside, as they will stand there: every .dsc before a .buildinfo.
    fn inner(&self, changes: &Document) -> Result<Vec<Inner>> {
        let mut inner: Vec<Inner> = Vec::new();
        for kind in [Kind::Dsc, Kind::Buildinfo] {
            for (name, listed) in changes.files() {
                if Kind::of(name.as_str()) != Some(kind) {
                    continue;
                }
                let plain = self.plain(name)?;
                self.is_listed(name, listed, &plain, changes)?;
                if plain.signed && self.existing == Existing::Keep {
                    inner.push(Inner {
                        name: name.clone(),
                        content: plain.content,
                        new: false,
                    });
                    continue;
                }
                let document = self.read(&plain.text, kind, name)?;
                let mut text = plain.text;
                for document in inner
                    .iter()
                    .filter(|inner| document.get().files().contains_key(&inner.name))
                {
                    let entry = Entry::of(document.name.as_str(), &document.content);
                    text = relist(&text, kind, &entry);
                }
                inner.push(Inner {
                    name: name.clone(),
                    content: self.sign(&text)?,
                    new: true,
                });
            }
        }
        Ok(inner)
    }

    fn plain(&self, name: &SafePath) -> Result<Plain> {
        let missing = || {
            let detail = "the file does not exist";
            let finding = Finding::reject(repo_codes::FILE_MISSING, name.as_str(), detail);
            refused(self.path, vec![finding])
        };
        let content = self.place.root.read(name, self.limits.release)?;
        let content = content.ok_or_else(missing)?;
        let signed = content.starts_with(BEGIN);
        let text = if signed {
            let message = cleartext::split_with(&content, TrailingBlanks::Drop);
            let about = |finding: Finding| Finding {
                subject: name.as_str().to_owned(),
                ..finding
            };
            let message = message.map_err(|finding| refused(self.path, vec![about(finding)]))?;
            // The empty line at the end is the signer's.
            let mut text = message.text;
            while text.ends_with(b"\n\n") {
                text.pop();
            }
            text
        } else {
            content.clone()
        };
        let text = String::from_utf8(text).map_err(|_| {
            let detail = "it is not UTF-8";
            let finding = Finding::reject(crate::codes::UPLOAD_MALFORMED, name.as_str(), detail);
            refused(self.path, vec![finding])
        })?;
        Ok(Plain {
            content,
            text,
            signed,
        })
    }

    /// An inner document is the one the .changes lists, as it is or before it was signed:
    /// else somebody changed it since, and the signature would cover that up. A signer that
    /// was interrupted may have left a .buildinfo with the digests of a signed .dsc; but
    /// for these, it is the one that is listed.
    fn is_listed(
        &self,
        name: &SafePath,
        listed: &Listed,
        plain: &Plain,
        changes: &Document,
    ) -> Result<()> {
        let same = |content: &[u8]| {
            let entry = Entry::of(name.as_str(), content);
            entry.size == listed.size && listed.digests.mismatch(&entry.digests).is_none()
        };
        let mut before = plain.text.clone();
        for (dsc, listed) in changes.files() {
            if Kind::of(dsc.as_str()) == Some(Kind::Dsc) {
                let entry = Entry {
                    name: dsc.as_str(),
                    size: listed.size,
                    digests: listed.digests.clone(),
                };
                before = relist(&before, Kind::Buildinfo, &entry);
            }
        }
        if same(&plain.content)
            || (plain.signed && (same(plain.text.as_bytes()) || same(before.as_bytes())))
        {
            return Ok(());
        }
        let detail = "it is not what the .changes lists, signed or not";
        let finding = Finding::reject(repo_codes::FILE_DIGEST, name.as_str(), detail)
            .because(self.place.name.as_str())
            .hint("build the upload again, or find out who changed it");
        Err(refused(self.path, vec![finding]))
    }

    /// What is not signed yet, read as strictly as it will be afterwards.
    fn read(&self, text: &str, kind: Kind, name: &SafePath) -> Result<Verified<Document>> {
        let unsigned = Verified::danger_unverified(text.as_bytes().to_vec());
        Document::parse(unsigned, kind, name.as_str(), self.limits)
            .map_err(|finding| refused(self.path, vec![*finding]))
    }

    /// An empty line stands between the paragraph and the signature, as debsign has it.
    fn sign(&self, text: &str) -> Result<Vec<u8>> {
        let mut text = text.to_owned();
        if !text.ends_with('\n') {
            text.push('\n');
        }
        if !text.ends_with("\n\n") {
            text.push('\n');
        }
        Ok(cleartext::sign(self.signers, text.as_bytes(), self.time)?)
    }
}

/// A document inside an upload.
struct Inner {
    name: SafePath,
    content: Vec<u8>,
    /// Signed just now.
    new: bool,
}

fn refused(path: &Path, findings: Vec<Finding>) -> Error {
    Error::Refused {
        path: path.to_owned(),
        findings,
    }
}
