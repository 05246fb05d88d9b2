//! New dates and new signatures for a suite that has not changed.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use pkgseal_openpgp::{Examination, Signed, Signer, Verified, Verifier};
use pkgseal_repo::{CheckOptions, Compression, Finding, Outcome, Progress, Root, SafePath};

use super::discover;
use super::publish::{Lock, PublishOptions, Sealed, Suite as Prepared, refused};
use super::release::Release;
use super::root::{self, Names};
use super::tree::KIND;
use crate::{Error, Result, codes};

/// What is new in a Release, and nothing else is.
const DATES: [&str; 2] = ["Date:", "Valid-Until:"];

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
    /// How to publish.
    pub publish: PublishOptions,
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
    if signers.is_empty() {
        return Err(Error::NoSigner);
    }
    let lock = Lock::take(root, refresh.publish.wait, time)?;
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
        let text = dated(old.get(), time, until);
        let sealed = Sealed::make((&path, subject), text, signers, time, &options.limits)?;
        only_dates(old.get(), before, &sealed, &path, subject)?;
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
    if prepared.is_empty() {
        examination.report.sort();
        return Ok(Signed {
            outputs: Vec::new(),
            examination,
        });
    }
    let keep = Some(refresh.publish.keep.max(2));
    lock.bring_out(
        &prepared,
        signers,
        time,
        keep,
        options,
        progress,
        examination,
    )
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

/// The text with other dates, each where the old one stood.
fn dated(text: &[u8], date: Timestamp, until: Option<Timestamp>) -> Vec<u8> {
    let written = |at: Timestamp| at.strftime("%a, %d %b %Y %H:%M:%S UTC").to_string();
    let until = until.map(|until| format!("Valid-Until: {}\n", written(until)));
    let had = lines(text).any(|line| line.starts_with(b"Valid-Until:"));
    let mut new = Vec::with_capacity(text.len() + 64);
    for line in lines(text) {
        if line.starts_with(b"Date:") {
            new.extend_from_slice(format!("Date: {}\n", written(date)).as_bytes());
            if !had {
                new.extend_from_slice(until.as_deref().unwrap_or_default().as_bytes());
            }
        } else if line.starts_with(b"Valid-Until:") {
            new.extend_from_slice(until.as_deref().unwrap_or_default().as_bytes());
        } else {
            new.extend_from_slice(line);
            if !line.ends_with(b"\n") {
                new.push(b'\n');
            }
        }
    }
    new
}

/// Lines with their ends.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split_inclusive(|&byte| byte == b'\n')
}

/// Holds the new Release against the old one: line by line, and as it is read.
fn only_dates(
    old: &[u8],
    before: &Release,
    sealed: &Sealed,
    path: &Path,
    subject: &str,
) -> Result<()> {
    let rest = |text| -> Vec<Vec<u8>> {
        let dated = |line: &&[u8]| DATES.iter().any(|name| line.starts_with(name.as_bytes()));
        lines(text)
            .filter(|line| !dated(line))
            .map(|line| line.strip_suffix(b"\n").unwrap_or(line).to_vec())
            .collect()
    };
    let after = sealed.release().get();
    let mut fields = (before.fields.clone(), after.fields.clone());
    for name in ["Date", "Valid-Until"] {
        fields.0.remove(name);
        fields.1.remove(name);
    }
    if rest(old) == rest(sealed.text()) && fields.0 == fields.1 && before.files == after.files {
        return Ok(());
    }
    let detail = "more than Date and Valid-Until would change";
    let finding = Finding::reject(codes::REFRESH_CHANGED, subject, detail);
    Err(refused(path, vec![finding]))
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
