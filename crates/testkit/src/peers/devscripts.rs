//! dpkg-buildpackage, dpkg-source, debsign, dscverify.

use std::path::{Path, PathBuf};

use super::{Run, gnupg, have, put, run, scratch};
use crate::keys::TestKey;

/// Builds a tiny source package with one package and everything about it, unsigned, and
/// returns the folder. The .changes is `hello_1.0-1_amd64.changes` on an amd64 machine.
pub fn build_upload() -> Option<tempfile::TempDir> {
    let buildpackage = have("dpkg-buildpackage")?;
    have("make")?;
    let folder = scratch();
    let file = |name: &str, content: &str| {
        put(folder.path(), &format!("hello-1.0/{name}"), content);
    };
    file("README", "hello\n");
    let tree = folder.path().join("hello-1.0");
    let tarball = "hello_1.0.orig.tar.gz";
    run(have("tar")?.command().current_dir(folder.path()).args([
        "--create",
        "--gzip",
        "--file",
        tarball,
        "hello-1.0",
    ]))
    .expect_ok();
    file(
        "debian/control",
        "Source: hello\nSection: misc\nPriority: optional\n\
         Maintainer: pkgseal TEST <test@test.invalid>\nStandards-Version: 4.6.2\n\
         Rules-Requires-Root: no\n\nPackage: hello\nArchitecture: all\n\
         Description: test package\n It holds nothing of use.\n",
    );
    file(
        "debian/changelog",
        "hello (1:1.0-1) unstable; urgency=medium\n\n  * Test.\n\n -- pkgseal TEST \
         <test@test.invalid>  Sat, 01 Feb 2025 00:00:00 +0000\n",
    );
    file("debian/source/format", "3.0 (quilt)\n");
    file(
        "debian/rules",
        "#!/usr/bin/make -f\nbuild clean build-arch build-indep:\nbinary:\n\
         \tmkdir -p debian/tmp/DEBIAN\n\tdpkg-gencontrol -phello\n\
         \tdpkg-deb --root-owner-group --build debian/tmp ..\n\
         binary-indep binary-arch: binary\n",
    );
    executable(&tree.join("debian/rules"));
    run(buildpackage
        .command()
        .current_dir(&tree)
        .env("SOURCE_DATE_EPOCH", super::super::build::BUILT.to_string())
        .args(["--no-sign", "-d", "--host-arch", "amd64"]))
    .expect_ok();
    std::fs::remove_dir_all(&tree).unwrap();
    Some(folder)
}

fn executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// `debsign` of a .changes, .dsc or .buildinfo in place, with the key imported into a
/// private home.
pub fn debsign(document: &Path, key: &TestKey) -> Option<Run> {
    let debsign = have("debsign")?;
    let home = gnupg::Home::new(&[key])?;
    Some(run(debsign
        .command()
        .env("GNUPGHOME", home.path())
        .env("HOME", home.path())
        .args(["--no-conf", "--re-sign", "-k"])
        .arg(key.fingerprint())
        .arg(document)))
}

/// `dscverify` with a keyring of these certificates. It accepts expired and revoked keys.
pub fn dscverify(document: &Path, keyring: &[u8]) -> Option<Run> {
    let dscverify = have("dscverify")?;
    let home = gnupg::Home::new(&[])?;
    let keyring = put(home.path(), "keyring.gpg", keyring);
    Some(run(dscverify
        .command()
        .env("GNUPGHOME", home.path())
        .env("HOME", home.path())
        .args([
            "--no-conf",
            "--no-default-keyrings",
            "--verbose",
            "--keyring",
        ])
        .arg(keyring)
        .arg(document)))
}

/// `dpkg-source --require-valid-signature --extract` with these certificates as the
/// user's trusted ones. It knows those only with gpg, so it is kept from finding sq.
pub fn dpkg_source(dsc: &Path, keyring: &[u8]) -> Option<Run> {
    let dpkg_source = have("dpkg-source")?;
    let home = gnupg::Home::new(&[])?;
    put(home.path(), "trustedkeys.gpg", keyring);
    put(home.path(), ".gnupg/trustedkeys.gpg", keyring);
    let output: PathBuf = home.path().join("extracted");
    let programs = home.path().join("bin");
    std::fs::create_dir(&programs).unwrap();
    for entry in std::fs::read_dir(dpkg_source.path().parent().unwrap()).unwrap() {
        let entry = entry.unwrap();
        if !entry.file_name().to_string_lossy().starts_with("sq") {
            let link = programs.join(entry.file_name());
            std::os::unix::fs::symlink(entry.path(), link).unwrap();
        }
    }
    Some(run(dpkg_source
        .command()
        .env("GNUPGHOME", home.path())
        .env("HOME", home.path())
        .env("PATH", &programs)
        .args(["--require-valid-signature", "--extract"])
        .arg(dsc)
        .arg(output)))
}
