//! The certificates in `keyrings/` at the top level, and the README that lists them.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use pkgseal_keyring::open;
use pkgseal_repo::{Limits, Severity};

const KEYRINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../keyrings");

/// Where a folder's files come from.
struct Origin {
    folder: &'static str,
    what: &'static str,
    package: &'static str,
    version: &'static str,
    date: &'static str,
    licence: &'static str,
}

const ORIGINS: &[Origin] = &[
    Origin {
        folder: "debian",
        what: "The Debian archive: one file for each key, and all of them in `debian-archive-keyring.gpg`.",
        package: "debian-archive-keyring",
        version: "2023.3+deb12u2",
        date: "2025-04-10",
        licence: "\"The keys in the keyrings don't fall under any copyright.\"",
    },
    Origin {
        folder: "debian-ports",
        what: "Debian's unofficial ports.",
        package: "debian-ports-archive-keyring",
        version: "2025.02.01~deb12u1",
        date: "2025-03-07",
        licence: "\"The keys in the keyrings don't fall under any copyright.\"",
    },
    Origin {
        folder: "elbe",
        what: "The ELBE build system's archive.",
        package: "elbe-archive-keyring",
        version: "20220814",
        date: "2022-08-14",
        licence: "CC0-1.0",
    },
    Origin {
        folder: "extrepo",
        what: "Third-party apt repositories as Debian's `extrepo` knows them for bookworm. Owners renew keys: where one has expired or is unknown here, ask the owner.",
        package: "extrepo-offline-data",
        version: "1.0.3+deb12u1",
        date: "2024-04-23",
        licence: "CC0-1.0 (`repos/*`)",
    },
    Origin {
        folder: "fasttrack",
        what: "Debian FastTrack.",
        package: "fasttrack-archive-keyring",
        version: "2020.12.19",
        date: "2020-12-19",
        licence: "BSD-3-Clause, © 2020 Unit 193",
    },
    Origin {
        folder: "progress-linux",
        what: "Progress Linux.",
        package: "progress-linux-pgp-keys",
        version: "20221212-3",
        date: "2023-02-01",
        licence: "public domain (`*-keys/*`)",
    },
    Origin {
        folder: "retired",
        what: "Keys that Debian has retired, to judge old suites with. Nothing new is signed by them, so keep them out of every other keyring.",
        package: "debian-archive-keyring 2023.3+deb12u2 and debian-ports-archive-keyring",
        version: "2025.02.01~deb12u1",
        date: "2025-04-10 and 2025-03-07",
        licence: "\"The keys in the keyrings don't fall under any copyright.\"",
    },
];

const FRONT: &str = "\
# Public certificates, shipped as data

So that a real repository can be verified out of the clone, as with `--keyring
keyrings/debian/debian-archive-keyring.gpg`. pkgseal trusts none of these by itself: a
keyring counts when it is named. Name one file, or the folder of one owner.

Every file is taken unchanged from a Debian package, which apt had verified; public
certificates only. Compare fingerprints with what the owner publishes before you rely on
one. This file is written by a test (`UPDATE_KEYRINGS=1 cargo test -p pkgseal-keyring --test
it shipped`), which fails when it does not match the files.
";

#[test]
fn the_readme_lists_every_file_and_fingerprint() {
    let mut text = FRONT.to_owned();
    for origin in ORIGINS {
        section(&mut text, origin);
    }
    let readme = Path::new(KEYRINGS).join("README.md");
    if std::env::var_os("UPDATE_KEYRINGS").is_some() {
        fs::write(&readme, &text).unwrap();
    }
    let committed = fs::read_to_string(&readme).unwrap();
    assert!(committed == text, "run it with UPDATE_KEYRINGS=1");
}

fn section(text: &mut String, origin: &Origin) {
    let Origin {
        folder,
        what,
        package,
        version,
        date,
        licence,
    } = origin;
    write!(
        text,
        "\n## {folder}/\n\n{what}\nFrom the Debian package {package} {version} of {date}; \
         licence: {licence}.\n"
    )
    .unwrap();
    for path in files(&Path::new(KEYRINGS).join(folder)) {
        let name = path.file_name().unwrap().to_str().unwrap();
        writeln!(text, "\n- `{name}`").unwrap();
        let loaded = open(&path, &Limits::default()).unwrap();
        for certificate in loaded.certificates.iter() {
            let user_id = certificate.user_id().unwrap_or_default();
            assert!(!user_id.contains(['`', '\n']), "{name}: {user_id}");
            writeln!(text, "  - {}: `{user_id}`", certificate.fingerprint()).unwrap();
        }
    }
}

#[test]
fn every_folder_has_an_origin() {
    let folders: Vec<_> = fs::read_dir(KEYRINGS)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "README.md")
        .collect();
    for folder in &folders {
        assert!(ORIGINS.iter().any(|o| o.folder == folder), "{folder}");
    }
    assert_eq!(folders.len(), ORIGINS.len());
}

#[test]
fn every_file_holds_public_certificates_that_apt_reads() {
    let mut size = 0;
    for origin in ORIGINS {
        for path in files(&Path::new(KEYRINGS).join(origin.folder)) {
            size += fs::metadata(&path).unwrap().len();
            let loaded = open(&path, &Limits::default()).unwrap();
            assert!(!loaded.certificates.is_empty(), "{}", path.display());
            for finding in &loaded.findings {
                assert_eq!(finding.severity, Severity::Warning, "{finding:?}");
                assert_eq!(finding.code.id, "keyring.unusable", "{finding:?}");
            }
        }
    }
    assert!(size < 2_000_000, "{size} bytes are too many for a clone");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}
