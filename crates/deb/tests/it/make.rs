//! Indices and Releases of our own making, beside apt-ftparchive and before apt.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pkgseal_deb::apt::{
    self, Draft, Drafted, IndexOptions, ListOptions, PublishOptions, ReleaseFields,
};
use pkgseal_deb::{Error, Result};
use pkgseal_openpgp::{Examination, Signed};
use pkgseal_repo::{CheckOptions, Compression, DigestAlgorithm, NoProgress, SafePath, Severity};
use pkgseal_testkit::build::deb::Deb;
use pkgseal_testkit::build::source::Source;
use pkgseal_testkit::build::{Compression as Form, put};
use pkgseal_testkit::peers::apt::{Root, Which};
use pkgseal_testkit::{keys, peers};

use crate::common::{accepted, codes, folder, verify_tree};

fn safe(path: &str) -> SafePath {
    SafePath::new(path).unwrap()
}

/// Packages of every kind, and a source, by their paths.
fn files() -> Vec<(&'static str, String, Vec<u8>)> {
    let hello = Deb::new("hello", "1:1.0-1", "amd64")
        .field("X-Later", "a field nobody knows")
        .field("Suggests", "nothing")
        .field("Depends", "common (>= 1)")
        .field("Homepage", "https://test.invalid/hello")
        .field("Status", "install ok installed")
        .field("MD5sum", "0123")
        .field("Multi-Arch", "same");
    let mut files: Vec<_> = [
        ("main", hello),
        ("main", Deb::new("common", "2.0~rc1+b2-1", "all")),
        (
            "main",
            Deb::new("zst", "0.1", "amd64").compressed(Form::Zstd, Form::Zstd),
        ),
        (
            "contrib",
            Deb::new("extra", "3.0-1", "amd64").compressed(Form::Gzip, Form::None),
        ),
    ]
    .into_iter()
    .map(|(component, deb)| (component, deb.file_name(), deb.build()))
    .collect();
    let source = Source::new("hello", "1.0");
    let (tarball, content) = source.tarball();
    let (dsc, text) = source.dsc();
    files.push(("main", tarball, content));
    files.push(("main", dsc, text.into_bytes()));
    files
}

fn pool() -> tempfile::TempDir {
    let root = folder();
    for (component, name, content) in files() {
        put(root.path(), &format!("pool/{component}/h/{name}"), content);
    }
    root
}

fn stable() -> IndexOptions {
    IndexOptions {
        suite: Some(safe("dists/stable")),
        fields: ReleaseFields {
            origin: Some("pkgseal TEST".to_owned()),
            label: Some("pkgseal TEST".to_owned()),
            description: Some("a test repository".to_owned()),
            ..ReleaseFields::default()
        },
        ..IndexOptions::default()
    }
}

#[track_caller]
fn changed(drafted: Result<Drafted>) -> Box<Draft> {
    match drafted.unwrap() {
        Drafted::Changed(draft) => draft,
        Drafted::Current(examination) | Drafted::Refused(examination) => {
            panic!("{:#?}", examination.report.findings)
        }
    }
}

fn draft(root: &Path, options: &IndexOptions) -> Result<Drafted> {
    let check = CheckOptions::default();
    let time = keys::time(keys::SIGNED);
    apt::index(root, options, time, Duration::ZERO, &check, &NoProgress)
}

fn publish(draft: Box<Draft>, signers: &[&str]) -> Result<Signed> {
    let time = keys::time(keys::SIGNED);
    let signers: Vec<_> = signers
        .iter()
        .map(|name| keys::signer(name, time))
        .collect();
    let options = PublishOptions::default();
    draft.publish(&signers, &options, &CheckOptions::default(), &NoProgress)
}

fn sign(root: &Path, options: &IndexOptions) -> Signed {
    publish(changed(draft(root, options)), &["good"]).unwrap()
}

/// Stanzas by the file or source they are of: fields in order.
fn stanzas(text: &str) -> BTreeMap<String, Vec<(String, String)>> {
    let mut all = BTreeMap::new();
    for paragraph in text.split("\n\n") {
        let mut fields: Vec<(String, String)> = Vec::new();
        for line in paragraph.lines() {
            if line.starts_with([' ', '\t']) {
                let (_, value) = fields.last_mut().unwrap();
                value.push('\n');
                value.push_str(line.trim_end());
            } else {
                let (name, value) = line.split_once(':').unwrap();
                fields.push((name.to_owned(), value.trim().to_owned()));
            }
        }
        let value = |name: &str| fields.iter().find(|(field, _)| field == name);
        let Some((_, key)) = value("Filename").or(value("Package")) else {
            continue;
        };
        let key = key.clone();
        assert!(all.insert(key, fields).is_none(), "a stanza stands twice");
    }
    all
}

/// Holds every field of every stanza, and their order, against apt-ftparchive's.
#[track_caller]
fn agrees_with_apt_ftparchive(root: &Path, kind: &str, ours: &str) -> Option<usize> {
    let theirs = peers::deb::apt_ftparchive(root, &["-q", kind, "pool"])?.expect_ok();
    let theirs = stanzas(std::str::from_utf8(&theirs.stdout).unwrap());
    let ours = stanzas(ours);
    assert_eq!(
        ours.keys().collect::<Vec<_>>(),
        theirs.keys().collect::<Vec<_>>()
    );
    for (key, fields) in &ours {
        assert_eq!(fields, &theirs[key], "{key}");
    }
    Some(ours.len())
}

fn everything(options: &IndexOptions) -> IndexOptions {
    IndexOptions {
        digests: vec![
            DigestAlgorithm::Md5,
            DigestAlgorithm::Sha1,
            DigestAlgorithm::Sha512,
        ],
        compress: vec![Compression::None],
        ..options.clone()
    }
}

/// The packages of every component as one text.
fn packages(root: &Path) -> String {
    let read = |component: &str| {
        let path = format!("dists/stable/{component}/binary-amd64/Packages");
        fs::read_to_string(root.join(path)).unwrap_or_default()
    };
    format!("{}{}", read("main"), read("contrib"))
}

#[test]
fn indices_say_what_apt_ftparchive_says() {
    let root = pool();
    let root = root.path();
    sign(root, &everything(&stable()));
    let sources = fs::read_to_string(root.join("dists/stable/main/source/Sources")).unwrap();
    if let Some(count) = agrees_with_apt_ftparchive(root, "packages", &packages(root)) {
        assert_eq!(count, 4);
        assert_eq!(
            agrees_with_apt_ftparchive(root, "sources", &sources),
            Some(1)
        );
    }
}

/// Real packages, from a folder of .deb files that `PKGSEAL_DEBS` names.
#[test]
fn indices_of_real_packages_say_what_apt_ftparchive_says() {
    let Some(debs) = std::env::var_os("PKGSEAL_DEBS") else {
        println!("SKIP: PKGSEAL_DEBS names no folder of packages");
        return;
    };
    let root = folder();
    let root = root.path();
    fs::create_dir_all(root.join("pool/main")).unwrap();
    for entry in fs::read_dir(debs).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "deb") {
            let name = path.file_name().unwrap();
            fs::copy(&path, root.join("pool/main").join(name)).unwrap();
        }
    }
    sign(root, &everything(&stable()));
    let count = agrees_with_apt_ftparchive(root, "packages", &packages(root));
    assert!(count.is_none_or(|count| count > 0));
    let examination = verify_tree(root, &["good"]);
    accepted(&examination);
    assert_eq!(remarks(&examination), [""; 0]);
}

/// Codes of what is worse than a note: that plain indices are listed and not there is one.
fn remarks(examination: &Examination) -> Vec<&'static str> {
    let findings = examination.report.findings.iter();
    findings
        .filter(|finding| finding.severity > Severity::Note)
        .map(|finding| finding.code.id)
        .collect()
}

#[test]
fn what_we_make_we_accept_without_remark() {
    for compress in [
        vec![Compression::Xz, Compression::Gzip],
        vec![Compression::None],
        vec![Compression::Zstd, Compression::Bzip2, Compression::None],
    ] {
        for suite in [Some("dists/stable"), Some("dists/stable/updates"), None] {
            let root = pool();
            let options = IndexOptions {
                suite: suite.map(safe),
                compress: compress.clone(),
                ..stable()
            };
            sign(root.path(), &options);
            let examination = verify_tree(root.path(), &["good"]);
            accepted(&examination);
            assert_eq!(remarks(&examination), [""; 0], "{suite:?} {compress:?}");
            // Four packages, a source of two files, and indices.
            assert!(examination.report.files > 6);
        }
    }
}

/// One of the apts with our repository as its only source.
fn client(which: Which, root: &Path, source: &str) -> Option<Root> {
    let client = Root::of(which, "")?;
    fs::create_dir_all(client.path().join("etc/apt/keyrings")).unwrap();
    let keyring = client.path().join("etc/apt/keyrings/test.gpg");
    fs::write(keyring, keys::keyring(&["good"])).unwrap();
    let uri = client.bring(root);
    client.sources(&format!(
        "Types: deb deb-src\nURIs: file:{}\n{source}Signed-By: {}\n",
        uri.display(),
        client.named("etc/apt/keyrings/test.gpg").display()
    ));
    Some(client)
}

#[test]
fn apt_installs_from_what_we_make() {
    for which in Which::ALL {
        for (suite, source) in [
            (
                Some("dists/stable"),
                "Suites: stable\nComponents: main contrib\n",
            ),
            (None, "Suites: ./\n"),
        ] {
            for compress in [
                vec![Compression::Xz, Compression::Gzip],
                vec![Compression::Zstd],
            ] {
                let root = pool();
                let options = IndexOptions {
                    suite: suite.map(safe),
                    compress,
                    ..stable()
                };
                sign(root.path(), &options);
                let Some(client) = client(which, root.path(), source) else {
                    continue;
                };
                let update = client.update().expect_ok();
                assert!(!update.says("W:"), "{update}");
                let shown = peers::run(client.command("apt-cache").args(["show", "hello"]));
                assert!(shown.expect_ok().says("Version: 1:1.0-1"));
                let shown = peers::run(client.command("apt-cache").args(["showsrc", "hello"]));
                assert!(shown.expect_ok().says("hello_1.0.dsc"));
                client.download(&["hello", "extra", "zst"]).expect_ok();
                let root_files = files();
                let built: Vec<&Vec<u8>> =
                    root_files.iter().map(|(_, _, content)| content).collect();
                // A file: source is read in place where apt can, so what it checked is
                // what counts: nothing it keeps is anything but what was built.
                for (name, content) in client.downloaded() {
                    assert!(built.contains(&&content), "{name}");
                }
            }
        }
    }
}

#[test]
fn a_new_generation_takes_in_a_new_package() {
    let root = pool();
    let root = root.path();
    sign(root, &stable());
    let new = Deb::new("new", "1", "amd64");
    put(root, "pool/main/n/new_1_amd64.deb", new.build());
    sign(root, &stable());
    let examination = verify_tree(root, &["good"]);
    accepted(&examination);
    assert_eq!(remarks(&examination), [""; 0]);
    fs::remove_file(root.join("pool/main/n/new_1_amd64.deb")).unwrap();
    sign(root, &stable());
    accepted(&verify_tree(root, &["good"]));
}

#[test]
fn a_signed_suite_is_not_left_with_an_old_signature() {
    let root = pool();
    let root = root.path();
    sign(root, &stable());
    let before = fs::read(root.join("dists/stable/Release")).unwrap();
    let new = Deb::new("new", "1", "amd64");
    put(root, "pool/main/n/new_1_amd64.deb", new.build());
    match publish(changed(draft(root, &stable())), &[]) {
        Err(Error::Refused { findings, .. }) => {
            assert!(
                findings
                    .iter()
                    .all(|finding| finding.code.id == "apt.release.unsigned")
            );
            assert!(!findings.is_empty());
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(fs::read(root.join("dists/stable/Release")).unwrap(), before);
    fs::remove_file(root.join("pool/main/n/new_1_amd64.deb")).unwrap();
    accepted(&verify_tree(root, &["good"]));
}

/// A repository whose indices apt-ftparchive made.
fn made_by_apt_ftparchive() -> Option<tempfile::TempDir> {
    let root = pool();
    for component in ["main", "contrib"] {
        let pool = format!("pool/{component}");
        let binary = format!("dists/stable/{component}/binary-amd64/Packages");
        let made = peers::deb::apt_ftparchive(root.path(), &["-q", "packages", &pool])?;
        put(
            root.path(),
            &format!("{binary}.xz"),
            Form::Xz.compress(&made.stdout),
        );
        put(root.path(), &binary, &made.expect_ok().stdout);
        let source = format!("dists/stable/{component}/source/Sources.gz");
        let made = peers::deb::apt_ftparchive(root.path(), &["-q", "sources", &pool])?;
        put(root.path(), &source, Form::Gzip.compress(&made.stdout));
    }
    put(root.path(), "dists/stable/main/Notes", "nobody asks for it");
    Some(root)
}

fn list(root: &Path, suite: Option<&str>) -> Result<Drafted> {
    let options = ListOptions {
        suite: suite.map(safe),
        fields: stable().fields,
        ..ListOptions::default()
    };
    let check = CheckOptions::default();
    let time = keys::time(keys::SIGNED);
    apt::list(root, &options, time, Duration::ZERO, &check, &NoProgress)
}

#[test]
fn a_release_is_made_for_indices_of_others() {
    let Some(root) = made_by_apt_ftparchive() else {
        return;
    };
    let root = root.path();
    publish(changed(list(root, Some("dists/stable"))), &["good"]).unwrap();
    let release = fs::read_to_string(root.join("dists/stable/Release")).unwrap();
    assert!(release.contains("\nArchitectures: amd64\nComponents: main contrib\n"));
    assert!(!release.contains("Notes") && !release.contains("Release\n"));
    let examination = verify_tree(root, &["good"]);
    accepted(&examination);
    assert_eq!(remarks(&examination), [""; 0]);
    let object: Vec<PathBuf> =
        fs::read_dir(root.join("dists/stable/main/binary-amd64/by-hash/SHA256"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
    assert_eq!(object.len(), 2);
    // Its own Release and objects are not listed the next time.
    publish(changed(list(root, Some("dists/stable"))), &["good"]).unwrap();
    let again = fs::read_to_string(root.join("dists/stable/Release")).unwrap();
    assert_eq!(again, release);
    for which in Which::ALL {
        let source = "Suites: stable\nComponents: main contrib\n";
        if let Some(client) = client(which, root, source) {
            client.update().expect_ok();
        }
    }
}

#[test]
fn where_there_are_no_indices_no_release_is_made() {
    let root = pool();
    let root = root.path();
    put(root, "dists/empty/main/README", "");
    for suite in [Some("dists/stable"), Some("dists/empty"), None] {
        match list(root, suite).unwrap() {
            Drafted::Refused(examination) => {
                assert_eq!(codes(&examination), ["apt.make.nothing-to-index"]);
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(!root.join("Release").exists());
}
