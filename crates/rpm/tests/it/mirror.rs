//! Whole repositories: clean ones are accepted, and every class of fault is found by its
//! code, in the right file, and nothing else is.
//!
//! One repository is made by createrepo_c, with everything it can make; one by the builder
//! of the test kit; and one is real.

mod cases;
mod edit;

use std::path::Path;

use jiff::SignedDuration;
use pkgseal_openpgp::{Certificate, Certificates, Profile, Verifier};
use pkgseal_repo::{CheckOptions, Destination, NoProgress, Outcome, Progress, Severity};
use pkgseal_rpm::package;
use pkgseal_rpm::yum::{self, IndexOptions, Level, TreeRequest, Verification};
use pkgseal_testkit::build::Compression;
use pkgseal_testkit::build::rpm::{Format, Rpm};
use pkgseal_testkit::build::yum::Repository;
use pkgseal_testkit::{keys, peers};

use crate::common::{limits, rejections, signed, trusting_files, vectors};
use cases::cases;
use edit::{files, read, replace, sign_root};

/// Who signs repositories here, and who signs packages.
const SIGNER: &str = "good";
const PACKAGER: &str = "good-rsa2048";

/// A clean repository, and what in it faults are put into.
struct Material {
    folder: tempfile::TempDir,
    certificates: Certificates,
    /// A package of the test kit's, and the metadata files.
    package: String,
    data: Vec<(String, String)>,
}

/// Packages that the test kit builds, signed.
fn packages(folder: &Path) {
    let signer = [keys::signer(PACKAGER, signed())];
    let rpms = [
        Rpm::new("alpha", "1.0", "noarch", Format::V4),
        Rpm::new("beta", "2.0", "x86_64", Format::V4).compressed(Compression::Zstd),
        Rpm::new("gamma", "3.0", "noarch", Format::V4).file("/usr/bin/gamma", b"#!/bin/sh\n"),
        Rpm::new("delta", "4.0", "noarch", Format::V6),
    ];
    for rpm in rpms {
        let path = folder.join("Packages").join(rpm.file_name());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, rpm.build()).unwrap();
        package::sign(&path, &signer, signed(), &Destination::Beside, &limits()).unwrap();
    }
}

impl Material {
    fn new(folder: tempfile::TempDir, certificates: Certificates) -> Self {
        sign_root(folder.path(), SIGNER);
        let text = edit::repomd(folder.path());
        let data = edit::kinds(&text)
            .into_iter()
            .map(|kind| (kind.clone(), edit::location(&text, &kind)))
            .collect();
        Self {
            package: "Packages/alpha-1.0-1.noarch.rpm".to_owned(),
            folder,
            certificates,
            data,
        }
    }

    /// By the builder of the test kit.
    fn built() -> Self {
        let folder = tempfile::tempdir().unwrap();
        packages(folder.path());
        let mut repository = Repository::new(vec![
            Rpm::new("alpha", "1.0", "noarch", Format::V4),
            Rpm::new("beta", "2.0", "x86_64", Format::V4).compressed(Compression::Zstd),
            Rpm::new("gamma", "3.0", "noarch", Format::V4).file("/usr/bin/gamma", b"#!/bin/sh\n"),
            Rpm::new("delta", "4.0", "noarch", Format::V6),
        ]);
        for (rpm, bytes) in &mut repository.packages {
            let path = folder.path().join("Packages").join(rpm.file_name());
            *bytes = std::fs::read(path).unwrap();
        }
        repository.compression = Compression::Zstd;
        repository.write(folder.path());
        Self::new(folder, keys::certificates(&[SIGNER, PACKAGER]))
    }

    /// By createrepo_c: databases, zchunk, groups, errata, modules.
    fn made_by_createrepo_c() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        packages(folder.path());
        let put = |name: &str, text: &str| {
            let path = folder.path().join("..").join(format!(
                "{}-{name}",
                folder.path().file_name().unwrap().display()
            ));
            std::fs::write(&path, text).unwrap();
            path
        };
        let comps = put("comps.xml", COMPS);
        let createrepo_c = peers::have("createrepo_c")?;
        let mut command = createrepo_c.command();
        command
            .args([
                "--quiet",
                "--database",
                "--zck",
                "--revision",
                "1740787200",
                "--groupfile",
            ])
            .arg(&comps)
            .arg(folder.path());
        peers::run(&mut command).expect_ok();
        std::fs::remove_file(comps).unwrap();
        for (kind, text) in [("updateinfo", "<updates/>\n"), ("modules", "---\n")] {
            let file = put(&format!("{kind}.xml"), text);
            peers::yum::modifyrepo_c(folder.path(), &file, kind)
                .unwrap()
                .expect_ok();
            std::fs::remove_file(file).unwrap();
        }
        edit::date(folder.path(), "1738368000");
        Some(Self::new(folder, keys::certificates(&[SIGNER, PACKAGER])))
    }

    /// By pkgseal itself.
    fn made_by_us() -> Self {
        let folder = tempfile::tempdir().unwrap();
        packages(folder.path());
        crate::index::index(folder.path(), &IndexOptions::default());
        Self::new(folder, keys::certificates(&[SIGNER, PACKAGER]))
    }

    fn root(&self) -> &Path {
        self.folder.path()
    }

    fn verify(&self, root: &Path, case: &Case) -> Verification {
        let certificates = match &case.keyring {
            None => self.certificates.clone(),
            Some(names) => keys::certificates(names),
        };
        let now = keys::time(keys::SIGNED) + SignedDuration::from_hours(24) + case.later;
        let verifier = Verifier::new(certificates, Profile::strict(), now);
        let mut request = TreeRequest {
            level: Level::Packages,
            ..TreeRequest::default()
        };
        (case.ask)(self, &mut request);
        let options = CheckOptions::default();
        yum::verify_tree_with(root, &verifier, &request, &options, &NoProgress).unwrap()
    }
}

const COMPS: &str = "<?xml version=\"1.0\"?>\n<comps><group><id>core</id><name>Core</name>\
    <packagelist><packagereq type=\"mandatory\">alpha</packagereq></packagelist></group></comps>\n";

/// Takes along the signed packages of rpm-rs; gives their certificates.
fn real_packages(vectors: &Path, root: &Path) -> Vec<Certificate> {
    let mut certificates = Vec::new();
    for version in ["v4", "v6"] {
        for path in files(&vectors.join("signing_keys").join(version)) {
            if path.ends_with(".asc") {
                let bytes = read(&vectors.join("signing_keys").join(version), &path);
                certificates.extend(Certificate::parse_all(&bytes).0);
            }
        }
    }
    let mut names = std::collections::BTreeSet::new();
    for path in files(vectors) {
        let name = path.rsplit('/').next().unwrap().to_owned();
        // createrepo_c reads v4 only; one of a name is enough.
        let wanted = path.contains("signed") && path.contains("v4") && path.ends_with(".rpm");
        if wanted && names.insert(name.clone()) {
            replace(root, &format!("real/{name}"), &read(vectors, &path));
        }
    }
    assert!(!names.is_empty());
    certificates
}

type Seed = dyn Fn(&Material, &Path);
type Ask = dyn Fn(&Material, &mut TreeRequest);

/// A fault, and what has to be found: code and path, all of them that weigh more than a
/// note, and the notes that have to be among the others.
struct Case {
    name: String,
    seed: Box<Seed>,
    ask: Box<Ask>,
    later: SignedDuration,
    keyring: Option<Vec<&'static str>>,
    expected: Vec<(&'static str, String)>,
    notes: Vec<&'static str>,
}

impl Case {
    fn new(
        name: impl Into<String>,
        seed: impl Fn(&Material, &Path) + 'static,
        expected: &[(&'static str, &str)],
    ) -> Self {
        Self {
            name: name.into(),
            seed: Box::new(seed),
            ask: Box::new(|_, _| {}),
            later: SignedDuration::ZERO,
            keyring: None,
            expected: expected
                .iter()
                .map(|(code, path)| (*code, (*path).to_owned()))
                .collect(),
            notes: Vec::new(),
        }
    }

    fn ask(mut self, ask: impl Fn(&Material, &mut TreeRequest) + 'static) -> Self {
        self.ask = Box::new(ask);
        self
    }

    fn by(mut self, names: &[&'static str]) -> Self {
        self.keyring = Some(names.to_vec());
        self
    }

    fn noting(mut self, codes: &[&'static str]) -> Self {
        self.notes = codes.to_vec();
        self
    }
}

/// Judges every case and prints what was found.
#[track_caller]
fn judge(material: &Material, cases: Vec<Case>) {
    let mut wrong = Vec::new();
    for case in cases {
        // Beside the original, so that links can be made.
        let copy = tempfile::Builder::new()
            .prefix("faults")
            .tempdir_in(material.root().parent().unwrap())
            .unwrap();
        edit::link_tree(material.root(), copy.path());
        (case.seed)(material, copy.path());
        let found = material.verify(copy.path(), &case).examination;
        let of = |weighs: fn(Severity) -> bool| {
            let findings = found.report.findings.iter().filter(|f| weighs(f.severity));
            let mut of: Vec<_> = findings.map(|f| (f.code.id, f.subject.clone())).collect();
            of.sort();
            of.dedup();
            of
        };
        let told = of(|severity| severity > Severity::Note);
        let notes = of(|severity| severity == Severity::Note);
        // "@primary" stands for where the list is now.
        let mut expected: Vec<_> = case
            .expected
            .iter()
            .map(|(code, path)| match path.strip_prefix('@') {
                Some(kind) => (*code, edit::location(&edit::repomd(copy.path()), kind)),
                None => (*code, path.clone()),
            })
            .collect();
        expected.sort();
        let codes: Vec<_> = told.iter().map(|(code, _)| *code).collect();
        println!("{:<60} {}", case.name, codes.join(", "));
        let noted = case
            .notes
            .iter()
            .all(|code| notes.iter().any(|(noted, _)| noted == code));
        let quiet = case.notes.is_empty() && notes.iter().any(|(code, _)| code.starts_with("yum."));
        if told != expected || !noted || quiet {
            wrong.push(format!(
                "{}: found {told:?} and {notes:?}, expected {expected:?} and {:?}",
                case.name, case.notes
            ));
        }
        let rejects = found
            .report
            .findings
            .iter()
            .any(|f| f.severity == Severity::Reject);
        assert_eq!(
            found.outcome() == Outcome::Rejected,
            rejects,
            "{}",
            case.name
        );
    }
    assert!(
        wrong.is_empty(),
        "{} wrong: {}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn every_fault_in_a_built_repository_is_named() {
    let material = Material::built();
    judge(&material, cases(&material));
}

#[test]
fn every_fault_in_a_repository_of_createrepo_c_is_named() {
    let Some(material) = Material::made_by_createrepo_c() else {
        return;
    };
    assert!(material.data.len() >= 12, "{:?}", material.data);
    judge(&material, cases(&material));
}

#[test]
fn every_fault_in_a_repository_of_our_own_is_named() {
    let material = Material::made_by_us();
    judge(&material, cases(&material));
}

/// Does something whenever a part of the work is done; says which time it is.
struct Meanwhile<F>(F, std::sync::atomic::AtomicUsize);

impl<F: Fn(usize) + Sync> Progress for Meanwhile<F> {
    fn end(&self) {
        (self.0)(self.1.fetch_add(1, std::sync::atomic::Ordering::SeqCst));
    }
}

#[test]
fn what_is_published_anew_meanwhile_is_not_rejected() {
    let material = Material::built();
    let verify = |act: &(dyn Fn(&Path, usize) + Sync)| {
        let copy = tempfile::tempdir().unwrap();
        edit::link_tree(material.root(), copy.path());
        let now = keys::time(keys::NOW);
        let verifier = Verifier::new(material.certificates.clone(), Profile::strict(), now);
        let root = copy.path();
        let progress = Meanwhile(move |time| act(root, time), 0.into());
        let options = CheckOptions::default();
        let found = yum::verify_tree(root, &verifier, &options, &progress).unwrap();
        let codes: Vec<_> = found.report.findings.iter().map(|f| f.code.id).collect();
        (found.outcome(), codes)
    };
    let publish = |root: &Path| {
        edit::raise_revision(root);
        sign_root(root, SIGNER);
    };
    assert_eq!(verify(&|_, _| {}), (Outcome::Accepted, Vec::new()));
    // All was well with the one before.
    let (outcome, codes) = verify(&|root, time| {
        if time == 0 {
            publish(root);
        }
    });
    assert_eq!(
        (outcome, &codes[..]),
        (Outcome::Accepted, &["yum.published-meanwhile"][..])
    );
    // A package was exchanged for a moment, and the root with it: verified again.
    let (outcome, codes) = verify(&|root, time| match time {
        0 => {
            edit::flip(root, &material.package);
            publish(root);
        }
        _ => replace(
            root,
            &material.package,
            &read(material.root(), &material.package),
        ),
    });
    assert_eq!((outcome, &codes[..]), (Outcome::Accepted, &[][..]));
    // It never stands still.
    let (outcome, codes) = verify(&|root, time| {
        if time == 0 {
            edit::flip(root, &material.package);
        }
        publish(root);
    });
    assert_eq!(
        (outcome, &codes[..]),
        (Outcome::Undecided, &["yum.published-meanwhile"][..])
    );
    // Nothing was published: the fault is one.
    let (outcome, codes) = verify(&|root, time| {
        if time == 0 {
            edit::flip(root, &material.package);
        }
    });
    assert_eq!(
        (outcome, &codes[..]),
        (Outcome::Rejected, &["file.digest-mismatch"][..])
    );
}

/// The real one is bound by SHA-1 only, which is all that is wrong with it; damage to any
/// file of the metadata is told in place of that.
#[test]
fn every_file_of_the_real_repository_is_looked_at() {
    let Some(folder) = vectors("yum/signed-repo") else {
        return;
    };
    let verifier = trusting_files(
        &[folder.join("repodata/repomd.xml.key")],
        keys::time("2024-01-01"),
    );
    let verify = |root: &Path| {
        let options = CheckOptions::default();
        let found = yum::verify_tree(root, &verifier, &options, &NoProgress).unwrap();
        let mut told: Vec<_> = found
            .report
            .findings
            .iter()
            .filter(|f| f.severity > Severity::Note)
            .map(|f| (f.code.id, f.subject.clone()))
            .collect();
        told.retain(|(code, _)| !code.starts_with("signature."));
        told.sort();
        (told, rejections(&found))
    };
    let text = edit::repomd(&folder);
    let data: Vec<_> = edit::kinds(&text)
        .iter()
        .map(|kind| edit::location(&text, kind))
        .collect();
    assert_eq!(data.len(), 6);
    let mut weak: Vec<_> = data
        .iter()
        .map(|path| ("file.weak-digest", path.clone()))
        .collect();
    weak.sort();
    assert_eq!(verify(&folder).0, weak);
    type Damage = fn(&Path, &str);
    let damages: [(Damage, &str); 3] = [
        (edit::flip, "file.digest-mismatch"),
        (edit::cut, "file.size-mismatch"),
        (edit::remove, "file.missing"),
    ];
    for path in &data {
        for (damage, code) in damages {
            let copy = tempfile::tempdir().unwrap();
            edit::link_tree(&folder, copy.path());
            damage(copy.path(), path);
            let (told, _) = verify(copy.path());
            let mut expected: Vec<_> = weak.iter().filter(|(_, p)| p != path).cloned().collect();
            expected.push((code, path.clone()));
            expected.sort();
            assert_eq!(told, expected);
        }
    }
    let copy = tempfile::tempdir().unwrap();
    edit::link_tree(&folder, copy.path());
    edit::flip(copy.path(), "repodata/repomd.xml");
    assert_eq!(verify(copy.path()).1, ["signature.bad"]);
    // The bad signature beside it is by a key that is not here.
    let bad = read(&folder, "repodata/repomd.xml.asc.bad");
    replace(copy.path(), "repodata/repomd.xml.asc", &bad);
    assert_eq!(verify(copy.path()).1, ["signature.missing-certificate"]);
}

/// Signed packages that pkgseal did not make, in a repository of createrepo_c.
#[test]
fn every_real_package_is_judged_by_its_own_signature() {
    let Some(vectors) = vectors("rpm-rs") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let mut certificates = real_packages(&vectors, folder.path());
    certificates.extend(keys::certificates(&[SIGNER]).iter().cloned());
    let Some(run) = peers::yum::createrepo_c(folder.path(), &[]) else {
        return;
    };
    run.expect_ok();
    sign_root(folder.path(), SIGNER);
    let now = keys::time("2026-11-01");
    let verifier = Verifier::new(Certificates::new(certificates), Profile::strict(), now);
    let request = TreeRequest {
        level: Level::Packages,
        ..TreeRequest::default()
    };
    let verify = |root: &Path| {
        let options = CheckOptions::default();
        let found =
            yum::verify_tree_with(root, &verifier, &request, &options, &NoProgress).unwrap();
        let mut told: Vec<_> = found
            .examination
            .report
            .findings
            .into_iter()
            // They are one package, signed in many ways.
            .filter(|f| f.severity > Severity::Note && f.code.id != "yum.primary.same-name")
            .map(|f| (f.code.id, f.subject))
            .collect();
        told.sort();
        (told, found.examination.details)
    };
    let (told, details) = verify(folder.path());
    assert!(told.is_empty(), "{told:?}");
    assert!(
        details
            .iter()
            .any(|detail| detail.name == "packages signed")
    );
    let packages: Vec<_> = files(folder.path())
        .into_iter()
        .filter(|path| path.ends_with(".rpm"))
        .collect();
    assert!(packages.len() >= 4, "{packages:?}");
    for package in packages {
        for (damage, code) in [
            (
                edit::flip_payload as fn(&Path, &str),
                "file.digest-mismatch",
            ),
            (edit::cut, "file.size-mismatch"),
            (edit::remove, "file.missing"),
        ] {
            let copy = tempfile::tempdir().unwrap();
            edit::link_tree(folder.path(), copy.path());
            damage(copy.path(), &package);
            assert_eq!(verify(copy.path()).0, [(code, package.clone())]);
        }
    }
}
