//! What stands beside files and around keys: checksums, coordinates, apt's sources.

use std::io::Read as _;

use pkgseal_maven::sums::{self, Named, Sums};
use pkgseal_maven::trust::{self, Form};
use pkgseal_maven::zip::Archive;
use pkgseal_maven::{CHECKSUM_SUFFIXES, Coordinates, parse_checksum};
use pkgseal_openpgp::{Certificates, Verified};
use pkgseal_repo::{DigestAlgorithm, Digests, Limits, SafePath};
use pkgseal_testkit::build::{Digest, zip};
use pkgseal_testkit::keys;

use crate::{Target, seeds};

/// Files that say whom to trust for what: keysmaps, Gradle's metadata, summaries.
pub(crate) const TRUST: Target = Target {
    name: "trust",
    run: |data| {
        let forms = [
            Form::Keysmap,
            Form::Gradle,
            Form::Keys,
            Form::Checksums(DigestAlgorithm::Md5),
        ];
        for form in forms {
            let Ok((trust, _)) = trust::read(form, data) else {
                continue;
            };
            for to in forms {
                let now = keys::time(keys::NOW);
                let (written, _) = trust::convert(&trust, to, &Certificates::default(), None, now);
                if let Err(finding) = trust::read(to, &written)
                    && !written.is_empty()
                {
                    panic!("what was written cannot be read: {finding:?}");
                }
            }
        }
    },
    seeds: || {
        let key = keys::load("good").fingerprint();
        let sum = Digest::Md5.hex(b"x");
        vec![
            format!("# map\norg.example.*:lib:jar:[1,2) = 0x{key}, \\\n noSig\na:b:!~1.* = any\n")
                .into_bytes(),
            format!(
                "<verification-metadata><configuration><trusted-keys><trusted-key id=\"{key}\" \
                 group=\"a\"><trusting name=\"b.*\" regex=\"true\"/></trusted-key></trusted-keys>\
                 </configuration><components><component group=\"g\" name=\"n\" version=\"1\">\
                 <artifact name=\"n-1.jar\"><md5 value=\"{sum}\"/></artifact></component>\
                 </components></verification-metadata>"
            )
            .into_bytes(),
            format!("{sum}  g/n/1/n-1.jar\n").into_bytes(),
        ]
    },
};

/// Bundles, which must read as their list says or not at all.
pub(crate) const BUNDLE: Target = Target {
    name: "bundle",
    run: |data| {
        seeds::with_file(".zip", data, |path| {
            let Ok(Ok(archive)) = Archive::open(path) else {
                return;
            };
            for (path, size) in archive.files() {
                let read = archive.read(path).map(|content| {
                    // One byte more than listed would show.
                    let mut content = content.take(1 << 20);
                    std::io::copy(&mut content, &mut std::io::sink())
                });
                if let Some(Ok(read)) = read
                    && read != size
                    && size < 1 << 20
                {
                    panic!("{path} has {read} bytes, listed are {size}");
                }
            }
        });
    },
    seeds: || vec![zip::stored(&[("a/b", b"content"), ("a/c", b"")])],
};

/// Checksum files, and the coordinates in a path.
pub(crate) const CHECKSUM: Target = Target {
    name: "checksum",
    run: |data| {
        for (_, algorithm) in CHECKSUM_SUFFIXES {
            let _ = parse_checksum(data, algorithm, "lib-1.0.jar", &mut Digests::new());
        }
        let path = str::from_utf8(data)
            .ok()
            .and_then(|text| SafePath::new(text).ok());
        let _ = path.as_ref().and_then(Coordinates::of);
    },
    seeds: || {
        let sum = Digest::Sha256.hex(b"x");
        vec![
            sum.clone().into_bytes(),
            format!("{sum}  lib-1.0.jar\n").into_bytes(),
            format!("{sum} *target/lib-1.0.jar\r\n").into_bytes(),
            b"org/example/lib/1.0-SNAPSHOT/lib-1.0-20250201.000000-1-sources.tar.gz".to_vec(),
            b"org/example/lib/1.0/lib-1.0.jar.asc".to_vec(),
        ]
    },
};

/// Lists of checksums: what is read is written and read back.
pub(crate) const SUMS: Target = Target {
    name: "sums",
    run: |data| {
        let read = |data: &[u8], named| {
            let text = Verified::danger_unverified(data.to_vec());
            Sums::parse(text, "list", named).map(Verified::into_inner)
        };
        for named in [Named::Algorithm(DigestAlgorithm::Sha256), Named::List] {
            let Ok(list) = read(data, named) else {
                continue;
            };
            for form in [sums::Form::Plain, sums::Form::Tagged] {
                let named = Named::Algorithm(list.algorithm);
                let back = read(list.write(form).as_bytes(), named);
                assert_eq!(back.as_ref(), Ok(&list), "it is not read back");
            }
        }
    },
    seeds: || {
        let sum = Digest::Sha256.hex(b"x");
        vec![
            format!("{sum}  a.iso\n{sum} *src/b (1).tar.gz\n").into_bytes(),
            format!("# x\n\nSHA256 (a) = {sum}\nSHA256 (b) = (c) = {sum}\n").into_bytes(),
            format!("\\{sum}  a\\\\b\\nc\n").into_bytes(),
            format!("{}  a\n", Digest::Md5.hex(b"x")).into_bytes(),
        ]
    },
};

/// apt's sources entries with their certificates inside, and keyring files of any kind.
pub(crate) const SOURCES: Target = Target {
    name: "sources",
    run: |data| {
        for name in [".sources", ".list", ".repo", ".gpg"] {
            seeds::with_file(name, data, |path| {
                let _ = pkgseal_keyring::open(path, &Limits::default());
            });
        }
    },
    seeds: || {
        let certificate =
            String::from_utf8_lossy(keys::load("good-ed25519").certificate()).into_owned();
        let inline: String = certificate
            .lines()
            .map(|line| {
                if line.is_empty() {
                    " .\n".to_owned()
                } else {
                    format!(" {line}\n")
                }
            })
            .collect();
        vec![
            format!(
                "Types: deb\nURIs: https://example.org/debian\nSuites: stable\n\
                 Components: main\nSigned-By:\n{inline}\nTypes: deb-src\nSigned-By: nowhere.gpg\n"
            )
            .into_bytes(),
            b"deb [signed-by=nowhere.gpg arch=amd64] https://example.org/debian stable main\n"
                .to_vec(),
            b"[example]\nname=Example\ngpgkey=file:nowhere\n  https://example.org/key\n".to_vec(),
            certificate.into_bytes(),
        ]
    },
};
