use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::sync::atomic::AtomicU64;

use super::*;
use crate::{Code, DigestAlgorithm, NoProgress, Outcome, Severity};

fn entry(path: &str, content: &[u8], algorithms: &[DigestAlgorithm]) -> Entry {
    let mut hasher = MultiHasher::new(algorithms.iter().copied());
    hasher.update(content);
    Entry {
        path: SafePath::new(path).unwrap(),
        size: Some(content.len() as u64),
        digests: hasher.finish(),
        requirement: Requirement::Required,
        listed_by: "Release".into(),
    }
}

fn sha256(path: &str, content: &[u8]) -> Entry {
    entry(path, content, &[DigestAlgorithm::Sha256])
}

/// A directory with one good file, `good`.
fn directory() -> (tempfile::TempDir, Root) {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("good"), "good").unwrap();
    let root = Root::open(dir.path()).unwrap();
    (dir, root)
}

fn run(root: &Root, entries: Vec<Entry>) -> Report {
    check(root, entries, &CheckOptions::default(), &NoProgress).unwrap()
}

/// The single finding of checking these entries.
fn only(root: &Root, entries: Vec<Entry>) -> Finding {
    let report = run(root, entries);
    assert_eq!(report.findings.len(), 1, "{report:?}");
    report.findings[0].clone()
}

#[test]
fn what_agrees_is_accepted_and_counted() {
    let (_dir, root) = directory();
    let report = run(&root, vec![entry("good", b"good", &DigestAlgorithm::ALL)]);
    assert_eq!(report.outcome(), Outcome::Accepted);
    assert_eq!((report.files, report.bytes), (1, 4));
    assert!(report.findings.is_empty());
}

#[test]
fn every_single_disagreement_rejects() {
    let (dir, root) = directory();
    fs::create_dir(dir.path().join("directory")).unwrap();
    symlink("/etc/passwd", dir.path().join("out")).unwrap();
    let table: Vec<(Entry, Code, &str)> = vec![
        (
            sha256("absent", b"good"),
            codes::FILE_MISSING,
            "does not exist",
        ),
        (
            sha256("good", b"longer"),
            codes::FILE_SIZE,
            "the file is 4 bytes long, the list says 6",
        ),
        (
            sha256("good", b"evil"),
            codes::FILE_DIGEST,
            "its SHA-256 is 770e607624d689265ca6c44884d0807d9b054d23c473c106c72be9de08b7376c, the list says ",
        ),
        (
            entry(
                "good",
                b"good",
                &[DigestAlgorithm::Md5, DigestAlgorithm::Sha1],
            ),
            codes::FILE_WEAK_DIGEST,
            "MD5 and SHA-1 only",
        ),
        (
            entry("good", b"good", &[]),
            codes::FILE_WEAK_DIGEST,
            "no digest",
        ),
        (
            sha256("directory", b"good"),
            codes::FILE_NOT_REGULAR,
            "stands in its place",
        ),
        (sha256("out", b"good"), codes::PATH_UNSAFE, "leads out"),
    ];
    for (entry, code, text) in table {
        let finding = only(&root, vec![entry]);
        assert_eq!(finding.code, code);
        assert_eq!(finding.severity, Severity::Reject);
        assert!(finding.detail.contains(text), "{finding:?}");
        assert_eq!(finding.cause.as_deref(), Some("Release"));
    }
}

#[test]
fn one_wrong_digest_among_right_ones_rejects() {
    let (_dir, root) = directory();
    for algorithm in DigestAlgorithm::ALL {
        let mut entry = entry(
            "good",
            b"good",
            &DigestAlgorithm::ALL.map(|a| {
                if a == algorithm {
                    DigestAlgorithm::Sha512
                } else {
                    a
                }
            }),
        );
        if algorithm == DigestAlgorithm::Sha512 {
            entry = self::entry("good", b"good", &DigestAlgorithm::ALL[..6]);
        }
        let wrong = vec![0x42; algorithm.len()];
        entry.digests.insert(algorithm, &wrong).unwrap();
        let finding = only(&root, vec![entry]);
        assert_eq!(finding.code, codes::FILE_DIGEST);
        assert!(finding.detail.contains(algorithm.name()), "{finding:?}");
    }
}

#[test]
fn an_optional_file_may_be_absent_but_not_wrong() {
    let (_dir, root) = directory();
    let mut absent = entry("absent", b"x", &[]);
    absent.requirement = Requirement::Optional;
    assert!(run(&root, vec![absent]).findings.is_empty());
    let mut wrong = sha256("good", b"evil");
    wrong.requirement = Requirement::Optional;
    assert_eq!(only(&root, vec![wrong]).code, codes::FILE_DIGEST);
}

#[test]
fn entries_of_one_path_are_read_once_together() {
    let (_dir, root) = directory();
    let mut first = entry("good", b"good", &[DigestAlgorithm::Md5]);
    first.size = None;
    first.requirement = Requirement::Optional;
    let report = run(&root, vec![first.clone(), sha256("good", b"good")]);
    assert!(report.findings.is_empty(), "{report:?}");
    assert_eq!(report.files, 1);
    // A required entry makes it required.
    let mut required = sha256("absent", b"good");
    required.listed_by = "Packages".into();
    first.path = required.path.clone();
    assert_eq!(only(&root, vec![first, required]).code, codes::FILE_MISSING);
}

#[test]
fn contradicting_entries_reject_once() {
    let (_dir, root) = directory();
    let mut other = sha256("good", b"evil");
    other.listed_by = "Packages".into();
    let finding = only(
        &root,
        vec![sha256("good", b"good"), other, sha256("good", b"good")],
    );
    assert_eq!(finding.code, codes::FILE_CONTRADICTION);
    assert_eq!(finding.cause.as_deref(), Some("Release, Packages"));
    let finding = only(
        &root,
        vec![sha256("good", b"good"), sha256("good", b"longer")],
    );
    assert_eq!(finding.code, codes::FILE_CONTRADICTION);
    assert!(finding.detail.contains("4 and with 6 bytes"), "{finding:?}");
}

#[test]
fn what_cannot_be_read_is_undecided() {
    // Opening works and reading fails, for root too.
    let root = Root::open(std::path::Path::new("/proc/self")).unwrap();
    let mut entry = sha256("mem", b"");
    entry.size = None;
    let report = run(&root, vec![entry]);
    assert_eq!(report.outcome(), Outcome::Undecided, "{report:?}");
    assert_eq!(report.findings[0].code, codes::FILE_UNREADABLE);
}

#[test]
fn too_many_entries_reject_before_any_is_read() {
    let (_dir, root) = directory();
    let mut options = CheckOptions::default();
    options.limits.entries = 1;
    let entries = vec![sha256("good", b"good"), sha256("absent", b"")];
    let report = check(&root, entries, &options, &NoProgress).unwrap();
    assert_eq!(report.findings.len(), 1);
    assert_eq!(report.findings[0].code, codes::LIMIT);
}

#[derive(Default)]
struct Counted {
    files: AtomicU64,
    bytes: AtomicU64,
}

impl Progress for Counted {
    fn begin(&self, _phase: &'static str, files: u64, bytes: Option<u64>) {
        assert_eq!((files, bytes), (500, Some(1390)));
    }
    fn bytes(&self, count: u64) {
        self.bytes.fetch_add(count, Ordering::Relaxed);
    }
    fn file(&self) {
        self.files.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn the_report_is_the_same_for_any_number_of_threads() {
    let dir = tempfile::tempdir().unwrap();
    let mut entries = Vec::new();
    for number in 0..500 {
        let name = number.to_string();
        fs::write(dir.path().join(&name), &name).unwrap();
        let wrong = number % 100 == 7;
        let content = if wrong {
            "x".repeat(name.len())
        } else {
            name.clone()
        };
        entries.push(sha256(&name, content.as_bytes()));
    }
    let root = Root::open(dir.path()).unwrap();
    let mut reports = Vec::new();
    for jobs in [1, 2, 16] {
        let progress = Counted::default();
        let options = CheckOptions {
            jobs,
            ..CheckOptions::default()
        };
        reports.push(check(&root, entries.clone(), &options, &progress).unwrap());
        assert_eq!(progress.files.into_inner(), 500);
        assert_eq!(progress.bytes.into_inner(), 1390);
    }
    assert_eq!(reports[0].findings.len(), 5);
    assert!(reports.iter().all(|report| *report == reports[0]));
}

#[test]
fn surplus_files_are_notes() {
    let (dir, root) = directory();
    fs::write(dir.path().join("new\nline"), "").unwrap();
    fs::create_dir(dir.path().join("below")).unwrap();
    fs::write(dir.path().join("below/file"), "").unwrap();
    let listed = BTreeSet::from([SafePath::new("good").unwrap()]);
    fs::write(dir.path().join("below/large"), "12345").unwrap();
    const SUM: Code = Code::new("test.surplus", "");
    let report = surplus(&root, None, &listed, SUM).unwrap();
    assert_eq!(report.outcome(), Outcome::Accepted);
    let subjects: Vec<_> = report.findings.iter().map(|f| f.subject.as_str()).collect();
    assert_eq!(subjects, ["below/file", "below/large", "new\nline", ""]);
    let sum = report.findings.last().unwrap();
    assert_eq!(sum.code, SUM);
    assert!(sum.detail.starts_with("3 files ") && sum.detail.ends_with(" 5 bytes"));
    let below = SafePath::new("below").unwrap();
    let report = surplus(&root, Some(&below), &listed, SUM).unwrap();
    assert_eq!(report.findings.len(), 3);
    assert_eq!(report.findings[2].subject, "below");
    let all = ["good", "below/file", "below/large"].map(|path| SafePath::new(path).unwrap());
    let report = surplus(&root, Some(&below), &BTreeSet::from(all), SUM).unwrap();
    assert!(report.findings.is_empty());
}

/// Repeats what it saw.
#[derive(Default)]
struct Echo(Vec<u8>);

impl Write for Echo {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Witness for Echo {
    fn agreed(&self) -> Vec<Finding> {
        let seen = String::from_utf8_lossy(&self.0).into_owned();
        vec![Finding::note(codes::FILE_SURPLUS, "witness", seen)]
    }
}

#[test]
fn a_witness_sees_the_bytes_and_speaks_only_when_they_agree() {
    let (_dir, root) = directory();
    let run = |entry: Entry| {
        let options = CheckOptions::default();
        check_witnessed(&root, vec![entry], &options, &NoProgress, &|_| {
            Some(Box::new(Echo::default()))
        })
        .unwrap()
    };
    let good = run(sha256("good", b"good"));
    assert_eq!(good.outcome(), Outcome::Accepted);
    assert_eq!(good.findings[0].detail, "good");
    let evil = run(sha256("good", b"evil"));
    assert_eq!(evil.findings.len(), 1);
    assert_eq!(evil.findings[0].code, codes::FILE_DIGEST);
}

#[test]
fn existence_is_asked_without_reading() {
    let (dir, root) = directory();
    fs::write(dir.path().join("same"), "evil").unwrap();
    fs::write(dir.path().join("short"), "goo").unwrap();
    fs::create_dir(dir.path().join("directory")).unwrap();
    let mut optional = sha256("optional", b"good");
    optional.requirement = Requirement::Optional;
    let entries = ["good", "same", "short", "absent", "directory"]
        .map(|path| sha256(path, b"good"))
        .into_iter()
        .chain([optional])
        .collect();
    let options = CheckOptions::default();
    let report = check_existence(&root, entries, &options, &NoProgress).unwrap();
    let found: Vec<_> = report
        .findings
        .iter()
        .map(|finding| (&*finding.subject, finding.code))
        .collect();
    assert_eq!(
        found,
        [
            ("absent", codes::FILE_MISSING),
            ("directory", codes::FILE_NOT_REGULAR),
            ("short", codes::FILE_SIZE),
        ]
    );
    assert_eq!((report.files, report.bytes), (0, 0));
}
