//! Paths out of signed lists, and compressed indices.

use std::io::Read as _;

use pkgseal_repo::{Compression, Decompressor, SafePath};
use pkgseal_testkit::build;

use crate::Target;

/// Most bytes a decompressor may yield here.
const LIMIT: u64 = 1 << 20;

/// Paths: whatever is accepted cannot leave its root.
pub(crate) const PATHS: Target = Target {
    name: "paths",
    run: |data| {
        let Ok(text) = str::from_utf8(data) else {
            return;
        };
        for line in text.split('\n') {
            if let Ok(path) = SafePath::new(line) {
                let stays = path.components().all(|part| {
                    !["", ".", ".."].contains(&part) && !part.contains(char::is_control)
                });
                assert!(stays && !path.as_str().starts_with('/'), "unsafe: {line:?}");
            }
        }
    },
    seeds: || {
        vec![
            b"pool/main/h/hello/hello_1.0_amd64.deb\n../x\n/etc/passwd\na//b\n./a\na/./b\n"
                .to_vec(),
            "pool/l\u{e9}/a+b~c%3a\u{200b}.deb\na\\b\nC:\\x\n".into(),
        ]
    },
};

/// Compressed streams, by every decoder: never more than the limit.
pub(crate) const COMPRESSED: Target = Target {
    name: "compressed",
    run: |data| {
        for compression in [
            Compression::from_magic(data),
            Compression::Lzma,
            Compression::None,
        ] {
            let Ok(decompressor) = Decompressor::new(data, compression, LIMIT) else {
                continue;
            };
            let mut read = Vec::new();
            let _ = decompressor.take(LIMIT + 1).read_to_end(&mut read);
            let length = u64::try_from(read.len()).unwrap_or(u64::MAX);
            assert!(length <= LIMIT, "past its limit");
        }
    },
    seeds: || {
        let text = "Package: hello\nVersion: 1.0\nFilename: pool/hello.deb\n".repeat(50);
        let mut seeds: Vec<Vec<u8>> = build::Compression::ALL
            .iter()
            .map(|compression| compression.compress(text.as_bytes()))
            .collect();
        // A bomb of each kind, and two streams in a row.
        let zeros = vec![0; 4 << 20];
        for compression in build::Compression::ALL {
            if compression != build::Compression::None {
                let bomb = compression.compress(&zeros);
                seeds.push([bomb.clone(), bomb].concat());
            }
        }
        seeds
    },
};
