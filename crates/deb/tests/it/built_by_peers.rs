//! Repositories built and signed by apt-ftparchive with gpg, by reprepro and by aptly: we
//! accept them, and a second reader of the test's own agrees on every hash.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use pkgseal_deb::apt;
use pkgseal_openpgp::{Examination, Profile, Verifier};
use pkgseal_repo::{CheckOptions, NoProgress, Outcome};
use pkgseal_testkit::build::deb::Deb;
use pkgseal_testkit::build::source::Source;
use pkgseal_testkit::build::{Compression, Digest, put};
use pkgseal_testkit::{keys, peers};

use crate::common::{codes, folder, reasons};

/// One package of each kind a pool holds: an epoch, `all`, every compression, a second
/// component.
fn debs() -> Vec<(&'static str, Deb)> {
    let hello = Deb::new("hello", "1:1.0-1", "amd64")
        .field("Depends", "common (>= 1), libc6")
        .field("Homepage", "https://test.invalid/hello");
    vec![
        ("main", hello),
        ("main", Deb::new("common", "2.0~rc1+b2-1", "all")),
        (
            "main",
            Deb::new("zst", "0.1", "amd64").compressed(Compression::Zstd, Compression::Zstd),
        ),
        (
            "main",
            Deb::new("gz", "0.1", "amd64").compressed(Compression::Gzip, Compression::Gzip),
        ),
        (
            "contrib",
            Deb::new("extra", "3.0-1", "amd64").compressed(Compression::Gzip, Compression::None),
        ),
    ]
}

/// Writes them by component, with one source package in main.
fn pool(root: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = debs()
        .into_iter()
        .map(|(component, deb)| (component, deb.file_name(), deb.build()))
        .collect();
    let source = Source::new("hello", "1.0");
    let (tarball, content) = source.tarball();
    let (dsc, text) = source.dsc();
    files.push(("main", tarball, content));
    files.push(("main", dsc, text.into_bytes()));
    files
        .into_iter()
        .map(|(component, name, content)| {
            let name = format!("{component}/{name}");
            put(root, &name, content);
            root.join(name)
        })
        .collect()
}

/// Judged at this machine's own time, because these peers read its clock.
fn verify(root: &Path) -> Examination {
    let verifier = Verifier::new(
        keys::certificates(&["good"]),
        Profile::strict(),
        Timestamp::now(),
    );
    apt::verify_tree(root, &verifier, &CheckOptions::default(), &NoProgress).unwrap()
}

/// We accept it with no more to say than `remarks`; our own count of hashes agrees; and
/// one changed byte, in the pool or in an index, is found.
#[track_caller]
fn holds(root: &Path, hashes: Hashes, remarks: &[&str]) {
    let examination = verify(root);
    assert_eq!(
        examination.outcome(),
        Outcome::Accepted,
        "{:#?}",
        examination.report.findings
    );
    assert_eq!(
        codes(&examination),
        remarks,
        "{:#?}",
        examination.report.findings
    );
    assert_eq!(Hashes::of(root), hashes);
    for (part, code) in [
        ("_amd64.deb", "file.digest-mismatch"),
        (".dsc", "file.digest-mismatch"),
        ("/Packages.gz", "file.digest-mismatch"),
    ] {
        let victim = peers::files(root)
            .into_iter()
            .find(|path| path.to_string_lossy().ends_with(part))
            .unwrap_or_else(|| panic!("{part} in {}", root.display()));
        let good = std::fs::read(&victim).unwrap();
        let mut bad = good.clone();
        let middle = bad.len() / 2;
        bad[middle] ^= 1;
        std::fs::write(&victim, bad).unwrap();
        assert!(reasons(&verify(root)).contains(&code), "{part}");
        std::fs::write(&victim, good).unwrap();
    }
    assert_eq!(verify(root).outcome(), Outcome::Accepted);
}

/// What a reader apart from ours finds: hashes listed and right, in Release files and in
/// Packages and Sources.
#[derive(Debug, PartialEq, Eq)]
struct Hashes {
    release: usize,
    pool: usize,
}

impl Hashes {
    fn of(root: &Path) -> Self {
        let dists = root.join("dists/stable");
        let release = std::fs::read_to_string(dists.join("Release")).unwrap();
        let mut hashes = Self {
            release: 0,
            pool: 0,
        };
        let fields = fields(&release);
        for (name, digest) in [
            ("MD5Sum", Digest::Md5),
            ("SHA1", Digest::Sha1),
            ("SHA256", Digest::Sha256),
            ("SHA512", Digest::Sha512),
        ] {
            let lines = fields.get(name).map_or("", String::as_str).trim();
            for line in lines.lines() {
                hashes.release += usize::from(agrees(&dists, line, digest));
            }
        }
        for index in peers::files(&dists) {
            let text = || std::fs::read_to_string(&index).unwrap();
            let name = index.file_name().unwrap().to_string_lossy().into_owned();
            match &*name {
                "Packages" => hashes.pool += packages(root, &text()),
                "Sources" => hashes.pool += sources(root, &text()),
                _ => {}
            }
        }
        hashes
    }
}

fn packages(root: &Path, text: &str) -> usize {
    let mut count = 0;
    for stanza in text.split("\n\n").filter(|text| !text.trim().is_empty()) {
        let fields = fields(stanza);
        for (name, digest) in [
            ("MD5sum", Digest::Md5),
            ("SHA1", Digest::Sha1),
            ("SHA256", Digest::Sha256),
            ("SHA512", Digest::Sha512),
        ] {
            if let Some(hex) = fields.get(name) {
                let line = format!("{hex} {} {}", fields["Size"], fields["Filename"]);
                assert!(agrees(root, &line, digest), "{line}");
                count += 1;
            }
        }
    }
    count
}

fn sources(root: &Path, text: &str) -> usize {
    let mut count = 0;
    for stanza in text.split("\n\n").filter(|text| !text.trim().is_empty()) {
        let fields = fields(stanza);
        for (name, digest) in [
            ("Files", Digest::Md5),
            ("Checksums-Sha1", Digest::Sha1),
            ("Checksums-Sha256", Digest::Sha256),
            ("Checksums-Sha512", Digest::Sha512),
        ] {
            for line in fields.get(name).map_or("", String::as_str).trim().lines() {
                assert!(agrees(&root.join(&fields["Directory"]), line, digest));
                count += 1;
            }
        }
    }
    count
}

/// Whether the file of a line `HEX SIZE PATH` is there; then it must be as the line says.
fn agrees(folder: &Path, line: &str, digest: Digest) -> bool {
    let words: Vec<_> = line.split_whitespace().collect();
    let Ok(content) = std::fs::read(folder.join(words[2])) else {
        return false;
    };
    assert_eq!(words[0], digest.hex(&content), "{line}");
    assert_eq!(words[1], content.len().to_string(), "{line}");
    true
}

/// Fields of a stanza; the lines of a value keep their breaks.
fn fields(stanza: &str) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    let mut last = String::new();
    for line in stanza.lines() {
        if let (false, Some((name, value))) = (line.starts_with(' '), line.split_once(':')) {
            name.clone_into(&mut last);
            fields.insert(last.clone(), value.trim().to_owned());
        } else {
            let value: &mut String = fields.get_mut(&last).unwrap();
            value.push('\n');
            value.push_str(line.trim());
        }
    }
    fields
}

const FTPARCHIVE: &str = r#"
Dir { ArchiveDir "."; CacheDir "cache"; };
Default {
    Packages::Compress ". @variants@";
    Sources::Compress ". gzip xz";
    Contents::Compress "gzip";
};
TreeDefault {
    Directory "pool/$(SECTION)";
    SrcDirectory "pool/$(SECTION)";
    Packages "$(DIST)/$(SECTION)/binary-$(ARCH)/Packages";
    Sources "$(DIST)/$(SECTION)/source/Sources";
    Contents "$(DIST)/Contents-$(ARCH)";
    BinCacheDB "packages-$(ARCH).db";
};
Tree "dists/stable" { Sections "main contrib"; Architectures "amd64 source"; };
"#;

/// `apt-ftparchive generate` and `release`, then gpg; `keep` is its By-Hash-Keep.
fn ftparchive(variants: &str, keep: &str) -> Option<tempfile::TempDir> {
    let key = keys::load("good");
    let home = peers::gnupg::Home::new(&[&key])?;
    let folder = folder();
    let root = folder.path();
    pool(&root.join("pool"));
    std::fs::create_dir(root.join("cache")).unwrap();
    for component in ["main", "contrib"] {
        for below in ["binary-amd64", "source"] {
            let below = format!("dists/stable/{component}/{below}");
            std::fs::create_dir_all(root.join(below)).unwrap();
        }
    }
    let config = FTPARCHIVE.replace("@variants@", variants);
    put(root, "generate.conf", config);
    peers::deb::apt_ftparchive(root, &["generate", "generate.conf"])?.expect_ok();
    let keep = format!("APT::FTPArchive::By-Hash-Keep={keep}");
    let mut arguments = vec!["-q"];
    for option in [
        &*keep,
        "APT::FTPArchive::DoByHash=true",
        "APT::FTPArchive::Release::Origin=pkgseal TEST",
        "APT::FTPArchive::Release::Suite=stable",
        "APT::FTPArchive::Release::Codename=stable",
        "APT::FTPArchive::Release::Components=main contrib",
        "APT::FTPArchive::Release::Architectures=amd64",
        "APT::FTPArchive::Release::Acquire-By-Hash=yes",
    ] {
        arguments.extend(["-o", option]);
    }
    arguments.extend(["release", "dists/stable"]);
    let run = peers::deb::apt_ftparchive(root, &arguments)?;
    let text = run.expect_ok().stdout;
    let time = Timestamp::now();
    put(root, "dists/stable/Release", &text);
    let block = home.detach_sign(&[&key], &text, time);
    put(root, "dists/stable/Release.gpg", block);
    let message = home.clearsign(&[&key], &text, time);
    put(root, "dists/stable/InRelease", message);
    Some(folder)
}

#[test]
fn apt_ftparchive_with_gpg() {
    let Some(folder) = ftparchive("gzip bzip2 xz zstd", "99") else {
        return;
    };
    let by_hash = "dists/stable/main/binary-amd64/by-hash/SHA512";
    assert_eq!(peers::files(&folder.path().join(by_hash)).len(), 5);
    holds(
        folder.path(),
        Hashes {
            release: 68,
            pool: 28,
        },
        &["apt.by-hash.incomplete"],
    );
}

/// It deletes all but the three newest files of a by-hash folder, those it has just
/// written included: a client that asks for one of them misses it.
#[test]
fn apt_ftparchive_deletes_its_own_by_hash_files() {
    let Some(folder) = ftparchive("gzip bzip2 xz zstd", "3") else {
        return;
    };
    let examination = verify(folder.path());
    assert_eq!(reasons(&examination), ["apt.by-hash.missing"]);
    for finding in &examination.report.findings {
        assert!(finding.subject.contains("/by-hash/"), "{finding:#?}");
    }
}

/// apt 2.6 ends these streams twice. xz and lz4 say so too.
#[test]
fn apt_ftparchive_writes_something_after_lzma_and_lz4() {
    for (variant, suffix, program) in [("lzma", "lzma", "xz"), ("lz4", "lz4", "lz4")] {
        let Some(folder) = ftparchive(&format!("gzip {variant}"), "99") else {
            return;
        };
        let path = folder
            .path()
            .join("dists/stable/main/binary-amd64/Packages");
        let path = path.with_extension(suffix);
        let Some(program) = peers::have(program) else {
            return;
        };
        let run = program.run([Path::new("--test"), &path]);
        assert!(
            run.says("corrupt") || run.says("followed by undecodable data"),
            "{run}"
        );
        assert_eq!(reasons(&verify(folder.path())), ["apt.index.compression"]);
    }
}

#[test]
fn reprepro() {
    let key = keys::load("good");
    let distributions = format!(
        "Origin: pkgseal TEST\nLabel: pkgseal TEST\nCodename: stable\nSuite: stable\n\
         Architectures: amd64 source\nComponents: main contrib\nDescription: a test\n\
         ValidFor: 7d\nDebIndices: Packages Release . .gz .xz\n\
         DscIndices: Sources Release . .gz\nSignWith: {}\n",
        key.fingerprint()
    );
    let Some(reprepro) = peers::reprepro::Reprepro::new(&distributions, &[&key]) else {
        return;
    };
    let folder = folder();
    for file in pool(folder.path()) {
        let component = file.strip_prefix(folder.path()).unwrap().iter().next();
        let component = component.unwrap().to_str().unwrap();
        let file = file.to_str().unwrap();
        let command = match file.rsplit('.').next() {
            Some("deb") => "includedeb",
            Some("dsc") => "includedsc",
            _ => continue,
        };
        let run = reprepro.run(&["--component", component, command, "stable", file]);
        run.expect_ok();
    }
    holds(
        reprepro.path(),
        Hashes {
            release: 42,
            pool: 21,
        },
        &[],
    );
}

#[test]
fn aptly() {
    let key = keys::load("good");
    let Some(aptly) = peers::aptly::Aptly::new(&[&key]) else {
        return;
    };
    let folder = folder();
    pool(folder.path());
    for component in ["main", "contrib"] {
        let name = format!("-component={component}");
        aptly
            .run(&["repo", "create", "-distribution=stable", &name, component])
            .expect_ok();
        let path = folder.path().join(component);
        aptly
            .run(&["repo", "add", component, path.to_str().unwrap()])
            .expect_ok();
    }
    let key = format!("-gpg-key={}", key.fingerprint());
    aptly
        .run(&[
            "publish",
            "repo",
            "-batch",
            "-acquire-by-hash",
            "-component=main,contrib",
            "-architectures=amd64,source",
            &key,
            "main",
            "contrib",
        ])
        .expect_ok();
    holds(
        &aptly.public(),
        Hashes {
            release: 76,
            pool: 28,
        },
        &["apt.index.variant-absent"],
    );
}
