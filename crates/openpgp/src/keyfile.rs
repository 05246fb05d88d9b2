//! Certificate files as people keep them: binary, armored, several in one.

use std::io::Read;

use openpgp::KeyHandle;
use openpgp::armor::{Kind, Reader, ReaderMode};
use openpgp::cert::CertParser;
use openpgp::packet::key::{UnspecifiedParts, UnspecifiedRole};
use openpgp::packet::{Key, Signature};
use openpgp::parse::Parse;
use openpgp::types::SignatureType;
use pkgseal_repo::Limits;
use rayon::prelude::*;
use sequoia_openpgp as openpgp;

use crate::{Certificate, CertificateError, Fingerprint, framing};

mod own;

use own::without_certifications;

const BEGIN: &[u8] = b"-----BEGIN PGP ";
const BLOCKS: &[(&[u8], &[u8], Kind)] = &[
    (
        b"-----BEGIN PGP PUBLIC KEY BLOCK-----",
        b"-----END PGP PUBLIC KEY BLOCK-----",
        Kind::PublicKey,
    ),
    (
        b"-----BEGIN PGP PRIVATE KEY BLOCK-----",
        b"-----END PGP PRIVATE KEY BLOCK-----",
        Kind::SecretKey,
    ),
    // What `gpg --enarmor` makes of a binary certificate.
    (
        b"-----BEGIN PGP ARMORED FILE-----",
        b"-----END PGP ARMORED FILE-----",
        Kind::File,
    ),
];
/// Certificates in one file.
const CERTIFICATES: usize = 100_000;
/// Packets in one certificate. The largest of distributions' keys have a few hundred.
const PACKETS: usize = 2_000;

const SIGNATURE: u8 = 2;
const SECRET_KEY: u8 = 5;
const PUBLIC_KEY: u8 = 6;

/// Parts from which on several threads read them.
const MANY: usize = 8;

/// How much of a certificate is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Keep {
    /// Everything.
    #[default]
    All,
    /// All but what others certify.
    Own,
}

pub(crate) fn read(bytes: &[u8], keep: Keep) -> (Vec<Certificate>, Vec<CertificateError>) {
    let mut found = Found {
        keep,
        ..Found::default()
    };
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
    keep: Keep,
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

    fn certificates_in(&mut self, mut packets: &[u8]) {
        let mut parts = Vec::new();
        let mut too_many = false;
        while !packets.is_empty() {
            if self.count() + parts.len() >= CERTIFICATES {
                too_many = true;
                break;
            }
            let (length, count) = first_certificate(packets);
            let (one, rest) = packets.split_at_checked(length).unwrap_or((packets, &[]));
            packets = rest;
            parts.push((one, count));
        }
        let keep = self.keep;
        let read: Vec<_> = if parts.len() < MANY {
            parts.iter().map(|part| certificate(*part, keep)).collect()
        } else {
            parts
                .par_iter()
                .map(|part| certificate(*part, keep))
                .collect()
        };
        for one in read {
            match one {
                Ok(Some(certificate)) => self.certificates.push(certificate),
                Ok(None) => {}
                Err((fingerprint, reason)) => self.refuse(fingerprint, reason),
            }
        }
        if too_many {
            self.refuse(None, "too many certificates in one file".to_owned());
        }
    }

    /// Armored blocks, whatever text stands between them.
    fn blocks_in(&mut self, mut bytes: &[u8]) {
        while let Some(at) = find(bytes, BEGIN) {
            if self.count() >= CERTIFICATES {
                return self.refuse(None, "too many certificates in one file".to_owned());
            }
            let block = bytes.get(at..).unwrap_or_default();
            let Some((_, end, kind)) = BLOCKS.iter().find(|(begin, ..)| block.starts_with(begin))
            else {
                bytes = block.get(BEGIN.len()..).unwrap_or_default();
                continue;
            };
            let Some(length) = find(block, end).map(|at| at + end.len()) else {
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

/// Whose it is, where that much can be read, and why it is refused.
type Refusal = (Option<Fingerprint>, String);

/// The certificate that these packets (and how many) are.
fn certificate(
    (packets, count): (&[u8], usize),
    keep: Keep,
) -> Result<Option<Certificate>, Refusal> {
    if keep == Keep::Own {
        let own = without_certifications(packets);
        let (_, count) = first_certificate(&own);
        if count <= PACKETS {
            return parsed(&own);
        }
    } else if count <= PACKETS {
        return parsed(packets);
    }
    let (kept, count) = without_others(packets);
    if count <= PACKETS {
        return parsed(&kept);
    }
    let reason = format!(
        "{count} packets of its own in one certificate, more than {PACKETS}: it was flooded"
    );
    Err((fingerprint(packets), reason))
}

/// The packets of one certificate.
fn parsed(packets: &[u8]) -> Result<Option<Certificate>, Refusal> {
    let refuse = |error| (fingerprint(packets), reason(&error));
    let mut refused = None;
    for cert in CertParser::from_bytes(packets).map_err(refuse)? {
        match cert {
            Ok(cert) => return Ok(Some(Certificate::from_cert(cert))),
            // Stray packets give an error each; the first says enough.
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    match refused {
        Some(error) => Err(refuse(error)),
        None => Ok(None),
    }
}

/// The first line of what the parser said, without its grammar.
fn reason(error: &openpgp::anyhow::Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    match line
        .split_once("Unrecognized token `")
        .and_then(|(_, token)| token.split_once('`'))
    {
        Some((token, _)) => format!("no certificate: it begins with a {token}"),
        None => line.to_owned(),
    }
}

/// Length in bytes and in packets of the certificate at the beginning. What cannot be
/// told apart any more is left to the parser, which says why.
fn first_certificate(packets: &[u8]) -> (usize, usize) {
    let mut rest = packets;
    let mut count = 0;
    while !rest.is_empty() {
        let Some((tag, _, after)) = framing::packet(rest) else {
            return (packets.len(), count);
        };
        if matches!(tag, SECRET_KEY | PUBLIC_KEY) && count > 0 {
            break;
        }
        count += 1;
        rest = after;
    }
    (packets.len() - rest.len(), count)
}

/// The packets of a certificate without what others signed on it, revocations excepted:
/// of a flooded one only that is worth reading. And how many are left.
fn without_others(packets: &[u8]) -> (Vec<u8>, usize) {
    let own: Option<KeyHandle> = key(packets).map(|key| key.fingerprint().into());
    let mut kept = Vec::new();
    let mut count = 0;
    let mut rest = packets;
    while let Some((tag, body, after)) = framing::packet(rest) {
        let by_another = tag == SIGNATURE
            && Signature::from_bytes(body).map_or(true, |signature| {
                let revocation = matches!(
                    signature.typ(),
                    SignatureType::KeyRevocation
                        | SignatureType::SubkeyRevocation
                        | SignatureType::CertificationRevocation
                );
                let issuers = signature.get_issuers();
                !revocation
                    && !issuers.is_empty()
                    && !issuers
                        .iter()
                        .any(|issuer| own.as_ref().is_some_and(|own| own.aliases(issuer)))
            });
        if !by_another {
            let length = rest.len() - after.len();
            kept.extend_from_slice(rest.get(..length).unwrap_or_default());
            count += 1;
        }
        rest = after;
    }
    (kept, count)
}

/// The primary key at the beginning of a certificate.
fn key(packets: &[u8]) -> Option<Key<UnspecifiedParts, UnspecifiedRole>> {
    let (tag, body, _) = framing::packet(packets)?;
    (tag == PUBLIC_KEY)
        .then(|| Key::from_bytes(body).ok())
        .flatten()
}

fn fingerprint(packets: &[u8]) -> Option<Fingerprint> {
    Some(Fingerprint::of(&key(packets)?.fingerprint()))
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}
