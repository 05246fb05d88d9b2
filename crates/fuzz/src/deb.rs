//! .deb packages, Release files, and the package lists below them.

use pkgseal_deb::apt::{self, Release};
use pkgseal_deb::upload::{self, Document, Kind};
use pkgseal_openpgp::{Examination, Verified};
use pkgseal_repo::{CheckOptions, Limits, NoProgress, Outcome};
use pkgseal_testkit::build::Digest;
use pkgseal_testkit::build::upload::Upload;
use pkgseal_testkit::generate::sample_apt;
use pkgseal_testkit::keys::{self, RawOptions};

use crate::{Target, seeds};

/// Whole packages, through the way in that `pkgseal verify` takes.
pub(crate) const PACKAGE: Target = Target {
    name: "deb_package",
    run: |data| {
        seeds::with_file(".deb", data, |path| {
            let verify =
                |verifier| pkgseal_deb::package::verify(path, verifier, &Limits::default());
            let _ = verify(seeds::friend());
            if let Ok(examination) = verify(seeds::stranger()) {
                let outcome = examination.outcome();
                assert_ne!(
                    outcome,
                    Outcome::Accepted,
                    "accepted without its certificate"
                );
            }
        });
    },
    seeds: || seeds::vectors("deb", ".deb"),
};

/// Signed roots of apt repositories.
pub(crate) const RELEASE: Target = Target {
    name: "release",
    run: |data| {
        let text = Verified::danger_unverified(data.to_vec());
        if let Ok(release) = Release::parse(text, "Release", &Limits::default()) {
            let _ = release.get().freshness("Release", seeds::now());
        }
    },
    seeds: || {
        let mut seeds = seeds::vectors("inrelease", "Release");
        seeds.push(sample_apt().by_hash().release().into_bytes());
        seeds
    },
};

/// Package lists, in a repository that vouches for whatever the list says.
pub(crate) const PACKAGES: Target = Target {
    name: "packages",
    run: |data| {
        for name in ["Packages", "Sources"] {
            let _ = judge(name, data);
        }
    },
    seeds: || {
        let mut seeds: Vec<Vec<u8>> = sample_apt()
            .indices()
            .into_iter()
            .filter(|(path, content)| path.ends_with("/Packages") && !content.is_empty())
            .map(|(_, content)| content)
            .collect();
        seeds.push(
            b"Package: hello\nDirectory: pool/main/h/hello\nVersion: 1.0-1\nChecksums-Sha256:\n \
              e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 hello_1.0-1.dsc\n"
                .to_vec(),
        );
        seeds
    },
};

/// The documents of an upload, once vouched for, and as a file of their own.
pub(crate) const UPLOAD: Target = Target {
    name: "upload",
    run: |data| {
        for kind in [Kind::Dsc, Kind::Buildinfo, Kind::Changes] {
            let text = Verified::danger_unverified(data.to_vec());
            let _ = Document::parse(text, kind, "x", &Limits::default());
        }
        let Ok(folder) = seeds::folder() else {
            return;
        };
        let path = folder.path().join("hello_1.0-1_amd64.changes");
        if std::fs::write(&path, data).is_err() {
            return;
        }
        let options = CheckOptions {
            jobs: 1,
            limits: Limits::default(),
        };
        let _ = upload::verify(&path, seeds::friend(), None, &options, &NoProgress);
        if let Ok(examination) =
            upload::verify(&path, seeds::stranger(), None, &options, &NoProgress)
        {
            let outcome = examination.outcome();
            assert_ne!(
                outcome,
                Outcome::Accepted,
                "accepted without its certificate"
            );
        }
    },
    seeds: || {
        let mut seeds = Vec::new();
        for ending in [".changes", ".dsc", ".buildinfo"] {
            seeds.extend(seeds::vectors("changes", ending));
        }
        let unsigned = Upload::new().unsigned();
        let documents = unsigned
            .into_iter()
            .filter(|(name, _)| Kind::of(name).is_some());
        seeds.extend(documents.map(|(_, content)| content));
        seeds
    },
};

/// A flat repository with one signed index.
fn judge(name: &str, index: &[u8]) -> Option<Examination> {
    let release = format!(
        "Suite: ./\nDate: Sat, 01 Mar 2025 00:00:00 UTC\nSHA256:\n {} {} {name}\n",
        Digest::Sha256.hex(index),
        index.len()
    );
    let options = RawOptions::at(keys::SIGNED).form(keys::Form::Text);
    let signed = keys::raw_clearsign(&[(&seeds::signer(), options)], &release);
    let folder = seeds::folder().ok()?;
    std::fs::write(folder.path().join("InRelease"), signed).ok()?;
    std::fs::write(folder.path().join(name), index).ok()?;
    let options = CheckOptions {
        jobs: 1,
        limits: Limits::default(),
    };
    apt::verify_tree(folder.path(), seeds::friend(), &options, &NoProgress).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Else the mutations would stop at the door.
    #[test]
    fn seeds_are_followed() {
        for seed in (PACKAGES.seeds)() {
            let name = if seed.starts_with(b"Package: hello\nDirectory") {
                "Sources"
            } else {
                "Packages"
            };
            let examination = judge(name, &seed).expect("a verdict");
            let codes: Vec<&str> = examination
                .report
                .findings
                .iter()
                .map(|finding| finding.code.id)
                .collect();
            assert!(codes.contains(&"file.missing"), "{codes:?}");
        }
    }
}
