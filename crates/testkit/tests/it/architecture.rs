//! Arrows only go down: who may depend on whom, over `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// Which crates of ours each crate may use in what it ships. A crate that is not listed
/// here has to be thought about first.
const ARROWS: &[(&str, &[&str])] = &[
    (
        "pkgseal",
        &[
            "pkgseal-deb",
            "pkgseal-keyring",
            "pkgseal-maven",
            "pkgseal-openpgp",
            "pkgseal-repo",
            "pkgseal-rpm",
        ],
    ),
    ("pkgseal-deb", &["pkgseal-openpgp", "pkgseal-repo"]),
    ("pkgseal-rpm", &["pkgseal-openpgp", "pkgseal-repo"]),
    // Its trust files name certificates.
    (
        "pkgseal-maven",
        &["pkgseal-keyring", "pkgseal-openpgp", "pkgseal-repo"],
    ),
    ("pkgseal-keyring", &["pkgseal-openpgp", "pkgseal-repo"]),
    // Findings, codes and limits are repo's vocabulary.
    ("pkgseal-openpgp", &["pkgseal-repo"]),
    ("pkgseal-repo", &[]),
    // It brings the cryptographic backend to the libraries' tests.
    ("pkgseal-testkit", &["pkgseal-openpgp"]),
    // Outside what is published, and allowed to see every parser.
    (
        "pkgseal-fuzz",
        &[
            "pkgseal-deb",
            "pkgseal-keyring",
            "pkgseal-maven",
            "pkgseal-openpgp",
            "pkgseal-repo",
            "pkgseal-rpm",
            "pkgseal-testkit",
        ],
    ),
];

/// Crates that one or a few of ours keep to themselves.
const QUARANTINED: &[(&str, &[&str])] = &[
    (
        "sequoia-openpgp",
        &["pkgseal-openpgp", "pkgseal-keyring", "pkgseal-testkit"],
    ),
    ("openssl", &["pkgseal-openpgp"]),
    ("openssl-sys", &["pkgseal-openpgp"]),
    ("rpm", &["pkgseal-testkit"]),
    ("anstream", &["pkgseal"]),
    ("anstyle", &["pkgseal"]),
    ("anyhow", &["pkgseal", "pkgseal-testkit"]),
    ("clap", &["pkgseal"]),
    ("clap_complete", &["pkgseal"]),
    ("clap_mangen", &["pkgseal"]),
    ("indicatif", &["pkgseal"]),
    // The keyring speaks JSON with commands that sign; what users see is the command's.
    ("serde_json", &["pkgseal", "pkgseal-keyring"]),
    ("cryptoki", &["pkgseal-keyring"]),
];

/// Ways to the network, or to the runtimes that bring one.
const NETWORK: &[&str] = &[
    "async-std",
    "attohttpc",
    "curl",
    "curl-sys",
    "h2",
    "hickory-resolver",
    "hyper",
    "isahc",
    "minreq",
    "mio",
    "native-tls",
    "quinn",
    "reqwest",
    "rustls",
    "sequoia-net",
    "smol",
    "socket2",
    "tokio",
    "tungstenite",
    "ureq",
];

fn metadata() -> Metadata {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");
    MetadataCommand::new()
        .manifest_path(manifest)
        .no_deps()
        .other_options(["--offline".to_owned()])
        .exec()
        .unwrap()
}

fn normal(package: &Package) -> impl Iterator<Item = &str> {
    package
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind != DependencyKind::Development)
        .map(|dependency| dependency.name.as_str())
}

#[test]
fn arrows_only_go_down() {
    let arrows: BTreeMap<_, _> = ARROWS.iter().copied().collect();
    for package in &metadata().packages {
        let allowed = arrows
            .get(package.name.as_str())
            .unwrap_or_else(|| panic!("{} has no place in the architecture", package.name));
        for dependency in normal(package) {
            if dependency == "pkgseal" || dependency.starts_with("pkgseal-") {
                assert!(
                    allowed.contains(&dependency),
                    "{} may not depend on {dependency}",
                    package.name
                );
            }
        }
    }
}

#[test]
fn foreign_crates_stay_where_they_belong() {
    for package in &metadata().packages {
        if package.name.as_str() == "pkgseal-fuzz" {
            continue;
        }
        for dependency in normal(package) {
            for (name, allowed) in QUARANTINED {
                if dependency == *name {
                    assert!(
                        allowed.contains(&package.name.as_str()),
                        "{} may not depend on {dependency}",
                        package.name
                    );
                }
            }
            assert!(
                dependency == "sequoia-openpgp" || !dependency.starts_with("sequoia-"),
                "{} may not depend on {dependency}",
                package.name
            );
        }
    }
}

#[test]
fn the_testkit_is_for_tests() {
    for package in &metadata().packages {
        for dependency in normal(package) {
            assert!(
                dependency != "pkgseal-testkit" || package.name.as_str() == "pkgseal-fuzz",
                "{} ships the testkit",
                package.name
            );
        }
        if ["pkgseal-testkit", "pkgseal-fuzz"].contains(&package.name.as_str()) {
            assert_eq!(
                package.publish.as_deref(),
                Some(&[][..]),
                "{}",
                package.name
            );
        }
    }
}

#[test]
fn nothing_opens_a_connection() {
    let lock = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock"));
    let locked: BTreeSet<&str> = lock
        .lines()
        .filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'))
        .collect();
    assert!(
        locked.contains("sequoia-openpgp"),
        "the lock file is read right"
    );
    for name in NETWORK {
        assert!(!locked.contains(name), "{name} is in Cargo.lock");
    }
}

#[test]
fn every_crate_keeps_the_workspace_lints() {
    for package in &metadata().packages {
        let manifest = std::fs::read_to_string(&package.manifest_path).unwrap();
        assert!(
            manifest.contains("[lints]\nworkspace = true\n"),
            "{} sets its own lints",
            package.name
        );
        let folder = package.manifest_path.parent().unwrap().file_name().unwrap();
        let short = match package.name.as_str() {
            "pkgseal" => "cli",
            name => name.strip_prefix("pkgseal-").unwrap(),
        };
        assert_eq!(folder, short, "{}", package.name);
    }
}
