//! Builders of small, deterministic packages and repositories.

pub mod apt;
pub mod deb;
pub mod maven;
pub mod mirror;
pub mod rpm;
pub mod source;
pub mod upload;
pub mod yum;
pub mod zip;

use std::io::Write as _;
use std::path::Path;

use sequoia_openpgp::types::HashAlgorithm;

/// When fixtures were built: 2025-02-01T00:00:00Z, in seconds since 1970.
pub const BUILT: u64 = 1_738_368_000;

/// Compression of a member, payload or index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Compression {
    None,
    Gzip,
    Xz,
    Zstd,
    Bzip2,
}

impl Compression {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::None, Self::Gzip, Self::Xz, Self::Zstd, Self::Bzip2];

    /// `.gz` and so on; empty for none.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Gzip => ".gz",
            Self::Xz => ".xz",
            Self::Zstd => ".zst",
            Self::Bzip2 => ".bz2",
        }
    }

    /// Compresses, always to the same bytes.
    pub fn compress(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::None => bytes.to_vec(),
            Self::Gzip => {
                let level = flate2::Compression::best();
                let mut encoder = flate2::GzBuilder::new().write(Vec::new(), level);
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
            Self::Xz => {
                let mut encoder = xz2::write::XzEncoder::new(Vec::new(), 6);
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
            Self::Zstd => zstd::encode_all(bytes, 3).unwrap(),
            Self::Bzip2 => {
                let level = bzip2::Compression::best();
                let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), level);
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
        }
    }
}

/// Digests repositories list. Computed apart from pkgseal's own code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Digest {
    Md5,
    Sha1,
    Sha256,
    Sha512,
}

impl Digest {
    /// The digest in lower-case hexadecimal.
    pub fn hex(self, bytes: &[u8]) -> String {
        let algorithm = match self {
            Self::Md5 => HashAlgorithm::MD5,
            Self::Sha1 => HashAlgorithm::SHA1,
            Self::Sha256 => HashAlgorithm::SHA256,
            Self::Sha512 => HashAlgorithm::SHA512,
        };
        let mut context = algorithm.context().unwrap().for_digest();
        context.update(bytes);
        let digest = context.into_digest().unwrap();
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The suffix of a checksum file beside an artifact: `sha256`.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }
}

/// Writes a file beneath a folder, making folders as needed.
pub fn put(root: &Path, path: &str, bytes: impl AsRef<[u8]>) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}
