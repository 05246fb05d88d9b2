//! The signed root of a suite: InRelease, or Release with Release.gpg.

use std::path::Path;

use jiff::Timestamp;
use pkgseal_openpgp::{Examination, Object, SignatureReport, Status, Verified, Verifier};
use pkgseal_repo::{
    Code, Error as RepoError, Finding, Limits, Root, SafePath, codes as repo_codes,
};

use super::release::Release;
use crate::{Error, Result, codes};

/// The three files of a signed root. Beside one another, their names may share a prefix,
/// as in apt's own lists (`deb.example.org_debian_dists_sid_InRelease`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Names {
    pub(super) inrelease: SafePath,
    pub(super) release: SafePath,
    pub(super) signature: SafePath,
}

impl Names {
    /// In this directory; `None` is the root itself.
    pub(super) fn within(directory: Option<&SafePath>) -> Result<Self> {
        let base = directory.map_or_else(String::new, |directory| format!("{directory}/"));
        Self::with_prefix(&base)
    }

    fn with_prefix(prefix: &str) -> Result<Self> {
        Ok(Self {
            inrelease: SafePath::new(&format!("{prefix}InRelease"))?,
            release: SafePath::new(&format!("{prefix}Release"))?,
            signature: SafePath::new(&format!("{prefix}Release.gpg"))?,
        })
    }

    /// The set a file of it belongs to.
    fn of(file_name: &str) -> Option<Result<Self>> {
        let prefix = ["InRelease", "Release.gpg", "Release"]
            .iter()
            .find_map(|name| file_name.strip_suffix(name))?;
        (prefix.is_empty() || prefix.ends_with('_')).then(|| Self::with_prefix(prefix))
    }

    pub(super) fn any_exists(&self, root: &Root) -> bool {
        [&self.inrelease, &self.release, &self.signature]
            .into_iter()
            .any(|name| !matches!(root.file(name), Ok(None)))
    }
}

/// Judges a Release by itself: its signatures, its form, its dates; none of the files it
/// lists. `path` is InRelease, Release or Release.gpg; those of its neighbours that exist
/// are judged with it, and all of them must hold.
///
/// # Errors
/// [`Error::Repo`] when there is no such file, or the path names none of the three.
pub fn verify_release(path: &Path, verifier: &Verifier, limits: &Limits) -> Result<Examination> {
    let names = path.file_name().and_then(|name| name.to_str());
    let Some(names) = names.and_then(Names::of) else {
        let source = std::io::Error::new(
            std::io::ErrorKind::InvalidInput,
            "it is called neither InRelease, Release nor Release.gpg",
        );
        return Err(Error::read(path, source));
    };
    let names = names?;
    let parent = path.parent().filter(|parent| *parent != Path::new(""));
    let root = Root::open(parent.unwrap_or(Path::new(".")))?;
    if !names.any_exists(&root) {
        return Err(Error::read(path, std::io::ErrorKind::NotFound.into()));
    }
    let mut examination = Examination::new("release", path.display().to_string());
    judge(&root, &names, verifier, limits, &mut examination);
    examination.report.sort();
    Ok(examination)
}

/// Judges and reads a suite's root, its dates as apt does. Whatever is wrong becomes a
/// finding; `None` when anything was.
pub(super) fn judge(
    root: &Root,
    names: &Names,
    verifier: &Verifier,
    limits: &Limits,
    examination: &mut Examination,
) -> Option<Verified<Release>> {
    let (subject, release) = signed(root, names, verifier, limits, examination)?;
    let stale = release.get().freshness(subject.as_str(), verifier.now());
    let fresh = stale.is_none();
    examination.report.findings.extend(stale);
    fresh.then_some(release)
}

/// As [`judge`], whatever the dates; and the file it was read from.
pub(super) fn signed<'a>(
    root: &Root,
    names: &'a Names,
    verifier: &Verifier,
    limits: &Limits,
    examination: &mut Examination,
) -> Option<(&'a SafePath, Verified<Release>)> {
    let (subject, text) = signed_text(root, names, verifier, limits, examination)?;
    match Release::parse(text, subject.as_str(), limits) {
        Ok(release) => {
            let warnings = release.get().warnings.clone();
            examination.report.findings.extend(warnings);
            Some((subject, release))
        }
        Err(finding) => {
            examination.report.push(*finding);
            None
        }
    }
}

/// The text that signatures vouch for, and the file it came from.
pub(super) fn signed_text<'a>(
    root: &Root,
    names: &'a Names,
    verifier: &Verifier,
    limits: &Limits,
    examination: &mut Examination,
) -> Option<(&'a SafePath, Verified<Vec<u8>>)> {
    let inrelease = content(root, &names.inrelease, limits.release, examination)?;
    let release = content(root, &names.release, limits.release, examination)?;
    let signature = content(root, &names.signature, limits.signature, examination)?;

    let mut signed = Vec::new();
    let inline = inrelease.map(|message| {
        let (text, report) = verifier.cleartext(Object::Repository, &message).accept();
        signed.extend(report.signatures.iter().filter_map(|facts| facts.created));
        examination.add_signatures(names.inrelease.as_str(), report);
        text
    });
    let differ = matches!(
        (&inline, &release),
        (Some(Some(text)), Some(release)) if !same_text(text.get(), release)
    );
    let detached = match (release, signature) {
        (Some(release), Some(signature)) => {
            let judged = verifier.detached_bytes(Object::Repository, release, &signature);
            let (text, report) = judged.accept();
            if text.is_some()
                && let Some(detail) = unread(&signature)
            {
                let finding = Finding::reject(
                    codes::RELEASE_SIGNATURE_FORM,
                    names.signature.as_str(),
                    detail,
                );
                examination
                    .report
                    .push(finding.hint("sign it again: pkgseal sign --key KEY Release"));
            }
            if let (Some(Some(_)), None) = (&inline, &text) {
                let finding = other_signature(names, &signed, &report);
                examination.report.findings.extend(finding);
            }
            examination.add_signatures(names.signature.as_str(), report);
            Some(text)
        }
        (Some(_), None) if inline.is_none() => {
            let detail = format!("{} stands there without a signature", names.release);
            let finding = Finding::reject(codes::RELEASE_UNSIGNED, names.release.as_str(), detail)
                .hint("sign it: pkgseal sign --key KEY Release");
            examination.report.push(finding);
            None
        }
        (None, Some(_)) if inline.is_none() => {
            let detail = format!("{} has no {}", names.signature, names.release);
            let finding =
                Finding::reject(codes::RELEASE_UNSIGNED, names.signature.as_str(), detail);
            examination.report.push(finding);
            None
        }
        (None, None) if inline.is_none() => {
            let detail = "there is neither InRelease nor Release";
            let finding = Finding::reject(codes::RELEASE_MISSING, names.inrelease.as_str(), detail);
            examination.report.push(finding);
            None
        }
        _ => None,
    };
    if differ {
        let date = |text: Option<&Verified<Vec<u8>>>| {
            let release = Release::parse(text?.clone(), "", limits).ok()?;
            Some(release.get().date)
        };
        let dates = (
            date(inline.as_ref().and_then(Option::as_ref)),
            date(detached.as_ref().and_then(Option::as_ref)),
        );
        let (code, detail) = match dates {
            (Some(one), Some(other)) if one != other => (
                codes::RELEASE_GENERATION,
                format!(
                    "{} is dated {one}, and {} {other}: both are signed, and of different \
                     publications",
                    names.inrelease, names.release
                ),
            ),
            _ => (
                codes::RELEASE_TEXTS,
                format!(
                    "{} and {} say different things",
                    names.inrelease, names.release
                ),
            ),
        };
        examination.report.push(
            Finding::reject(code, names.release.as_str(), detail)
                .hint("update the mirror again; if it stays, ask its operator"),
        );
    }
    match (inline, detached) {
        _ if differ => None,
        (Some(Some(text)), None | Some(Some(_))) => Some((&names.inrelease, text)),
        (None, Some(Some(text))) => Some((&names.release, text)),
        _ => None,
    }
}

/// Why apt does not read a Release.gpg that others read, if so: it takes armored blocks,
/// one straight behind the other.
fn unread(signature: &[u8]) -> Option<&'static str> {
    if signature.first().is_some_and(|first| first & 0x80 != 0) {
        return Some("a binary signature, and apt reads armored ones only");
    }
    if signature.is_empty() {
        return None;
    }
    let mut inside = false;
    let text = signature.strip_suffix(b"\n").unwrap_or(signature);
    for line in text.split(|&byte| byte == b'\n') {
        match line.trim_ascii_end() {
            b"-----BEGIN PGP SIGNATURE-----" => inside = true,
            b"-----END PGP SIGNATURE-----" => inside = false,
            b"" if !inside => {
                return Some("an empty line around its armored blocks, which apt refuses");
            }
            _ => {}
        }
    }
    None
}

/// A bad Release.gpg that was made at another time than the InRelease beside it belongs
/// to another publication.
fn other_signature(
    names: &Names,
    inline: &[Timestamp],
    detached: &SignatureReport,
) -> Option<Finding> {
    let bad = detached
        .signatures
        .iter()
        .filter(|facts| facts.status == Status::Bad)
        .find_map(|facts| facts.created.filter(|created| !inline.contains(created)))?;
    let detail = format!(
        "{} was made at {bad}, and {} at {}: they are of different publications",
        names.signature,
        names.inrelease,
        inline.first()?
    );
    Some(
        Finding::reject(codes::RELEASE_GENERATION, names.signature.as_str(), detail)
            .hint("update the mirror again; if it stays, ask its operator"),
    )
}

/// Whether two Releases are the same but for the end of the last line, which a
/// clearsigned message does not keep.
pub(super) fn same_text(one: &[u8], other: &[u8]) -> bool {
    let end = |text| <[u8]>::strip_suffix(text, b"\n").unwrap_or(text);
    end(one) == end(other)
}

/// A small file's content; `Some(None)` when there is no such file, `None` when it
/// cannot be used, which is then a finding.
fn content(
    root: &Root,
    path: &SafePath,
    limit: u64,
    examination: &mut Examination,
) -> Option<Option<Vec<u8>>> {
    match root.read(path, limit) {
        Ok(content) => Some(content),
        Err(error) => {
            examination.report.push(unusable(path.as_str(), &error));
            None
        }
    }
}

/// What a file that cannot be used means.
pub(super) fn unusable(subject: &str, error: &RepoError) -> Finding {
    let reject = |code: Code| Finding::reject(code, subject, error.to_string());
    match error {
        RepoError::TooLarge { .. } => reject(repo_codes::LIMIT),
        RepoError::UnsafePath { .. } => reject(repo_codes::PATH_UNSAFE),
        RepoError::NotAFile { .. } => reject(repo_codes::FILE_NOT_REGULAR),
        _ => {
            let mut detail = error.to_string();
            if let Some(source) = std::error::Error::source(error) {
                detail = format!("{detail}: {source}");
            }
            Finding::undecided(repo_codes::FILE_UNREADABLE, subject, detail)
        }
    }
}
