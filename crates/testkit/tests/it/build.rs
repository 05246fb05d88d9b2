//! What the builders make is what the peers read.

use std::path::{Path, PathBuf};

use pkgseal_testkit::build::rpm::{Format, Parts, Rpm, Tag, tag};
use pkgseal_testkit::build::{
    Compression, Digest, apt, deb, deb::Deb, maven, put, rpm, source, yum,
};
use pkgseal_testkit::keys::{self, Armor, RawOptions, SIGNED, load, raw_clearsign, raw_sign};
use pkgseal_testkit::peers;

fn file(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    put(folder, name, bytes);
    folder.join(name)
}

fn apt_repository() -> apt::Repository {
    apt::Repository::new(
        "stable",
        vec![
            ("main", Deb::new("alpha", "1.0-1", "amd64")),
            ("main", Deb::new("beta", "2.0-1", "all")),
            ("extra", Deb::new("gamma", "3.0-1", "arm64")),
        ],
    )
    .by_hash()
}

#[test]
fn dpkg_deb_reads_every_compression() {
    let folder = tempfile::tempdir().unwrap();
    for data in Compression::ALL {
        for control in [
            Compression::None,
            Compression::Gzip,
            Compression::Xz,
            Compression::Zstd,
        ] {
            let package = Deb::new("alpha", "1.0-1", "amd64").compressed(control, data);
            assert_eq!(package.build(), package.build());
            let path = file(folder.path(), &package.file_name(), &package.build());
            let Some(run) = peers::deb::dpkg_deb_reads(&path) else {
                return;
            };
            assert!(run.expect_ok().says("./usr/share/doc/alpha/README"));
        }
    }
}

#[test]
fn debsig_verify_accepts_an_appended_signature() {
    let folder = tempfile::tempdir().unwrap();
    let key = load("primary-signs-rsa3072");
    let package = Deb::new("alpha", "1.0-1", "amd64");
    for armor in [Armor::Binary, Armor::Armored] {
        let options = RawOptions {
            armor,
            ..RawOptions::at(SIGNED)
        };
        let mut bytes = package.build();
        let signature = raw_sign(&key, &deb::signed_data(&package.members()), &options);
        deb::append_signature(&mut bytes, "origin", &signature);
        let path = file(folder.path(), "alpha.deb", &bytes);
        let Some(run) = peers::deb::debsig_verify(&path, &["origin"], &key) else {
            return;
        };
        run.expect_ok();
        let path = file(folder.path(), "alpha.deb", &package.build());
        let unsigned = peers::deb::debsig_verify(&path, &["origin"], &key).unwrap();
        assert_eq!(unsigned.status, 10, "{unsigned}");
    }
}

#[test]
fn debsigs_signs_what_debsig_verify_accepts() {
    let folder = tempfile::tempdir().unwrap();
    let key = load("primary-signs");
    let package =
        Deb::new("alpha", "1.0-1", "amd64").compressed(Compression::Gzip, Compression::Gzip);
    let path = file(folder.path(), "alpha.deb", &package.build());
    let Some(run) = peers::deb::debsigs(&path, "origin", &key) else {
        return;
    };
    run.expect_ok();
    if let Some(run) = peers::deb::debsig_verify(&path, &["origin"], &key) {
        run.expect_ok();
    }
}

#[test]
fn apt_updates_from_a_signed_tree() {
    let folder = tempfile::tempdir().unwrap();
    let repository = apt_repository();
    repository.write(folder.path());
    let key = load("good");
    let message = raw_clearsign(&[(&key, RawOptions::at(SIGNED))], &repository.release());
    put(folder.path(), "dists/stable/InRelease", message);
    let keyring = keys::keyring(&["good"]);
    let Some(run) = peers::apt::update(folder.path(), "stable", "main extra", &keyring) else {
        return;
    };
    assert!(run.expect_ok().says("Packages"));
    let stranger = keys::keyring(&["stranger"]);
    let run = peers::apt::update(folder.path(), "stable", "main extra", &stranger).unwrap();
    assert!(run.expect_failure().says("NO_PUBKEY"));
}

#[test]
fn apt_updates_from_a_flat_tree_with_release_gpg() {
    let folder = tempfile::tempdir().unwrap();
    let repository = apt::Repository::flat(vec![Deb::new("alpha", "1.0-1", "amd64")]).digests(&[
        Digest::Md5,
        Digest::Sha256,
        Digest::Sha512,
    ]);
    repository.write(folder.path());
    let key = load("good-rsa4096");
    let release = repository.release();
    put(
        folder.path(),
        "Release.gpg",
        raw_sign(&key, release.as_bytes(), &RawOptions::at(SIGNED)),
    );
    let keyring = keys::keyring(&["good-rsa4096"]);
    if let Some(run) = peers::apt::update(folder.path(), "./", "", &keyring) {
        run.expect_ok();
    }
}

#[test]
fn apt_ftparchive_lists_the_same_packages() {
    let folder = tempfile::tempdir().unwrap();
    let repository = apt_repository();
    repository.write(folder.path());
    let Some(run) = peers::deb::apt_ftparchive(folder.path(), &["packages", "pool/main"]) else {
        return;
    };
    let theirs = String::from_utf8(run.expect_ok().stdout).unwrap();
    for (path, content) in repository.indices() {
        if path == "main/binary-amd64/Packages" {
            for line in String::from_utf8(content).unwrap().lines() {
                assert!(theirs.contains(line), "{line}\n{theirs}");
            }
        }
    }
}

#[test]
fn rpm_reads_both_formats_and_every_compression() {
    let folder = tempfile::tempdir().unwrap();
    for format in [Format::V4, Format::V6] {
        for compression in Compression::ALL {
            let package = Rpm::new("alpha", "1.0", "noarch", format).compressed(compression);
            let bytes = package.build();
            assert_eq!(bytes, package.build());
            assert_eq!(
                bytes,
                Parts::read(&bytes).build(),
                "{format:?} {compression:?}"
            );
            let path = file(folder.path(), &package.file_name(), &bytes);
            let Some(run) = peers::rpm::Database::new(&[]) else {
                return;
            };
            let run = peers::run(run.command("rpmkeys").args(["--checksig", "-v"]).arg(&path));
            assert!(run.expect_ok().says("digest: OK"));
        }
    }
}

/// A header signature in the tag rpm 4.18 reads.
fn signed(package: &Rpm, name: &str) -> Vec<u8> {
    let parts = Parts::read(&package.build());
    let signature = raw_sign(&load(name), &parts.header, &RawOptions::at(SIGNED).binary());
    let legacy = if name.contains("rsa") {
        tag::RSA
    } else {
        tag::DSA
    };
    parts.with(Tag::binary(legacy, &signature)).build()
}

#[test]
fn rpmkeys_accepts_header_signatures() {
    let folder = tempfile::tempdir().unwrap();
    for format in [Format::V4, Format::V6] {
        for name in ["good-rsa2048", "good-rsa4096", "good-ed25519"] {
            let package = Rpm::new("alpha", "1.0", "noarch", format);
            let path = file(folder.path(), &package.file_name(), &signed(&package, name));
            let Some(run) = peers::rpm::check(&path, &[&load(name)]) else {
                return;
            };
            assert!(run.expect_ok().says("Signature, key ID"));
            let run = peers::rpm::check(&path, &[&load("stranger")]).unwrap();
            assert!(run.expect_failure().says("NOKEY"));
        }
    }
}

#[test]
fn rpmsign_signs_our_packages() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["good-rsa2048", "good-ed25519"] {
        let key = load(name);
        let package = Rpm::new("alpha", "1.0", "noarch", Format::V4);
        let path = file(folder.path(), &package.file_name(), &package.build());
        let Some(run) = peers::rpm::rpmsign(&path, &["--addsign"], &key) else {
            return;
        };
        run.expect_ok();
        peers::rpm::check(&path, &[&key]).unwrap().expect_ok();
    }
}

#[test]
fn createrepo_c_agrees_with_our_metadata() {
    let folder = tempfile::tempdir().unwrap();
    let repository = yum::Repository::new(vec![
        Rpm::new("alpha", "1.0", "noarch", Format::V4),
        Rpm::new("beta", "2.0", "x86_64", Format::V4),
    ]);
    repository.write(folder.path());
    let ours = repository.primary();
    let Some(run) = peers::yum::createrepo_c(folder.path(), &["--general-compress-type=gz"]) else {
        return;
    };
    run.expect_ok();
    let primary = std::fs::read_dir(folder.path().join("repodata"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.to_string_lossy().ends_with("primary.xml.gz"))
        .unwrap();
    let mut theirs = String::new();
    let stored = std::fs::File::open(primary).unwrap();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(stored), &mut theirs).unwrap();
    let tags = [
        "<checksum",
        "<rpm:header-range",
        "<location",
        "<name",
        "<arch",
        "<version",
        "<size",
    ];
    let ours = ours
        .lines()
        .filter(|line| tags.iter().any(|tag| line.trim().starts_with(tag)));
    for line in ours {
        assert!(theirs.contains(line.trim()), "{line}\n{theirs}");
    }
}

#[test]
fn dnf_reads_a_signed_repository() {
    let folder = tempfile::tempdir().unwrap();
    let key = load("good-rsa2048");
    let repository = yum::Repository::new(vec![Rpm::new("alpha", "1.0", "noarch", Format::V4)]);
    repository.write(folder.path());
    let repomd = repository.repomd(&repository.metadata());
    let sign = |key| raw_sign(key, repomd.as_bytes(), &RawOptions::at(SIGNED));
    put(folder.path(), "repodata/repomd.xml.asc", sign(&key));
    let Some(run) = peers::yum::dnf(folder.path(), &key) else {
        return;
    };
    assert!(run.expect_ok().says("alpha"));
    put(
        folder.path(),
        "repodata/repomd.xml.asc",
        sign(&load("stranger")),
    );
    peers::yum::dnf(folder.path(), &key)
        .unwrap()
        .expect_failure();
}

#[test]
fn jars_are_zip_archives() {
    let folder = tempfile::tempdir().unwrap();
    maven::write(
        folder.path(),
        &[maven::Artifact::new("org.example", "lib", "1.0")],
    );
    let jar = folder.path().join("org/example/lib/1.0/lib-1.0.jar");
    let Some(python) = peers::have("python3") else {
        return;
    };
    let run = python.run([
        "-m".as_ref(),
        "zipfile".as_ref(),
        "-t".as_ref(),
        jar.as_os_str(),
    ]);
    run.expect_ok();
    assert_eq!(rpm::base64(b"hello"), "aGVsbG8=");
}

#[test]
fn dpkg_source_unpacks_a_source_package() {
    let Some(dpkg_source) = peers::have("dpkg-source") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let source = source::Source::new("hello", "1.0");
    let (tarball, content) = source.tarball();
    put(folder.path(), &tarball, content);
    let (name, text) = source.dsc();
    put(folder.path(), &name, text);
    let mut command = dpkg_source.command();
    command.current_dir(folder.path());
    peers::run(command.args(["--extract", &name])).expect_ok();
    assert!(folder.path().join("hello-1.0/debian/control").is_file());
}
