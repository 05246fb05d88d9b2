//! Files that somebody reads for another reason while the engine hashes them.

use std::fs::File;
use std::io::{self, Read};

use super::{CheckOptions, open, run, unreadable, weak_digest, wrong_digest, wrong_size};
use crate::{Entry, Finding, MultiHasher, Progress, Report, Result, Root};

/// Reads a file in its own order while the engine hashes the same bytes.
///
/// A [`Witness`](super::Witness) is shown bytes; this one asks for them, as a parser does.
pub trait Reading {
    /// Reads from `source`, a file of `length` bytes, as much as it wants; the engine reads
    /// the rest.
    ///
    /// # Errors
    /// What `source` said.
    fn read(&mut self, source: &mut dyn Read, length: u64) -> io::Result<()>;

    /// The file agrees with its entry: says what else is wrong with it.
    fn agreed(&mut self) -> Vec<Finding>;

    /// The file does not agree with its entry, as `finding` says: may say it better.
    fn differs(&mut self, finding: Finding) -> Finding;
}

/// As [`check`](super::check), while a [`Reading`] for each entry, where `reading` gives
/// one, gets its bytes from the same read.
///
/// # Errors
/// As [`check`](super::check).
pub fn check_reading<'r>(
    root: &Root,
    entries: Vec<Entry>,
    options: &CheckOptions,
    progress: &dyn Progress,
    reading: &(dyn Fn(&Entry) -> Option<Box<dyn Reading + 'r>> + Sync),
) -> Result<Report> {
    run(root, entries, options, progress, &|entry, part| {
        let mut reading = reading(entry);
        check_one(root, entry, part, progress, reading.as_deref_mut());
    })
}

fn check_one(
    root: &Root,
    entry: &Entry,
    report: &mut Report,
    progress: &dyn Progress,
    mut reading: Option<&mut (dyn Reading + '_)>,
) {
    let Some(file) = open(root, entry, report) else {
        return;
    };
    let mut found = |finding: Finding| report.push(finding.because(&*entry.listed_by));
    weak_digest(entry).into_iter().for_each(&mut found);
    match compare(&file, entry, progress, reading.as_deref_mut()) {
        Ok((finding, bytes)) => {
            match (finding, reading) {
                (Some(finding), Some(reading)) => found(reading.differs(finding)),
                (Some(finding), None) => found(finding),
                (None, Some(reading)) => reading.agreed().into_iter().for_each(&mut found),
                (None, None) => {}
            }
            report.files += 1;
            report.bytes += bytes;
        }
        Err(error) => found(unreadable(entry.path.as_str(), &error)),
    }
}

/// What differs, and how many bytes were read to know.
fn compare(
    file: &File,
    entry: &Entry,
    progress: &dyn Progress,
    reading: Option<&mut (dyn Reading + '_)>,
) -> io::Result<(Option<Finding>, u64)> {
    let length = file.metadata()?.len();
    if entry.size.is_some_and(|size| size != length) {
        return Ok((Some(wrong_size(entry, length)), 0));
    }
    // Only advice.
    let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::Sequential);
    let mut source = Hashing {
        file,
        hasher: MultiHasher::new(entry.digests.algorithms()),
        progress,
    };
    if let Some(reading) = reading {
        reading.read(&mut source, length)?;
    }
    io::copy(&mut source, &mut io::sink())?;
    let bytes = source.hasher.count();
    if entry.size.is_some_and(|size| size != bytes) {
        return Ok((Some(wrong_size(entry, bytes)), bytes));
    }
    Ok((wrong_digest(entry, &source.hasher.finish()), bytes))
}

/// A file whose bytes are hashed on their way.
struct Hashing<'a> {
    file: &'a File,
    hasher: MultiHasher,
    progress: &'a dyn Progress,
}

impl Read for Hashing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.hasher.update(buffer.get(..count).unwrap_or_default());
        self.progress.bytes(count as u64);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DigestAlgorithm, Digests, NoProgress, Outcome, Requirement, SafePath, codes};

    /// Reads a few bytes, and tells how the file compared.
    struct Peek {
        wanted: usize,
        seen: Vec<u8>,
    }

    impl Reading for Peek {
        fn read(&mut self, source: &mut dyn Read, _: u64) -> io::Result<()> {
            source
                .take(self.wanted as u64)
                .read_to_end(&mut self.seen)
                .map(drop)
        }

        fn agreed(&mut self) -> Vec<Finding> {
            let seen = String::from_utf8_lossy(&self.seen);
            vec![Finding::note(codes::FILE_SURPLUS, "agreed", seen)]
        }

        fn differs(&mut self, finding: Finding) -> Finding {
            let seen = String::from_utf8_lossy(&self.seen);
            Finding {
                subject: format!("differs: {seen}"),
                ..finding
            }
        }
    }

    fn checked(content: &str, wanted: usize) -> Report {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), content).unwrap();
        let mut hasher = MultiHasher::new([DigestAlgorithm::Sha256]);
        hasher.update(b"hello\n");
        let entry = Entry {
            path: SafePath::new("file").unwrap(),
            size: Some(6),
            digests: hasher.finish(),
            requirement: Requirement::Required,
            listed_by: "list".into(),
        };
        let reading = |_: &Entry| -> Option<Box<dyn Reading>> {
            let seen = Vec::new();
            Some(Box::new(Peek { wanted, seen }))
        };
        let root = Root::open(folder.path()).unwrap();
        check_reading(
            &root,
            vec![entry],
            &CheckOptions::default(),
            &NoProgress,
            &reading,
        )
        .unwrap()
    }

    #[test]
    fn the_reader_and_the_hash_see_the_same_bytes() {
        for (wanted, seen) in [(0, ""), (2, "he"), (100, "hello\n")] {
            let report = checked("hello\n", wanted);
            assert_eq!(report.outcome(), Outcome::Accepted);
            assert_eq!((report.files, report.bytes), (1, 6));
            assert_eq!(report.findings[0].detail, seen);
        }
    }

    #[test]
    fn what_differs_is_not_judged_as_if_it_agreed() {
        let report = checked("hullo\n", 2);
        assert_eq!(report.findings.len(), 1);
        assert_eq!(report.findings[0].code, codes::FILE_DIGEST);
        assert_eq!(report.findings[0].subject, "differs: hu");
        // Of another size, it is not even read.
        let report = checked("hello", 2);
        assert_eq!(report.findings[0].code, codes::FILE_SIZE);
        assert_eq!(
            (report.findings[0].subject.as_str(), report.bytes),
            ("differs: ", 0)
        );
    }

    #[test]
    fn weak_digests_reject_here_too() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), "").unwrap();
        let entry = Entry {
            path: SafePath::new("file").unwrap(),
            size: None,
            digests: Digests::new(),
            requirement: Requirement::Required,
            listed_by: "list".into(),
        };
        let root = Root::open(folder.path()).unwrap();
        let options = CheckOptions::default();
        let report = check_reading(&root, vec![entry], &options, &NoProgress, &|_| None).unwrap();
        assert_eq!(report.findings[0].code, codes::FILE_WEAK_DIGEST);
    }
}
