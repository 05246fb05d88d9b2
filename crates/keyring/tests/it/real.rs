//! Keyrings of the world: each file is read, or refused with a reason.

use std::path::Path;

use jiff::Timestamp;
use pkgseal_keyring::{Loaded, open};
use pkgseal_openpgp::Profile;
use pkgseal_repo::Limits;

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors");

fn now() -> Timestamp {
    "2026-11-01T00:00:00Z".parse().unwrap()
}

/// Reads a folder if it is there, and asks everything of every certificate.
fn read(folder: &Path) -> Option<Loaded> {
    if !folder.is_dir() {
        println!("SKIP: {} is not there", folder.display());
        return None;
    }
    let loaded = open(folder, &Limits::default()).unwrap();
    let profile = Profile::strict();
    for certificate in loaded.certificates.iter() {
        assert!(!certificate.keys(&profile, now()).is_empty());
        certificate.user_ids(now());
        certificate.lint(&profile, now());
        assert!(!certificate.to_binary().is_empty());
    }
    for finding in &loaded.findings {
        assert!(!finding.detail.is_empty());
        assert!(!finding.subject.is_empty());
    }
    Some(loaded)
}

/// Every regular file is among the sources or among the findings.
fn accounted_for(folder: &Path, loaded: &Loaded) -> usize {
    let mut files = 0;
    for entry in walk(folder) {
        files += 1;
        let known = loaded.sources.iter().any(|source| source.path == entry);
        let name = entry.to_string_lossy();
        let explained = loaded.findings.iter().any(|f| f.subject == name);
        assert!(known || explained, "{name}");
    }
    files
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(walk(&path));
        } else {
            files.push(path);
        }
    }
    files
}

#[test]
fn the_systems_own_keyrings() {
    for folder in [
        "/usr/share/keyrings",
        "/etc/apt/trusted.gpg.d",
        "/etc/pki/rpm-gpg",
    ] {
        let folder = Path::new(folder);
        if let Some(loaded) = read(folder) {
            accounted_for(folder, &loaded);
        }
    }
}

#[test]
fn certificates_of_distributions() {
    let folder = Path::new(VECTORS).join("certs/distributions");
    let Some(loaded) = read(&folder) else { return };
    assert!(accounted_for(&folder, &loaded) > 400);
    assert!(
        loaded.certificates.len() > 300,
        "{}",
        loaded.certificates.len()
    );
}

#[test]
fn certificates_of_maven_publishers() {
    let folder = Path::new(VECTORS).join("maven/local-repo/pgpkeys-cache");
    let Some(loaded) = read(&folder) else { return };
    assert!(accounted_for(&folder, &loaded) >= 80);
    assert!(
        loaded.certificates.len() >= 70,
        "{}",
        loaded.certificates.len()
    );
}
