//! The check engine: entries against files, in parallel, one read per file.

mod reading;
mod surplus;

use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

pub use reading::{Reading, check_reading};
pub use surplus::surplus;

use crate::code::codes;
use crate::{
    Digests, Entry, Error, Finding, Limits, MultiHasher, Progress, ProgressSink, Report,
    Requirement, Result, Root, SafePath, read_through,
};

/// From this size on, in bytes, files go first, the biggest one foremost, so that no
/// thread is left alone with one at the end. The others keep the order of the directory.
const BIG: u64 = 8 << 20;

/// How to check.
#[derive(Clone, Debug, Default)]
pub struct CheckOptions {
    /// Worker threads; 0 means one for each core.
    pub jobs: usize,
    /// Caps.
    pub limits: Limits,
}

impl CheckOptions {
    /// The threads to work with, [`CheckOptions::jobs`] of them.
    ///
    /// # Errors
    /// [`Error::Threads`].
    pub fn pool(&self) -> Result<rayon::ThreadPool> {
        rayon::ThreadPoolBuilder::new()
            .num_threads(self.jobs)
            .build()
            .map_err(|error| Error::Threads {
                reason: error.to_string(),
            })
    }
}

/// Sees the bytes of a file while the engine reads it.
pub trait Witness: Write {
    /// The file agrees with its entry: says what else is wrong with it. Bytes that do not
    /// agree are never judged.
    fn agreed(&self) -> Vec<Finding>;
}

/// Compares every entry with its file beneath `root`: existence, size, every listed
/// digest. Entries of the same path are merged first; contradicting ones reject. An
/// entry without a strong digest rejects. A wrong size is found without reading.
/// Memory is bounded by threads, not by files.
///
/// # Errors
/// None for a single file (an unreadable file is an `Undecided` finding); an error only
/// when the engine itself cannot run.
pub fn check(
    root: &Root,
    entries: Vec<Entry>,
    options: &CheckOptions,
    progress: &dyn Progress,
) -> Result<Report> {
    check_witnessed(root, entries, options, progress, &|_| None)
}

/// As [`check`], while a [`Witness`] for each entry, where `witness` gives one, sees the
/// same bytes in the same read.
///
/// # Errors
/// As [`check`].
pub fn check_witnessed<'w>(
    root: &Root,
    entries: Vec<Entry>,
    options: &CheckOptions,
    progress: &dyn Progress,
    witness: &(dyn Fn(&Entry) -> Option<Box<dyn Witness + 'w>> + Sync),
) -> Result<Report> {
    run(root, entries, options, progress, &|entry, part| {
        check_one(root, entry, part, progress, witness(entry));
    })
}

/// As [`check`], without reading any file: existence and size.
///
/// # Errors
/// As [`check`].
pub fn check_existence(
    root: &Root,
    entries: Vec<Entry>,
    options: &CheckOptions,
    progress: &dyn Progress,
) -> Result<Report> {
    run(root, entries, options, progress, &|entry, part| {
        exists(root, entry, part);
    })
}

/// Merges entries and hands each to one of the threads.
fn run(
    root: &Root,
    entries: Vec<Entry>,
    options: &CheckOptions,
    progress: &dyn Progress,
    one: &(dyn Fn(&Entry, &mut Report) + Sync),
) -> Result<Report> {
    let mut report = Report::new();
    if entries.len() > options.limits.entries {
        report.push(Finding::reject(
            codes::LIMIT,
            root.path().display().to_string(),
            format!(
                "{} files are listed, the limit is {}",
                entries.len(),
                options.limits.entries
            ),
        ));
        return Ok(report);
    }
    let mut merged = merge(entries, &mut report);
    merged.sort_by(|a, b| big(b).cmp(&big(a)).then_with(|| a.path.cmp(&b.path)));
    let bytes = merged
        .iter()
        .try_fold(0u64, |sum, e| sum.checked_add(e.size?));
    progress.begin("checking files", merged.len() as u64, bytes);
    let next = AtomicUsize::new(0);
    let parts = options.pool()?.broadcast(|_| {
        let mut part = Report::new();
        while let Some(entry) = merged.get(next.fetch_add(1, Ordering::Relaxed)) {
            one(entry, &mut part);
            progress.file();
        }
        part
    });
    progress.end();
    for part in parts {
        report.merge(part);
    }
    report.sort();
    Ok(report)
}

fn big(entry: &Entry) -> u64 {
    entry.size.filter(|&size| size >= BIG).unwrap_or(0)
}

/// One entry for each path; contradicting ones are reported and left out.
fn merge(mut entries: Vec<Entry>, report: &mut Report) -> Vec<Entry> {
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    let mut merged: Vec<Entry> = Vec::with_capacity(entries.len());
    let mut contradicted: Option<SafePath> = None;
    for entry in entries {
        if contradicted.as_ref() == Some(&entry.path) {
            continue;
        }
        let Some(last) = merged.pop_if(|last| last.path == entry.path) else {
            merged.push(entry);
            continue;
        };
        match unite(last, &entry) {
            Ok(united) => merged.push(united),
            Err((first, detail)) => {
                report.push(
                    Finding::reject(codes::FILE_CONTRADICTION, entry.path.as_str(), detail)
                        .because(both(&first, &entry.listed_by)),
                );
                contradicted = Some(entry.path);
            }
        }
    }
    merged
}

/// What two entries of one path say together, or how they contradict each other, and
/// who said the first.
fn unite(mut first: Entry, second: &Entry) -> std::result::Result<Entry, (Arc<str>, String)> {
    match (first.size, second.size) {
        (Some(a), Some(b)) if a != b => {
            return Err((
                first.listed_by,
                format!("it is listed twice, with {a} and with {b} bytes"),
            ));
        }
        (known, other) => first.size = known.or(other),
    }
    let added = first.digests != second.digests;
    if let Err(reason) = first.digests.merge(&second.digests) {
        return Err((first.listed_by, format!("it is listed twice: {reason}")));
    }
    if added {
        first.listed_by = both(&first.listed_by, &second.listed_by).into();
    }
    first.requirement = first.requirement.min(second.requirement);
    Ok(first)
}

fn both(first: &str, second: &str) -> String {
    if first == second {
        first.to_owned()
    } else {
        format!("{first}, {second}")
    }
}

/// Opens a listed file; that it cannot be is a finding.
fn open(root: &Root, entry: &Entry, report: &mut Report) -> Option<File> {
    let path = entry.path.as_str();
    let finding = match root.file(&entry.path) {
        Ok(Some(file)) => return Some(file),
        Ok(None) if entry.requirement == Requirement::Optional => return None,
        Ok(None) => Finding::reject(codes::FILE_MISSING, path, "the file does not exist"),
        Err(error) => unusable(path, &error),
    };
    report.push(finding.because(&*entry.listed_by));
    None
}

/// Whether one file is there, with its size.
fn exists(root: &Root, entry: &Entry, report: &mut Report) {
    let Some(file) = open(root, entry, report) else {
        return;
    };
    let finding = match file.metadata() {
        Ok(metadata) if entry.size.is_some_and(|size| size != metadata.len()) => {
            wrong_size(entry, metadata.len())
        }
        Ok(_) => return,
        Err(error) => Finding::undecided(
            codes::FILE_UNREADABLE,
            entry.path.as_str(),
            format!("the file cannot be examined: {error}"),
        ),
    };
    report.push(finding.because(&*entry.listed_by));
}

/// Compares one file.
fn check_one(
    root: &Root,
    entry: &Entry,
    report: &mut Report,
    progress: &dyn Progress,
    mut witness: Option<Box<dyn Witness + '_>>,
) {
    let Some(file) = open(root, entry, report) else {
        return;
    };
    let mut found = |finding: Finding| report.push(finding.because(&*entry.listed_by));
    let path = entry.path.as_str();
    weak_digest(entry).into_iter().for_each(&mut found);
    match compare(&file, entry, progress, witness.as_deref_mut()) {
        Ok((finding, bytes)) => {
            match (finding, witness) {
                (Some(finding), _) => found(finding),
                (None, Some(witness)) => witness.agreed().into_iter().for_each(&mut found),
                (None, None) => {}
            }
            report.files += 1;
            report.bytes += bytes;
        }
        Err(error) => found(unreadable(path, &error)),
    }
}

/// That nothing strong binds a file, if so.
fn weak_digest(entry: &Entry) -> Option<Finding> {
    if entry.digests.strongest().is_some_and(|a| a.is_strong()) {
        return None;
    }
    let given: Vec<_> = entry.digests.algorithms().map(|a| a.name()).collect();
    let given = if given.is_empty() {
        "no digest".to_owned()
    } else {
        format!("{} only", given.join(" and "))
    };
    Some(Finding::reject(
        codes::FILE_WEAK_DIGEST,
        entry.path.as_str(),
        format!("the list gives {given}, and SHA-256 or better is needed"),
    ))
}

fn unreadable(path: &str, error: &io::Error) -> Finding {
    Finding::undecided(
        codes::FILE_UNREADABLE,
        path,
        format!("the file cannot be read: {error}"),
    )
}

/// Why a listed file cannot even be opened.
fn unusable(path: &str, error: &Error) -> Finding {
    match error {
        Error::UnsafePath { reason, .. } => Finding::reject(codes::PATH_UNSAFE, path, *reason),
        Error::NotAFile { .. } => Finding::reject(
            codes::FILE_NOT_REGULAR,
            path,
            "a directory, pipe, socket or device stands in its place",
        ),
        Error::Read { source, .. } => Finding::undecided(
            codes::FILE_UNREADABLE,
            path,
            format!("the file cannot be opened: {source}"),
        ),
        other => Finding::undecided(codes::FILE_UNREADABLE, path, other.to_string()),
    }
}

/// What differs, and how many bytes were read to know.
fn compare(
    file: &File,
    entry: &Entry,
    progress: &dyn Progress,
    witness: Option<&mut (dyn Witness + '_)>,
) -> io::Result<(Option<Finding>, u64)> {
    let actual = file.metadata()?.len();
    if entry.size.is_some_and(|size| size != actual) {
        return Ok((Some(wrong_size(entry, actual)), 0));
    }
    let mut hasher = MultiHasher::new(entry.digests.algorithms());
    let mut told = ProgressSink(progress);
    let mut sinks: Vec<&mut dyn Write> = vec![&mut hasher, &mut told];
    let mut witness = witness;
    if let Some(witness) = &mut witness {
        sinks.push(witness);
    }
    let bytes = read_through(file, &mut sinks)?;
    if entry.size.is_some_and(|size| size != bytes) {
        return Ok((Some(wrong_size(entry, bytes)), bytes));
    }
    Ok((wrong_digest(entry, &hasher.finish()), bytes))
}

fn wrong_size(entry: &Entry, actual: u64) -> Finding {
    let expected = entry.size.unwrap_or_default();
    Finding::reject(
        codes::FILE_SIZE,
        entry.path.as_str(),
        format!("the file is {actual} bytes long, the list says {expected}"),
    )
}

fn wrong_digest(entry: &Entry, actual: &Digests) -> Option<Finding> {
    let expected = &entry.digests;
    // The strongest that differs says most.
    let algorithm = expected
        .algorithms()
        .filter(|&algorithm| expected.get(algorithm) != actual.get(algorithm))
        .last()?;
    Some(Finding::reject(
        codes::FILE_DIGEST,
        entry.path.as_str(),
        format!(
            "its {algorithm} is {}, the list says {}",
            actual.hex(algorithm).unwrap_or_default(),
            expected.hex(algorithm).unwrap_or_default()
        ),
    ))
}

#[cfg(test)]
mod tests;
