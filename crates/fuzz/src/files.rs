//! What stands beside files and around keys: checksums, coordinates, apt's sources.

use pkgseal_maven::{CHECKSUM_SUFFIXES, Coordinates, parse_checksum};
use pkgseal_repo::{Digests, Limits, SafePath};
use pkgseal_testkit::{build::Digest, keys};

use crate::{Target, seeds};

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
