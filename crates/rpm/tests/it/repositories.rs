//! Whole repositories: signed by us and read by dnf, made by createrepo_c and read by us.

use std::fs;
use std::path::{Path, PathBuf};

use pkgseal_openpgp::{Examination, Signed};
use pkgseal_repo::{CheckOptions, Destination, NoProgress, Root, Severity};
use pkgseal_rpm::{Error, yum};
use pkgseal_testkit::build::Compression;
use pkgseal_testkit::build::rpm::{Format, Rpm};
use pkgseal_testkit::build::yum::Repository;
use pkgseal_testkit::{keys, peers};

use crate::common::{
    assert_accepted, codes, limits, now, rejections, signed, trusting, trusting_files, vectors,
};
use crate::signing::names_in;

struct Tree {
    folder: tempfile::TempDir,
}

impl Tree {
    fn new(repository: &Repository) -> Self {
        let folder = tempfile::tempdir().unwrap();
        repository.write(folder.path());
        Self { folder }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn sign(&self, names: &[&str]) -> pkgseal_rpm::Result<Signed> {
        self.sign_to(names, &Destination::Beside)
    }

    fn sign_to(&self, names: &[&str], destination: &Destination) -> pkgseal_rpm::Result<Signed> {
        let signers: Vec<_> = names.iter().map(|n| keys::signer(n, signed())).collect();
        yum::sign_tree(
            self.path(),
            &signers,
            signed(),
            destination,
            &CheckOptions::default(),
            &NoProgress,
        )
    }

    fn verify(&self, names: &[&str]) -> Examination {
        verify(self.path(), names)
    }

    fn repodata(&self, suffix: &str) -> PathBuf {
        self.path().join(format!("repodata/repomd.xml{suffix}"))
    }
}

fn verify(path: &Path, names: &[&str]) -> Examination {
    yum::verify_tree(
        path,
        &trusting(names),
        &CheckOptions::default(),
        &NoProgress,
    )
    .unwrap()
}

fn packages() -> Vec<Rpm> {
    vec![
        Rpm::new("hello", "1.0", "noarch", Format::V4),
        Rpm::new("world", "2.0", "x86_64", Format::V6),
    ]
}

#[test]
fn signed_trees_verify_and_dnf_accepts_them() {
    for (key, compression) in [
        ("primary-signs-rsa3072", Compression::Gzip),
        ("good-rsa4096", Compression::Zstd),
        ("good-ed25519", Compression::Xz),
    ] {
        let mut repository = Repository::new(packages());
        repository.compression = compression;
        let tree = Tree::new(&repository);
        assert!(yum::recognise(&Root::open(tree.path()).unwrap()).unwrap());
        assert_eq!(rejections(&tree.verify(&[key])), ["yum.unsigned"]);

        let done = tree.sign(&[key]).unwrap();
        assert_accepted(&done.examination);
        assert_eq!(done.outputs, [tree.repodata(".key"), tree.repodata(".asc")]);
        let found = tree.verify(&[key]);
        assert_accepted(&found);
        assert_eq!((found.signatures.len(), found.report.files), (1, 5));
        assert!(
            found
                .report
                .findings
                .iter()
                .all(|f| f.severity == Severity::Note || f.code.id.starts_with("signature.")),
            "{:?}",
            found.report.findings
        );
        assert_accepted(
            &yum::verify_repomd(&tree.repodata(""), &trusting(&[key]), &limits()).unwrap(),
        );
        assert_accepted(
            &yum::verify_repomd(&tree.repodata(".asc"), &trusting(&[key]), &limits()).unwrap(),
        );

        if let Some(run) = peers::yum::dnf(tree.path(), &keys::load(key)) {
            let run = run.expect_ok();
            assert!(run.says("hello") && run.says("world"), "{run:?}");
            let mut text = fs::read(tree.repodata("")).unwrap();
            let at = text.len() - 20;
            text[at] = b'\t';
            fs::write(tree.repodata(""), text).unwrap();
            let run = peers::yum::dnf(tree.path(), &keys::load(key)).unwrap();
            assert!(!run.accepted(), "dnf tells a changed repomd.xml: {run:?}");
        }
    }
}

#[test]
fn the_certificate_beside_repomd_is_the_signers() {
    let tree = Tree::new(&Repository::new(packages()));
    tree.sign(&["good"]).unwrap();
    let key = fs::read(tree.repodata(".key")).unwrap();
    assert!(key.starts_with(b"-----BEGIN PGP PUBLIC KEY BLOCK-----"));
    let verifier = trusting_files(&[tree.repodata(".key")], now());
    let found = yum::verify_repomd(&tree.repodata(""), &verifier, &limits()).unwrap();
    assert_accepted(&found);
}

#[test]
fn what_createrepo_c_makes_can_be_signed_and_verified() {
    for options in [
        &["--checksum", "sha256"][..],
        &["--checksum", "sha512", "--xz"],
        &["--database"],
    ] {
        let folder = tempfile::tempdir().unwrap();
        for rpm in packages() {
            fs::write(folder.path().join(rpm.file_name()), rpm.build()).unwrap();
        }
        let Some(run) = peers::yum::createrepo_c(folder.path(), options) else {
            return;
        };
        run.expect_ok();
        let tree = Tree { folder };
        tree.sign(&["good-rsa2048"]).unwrap();
        let found = tree.verify(&["good-rsa2048"]);
        assert_accepted(&found);
        let surplus = codes(&found, Severity::Note);
        assert!(!surplus.contains(&"file.surplus"), "{surplus:?}");
        if let Some(run) = peers::yum::dnf(tree.path(), &keys::load("good-rsa2048")) {
            assert!(run.expect_ok().says("hello"));
        }

        // Run again, it leaves the old signature beside the new repomd.xml.
        fs::remove_file(tree.path().join("world-2.0-1.x86_64.rpm")).unwrap();
        peers::yum::createrepo_c(tree.path(), options)
            .unwrap()
            .expect_ok();
        if tree.repodata(".asc").exists() {
            let found = tree.verify(&["good-rsa2048"]);
            assert_eq!(rejections(&found), ["signature.bad"]);
            let hint = found.report.findings.iter().find_map(|f| f.hint.as_deref());
            assert!(hint.unwrap().contains("createrepo_c"), "{hint:?}");
        }
    }
}

#[test]
fn two_signatures_are_not_written_and_warned_of() {
    let tree = Tree::new(&Repository::new(packages()));
    let error = tree.sign(&["good-rsa2048", "good-ed25519"]).unwrap_err();
    assert!(matches!(error, Error::SignerCount { given: 2, .. }));
    assert!(error.to_string().contains("dnf"), "{error}");
    assert!(matches!(
        tree.sign(&[]),
        Err(Error::SignerCount { given: 0, .. })
    ));
    assert!(!tree.repodata(".asc").exists());

    let text = fs::read(tree.repodata("")).unwrap();
    let signers = ["good-rsa2048", "good-ed25519"].map(|n| keys::signer(n, signed()));
    let both = pkgseal_openpgp::Signer::detached(
        &signers,
        &text,
        pkgseal_openpgp::Armor::Armored,
        signed(),
    );
    fs::write(tree.repodata(".asc"), both.unwrap()).unwrap();
    let found = tree.verify(&["good-rsa2048"]);
    assert_accepted(&found);
    assert!(codes(&found, Severity::Warning).contains(&"yum.several-signatures"));
}

#[test]
fn into_a_directory_the_whole_tree_goes_along() {
    let tree = Tree::new(&Repository::new(packages()));
    let output = tempfile::tempdir().unwrap();
    let destination = Destination::Directory(output.path().join("out"));
    let before = names_in(&tree.path().join("repodata"));
    for _ in 0..2 {
        let done = tree.sign_to(&["good"], &destination).unwrap();
        assert_accepted(&done.examination);
        let last = done.outputs.last().unwrap();
        assert!(
            last.ends_with("out/repodata/repomd.xml"),
            "the root appears last"
        );
        let found = verify(&output.path().join("out"), &["good"]);
        assert_accepted(&found);
        assert_eq!(found.report.files, 5);
    }
    assert_eq!(names_in(&tree.path().join("repodata")), before);
}

#[test]
fn a_broken_tree_is_not_signed() {
    let tree = Tree::new(&Repository::new(packages()));
    let package = tree.path().join("Packages/hello-1.0-1.noarch.rpm");
    let mut bytes = fs::read(&package).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&package, bytes).unwrap();
    let error = tree.sign(&["good"]).unwrap_err();
    assert!(
        matches!(&error, Error::Broken { finding, .. } if finding.code.id == "file.digest-mismatch")
    );
    assert!(!tree.repodata(".asc").exists() && !tree.repodata(".key").exists());
}

#[test]
fn a_package_must_be_the_one_the_index_describes() {
    // Each is signed with the lie in it: the digests agree, the description does not.
    for (from, to, code) in [
        (
            "<name>hello</name>",
            "<name>hallo</name>",
            "yum.package-identity",
        ),
        (
            "ver=\"1.0\" rel=\"1\"/>\n  <checksum",
            "ver=\"9.0\" rel=\"1\"/>\n  <checksum",
            "yum.package-identity",
        ),
        (
            "<arch>noarch</arch>",
            "<arch>x86_64</arch>",
            "yum.package-identity",
        ),
        (
            "<version epoch=\"0\"",
            "<version epoch=\"1\"",
            "yum.package-identity",
        ),
        (
            "header-range start=\"",
            "header-range start=\"1",
            "yum.header-range",
        ),
    ] {
        let repository = Repository::new(packages());
        let tree = Tree::new(&repository);
        let text = repository.primary();
        assert!(text.contains(from), "{from}");
        let primary = repository.stored("primary", text.replacen(from, to, 1));
        let mut metadata = repository.metadata();
        metadata[0] = primary;
        fs::write(
            tree.path().join("repodata").join(&metadata[0].name),
            &metadata[0].stored,
        )
        .unwrap();
        fs::write(tree.repodata(""), repository.repomd(&metadata)).unwrap();
        let error = tree.sign(&["good"]).unwrap_err();
        assert!(matches!(&error, Error::Broken { .. }), "{error:?}");

        // Signed all the same. filelists and other do not lie along.
        let options = keys::RawOptions::at(keys::SIGNED).binary();
        let text = fs::read(tree.repodata("")).unwrap();
        let packet = keys::raw_sign(&keys::load("good"), &text, &options);
        fs::write(tree.repodata(".asc"), keys::armor(&packet)).unwrap();
        let found = rejections(&tree.verify(&["good"]));
        assert!(found.contains(&code), "{found:?}");
        let expected = match code {
            "yum.header-range" => vec![code],
            code => vec![code, "yum.list.identity"],
        };
        assert!(
            found.iter().all(|code| expected.contains(code)),
            "{found:?}"
        );
    }
}

#[test]
fn surplus_files_are_noted() {
    let tree = Tree::new(&Repository::new(packages()));
    tree.sign(&["good"]).unwrap();
    fs::write(tree.path().join("Packages/extra.rpm"), "x").unwrap();
    let found = tree.verify(&["good"]);
    assert_accepted(&found);
    assert_eq!(
        codes(&found, Severity::Note),
        ["yum.surplus", "file.surplus"]
    );
}

#[test]
fn the_repository_of_librepo_is_signed_but_bound_by_sha1_only() {
    let Some(folder) = vectors("yum/signed-repo") else {
        return;
    };
    let verifier = trusting_files(
        &[folder.join("repodata/repomd.xml.key")],
        keys::time("2024-01-01"),
    );
    let xml = folder.join("repodata/repomd.xml");
    let good = yum::verify_repomd(&xml, &verifier, &limits()).unwrap();
    assert!(good.signatures[0].report.is_accepted());
    assert_eq!(rejections(&good), ["file.weak-digest"]);
    let options = CheckOptions::default();
    let tree = yum::verify_tree(&folder, &verifier, &options, &NoProgress).unwrap();
    assert_eq!(rejections(&tree), ["file.weak-digest"]);

    // By somebody else, and over something else.
    let copy = tempfile::tempdir().unwrap();
    fs::copy(&xml, copy.path().join("repomd.xml")).unwrap();
    fs::copy(
        folder.join("repodata/repomd.xml.asc.bad"),
        copy.path().join("repomd.xml.asc"),
    )
    .unwrap();
    let bad = yum::verify_repomd(&copy.path().join("repomd.xml"), &verifier, &limits()).unwrap();
    assert_eq!(rejections(&bad), ["signature.missing-certificate"]);
}

#[test]
fn a_full_or_read_only_repository_stays_as_it_was() {
    let tree = Tree::new(&Repository::new(packages()));
    tree.sign(&["good"]).unwrap();
    let before = fs::read(tree.repodata(".asc")).unwrap();
    // A directory in the way of the second output: nothing of the change becomes visible.
    fs::remove_file(tree.repodata(".key")).unwrap();
    fs::create_dir(tree.repodata(".key")).unwrap();
    assert!(tree.sign(&["good-rsa2048"]).is_err());
    assert!(fs::read(tree.repodata(".asc")).unwrap() == before);
    assert_eq!(names_in(&tree.path().join("repodata")).len(), 6);
}
