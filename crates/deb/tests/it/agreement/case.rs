//! One generated repository root, and what a client needs to judge it.

use pkgseal_testkit::keys::{self, RawOptions, TestKey};

/// The days that runs of the clients take for now.
pub(crate) const NOW: &str = keys::NOW;
/// Before any test key expires or is revoked.
pub(crate) const EARLY: &str = "2025-04-01";

/// A case: the files of a signed root, the key file, and when.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) group: &'static str,
    pub(crate) now: &'static str,
    pub(crate) flat: bool,
    pub(crate) inrelease: Option<Vec<u8>>,
    pub(crate) release: Option<Vec<u8>>,
    pub(crate) signature: Option<Vec<u8>>,
    pub(crate) key_file: KeyFile,
    /// Fingerprints beside the key file in `Signed-By`.
    pub(crate) pins: Vec<String>,
    /// Whether a client stops at its sources entry, so that it needs a run of its own.
    pub(crate) alone: bool,
}

/// How the certificates lie at the client.
#[derive(Clone, Debug)]
pub(crate) enum KeyFile {
    /// A file of this extension; `None` when it is missing.
    Named(&'static str, Option<Vec<u8>>),
    /// Inline in the `.sources`.
    Inline(Vec<u8>),
}

impl Case {
    pub(crate) fn new(group: &'static str, name: impl Into<String>, trusted: &[&str]) -> Self {
        Self {
            name: name.into(),
            group,
            now: NOW,
            flat: false,
            inrelease: None,
            release: None,
            signature: None,
            key_file: KeyFile::Named("gpg", Some(keys::keyring(trusted))),
            pins: Vec::new(),
            alone: false,
        }
    }

    pub(crate) fn at(self, now: &'static str) -> Self {
        Self { now, ..self }
    }

    pub(crate) fn alone(self) -> Self {
        Self {
            alone: true,
            ..self
        }
    }

    pub(crate) fn flat(self) -> Self {
        Self { flat: true, ..self }
    }

    pub(crate) fn inrelease(self, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            inrelease: Some(bytes.into()),
            ..self
        }
    }

    pub(crate) fn release(self, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            release: Some(bytes.into()),
            ..self
        }
    }

    pub(crate) fn signature(self, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            signature: Some(bytes.into()),
            ..self
        }
    }

    pub(crate) fn without_release(self) -> Self {
        Self {
            release: None,
            ..self
        }
    }

    pub(crate) fn key_file(self, key_file: KeyFile) -> Self {
        Self { key_file, ..self }
    }

    pub(crate) fn pins(self, pins: &[String]) -> Self {
        Self {
            pins: pins.to_vec(),
            ..self
        }
    }

    /// Signed inline by these.
    pub(crate) fn inline(self, signers: &[(&TestKey, RawOptions)], text: &str) -> Self {
        self.inrelease(keys::raw_clearsign(signers, text))
    }

    /// Signed beside it by these, in one block.
    pub(crate) fn detached(self, signers: &[(&TestKey, RawOptions)], text: &str) -> Self {
        let packets: Vec<u8> = signers
            .iter()
            .flat_map(|(key, options)| {
                keys::raw_sign(key, text.as_bytes(), &options.clone().binary())
            })
            .collect();
        self.release(text).signature(keys::armor(&packets))
    }
}

/// The only index there is.
pub(crate) const PACKAGES: &str = "Package: hello\nVersion: 1\nArchitecture: amd64\nMaintainer: T <t@test.invalid>\nFilename: pool/hello.deb\nSize: 1\nSHA256: ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb\nDescription: test\n\n";

/// A Release that every client reads, of the one index.
pub(crate) fn text() -> String {
    with("", "")
}

/// It, with more fields before the hash lists and more text after them.
pub(crate) fn with(fields: &str, after: &str) -> String {
    format!(
        "Origin: pkgseal TEST\nLabel: pkgseal TEST\nSuite: stable\nCodename: stable\n\
         Date: Sat, 01 Mar 2025 00:00:00 UTC\n{fields}{}{after}",
        lists()
    )
}

/// Architectures, components and the SHA-256 list.
pub(crate) fn lists() -> String {
    format!(
        "Architectures: amd64\nComponents: main\nSHA256:\n{}",
        line("SHA256")
    )
}

/// A line of a hash list for the index, in both layouts.
pub(crate) fn line(list: &str) -> String {
    use pkgseal_testkit::build::Digest;
    let digest = match list {
        "MD5Sum" => Digest::Md5,
        "SHA1" => Digest::Sha1,
        "SHA512" => Digest::Sha512,
        _ => Digest::Sha256,
    };
    let hex = digest.hex(PACKAGES.as_bytes());
    let size = PACKAGES.len();
    format!(" {hex} {size} main/binary-amd64/Packages\n {hex} {size} Packages\n")
}

pub(crate) fn signed_then() -> RawOptions {
    RawOptions::at(keys::SIGNED)
}
