//! What rpmkeys prints.

use std::fmt::Write as _;

use pkgseal_repo::{DigestAlgorithm, hex};

use super::items::{Class, Content, Found, HEADER, PAYLOAD};
use super::procedure::Verified;
use super::rules::{Generation, Rules};
use super::{ClientVerdict, Item};

/// OpenPGP's number of a digest algorithm (RFC 9580, 9.5).
pub(super) fn number(algorithm: DigestAlgorithm) -> u8 {
    match algorithm {
        DigestAlgorithm::Md5 => 1,
        DigestAlgorithm::Sha1 => 2,
        DigestAlgorithm::Sha256 => 8,
        DigestAlgorithm::Sha384 => 9,
        DigestAlgorithm::Sha512 => 10,
        DigestAlgorithm::Sha224 => 11,
        DigestAlgorithm::Sha3_256 => 12,
    }
}

fn digest_name(number: u8) -> &'static str {
    match number {
        1 => "MD5",
        2 => "SHA1",
        3 => "RIPEMD160",
        8 => "SHA256",
        9 => "SHA384",
        10 => "SHA512",
        11 => "SHA224",
        12 => "SHA3-256",
        14 => "SHA3-512",
        _ => "Unknown hash algorithm",
    }
}

fn public_key_name(number: u8, generation: Generation) -> &'static str {
    match (number, generation) {
        (1, _) => "RSA",
        (2, _) => "RSA(Encrypt-Only)",
        (3, _) => "RSA(Sign-Only)",
        (17, _) => "DSA",
        (18, _) => "Elliptic Curve",
        (19, _) => "ECDSA",
        (22, _) => "EdDSA",
        (27, Generation::Six) => "Ed25519",
        (28, Generation::Six) => "Ed448",
        (30, Generation::Six) => "ML-DSA-65+Ed25519",
        (31, Generation::Six) => "ML-DSA-87+Ed448",
        (32, Generation::Six) => "SLH-DSA-SHAKE-128s",
        (33, Generation::Six) => "SLH-DSA-SHAKE-128f",
        (34, Generation::Six) => "SLH-DSA-SHAKE-256s",
        _ => "Unknown public key algorithm",
    }
}

/// What an item is, as its line begins.
pub(super) fn description(rules: &Rules, found: &Found, certificate: Option<&str>) -> String {
    let wanted = found.wanted;
    let generation = rules.items.generation;
    let six = generation == Generation::Six;
    let mut text = match (wanted.range, six) {
        (HEADER, _) => "Header ",
        (PAYLOAD, _) => "Payload ",
        (_, true) => "Legacy ",
        (_, false) => "",
    }
    .to_owned();
    if wanted.class == Class::Digest {
        let name = wanted
            .digest
            .map_or("", |digest| digest_name(number(digest)));
        let alternative = if wanted.alternative { " ALT" } else { "" };
        let _ = write!(text, "{name}{alternative} digest");
        return text;
    }
    if six {
        text.push_str("OpenPGP ");
    }
    let Content::Signature { packet, .. } = &found.content else {
        if !six || wanted.public_key != 0 {
            let name = public_key_name(wanted.public_key, generation);
            let _ = write!(text, "{name} ");
        }
        text.push_str("signature");
        return text;
    };
    let _ = write!(
        text,
        "V{} {}/{} {}",
        packet.version,
        public_key_name(packet.public_key, generation),
        digest_name(packet.digest),
        if six { "signature" } else { "Signature" }
    );
    let id = packet.key_id(rules);
    let _ = match (six, certificate) {
        (true, Some(fingerprint)) => {
            let fingerprint = fingerprint.to_ascii_lowercase();
            write!(text, ", key fingerprint: {fingerprint}")
        }
        (true, None) => write!(text, ", key ID {}", hex::encode(&id)),
        (false, _) => write!(
            text,
            ", key ID {}",
            hex::encode(id.last_chunk::<4>().unwrap_or(&[0; 4]))
        ),
    };
    text
}

impl std::fmt::Display for Verified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Ok => "OK",
            Self::Bad => "BAD",
            Self::NoKey => "NOKEY",
            Self::NotTrusted => "NOTTRUSTED",
            Self::NotFound => "NOTFOUND",
        })
    }
}

impl std::fmt::Display for Item {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.description, self.result)?;
        match &self.message {
            Some(message) => write!(f, " ({message})"),
            None => Ok(()),
        }
    }
}

/// Standard output and standard error of `rpmkeys --checksig`.
pub(super) fn lines(package: &str, verdict: &ClientVerdict, verbose: bool) -> (String, String) {
    let mut out = format!("{package}:");
    if verbose {
        out.push('\n');
    }
    if let Some(why) = &verdict.unreadable {
        let error = if why.is_empty() {
            String::new()
        } else {
            format!("error: {package}: {why}\n")
        };
        return (out, error);
    }
    if verbose {
        for item in &verdict.items {
            let _ = writeln!(out, "    {item}");
        }
        return (out, String::new());
    }
    let seen = |class| verdict.items.iter().any(|item| item.class == class);
    for (class, failed, quiet, loud) in [
        (
            Class::Digest,
            verdict.failed.digests,
            " digests",
            " DIGESTS",
        ),
        (
            Class::Signature,
            verdict.failed.signatures,
            " signatures",
            " SIGNATURES",
        ),
    ] {
        if seen(class) {
            out.push_str(if failed { loud } else { quiet });
        }
    }
    out.push_str(if verdict.accepted {
        " OK\n"
    } else {
        " NOT OK\n"
    });
    (out, String::new())
}
