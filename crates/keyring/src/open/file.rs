//! One file.

use std::path::Path;

use openpgp::cert::raw::RawCertParser;
use openpgp::packet::Tag;
use openpgp::parse::Parse;
use pkgseal_openpgp::Certificate;
use pkgseal_repo::{Finding, Severity, shell_word};
use sequoia_openpgp as openpgp;

use super::{Asked, Collector, Form, Source, subject};
use crate::codes;

pub(super) const ARMOR: &[u8] = b"-----BEGIN PGP ";
const SECRET_ARMOR: &[u8] = b"-----BEGIN PGP PRIVATE KEY BLOCK-----";

/// What begins like something else that people call a key.
const LOOKALIKES: &[(&[u8], &str)] = &[
    (
        b"-----BEGIN PUBLIC KEY-----",
        "a plain public key (PKIX), not an OpenPGP certificate",
    ),
    (
        b"-----BEGIN RSA PUBLIC KEY-----",
        "a plain RSA key, not an OpenPGP certificate",
    ),
    (
        b"-----BEGIN CERTIFICATE-----",
        "an X.509 certificate, not an OpenPGP one",
    ),
    (
        b"-----BEGIN PGP SIGNATURE-----",
        "a signature: keyring and signature may be swapped",
    ),
    (
        b"-----BEGIN PGP SIGNED MESSAGE-----",
        "a signed message: keyring and message may be swapped",
    ),
    (b"ssh-", "an SSH key, not an OpenPGP certificate"),
    (
        b"untrusted comment:",
        "a minisign or signify key, not an OpenPGP certificate",
    ),
    (b"<!DOCTYPE", "a web page: the download went wrong"),
    (b"<html", "a web page: the download went wrong"),
];

impl Collector {
    /// A file of any kind.
    pub(super) fn file(&mut self, path: &Path, bytes: &[u8], asked: Asked) {
        let extension = path.extension().and_then(|e| e.to_str()).unwrap_or("");
        match extension {
            // References are followed once: a keyring is no sources file.
            _ if asked == Asked::ByReference => self.key_file(path, bytes, asked),
            "sources" => self.deb822(path, bytes),
            "list" => self.one_line(path, bytes),
            "repo" => self.yum_repo(path, bytes),
            _ if is_keybox(bytes) || is_binary(bytes) => self.key_file(path, bytes, asked),
            _ if has_signed_by(bytes) => self.deb822(path, bytes),
            _ => self.key_file(path, bytes, asked),
        }
    }

    /// A file that holds certificates and nothing but text around them.
    pub(super) fn key_file(&mut self, path: &Path, bytes: &[u8], asked: Asked) {
        if self.kept.is_some() {
            return self.keep(path, bytes, asked);
        }
        if is_keybox(bytes) {
            let command = format!(
                "gpg --no-default-keyring --keyring {} --export > {}",
                quoted(&absolute(path)),
                quoted(&path.with_extension("gpg"))
            );
            let finding = Finding::warning(
                codes::KEYBOX,
                subject(path),
                "a GnuPG keybox, which only gpg reads",
            )
            .hint(format!("run `{command}`"));
            self.findings.push(finding);
            return;
        }
        let form = if is_binary(bytes) {
            Form::Binary
        } else {
            Form::Armored
        };
        if form == Form::Armored && !contains(bytes, ARMOR) {
            return self.no_certificate(path, bytes, asked);
        }
        if holds_secrets(bytes, form) {
            self.warn(
                codes::SECRET,
                path,
                "it holds a secret key; only the public certificate of it is used",
            );
        }
        if self.certificates_in(path, bytes, form) > 0 {
            self.apt_traps(path, bytes, form);
        }
    }

    /// Takes the certificates; how many.
    pub(super) fn certificates_in(&mut self, path: &Path, bytes: &[u8], form: Form) -> usize {
        if self.kept.is_some() {
            return self.keep_in(path, bytes, form, Asked::ByReference);
        }
        let (certificates, errors) = Certificate::parse_all(bytes);
        for error in errors {
            let which = match &error.fingerprint {
                Some(fingerprint) => format!("certificate {fingerprint}"),
                None => format!("part {}", error.index.saturating_add(1)),
            };
            self.warn(codes::UNUSABLE, path, format!("{which}: {}", error.reason));
        }
        let fingerprints: Vec<_> = certificates.iter().map(Certificate::fingerprint).collect();
        let count = fingerprints.len();
        if count > 0 {
            self.sources.push(Source {
                path: path.to_owned(),
                form,
                certificates: fingerprints,
            });
        }
        self.certificates.extend(certificates);
        count
    }

    fn no_certificate(&mut self, path: &Path, bytes: &[u8], asked: Asked) {
        let what = match lookalike(bytes) {
            Some(what) => what,
            None if bytes.is_empty() => "the file is empty",
            None => "there is no OpenPGP certificate in it",
        };
        let severity = match asked {
            Asked::ByName | Asked::ByReference => Severity::Warning,
            // Directories hold read-me files too.
            Asked::InDirectory => Severity::Note,
        };
        self.findings
            .push(Finding::new(codes::NOTHING, severity, subject(path), what));
    }
}

pub(crate) fn is_keybox(bytes: &[u8]) -> bool {
    bytes.get(8..12) == Some(b"KBXf".as_slice())
}

/// Packets begin with a set high bit, text does not.
pub(super) fn is_binary(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|first| first & 0x80 != 0)
}

fn has_signed_by(bytes: &[u8]) -> bool {
    bytes.split(|byte| *byte == b'\n').any(|line| {
        line.get(..10)
            .is_some_and(|start| start.eq_ignore_ascii_case(b"signed-by:"))
    })
}

pub(crate) fn lookalike(bytes: &[u8]) -> Option<&'static str> {
    let start = bytes.trim_ascii_start();
    LOOKALIKES
        .iter()
        .find(|(prefix, _)| {
            start
                .get(..prefix.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
        })
        .map(|(_, what)| *what)
}

fn holds_secrets(bytes: &[u8], form: Form) -> bool {
    match form {
        Form::Armored | Form::Inline => contains(bytes, SECRET_ARMOR),
        Form::Binary => RawCertParser::from_bytes(bytes).is_ok_and(|certs| {
            certs.flatten().any(|cert| {
                cert.packets()
                    .any(|packet| matches!(packet.tag(), Tag::SecretKey | Tag::SecretSubkey))
            })
        }),
    }
}

pub(crate) fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

/// gpg looks for a keyring without a slash in its home directory.
pub(crate) fn absolute(path: &Path) -> std::path::PathBuf {
    if path.components().count() == 1 {
        Path::new(".").join(path)
    } else {
        path.to_owned()
    }
}

/// A path as a shell takes it.
pub(crate) fn quoted(path: &Path) -> String {
    shell_word(&path.to_string_lossy())
}
