//! New dates and new signatures for a suite that has not changed.

use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use pkgseal_openpgp::{Examination, Fingerprint, Signed, Signer, Verified, Verifier};
use pkgseal_repo::publication::Retention;
use pkgseal_repo::{CheckOptions, Compression, Finding, Outcome, Progress, Root, SafePath};

use super::discover;
use super::publish::{Lock, Sealed, Suite as Prepared, refused};
use super::release::Release;
use super::root::{self, Names};
use super::tree::KIND;
use crate::{Error, Result, codes};

/// What is new in a Release, and nothing else is.
const DATES: [&[u8]; 2] = [b"Date", b"Valid-Until"];

/// Which suites get new dates, and how far they reach.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RefreshOptions {
    /// Only these suites: by directory (`dists/stable`), by what stands below `dists`
    /// (`stable`), or `.` for a flat repository. Empty means all.
    pub suites: Vec<String>,
    /// How long clients may use them from now on; `None` gives what they had: as long
    /// as between the old dates, or no end.
    pub valid_for: Option<SignedDuration>,
    /// Leaves suites alone that are dated less than this ago; `None` leaves none alone.
    pub if_older_than: Option<SignedDuration>,
    /// Whom a Release that says `Signed-By` names from now on; `None` leaves it as it is, and
    /// a Release without the field gets none.
    pub signed_by: Option<Vec<Fingerprint>>,
    /// How long to wait for another publisher.
    pub wait: Duration,
}

/// Suites with new dates and signatures, in memory: what [`RefreshDraft::publish`] would
/// bring out. Nobody else publishes there while it is held.
pub struct RefreshDraft {
    lock: Lock,
    prepared: Vec<Prepared>,
    before: Vec<Option<Timestamp>>,
    examination: Examination,
    time: Timestamp,
}

/// One suite of a draft, as clients would find it.
#[derive(Clone, Copy, Debug)]
pub struct DraftedSuite<'a> {
    /// Its directory, relative to the root; `None` is a flat repository.
    pub directory: Option<&'a SafePath>,
    /// InRelease.
    pub inrelease: &'a [u8],
    /// Release.
    pub release: &'a [u8],
    /// Release.gpg.
    pub signature: &'a [u8],
    /// Until when clients remember another `Signed-By`: the Valid-Until of the Release that
    /// stands there, where that has the field and the new one has it with other certificates.
    pub pinned_until: Option<Timestamp>,
}

impl std::fmt::Debug for RefreshDraft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let suites: Vec<_> = self.prepared.iter().map(|suite| &suite.prefix).collect();
        f.debug_tuple("RefreshDraft").field(&suites).finish()
    }
}

impl RefreshDraft {
    /// The suites in it.
    pub fn suites(&self) -> impl Iterator<Item = DraftedSuite<'_>> {
        let all = self.prepared.iter().zip(&self.before);
        all.map(|(suite, before)| {
            let (inrelease, signature) = suite.sealed.signatures();
            DraftedSuite {
                directory: suite.directory.as_ref(),
                inrelease,
                release: suite.sealed.text(),
                signature,
                pinned_until: *before,
            }
        })
    }

    /// Publishes it, as [`publish`](super::publish()) does. `signers` are those it was drafted
    /// with: everything is verified by their certificates once more.
    ///
    /// # Errors
    /// As [`publish`](super::publish()).
    pub fn publish(
        mut self,
        signers: &[Signer],
        options: &CheckOptions,
        progress: &dyn Progress,
    ) -> Result<Signed> {
        if self.prepared.is_empty() {
            self.examination.report.sort();
            return Ok(Signed {
                outputs: Vec::new(),
                examination: self.examination,
            });
        }
        self.lock.bring_out(
            &self.prepared,
            signers,
            self.time,
            // New dates are no new generation: none goes.
            Some(Retention::ALL),
            options,
            progress,
            self.examination,
        )
    }
}

/// Gives suites new dates and signs them anew. Indices and packages stay as they are:
/// what is signed is the text that `verifier` accepted, with another Date and
/// Valid-Until, and that nothing else differs is compared line by line before it is
/// signed. An old text past its Valid-Until is fine; one with a signature that does not
/// hold is refused.
///
/// Every listed index that is there has to be what the Release says, and of each at
/// least one variant has to be there. Suites become visible as
/// [`publish`](super::publish()) does it. Notes in the examination say what changed, and
/// which suites were left alone.
///
/// # Errors
/// [`Error::Refused`] with what is wrong; [`Error::NoSigner`]; else as
/// [`publish`](super::publish()).
pub fn refresh(
    root: &Path,
    verifier: &Verifier,
    signers: &[Signer],
    time: Timestamp,
    refresh: &RefreshOptions,
    options: &CheckOptions,
    progress: &dyn Progress,
) -> Result<Signed> {
    draft_refresh(root, verifier, signers, time, refresh, options)?
        .publish(signers, options, progress)
}

/// As [`refresh`], up to the moment before anything becomes visible: for those who look at
/// what clients would make of it first. The lock is held until the draft is published or
/// dropped.
///
/// # Errors
/// As [`refresh`].
pub fn draft_refresh(
    root: &Path,
    verifier: &Verifier,
    signers: &[Signer],
    time: Timestamp,
    refresh: &RefreshOptions,
    options: &CheckOptions,
) -> Result<RefreshDraft> {
    if signers.is_empty() {
        return Err(Error::NoSigner);
    }
    let lock = Lock::take(root, refresh.wait, time)?;
    let opened = Root::open(root)?;
    let mut examination = Examination::new(KIND, root.display().to_string());
    let found = discover::suites(&opened, &mut examination)?;
    if found.is_empty() {
        return Err(refused(root, vec![discover::none(&examination.subject)]));
    }
    for wanted in &refresh.suites {
        if !found.iter().any(|suite| is_called(suite.as_ref(), wanted)) {
            let detail = "there is no such suite";
            let finding = Finding::reject(codes::TREE_NO_SUITE, wanted, detail);
            return Err(refused(root, vec![finding]));
        }
    }
    let mut prepared = Vec::new();
    let mut pinned = Vec::new();
    for directory in found {
        let wanted = refresh.suites.is_empty()
            || refresh
                .suites
                .iter()
                .any(|name| is_called(directory.as_ref(), name));
        if !wanted {
            continue;
        }
        let names = Names::within(directory.as_ref())?;
        let path = root.join(names.release.as_str());
        let old = accepted(&opened, &names, verifier, options, &path)?;
        let subject = names.release.as_str();
        let parse = |text| Release::parse(text, subject, &options.limits);
        let before = parse(old.clone()).map_err(|finding| refused(&path, vec![*finding]))?;
        let before = before.get();
        if let Some(finding) = left_alone(before, subject, time, refresh) {
            examination.report.push(finding);
            continue;
        }
        if time < before.date {
            let detail = format!("it is dated {}, and now it is {time}", before.date);
            let finding = Finding::reject(codes::REFRESH_BACKWARDS, subject, detail)
                .hint("check the clock; clients keep the newer one");
            return Err(refused(&path, vec![finding]));
        }
        missing(&opened, directory.as_ref(), before, &path)?;
        let until = valid_until(before, time, refresh.valid_for)
            .ok_or_else(|| Error::write(&path, std::io::ErrorKind::InvalidInput.into()))?;
        let new = New {
            date: time,
            until,
            signed_by: match before.field("Signed-By") {
                Some(_) => refresh.signed_by.as_deref(),
                None => None,
            },
        };
        let text = new.text(old.get());
        let sealed = Sealed::make((&path, subject), text, signers, time, &options.limits)?;
        new.only(old.get(), before, &sealed, &path, subject)?;
        let fields = (
            before.field("Signed-By"),
            sealed.release().get().field("Signed-By"),
        );
        pinned.push(before.valid_until.filter(|_| fields.0 != fields.1));
        examination.report.push(Finding::note(
            codes::REFRESH_DATES,
            subject,
            changed(before, sealed.release().get()),
        ));
        let prefix = subject.trim_end_matches("Release").to_owned();
        prepared.push(Prepared {
            directory,
            prefix,
            sealed,
            indices: Vec::new(),
        });
    }
    Ok(RefreshDraft {
        lock,
        prepared,
        before: pinned,
        examination,
        time,
    })
}

/// Whether a suite goes by this name.
fn is_called(directory: Option<&SafePath>, name: &str) -> bool {
    match directory {
        None => name == ".",
        Some(directory) => {
            directory.as_str() == name || directory.as_str().strip_prefix("dists/") == Some(name)
        }
    }
}

/// The text that stands there, if its signatures hold. Its dates do not matter.
fn accepted(
    root: &Root,
    names: &Names,
    verifier: &Verifier,
    options: &CheckOptions,
    path: &Path,
) -> Result<Verified<Vec<u8>>> {
    let mut judged = Examination::new(KIND, "");
    let text = root::signed_text(root, names, verifier, &options.limits, &mut judged);
    match text {
        Some((_, text)) if judged.outcome() == Outcome::Accepted => Ok(text),
        _ => Err(refused(path, judged.report.findings)),
    }
}

/// A note, if a suite is young enough.
fn left_alone(
    release: &Release,
    subject: &str,
    time: Timestamp,
    refresh: &RefreshOptions,
) -> Option<Finding> {
    let threshold = refresh.if_older_than?;
    let age = time.duration_since(release.date);
    (age < threshold).then(|| {
        let detail = format!("left as it is: dated {}", release.date);
        Finding::note(codes::REFRESH_YOUNG, subject, detail)
    })
}

/// The new end, if there is to be one; `None` when it is beyond all calendars.
fn valid_until(
    before: &Release,
    time: Timestamp,
    valid_for: Option<SignedDuration>,
) -> Option<Option<Timestamp>> {
    let had = before
        .valid_until
        .map(|until| until.duration_since(before.date));
    match valid_for.or(had) {
        Some(duration) => time.checked_add(duration).ok().map(Some),
        None => Some(None),
    }
}

/// What is new in a Release.
struct New<'a> {
    date: Timestamp,
    until: Option<Timestamp>,
    signed_by: Option<&'a [Fingerprint]>,
}

impl New<'_> {
    /// The text with other dates and signers, each where the old one stood.
    fn text(&self, text: &[u8]) -> Vec<u8> {
        let written = |at: Timestamp| at.strftime("%a, %d %b %Y %H:%M:%S UTC").to_string();
        let until = self
            .until
            .map(|until| format!("Valid-Until: {}\n", written(until)));
        let had = lines(text).any(|line| line.starts_with(b"Valid-Until:"));
        let mut new = Vec::with_capacity(text.len() + 64);
        for (name, line) in fields(text) {
            let mut put = |line: &str| new.extend_from_slice(line.as_bytes());
            match name {
                b"Date" => {
                    put(&format!("Date: {}\n", written(self.date)));
                    if !had {
                        put(until.as_deref().unwrap_or_default());
                    }
                }
                b"Valid-Until" => put(until.as_deref().unwrap_or_default()),
                b"Signed-By" if self.signed_by.is_some() => {
                    let signers = self.signed_by.unwrap_or_default().iter();
                    let signers: Vec<_> = signers.map(Fingerprint::as_str).collect();
                    // The field stands once: its other lines were taken with the first.
                    if line.starts_with(b"Signed-By:") {
                        put(&format!("Signed-By: {}\n", signers.join(", ")));
                    }
                }
                _ => {
                    new.extend_from_slice(line);
                    if !line.ends_with(b"\n") {
                        new.push(b'\n');
                    }
                }
            }
        }
        new
    }

    /// Holds the new Release against the old one: line by line, and as it is read.
    fn only(
        &self,
        old: &[u8],
        before: &Release,
        sealed: &Sealed,
        path: &Path,
        subject: &str,
    ) -> Result<()> {
        let changes = |name: &[u8]| {
            DATES.contains(&name) || (self.signed_by.is_some() && name == b"Signed-By")
        };
        let rest = |text| -> Vec<Vec<u8>> {
            let kept = fields(text).filter(|(name, _)| !changes(name));
            kept.map(|(_, line)| line.strip_suffix(b"\n").unwrap_or(line).to_vec())
                .collect()
        };
        let after = sealed.release().get();
        let mut fields = (before.fields.clone(), after.fields.clone());
        fields.0.retain(|name, _| !changes(name.as_bytes()));
        fields.1.retain(|name, _| !changes(name.as_bytes()));
        if rest(old) == rest(sealed.text()) && fields.0 == fields.1 && before.files == after.files {
            return Ok(());
        }
        let detail = "more than Date, Valid-Until and what was asked for would change";
        let finding = Finding::reject(codes::REFRESH_CHANGED, subject, detail);
        Err(refused(path, vec![finding]))
    }
}

/// Lines with their ends, each with the name of the field it belongs to.
fn fields(text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut name: &[u8] = b"";
    lines(text).map(move |line| {
        if !line.starts_with(b" ") && !line.starts_with(b"\t") {
            name = line.split(|&byte| byte == b':').next().unwrap_or_default();
        }
        (name, line)
    })
}

/// Lines with their ends.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split_inclusive(|&byte| byte == b'\n')
}

/// Refuses a suite of which a listed index is wholly absent though its directory is
/// there, or of which nothing is there at all.
fn missing(
    root: &Root,
    directory: Option<&SafePath>,
    release: &Release,
    path: &Path,
) -> Result<()> {
    let mut stems: std::collections::BTreeMap<SafePath, bool> = std::collections::BTreeMap::new();
    for listed in release.files.keys() {
        let compression = Compression::from_name(listed.as_str());
        let stem = listed.as_str().strip_suffix(compression.suffix());
        let Some(stem) = stem.and_then(|stem| SafePath::new(stem).ok()) else {
            continue;
        };
        if !matches!(stem.file_name(), "Packages" | "Sources") {
            continue;
        }
        let full = directory.map_or_else(|| listed.clone(), |directory| directory.join(listed));
        let there = root.exists(&full)?;
        *stems.entry(stem).or_default() |= there;
    }
    let any = stems.values().any(|there| *there);
    let mut findings = Vec::new();
    for (stem, _) in stems.iter().filter(|(_, there)| !**there) {
        let full = directory.map_or_else(|| stem.clone(), |directory| directory.join(stem));
        let stands = match full.parent() {
            Some(folder) => root.dir(&folder)?.is_some(),
            None => true,
        };
        if stands || !any {
            let detail = "none of its listed variants is there";
            let finding = Finding::reject(codes::INDEX_MISSING, full.as_str(), detail);
            findings.push(finding.because("listed by the Release that is to be dated anew"));
        }
    }
    if findings.is_empty() {
        Ok(())
    } else {
        Err(refused(path, findings))
    }
}

/// What changed, in words.
fn changed(before: &Release, after: &Release) -> String {
    let end = |until: Option<Timestamp>| match until {
        Some(until) => format!("valid until {until}"),
        None => "valid without end".to_owned(),
    };
    format!(
        "dated {}, {}; was dated {}, {}; nothing else changed",
        after.date,
        end(after.valid_until),
        before.date,
        end(before.valid_until)
    )
}
