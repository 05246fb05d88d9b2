//! Whole mirrors: clean ones are accepted, and every class of fault is found by its code,
//! in the right file, and nothing else is.
//!
//! One mirror is made here; the other is Debian's own, as far as it was mirrored into the
//! folder that the environment variable `PKGSEAL_MIRROR` names.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use pkgseal_deb::apt::{self, Expectation, Freshness, Level, Pattern, Scope, TreeRequest};
use pkgseal_openpgp::{Certificate, Certificates, Examination, Profile, Verifier};
use pkgseal_repo::{CheckOptions, Destination, NoProgress, Outcome, Severity, parse_duration};
use pkgseal_testkit::build::Compression;
use pkgseal_testkit::build::mirror::Mirror;
use pkgseal_testkit::keys;

use crate::common::{folder, sign_tree};

/// A clean mirror, and what in it faults are put into.
struct Material {
    root: PathBuf,
    certificates: Certificates,
    /// When everything in it is good.
    now: Timestamp,
    request: TreeRequest,
    /// A suite, another one, and one with a Valid-Until where there is any.
    suite: &'static str,
    other: &'static str,
    /// Below the suite: an index, its like of another generation, a file that nothing
    /// depends on.
    index: &'static str,
    other_index: Vec<u8>,
    contents: &'static str,
    /// A listed patch to an index.
    patch: Option<String>,
    /// Whether all suites were published at one moment, each with several indices.
    together: bool,
    /// A package that has to be there.
    package: String,
    /// The whole mirror, published later.
    newer: Option<tempfile::TempDir>,
    _folder: Option<tempfile::TempDir>,
}

impl Material {
    fn generated() -> Self {
        let folder = folder();
        Mirror::new(0).write(folder.path());
        sign_tree(folder.path(), &["good"]);
        let newer = crate::common::folder();
        Mirror::new(1).write(newer.path());
        let time = keys::time("2025-03-02");
        apt::sign_tree(
            newer.path(),
            &[keys::signer("good", time)],
            time,
            &Destination::Beside,
            &CheckOptions::default(),
            &NoProgress,
        )
        .unwrap();
        let index = "main/binary-amd64/Packages.xz";
        Self {
            root: folder.path().to_owned(),
            certificates: keys::certificates(&["good"]),
            now: keys::time(keys::NOW),
            request: TreeRequest {
                level: Level::Control,
                ..TreeRequest::default()
            },
            suite: "dists/stable",
            other: "dists/testing",
            index,
            other_index: read(newer.path(), &format!("dists/stable/{index}")),
            contents: "main/Contents-amd64.gz",
            patch: Some(
                "dists/stable/main/binary-amd64/Packages.diff/T-2025-01-00-F-1.gz".to_owned(),
            ),
            together: true,
            package: "pool/main/p/package001/package001_1.0_amd64.deb".to_owned(),
            newer: Some(newer),
            _folder: Some(folder),
        }
    }

    /// What was mirrored of Debian: `contrib` of bookworm, `main` of bookworm-updates.
    #[expect(clippy::print_stdout, reason = "tests tell what they skip")]
    fn real() -> Option<Self> {
        const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";
        let Some(root) = std::env::var_os("PKGSEAL_MIRROR").map(PathBuf::from) else {
            println!("SKIP: PKGSEAL_MIRROR names no mirror of Debian");
            return None;
        };
        let keyring = std::fs::read(KEYRING).unwrap();
        let index = "contrib/binary-amd64/Packages.xz";
        let inrelease = read(&root, "dists/bookworm-updates/InRelease");
        let text = String::from_utf8(inrelease).unwrap();
        let date = text.lines().find_map(|line| line.strip_prefix("Date: "));
        let date = jiff::fmt::rfc2822::parse(&date.unwrap().replace("UTC", "+0000")).unwrap();
        let pool = files(&root.join("pool/contrib"));
        Some(Self {
            certificates: Certificates::new(Certificate::parse_all(&keyring).0),
            now: date.timestamp() + SignedDuration::from_hours(24),
            request: TreeRequest {
                level: Level::Control,
                scope: Scope {
                    architectures: vec!["amd64".to_owned()],
                    ..Scope::default()
                },
                ..TreeRequest::default()
            },
            suite: "dists/bookworm",
            other: "dists/bookworm-updates",
            index,
            other_index: read(
                &root,
                "dists/bookworm-updates/main/binary-amd64/Packages.xz",
            ),
            contents: "contrib/Contents-amd64.gz",
            patch: files(&root.join("dists/bookworm-updates"))
                .into_iter()
                .find(|path| path.contains(".diff/") && path.ends_with(".gz"))
                .map(|path| format!("dists/bookworm-updates/{path}")),
            together: false,
            package: pool
                .iter()
                .find(|path| path.ends_with(".deb") && !path.ends_with("_all.deb"))
                .map(|path| format!("pool/contrib/{path}"))
                .unwrap(),
            root,
            newer: None,
            _folder: None,
        })
    }

    fn verify(&self, root: &Path, case: &Case) -> Examination {
        let now = self.now + case.later;
        let certificates = match case.keyring {
            Keyring::Own => self.certificates.clone(),
            Keyring::Other => keys::certificates(&["stranger"]),
        };
        let verifier = Verifier::new(certificates, Profile::strict(), now);
        let mut request = self.request.clone();
        (case.ask)(&mut request);
        let options = CheckOptions::default();
        apt::verify_tree_with(root, &verifier, &request, &options, &NoProgress).unwrap()
    }
}

type Seed = dyn Fn(&Material, &Path);
type Ask = dyn Fn(&mut TreeRequest);

enum Keyring {
    Own,
    Other,
}

/// A fault, and what has to be found: code and path, all of them that weigh more than a
/// note.
struct Case {
    name: &'static str,
    seed: Box<Seed>,
    ask: Box<Ask>,
    later: SignedDuration,
    keyring: Keyring,
    expected: Vec<(&'static str, String)>,
}

impl Case {
    fn new(
        name: &'static str,
        seed: impl Fn(&Material, &Path) + 'static,
        expected: &[(&'static str, &str)],
    ) -> Self {
        Self {
            name,
            seed: Box::new(seed),
            ask: Box::new(|_| {}),
            later: SignedDuration::ZERO,
            keyring: Keyring::Own,
            expected: expected
                .iter()
                .map(|(code, path)| (*code, (*path).to_owned()))
                .collect(),
        }
    }

    fn ask(mut self, ask: impl Fn(&mut TreeRequest) + 'static) -> Self {
        self.ask = Box::new(ask);
        self
    }
}

/// Files below a folder, relative to it, sorted.
fn files(folder: &Path) -> Vec<String> {
    let root = pkgseal_repo::Root::open(folder).unwrap();
    let walked = root.walk(None).unwrap().into_iter();
    walked.map(|(path, _)| path.unwrap().to_string()).collect()
}

fn read(root: &Path, path: &str) -> Vec<u8> {
    std::fs::read(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Replaces a file by another one: the copy's links to the original stay as they are.
fn replace(root: &Path, path: &str, content: &[u8]) {
    let path = root.join(path);
    let _ = std::fs::remove_file(&path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

fn flip(root: &Path, path: &str) {
    let mut bytes = read(root, path);
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    replace(root, path, &bytes);
}

fn cut(root: &Path, path: &str) {
    let bytes = read(root, path);
    replace(root, path, &bytes[..bytes.len() * 2 / 3]);
}

fn remove(root: &Path, path: &str) {
    std::fs::remove_file(root.join(path)).unwrap();
}

/// A copy whose files are links to the original's.
fn link_tree(from: &Path, to: &Path) {
    for path in files(from) {
        let target = to.join(&path);
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        if std::fs::hard_link(from.join(&path), &target).is_err() {
            std::fs::copy(from.join(&path), &target).unwrap();
        }
    }
}

/// The object of a listed file under its SHA-256.
fn by_hash(root: &Path, path: &str) -> String {
    let hex = pkgseal_testkit::build::Digest::Sha256.hex(&read(root, path));
    let (folder, _) = path.rsplit_once('/').unwrap();
    format!("{folder}/by-hash/SHA256/{hex}")
}

/// Faults every mirror can have.
fn cases(material: &Material) -> Vec<Case> {
    let suite = material.suite;
    let root = &material.root;
    let index = format!("{suite}/{}", material.index);
    let contents = format!("{suite}/{}", material.contents);
    let [inrelease, release, signature] =
        ["InRelease", "Release", "Release.gpg"].map(|name| format!("{suite}/{name}"));
    let object = by_hash(root, &index);
    let package = material.package.clone();
    let at = |path: &str| path.to_owned();
    let mut cases = vec![
        Case::new("nothing", |_, _| {}, &[]),
        Case::new(
            "corrupt package",
            |m, root| flip(root, &m.package),
            &[("file.digest-mismatch", &package)],
        ),
        Case::new(
            "truncated package",
            |m, root| cut(root, &m.package),
            &[("file.size-mismatch", &package)],
        ),
        Case::new(
            "missing package",
            |m, root| remove(root, &m.package),
            &[("file.missing", &package)],
        ),
        Case::new(
            "package rebuilt under its name",
            |m, root| replace(root, &m.package, b"!<arch>\nanother package"),
            &[("file.size-mismatch", &package)],
        ),
        Case::new(
            "directory in a package's place",
            |m, root| {
                remove(root, &m.package);
                std::fs::create_dir(root.join(&m.package)).unwrap();
            },
            &[("file.not-regular", &package)],
        ),
        Case::new(
            "package linked to outside",
            |m, root| {
                remove(root, &m.package);
                symlink(m.root.join(&m.package), root.join(&m.package)).unwrap();
            },
            &[("path.unsafe", &package)],
        ),
    ];
    let path = at(&index);
    cases.push(Case::new(
        "corrupt index",
        move |_, root| flip(root, &path),
        &[("file.digest-mismatch", &index)],
    ));
    let path = at(&index);
    cases.push(Case::new(
        "truncated index",
        move |_, root| cut(root, &path),
        &[("file.size-mismatch", &index)],
    ));
    let path = at(&index);
    cases.push(Case::new(
        "stale index under a new Release",
        move |m, root| replace(root, &path, &m.other_index),
        &[("apt.index.other-generation", &index)],
    ));
    let stem = index.trim_end_matches(".xz").to_owned();
    let path = stem.clone();
    // The only index of its suite: then nothing of that is there.
    let missing = if material.together { &stem } else { &inrelease };
    let case = Case::new(
        "missing index",
        move |_, root| {
            let (folder, _) = path.rsplit_once('/').unwrap();
            std::fs::remove_dir_all(root.join(folder).join("by-hash")).unwrap();
            for suffix in [".gz", ".xz"] {
                let _ = std::fs::remove_file(root.join(format!("{path}{suffix}")));
            }
        },
        &[
            ("apt.by-hash.absent", &inrelease),
            ("apt.index.missing", missing),
        ],
    );
    cases.push(if material.together {
        case
    } else {
        case.ask(|request| {
            request.scope = Scope::default();
            request.level = Level::Indices;
        })
    });
    let path = at(&index);
    cases.push(Case::new(
        "index by its digest alone",
        move |_, root| remove(root, &path),
        &[],
    ));
    let path = at(&contents);
    cases.push(Case::new(
        "corrupt Contents",
        move |_, root| flip(root, &path),
        &[("file.digest-mismatch", &contents)],
    ));
    let path = at(&contents);
    cases.push(Case::new(
        "truncated Contents",
        move |_, root| cut(root, &path),
        &[("file.size-mismatch", &contents)],
    ));
    let path = at(&object);
    cases.push(Case::new(
        "missing by-hash object",
        move |_, root| remove(root, &path),
        &[("apt.by-hash.missing", &object)],
    ));
    for (name, damage) in [
        ("corrupt by-hash object", flip as fn(&Path, &str)),
        ("truncated by-hash object", cut),
    ] {
        let path = at(&object);
        cases.push(Case::new(
            name,
            move |_, root| damage(root, &path),
            &[("apt.by-hash.content", &object)],
        ));
    }
    let (folder, _) = object.rsplit_once('/').unwrap();
    let stray = format!("{folder}/{}", "0".repeat(64));
    let path = at(&stray);
    cases.push(Case::new(
        "by-hash object of another name",
        move |_, root| replace(root, &path, b"something"),
        &[("apt.by-hash.content", &stray)],
    ));
    let folder = folder.to_owned();
    cases.push(Case::new(
        "older generation under its digest",
        move |m, root| {
            let hex = pkgseal_testkit::build::Digest::Sha256.hex(&m.other_index);
            replace(root, &format!("{folder}/{hex}"), &m.other_index);
        },
        &[],
    ));
    cases.push(Case::new(
        "surplus package",
        |_, root| replace(root, "pool/main/e/evil/evil_1_amd64.deb", b"evil"),
        &[],
    ));
    if let Some(patch) = &material.patch {
        let path = patch.clone();
        let seed = path.clone();
        cases.push(Case::new(
            "corrupt patch",
            move |_, root| flip(root, &seed),
            &[("file.digest-mismatch", &path)],
        ));
        let seed = path.clone();
        cases.push(Case::new(
            "truncated patch",
            move |_, root| cut(root, &seed),
            &[("file.size-mismatch", &path)],
        ));
        let (folder, _) = path.rsplit_once('/').unwrap();
        let index = format!("{folder}/Index");
        cases.push(Case::new(
            "missing patch",
            move |_, root| remove(root, &path),
            &[("apt.pdiff.patch-absent", &index)],
        ));
    }
    if material.newer.is_some() {
        cases.extend(generations([&inrelease, &release, &signature]));
    }
    cases.extend(root_cases(material, [inrelease, release, signature]));
    cases
}

/// Two publications mixed: some of the signed root is of the later one.
fn generations([inrelease, release, signature]: [&str; 3]) -> Vec<Case> {
    let mix = |names: &'static [&'static str]| {
        move |m: &Material, root: &Path| {
            for name in names {
                let path = format!("{}/{name}", m.suite);
                let newer = m.newer.as_ref().unwrap();
                replace(root, &path, &read(newer.path(), &path));
            }
        }
    };
    // Only what lists the changed packages differs: nothing else is stale.
    let changed = [
        "contrib/Contents-amd64.gz",
        "contrib/dep11/Components-amd64.yml.gz",
        "contrib/dep11/Components-amd64.yml.xz",
        "contrib/i18n/Translation-en.xz",
        "main/Contents-amd64.gz",
        "main/binary-amd64/Packages.gz",
        "main/binary-amd64/Packages.xz",
        "main/dep11/Components-amd64.yml.gz",
        "main/dep11/Components-amd64.yml.xz",
        "main/i18n/Translation-en.xz",
    ];
    let folder = inrelease.trim_end_matches("/InRelease").to_owned();
    let mut stale = Case::new(
        "new signed root, old indices",
        mix(&["InRelease", "Release", "Release.gpg"]),
        &[],
    )
    .ask(|request| request.level = Level::Indices);
    stale.seed = Box::new(move |m, root| {
        mix(&["InRelease", "Release", "Release.gpg"])(m, root);
        // Without objects under digests, and patches, the indices speak for themselves.
        for path in files(&root.join(m.suite)) {
            if let Some((folder, _)) = path.split_once("/by-hash/") {
                let by_hash = root.join(m.suite).join(folder).join("by-hash");
                let _ = std::fs::remove_dir_all(by_hash);
            }
        }
        let patches = "main/binary-amd64/Packages.diff";
        std::fs::remove_dir_all(root.join(m.suite).join(patches)).unwrap();
    });
    stale.expected = changed
        .iter()
        .map(|path| ("apt.index.other-generation", format!("{folder}/{path}")))
        .collect();
    stale
        .expected
        .push(("apt.by-hash.absent", inrelease.to_owned()));
    vec![
        Case::new(
            "Release and Release.gpg of a later publication",
            mix(&["Release", "Release.gpg"]),
            &[("apt.release.mixed-generations", release)],
        ),
        Case::new(
            "InRelease of a later publication",
            mix(&["InRelease"]),
            &[("apt.release.mixed-generations", release)],
        ),
        Case::new(
            "Release.gpg of a later publication",
            mix(&["Release.gpg"]),
            &[
                ("apt.release.mixed-generations", signature),
                ("signature.bad", signature),
            ],
        ),
        stale,
    ]
}

/// Faults of the signed root.
fn root_cases(material: &Material, [inrelease, release, signature]: [String; 3]) -> Vec<Case> {
    let mixed = if material.together {
        "apt.release.texts-differ"
    } else {
        "apt.release.mixed-generations"
    };
    let edit = |name: &'static str, change: fn(Vec<u8>) -> Vec<u8>| {
        move |m: &Material, root: &Path| {
            let path = format!("{}/{name}", m.suite);
            replace(root, &path, &change(read(root, &path)));
        }
    };
    let days = |days: i64| SignedDuration::from_hours(24 * days);
    let mut cases = vec![
        Case::new(
            "InRelease of one publication, Release of another",
            |m, root| {
                let other = read(&m.root, &format!("{}/InRelease", m.other));
                replace(root, &format!("{}/InRelease", m.suite), &other);
            },
            &[(mixed, &release)],
        )
        .ask(move |request| request.scope.suites = vec![Pattern::new("*")]),
        Case::new(
            "Release changed beside InRelease",
            |m, root| {
                let path = format!("{}/Release", m.suite);
                replace(
                    root,
                    &path,
                    &[read(root, &path), b"X: y\n".to_vec()].concat(),
                );
                remove(root, &format!("{}/Release.gpg", m.suite));
            },
            &[("apt.release.texts-differ", &release)],
        ),
        Case::new(
            "unsigned",
            |m, root| {
                remove(root, &format!("{}/InRelease", m.suite));
                remove(root, &format!("{}/Release.gpg", m.suite));
            },
            &[("apt.release.unsigned", &release)],
        ),
        Case::new(
            "text before the signed part",
            edit("InRelease", |text| [b"X: y\n\n".to_vec(), text].concat()),
            &[("cleartext.malformed", &inrelease)],
        ),
        Case::new(
            "text after the signed part",
            edit("InRelease", |text| [text, b"X: y\n".to_vec()].concat()),
            &[("cleartext.malformed", &inrelease)],
        ),
        Case::new(
            "signed text changed",
            edit("InRelease", |text| {
                let text = String::from_utf8(text).unwrap();
                text.replacen("Origin: Debian", "Origin: Debiam", 1)
                    .into_bytes()
            }),
            &[("signature.bad", &inrelease)],
        ),
        Case::new(
            "no Release at all, though the suite is asked for",
            |m, root| {
                for name in ["InRelease", "Release", "Release.gpg"] {
                    remove(root, &format!("{}/{name}", m.suite));
                }
            },
            &[],
        ),
    ];
    let last = cases.last_mut().unwrap();
    let name = material.suite.trim_start_matches("dists/");
    last.expected = vec![("apt.tree.suite-missing", String::new())];
    last.ask = Box::new(move |request| request.scope.suites = vec![Pattern::new(name)]);
    let one_suite = move |request: &mut TreeRequest| {
        request.scope.suites = vec![Pattern::new(name)];
    };
    let mut unknown = Case::new("unknown signer", |_, _| {}, &[]).ask(one_suite);
    unknown.keyring = Keyring::Other;
    unknown.expected = [&inrelease, &signature]
        .map(|path| ("signature.missing-certificate", path.clone()))
        .to_vec();
    cases.push(unknown);
    let mut old = Case::new("too old", |_, _| {}, &[("apt.release.too-old", &inrelease)]).ask(
        move |request| {
            one_suite(request);
            request.expectations = vec![Expectation {
                freshness: Freshness {
                    max_age: parse_duration("1d").ok(),
                    ..Freshness::default()
                },
                ..Expectation::default()
            }];
        },
    );
    old.later = days(2);
    cases.push(old);
    cases.push(
        Case::new("expired", |_, _| {}, &[("apt.release.expired", &inrelease)]).ask(
            move |request| {
                one_suite(request);
                request.expectations = vec![Expectation {
                    freshness: Freshness {
                        max_valid_time: parse_duration("1h").ok(),
                        ..Freshness::default()
                    },
                    ..Expectation::default()
                }];
            },
        ),
    );
    cases.push(
        Case::new(
            "another suite in its place",
            |m, root| {
                for name in ["Release", "Release.gpg"] {
                    remove(root, &format!("{}/{name}", m.suite));
                }
                let other = read(&m.root, &format!("{}/InRelease", m.other));
                replace(root, &format!("{}/InRelease", m.suite), &other);
            },
            &[("apt.release.identity", &inrelease)],
        )
        .ask(move |request| {
            request.expectations = vec![Expectation {
                about: Some(Pattern::new(name)),
                codename: Some(name.to_owned()),
                ..Expectation::default()
            }];
        }),
    );
    cases
}

/// Judges every case and prints what was found.
#[expect(clippy::print_stdout, reason = "the table is what the test is for")]
fn judge(material: &Material) {
    let mut wrong = Vec::new();
    for case in cases(material) {
        // Beside the original, so that links can be made.
        let beside = material.root.parent().unwrap();
        let copy = tempfile::Builder::new()
            .prefix("faults")
            .tempdir_in(beside)
            .unwrap();
        link_tree(&material.root, copy.path());
        (case.seed)(material, copy.path());
        let examination = material.verify(copy.path(), &case);
        let mut found: Vec<(&str, String)> = examination
            .report
            .findings
            .iter()
            .filter(|finding| finding.severity > Severity::Note)
            .map(|finding| {
                let subject = finding.subject.replace(copy.path().to_str().unwrap(), "");
                (finding.code.id, subject)
            })
            .collect();
        found.sort();
        found.dedup();
        let mut expected = case.expected.clone();
        expected.sort();
        let codes: Vec<_> = found.iter().map(|(code, _)| *code).collect();
        println!("{:<50} {}", case.name, codes.join(", "));
        if found != expected {
            let findings = &examination.report.findings;
            wrong.push(format!(
                "{}: found {found:?}, expected {expected:?}: {findings:#?}",
                case.name
            ));
        }
        let accepted = examination.outcome() == Outcome::Accepted;
        assert_eq!(
            accepted,
            expected
                .iter()
                .all(|(code, _)| matches!(*code, "apt.by-hash.absent" | "apt.pdiff.patch-absent")),
            "{}",
            case.name
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_fault_in_a_made_mirror_is_named() {
    judge(&Material::generated());
}

#[test]
fn every_fault_in_a_real_mirror_is_named() {
    if let Some(material) = Material::real() {
        judge(&material);
    }
}

/// Faults whose Release would not be signed as it is.
mod resigned {
    use super::*;

    /// A made mirror, changed, its lists made anew, and signed without asking.
    fn judged(change: impl FnOnce(&Path), path: &str, content: &[u8]) -> Examination {
        let folder = folder();
        Mirror::new(0).write(folder.path());
        change(folder.path());
        let suite = folder.path().join("dists/stable");
        replace(&suite, path, content);
        let release = std::fs::read_to_string(suite.join("Release")).unwrap();
        let mut list = pkgseal_testkit::build::Digest::Md5;
        let lines = release.lines().map(|line| {
            if line == "SHA256:" {
                list = pkgseal_testkit::build::Digest::Sha256;
            }
            if line.ends_with(&format!(" {path}")) {
                format!(" {} {} {path}", list.hex(content), content.len())
            } else {
                line.to_owned()
            }
        });
        let text = lines.collect::<Vec<_>>().join("\n") + "\n";
        std::fs::write(suite.join("Release"), &text).unwrap();
        for (suite, ..) in Mirror::SUITES {
            let suite = folder.path().join("dists").join(suite);
            let text = std::fs::read_to_string(suite.join("Release")).unwrap();
            let options = keys::RawOptions::at(keys::SIGNED);
            let message = keys::raw_clearsign(&[(&keys::load("good"), options)], &text);
            std::fs::write(suite.join("InRelease"), message).unwrap();
        }
        // The objects under digests are another matter.
        for file in files(&folder.path().join("dists/stable")) {
            if let Some((folder_of, _)) = file.split_once("/by-hash/") {
                let _ = std::fs::remove_dir_all(suite.join(folder_of).join("by-hash"));
            }
        }
        let verifier = crate::common::verifier(&["good"]);
        let request = TreeRequest {
            level: Level::Control,
            ..TreeRequest::default()
        };
        let options = CheckOptions::default();
        apt::verify_tree_with(folder.path(), &verifier, &request, &options, &NoProgress).unwrap()
    }

    fn reasons(path: &str, content: &[u8]) -> Vec<(&'static str, String)> {
        let examination = judged(|_| {}, path, content);
        let mut found: Vec<_> = examination
            .report
            .findings
            .iter()
            .filter(|finding| finding.severity > Severity::Note)
            .filter(|finding| !finding.code.id.starts_with("apt.by-hash."))
            .map(|finding| (finding.code.id, finding.subject.clone()))
            .collect();
        found.sort();
        found
    }

    fn packages() -> String {
        let folder = folder();
        Mirror::new(0).write(folder.path());
        let stored = read(folder.path(), "dists/stable/main/binary-amd64/Packages.gz");
        let mut text = String::new();
        let mut opened = pkgseal_repo::Decompressor::new(
            stored.as_slice(),
            pkgseal_repo::Compression::Gzip,
            1 << 20,
        )
        .unwrap();
        std::io::Read::read_to_string(&mut opened, &mut text).unwrap();
        text
    }

    #[test]
    fn a_variant_of_another_text_is_named() {
        for (path, compression) in [
            ("main/binary-amd64/Packages.xz", Compression::Xz),
            ("main/Contents-amd64.gz", Compression::Gzip),
            ("main/i18n/Translation-en.xz", Compression::Xz),
            ("main/dep11/Components-amd64.yml.gz", Compression::Gzip),
        ] {
            let full = format!("dists/stable/{path}");
            let other = compression.compress(b"another text\n");
            assert_eq!(
                reasons(path, &other),
                [("apt.index.content-mismatch", full.clone())]
            );
            // A bomb stops at what is listed.
            let bomb = compression.compress(&vec![b'\n'; 32 << 20]);
            assert_eq!(
                reasons(path, &bomb),
                [("apt.index.content-mismatch", full.clone())]
            );
            let garbage = b"no such compression";
            assert_eq!(reasons(path, garbage), [("apt.index.compression", full)]);
        }
    }

    #[test]
    fn a_stanza_that_is_not_the_package_s_is_named() {
        let path = "main/binary-amd64/Packages";
        let text = packages().replacen("libc6 (>= 2.36)", "libc6 (>= 2.31)", 1);
        // The other variants say what they said.
        let examination = judged(
            |root| {
                for suffix in [".gz", ".xz"] {
                    remove(root, &format!("dists/stable/{path}{suffix}"));
                }
            },
            path,
            text.as_bytes(),
        );
        let found: Vec<_> = examination
            .report
            .findings
            .iter()
            .filter(|finding| finding.severity == Severity::Reject)
            .map(|finding| (finding.code.id, &*finding.subject))
            .collect();
        assert_eq!(
            found,
            [
                // The patches lead to the index before.
                (
                    "apt.pdiff.current",
                    "dists/stable/main/binary-amd64/Packages.diff/Index"
                ),
                (
                    "apt.package.other-fields",
                    "pool/main/p/package000/package000_1.1_all.deb"
                ),
            ]
        );
    }

    #[test]
    fn images_of_the_installer_are_followed() {
        let path = "main/installer-amd64/1/images/SHA256SUMS";
        let folder = "dists/stable/main/installer-amd64/1/images";
        let line = |name: &str| format!("{}  ./{name}\n", "0".repeat(64));
        assert_eq!(
            reasons(path, line("netboot/linux").as_bytes()),
            [("file.digest-mismatch", format!("{folder}/netboot/linux"))]
        );
        assert_eq!(reasons(path, line("netboot/absent").as_bytes()), []);
        assert_eq!(
            reasons(path, line("../../../../../../x").as_bytes()),
            [("path.unsafe", format!("{folder}/SHA256SUMS"))]
        );
        assert_eq!(
            reasons(path, b"nonsense\n"),
            [("apt.installer.malformed", format!("{folder}/SHA256SUMS"))]
        );
    }
}
