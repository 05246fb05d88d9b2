//! Certificate files as people keep them: binary, armored, several in one.

use openpgp::armor::{Kind, Reader, ReaderMode};
use openpgp::cert::{Cert, CertParser};
use openpgp::parse::Parse;
use pkgseal_repo::Limits;
use sequoia_openpgp as openpgp;
use std::io::Read;

use crate::{Certificate, CertificateError, Fingerprint};

const BLOCKS: &[(&str, &str, Kind)] = &[
    (
        "-----BEGIN PGP PUBLIC KEY BLOCK-----",
        "-----END PGP PUBLIC KEY BLOCK-----",
        Kind::PublicKey,
    ),
    (
        "-----BEGIN PGP PRIVATE KEY BLOCK-----",
        "-----END PGP PRIVATE KEY BLOCK-----",
        Kind::SecretKey,
    ),
];
/// Armored blocks in one file, and certificates too.
const CERTIFICATES: usize = 100_000;

pub(crate) fn read(bytes: &[u8]) -> (Vec<Certificate>, Vec<CertificateError>) {
    let mut found = Found::default();
    let limit = Limits::default().certificates;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
        found.refuse(None, format!("the file is longer than {limit} bytes"));
    } else if bytes.get(8..12) == Some(b"KBXf") {
        found.refuse(
            None,
            "this is a GnuPG keybox, which only gpg reads; export the certificates with `gpg --export`".to_owned(),
        );
    } else if bytes.first().is_some_and(|first| first & 0x80 != 0) {
        found.certificates_in(bytes);
    } else {
        found.blocks_in(bytes);
    }
    if found.certificates.is_empty() && found.errors.is_empty() {
        found.refuse(None, instead(bytes).to_owned());
    }
    (found.certificates, found.errors)
}

/// What a file without OpenPGP data seems to be.
fn instead(bytes: &[u8]) -> &'static str {
    if bytes.is_empty() {
        "the file is empty"
    } else if find(bytes, b"-----BEGIN CERTIFICATE-----").is_some()
        || bytes.starts_with(&[0x30, 0x82])
    {
        "this is an X.509 certificate, not an OpenPGP one"
    } else if find(bytes, b"-----BEGIN PUBLIC KEY-----").is_some() {
        "this is a bare public key (PEM), as Alpine's apk uses; it is no OpenPGP certificate"
    } else {
        "there is no OpenPGP certificate in it"
    }
}

#[derive(Default)]
struct Found {
    certificates: Vec<Certificate>,
    errors: Vec<CertificateError>,
}

impl Found {
    fn count(&self) -> usize {
        self.certificates.len() + self.errors.len()
    }

    fn refuse(&mut self, fingerprint: Option<Fingerprint>, reason: String) {
        self.errors.push(CertificateError {
            index: self.count(),
            fingerprint,
            reason,
        });
    }

    fn certificates_in(&mut self, packets: &[u8]) {
        let parser = match CertParser::from_bytes(packets) {
            Ok(parser) => parser,
            Err(error) => return self.refuse(None, reason(&error)),
        };
        for cert in parser {
            if self.count() >= CERTIFICATES {
                return self.refuse(None, "too many certificates in one file".to_owned());
            }
            match cert {
                Ok(cert) => self.take(cert),
                Err(error) => self.refuse(None, reason(&error)),
            }
        }
    }

    fn take(&mut self, cert: Cert) {
        self.certificates.push(Certificate::from_cert(cert));
    }

    /// Armored blocks, whatever text stands between them.
    fn blocks_in(&mut self, mut bytes: &[u8]) {
        loop {
            let next = BLOCKS
                .iter()
                .filter_map(|block| Some((find(bytes, block.0.as_bytes())?, block)))
                .min_by_key(|(at, _)| *at);
            let Some((at, (_, end, kind))) = next else {
                return;
            };
            let block = bytes.get(at..).unwrap_or_default();
            let Some(length) = find(block, end.as_bytes()).map(|at| at + end.len()) else {
                return self.refuse(None, "an armored block without its last line".to_owned());
            };
            let (block, rest) = block.split_at_checked(length).unwrap_or((block, &[]));
            let mut packets = Vec::new();
            let mode = ReaderMode::Tolerant(Some(*kind));
            match Reader::from_bytes(block, mode).read_to_end(&mut packets) {
                Ok(_) => self.certificates_in(&packets),
                Err(error) => self.refuse(None, format!("damaged armor: {error}")),
            }
            bytes = rest;
        }
    }
}

fn reason(error: &openpgp::anyhow::Error) -> String {
    error.to_string()
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}
