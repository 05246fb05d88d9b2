//! Rewrites `testdata/` from nothing but the committed keys and fixed times.

use std::path::Path;

use crate::build::deb::Deb;
use crate::build::rpm::{Format, Rpm};
use crate::build::{apt, maven, put, yum};
use crate::{keys, vectors};

/// Folders that [`generate`] owns: whatever else stood in them is gone afterwards.
pub const OWNED: [&str; 4] = ["apt", "maven", "vectors", "yum"];

/// Writes the sample repositories and the vectors into `folder`.
pub fn generate(folder: &Path) {
    for name in OWNED {
        let path = folder.join(name);
        if path.exists() {
            std::fs::remove_dir_all(&path).unwrap();
        }
    }
    sample_apt().write(&folder.join("apt"));
    sample_yum().write(&folder.join("yum"));
    maven::write(&folder.join("maven"), &sample_maven());
    vectors::write(&folder.join("vectors"));
    put(folder, "keys/README.md", keys_readme());
}

/// The unsigned sample apt repository.
pub fn sample_apt() -> apt::Repository {
    apt::Repository::new(
        "stable",
        vec![
            ("main", Deb::new("hello", "1.0-1", "amd64")),
            ("main", Deb::new("hello", "1.0-1", "arm64")),
            ("main", Deb::new("hello-doc", "1.0-1", "all")),
            ("contrib", Deb::new("goodbye", "2.1-1", "amd64")),
        ],
    )
}

/// The unsigned sample yum repository, of unsigned packages.
pub fn sample_yum() -> yum::Repository {
    yum::Repository::new(vec![
        Rpm::new("hello", "1.0", "x86_64", Format::V4).reserve(Some(4096)),
        Rpm::new("hello-doc", "1.0", "noarch", Format::V4).reserve(Some(4096)),
        Rpm::new("goodbye", "2.1", "noarch", Format::V6).reserve(Some(4096)),
    ])
}

/// What the unsigned sample Maven repository holds.
pub fn sample_maven() -> Vec<maven::Artifact> {
    vec![
        maven::Artifact::new("invalid.test", "hello", "1.0"),
        maven::Artifact::new("invalid.test", "hello", "1.1"),
        maven::Artifact::new("invalid.test", "goodbye", "2.1"),
    ]
}

fn keys_readme() -> String {
    let mut text = "# Test keys\n\n\
         Anybody can read the secret keys here: trust none of them. Written by\n\
         `cargo run -p pkgseal-testkit -- generate`.\n\n\
         | name | what it is | fingerprint |\n|---|---|---|\n"
        .to_owned();
    for name in keys::names() {
        text.push_str(&format!(
            "| `{name}` | {} | `{}` |\n",
            keys::what(name),
            keys::load(name).fingerprint()
        ));
    }
    text
}

/// Every file beneath a folder, sorted: path with `/`, content.
pub fn read_tree(folder: &Path) -> Vec<(String, Vec<u8>)> {
    fn walk(folder: &Path, prefix: &str, found: &mut Vec<(String, Vec<u8>)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.file_type().unwrap().is_dir() {
                walk(&entry.path(), &format!("{path}/"), found);
            } else {
                found.push((path, std::fs::read(entry.path()).unwrap()));
            }
        }
    }
    let mut found = Vec::new();
    walk(folder, "", &mut found);
    found.sort();
    found
}
