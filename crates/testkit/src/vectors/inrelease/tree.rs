//! Trees, from InRelease down to the pool.

use super::{Case, FORMAT, Files, by, good, inrelease, repository};
use crate::build::{Compression, Digest, apt::Repository, deb::Deb};
use crate::keys::SIGNED;

pub(super) fn cases() -> Vec<Case> {
    let whole = |repository: &Repository| -> Files {
        let folder = tempfile::tempdir().unwrap();
        repository.write(folder.path());
        let mut files = crate::generate::read_tree(folder.path());
        for (path, _) in &mut files {
            *path = format!("tree/{path}");
        }
        let message = inrelease(&repository.release(), &[by("good-ed25519", SIGNED)]);
        let release = repository.folder();
        files.push((
            match &*release {
                "." => "tree/InRelease".into(),
                release => format!("tree/{release}/InRelease"),
            },
            message,
        ));
        files
    };
    let base = repository();
    let deb = "tree/pool/main/a/alpha/alpha_1.0-1_amd64.deb";
    let packages = "tree/dists/stable/main/binary-amd64/Packages";
    let changed = |change: &dyn Fn(&mut Vec<u8>), of: &str| -> Files {
        let mut files = whole(&base);
        let file = files.iter_mut().find(|(path, _)| path == of).unwrap();
        change(&mut file.1);
        files
    };
    let without = |of: &str| -> Files {
        let mut files = whole(&base);
        files.retain(|(path, _)| !path.starts_with(of));
        files
    };
    // An index whose signed entry points elsewhere.
    let index = |from: &str, to: &str| -> Files {
        let mut files = whole(&base);
        let text = String::from_utf8(
            files
                .iter()
                .find(|(path, _)| path == packages)
                .unwrap()
                .1
                .clone(),
        )
        .unwrap();
        let text = text.replacen(from, to, 1);
        let stored = Compression::Gzip.compress(text.as_bytes());
        let mut release = "Suite: stable\nCodename: stable\nDate: Sat, 01 Mar 2025 00:00:00 UTC\n\
             Architectures: amd64\nComponents: main\nSHA256:\n"
            .to_owned();
        for (suffix, content) in [("", text.as_bytes()), (".gz", &stored)] {
            release.push_str(&format!(
                " {} {} main/binary-amd64/Packages{suffix}\n",
                Digest::Sha256.hex(content),
                content.len()
            ));
        }
        for (path, content) in &mut files {
            match &path["tree/dists/stable/".len().min(path.len())..] {
                "main/binary-amd64/Packages" => *content = text.clone().into(),
                "main/binary-amd64/Packages.gz" => *content = stored.clone(),
                "Release" => *content = release.clone().into(),
                "InRelease" => *content = good(&release).into(),
                _ => {}
            }
        }
        files
    };
    let mut cases = vec![
        Case::accepted(
            FORMAT,
            "tree-good",
            "every listed file is there and as listed",
        )
        .files("tree", whole(&base)),
        Case::accepted(FORMAT, "tree-by-hash", "indices under by-hash too").files(
            "tree",
            whole(
                &repository()
                    .digests(&[Digest::Md5, Digest::Sha256, Digest::Sha512])
                    .by_hash(),
            ),
        ),
        Case::accepted(FORMAT, "tree-flat", "a flat repository").files(
            "tree",
            whole(&Repository::flat(vec![Deb::new("alpha", "1.0-1", "amd64")])),
        ),
        Case::accepted(
            FORMAT,
            "tree-plain-packages-absent",
            "Packages is listed but only Packages.gz is published: normal for a mirror",
        )
        .files("tree", {
            let mut files = whole(&base);
            files.retain(|(path, _)| path != packages);
            files
        }),
    ];
    let sha256 = Digest::Sha256.hex(&Deb::new("alpha", "1.0-1", "amd64").build());
    let list: Vec<(&str, &str, &str, Files)> = vec![
        (
            "tree-package-changed",
            "file.digest-mismatch",
            "a byte of a package was changed",
            changed(&|bytes| *bytes.last_mut().unwrap() ^= 1, deb),
        ),
        (
            "tree-package-longer",
            "file.size-mismatch",
            "bytes were appended to a package",
            changed(&|bytes| bytes.extend(b"more"), deb),
        ),
        (
            "tree-package-cut-short",
            "file.size-mismatch",
            "a package was cut short, as by an interrupted mirror run",
            changed(&|bytes| bytes.truncate(bytes.len() / 2), deb),
        ),
        (
            "tree-package-missing",
            "file.missing",
            "a listed package is not there",
            without(deb),
        ),
        (
            "tree-index-changed",
            "file.digest-mismatch",
            "the index is not the signed one",
            changed(&|bytes| bytes[9] ^= 1, packages),
        ),
        (
            "tree-indices-missing",
            "apt.index.missing",
            "no variant of a listed index is there",
            without(packages),
        ),
        (
            "tree-release-differs",
            "apt.release.texts-differ",
            "Release beside InRelease says something else",
            changed(
                &|bytes| bytes.extend(b"Extra: field\n"),
                "tree/dists/stable/Release",
            ),
        ),
        (
            "tree-inrelease-tampered",
            "signature.bad",
            "InRelease was changed after signing",
            changed(
                &|bytes| {
                    let text = String::from_utf8(bytes.clone()).unwrap();
                    *bytes = text.replacen("Suite: stable", "Suite: stabbe", 1).into();
                },
                "tree/dists/stable/InRelease",
            ),
        ),
        (
            "tree-unsigned",
            "apt.release.unsigned",
            "neither InRelease nor Release.gpg",
            without("tree/dists/stable/InRelease"),
        ),
        (
            "tree-filename-escapes",
            "path.unsafe",
            "a signed Filename climbs out of the repository",
            index(
                "Filename: pool/main/a/alpha/alpha_1.0-1_amd64.deb",
                "Filename: ../../etc/passwd",
            ),
        ),
        (
            "tree-package-bound-by-nothing",
            "file.weak-digest",
            "a package is listed without any digest",
            index(&format!("SHA256: {sha256}\n"), ""),
        ),
        (
            "tree-package-bound-by-md5",
            "file.weak-digest",
            "a package is bound by MD5 only",
            index(
                &format!("SHA256: {sha256}\n"),
                &format!(
                    "MD5sum: {}\n",
                    Digest::Md5.hex(&Deb::new("alpha", "1.0-1", "amd64").build())
                ),
            ),
        ),
        (
            "tree-package-duplicate-field",
            "apt.index.duplicate-field",
            "a package lists two digests of one kind",
            index(
                "Description:",
                &format!("SHA256: {}\nDescription:", "0".repeat(64)),
            ),
        ),
    ];
    cases.extend(list.into_iter().map(|(name, code, why, files)| {
        Case::rejected(FORMAT, name, code, why).files("tree", files)
    }));
    cases
}
