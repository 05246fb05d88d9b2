//! The keyring as a package: built where clients need it, and installed by the real dpkg.

use std::fs;
use std::path::Path;

use pkgseal_openpgp::Certificate;
use pkgseal_testkit::keys;
use pkgseal_testkit::peers;

use super::rotation::{Rotation, WINDOW};
use crate::run::listing;

const PACKAGE: [&str; 4] = [
    "--keyring-package",
    "acme-archive-keyring",
    "--maintainer",
    "Acme <archive@acme.example>",
];

/// Fingerprints in the keyring that a package installs.
fn installs(package: &Path) -> Option<Vec<String>> {
    let dpkg = peers::have("dpkg-deb")?;
    let folder = tempfile::tempdir().unwrap();
    let mut command = dpkg.command();
    peers::run(command.arg("--extract").arg(package).arg(folder.path())).expect_ok();
    let keyring = folder
        .path()
        .join("usr/share/keyrings/acme-archive-keyring.gpg");
    let (certificates, errors) = Certificate::parse_all(&fs::read(keyring).unwrap());
    assert_eq!(errors, []);
    Some(
        certificates
            .iter()
            .map(|one| one.fingerprint().to_string())
            .collect(),
    )
}

#[test]
fn the_keyring_is_packaged_where_it_changes() {
    let rotation = Rotation::new("good-rsa4096", "good-ed25519");
    let root = rotation.apt("apt", rotation.old, &[]);
    rotation.plan(WINDOW, &[&root]).expect(0);
    let both = rotation.both();
    let folder = rotation.path("rotation.d");
    let fingerprint = |name: &str| keys::load(name).fingerprint();
    let packages = || -> Vec<String> {
        let mut names = listing(&folder);
        names.retain(|name| name.ends_with(".deb"));
        names
    };
    let announcement = || fs::read_to_string(folder.join("ANNOUNCEMENT.md")).unwrap();

    rotation.step("2025-03-03", &both, &PACKAGE).expect(0);
    assert_eq!(packages(), ["acme-archive-keyring_2025.03.03_all.deb"]);
    if let Some(mut held) = installs(&folder.join(&packages()[0])) {
        held.sort();
        let mut wanted = both.map(fingerprint);
        wanted.sort();
        assert_eq!(held, wanted);
    }
    let upgrade = "apt-get install --only-upgrade acme-archive-keyring";
    assert!(announcement().contains(upgrade), "{}", announcement());

    let run = rotation.step("2025-03-04", &both, &PACKAGE);
    assert_eq!(run.status, 2, "{}", run.stdout);
    assert!(run.stderr.contains("in this step"), "{}", run.stderr);
    rotation.step("2025-03-04", &both, &[]).expect(0);
    assert!(announcement().contains(upgrade), "{}", announcement());
    rotation.step("2025-07-01", &[rotation.new], &[]).expect(0);
    rotation.step("2025-08-01", &[], &PACKAGE).expect(0);
    assert_eq!(
        packages(),
        [
            "acme-archive-keyring_2025.03.03_all.deb",
            "acme-archive-keyring_2025.08.01_all.deb"
        ]
    );
    if let Some(held) = installs(&folder.join(&packages()[1])) {
        assert_eq!(held, [fingerprint(rotation.new)]);
    }
}

#[test]
fn a_package_that_nobody_needs_or_dpkg_refuses_is_refused() {
    let rotation = Rotation::new("good-rsa4096", "good-rsa2048");
    let root = rotation.yum("yum", rotation.old);
    rotation.plan(WINDOW, &[&root]).expect(0);
    let run = rotation.step("2025-03-03", &rotation.both(), &PACKAGE);
    assert_eq!(run.status, 2, "{}", run.stdout);
    assert!(run.stderr.contains("clients of apt"), "{}", run.stderr);
    assert!(!rotation.path("rotation.d").exists());

    let rotation = Rotation::new("good-rsa4096", "good-ed25519");
    let root = rotation.apt("apt", rotation.old, &[]);
    rotation.plan(WINDOW, &[&root]).expect(0);
    for name in ["Acme Keyring", "../keyring", ""] {
        let mut options = PACKAGE;
        options[1] = name;
        let run = rotation.step("2025-03-03", &rotation.both(), &options);
        assert_eq!(run.status, 2, "{name} {}", run.stdout);
    }
    assert!(!rotation.path("rotation.d").exists());
    // Nobody to write to: it is a matter of usage.
    let run = rotation.step("2025-03-03", &rotation.both(), &PACKAGE[..2]);
    assert_eq!(run.status, 2, "{}", run.stdout);
}
