//! Signatures without policy: expired keys, weak digests, false issuers, odd forms.

use std::time::Duration;

use jiff::Timestamp;
use sequoia_openpgp as openpgp;

use openpgp::armor::Kind;
use openpgp::crypto::{KeyPair, Signer as _};
use openpgp::packet::Packet;
use openpgp::packet::signature::SignatureBuilder;
use openpgp::packet::signature::subpacket::NotationDataFlags;
use openpgp::serialize::Marshal as _;
use openpgp::types::{HashAlgorithm, SignatureType};

use super::{TestKey, packet};

/// Armored or binary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Armor {
    /// `-----BEGIN PGP SIGNATURE-----`.
    Armored,
    /// Packets.
    Binary,
}

/// Signature types (RFC 9580, 5.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// 0x00.
    Binary,
    /// 0x01; the data's LF line ends become CRLF before hashing.
    Text,
    /// 0x02, standalone: never right on a file. Hashed as binary.
    Standalone,
}

/// Digest algorithms, the broken ones included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Hash {
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl From<Hash> for HashAlgorithm {
    fn from(hash: Hash) -> Self {
        match hash {
            Hash::Md5 => Self::MD5,
            Hash::Sha1 => Self::SHA1,
            Hash::Sha224 => Self::SHA224,
            Hash::Sha256 => Self::SHA256,
            Hash::Sha384 => Self::SHA384,
            Hash::Sha512 => Self::SHA512,
        }
    }
}

/// Which key of a certificate signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum With {
    /// The first subkey whose algorithm can sign, else the primary.
    Usual,
    /// The primary, flagged for signing or not.
    Primary,
}

/// What the signature says of its issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Issuer {
    /// The truth: fingerprint, and key ID for v4.
    True,
    /// Nothing.
    Absent,
    /// Another test key's signing key.
    Other(String),
}

/// How to sign.
#[derive(Clone, Debug)]
pub struct RawOptions {
    /// Creation time.
    pub time: Timestamp,
    /// Digest; `None` is what suits the key.
    pub hash: Option<Hash>,
    /// Signature type.
    pub form: Form,
    /// Armored or binary.
    pub armor: Armor,
    /// Which key.
    pub with: With,
    /// What it says of its issuer.
    pub issuer: Issuer,
    /// Signature validity in seconds.
    pub expires_in: Option<u32>,
    /// A notation: name, value, critical or not.
    pub notation: Option<(String, String, bool)>,
}

impl RawOptions {
    /// A binary-document signature, armored, at that time ([`super::time`]).
    pub fn at(time: &str) -> Self {
        Self {
            time: super::time(time),
            hash: None,
            form: Form::Binary,
            armor: Armor::Armored,
            with: With::Usual,
            issuer: Issuer::True,
            expires_in: None,
            notation: None,
        }
    }

    /// Not armored.
    #[must_use]
    pub fn binary(self) -> Self {
        Self {
            armor: Armor::Binary,
            ..self
        }
    }

    /// With this digest.
    #[must_use]
    pub fn hash(self, hash: Hash) -> Self {
        Self {
            hash: Some(hash),
            ..self
        }
    }

    /// With this signature type.
    #[must_use]
    pub fn form(self, form: Form) -> Self {
        Self { form, ..self }
    }

    /// By this key.
    #[must_use]
    pub fn with(self, with: With) -> Self {
        Self { with, ..self }
    }

    /// Naming this issuer.
    #[must_use]
    pub fn issuer(self, issuer: Issuer) -> Self {
        Self { issuer, ..self }
    }

    /// The signature expires after so many seconds.
    #[must_use]
    pub fn expires_in(self, seconds: u32) -> Self {
        Self {
            expires_in: Some(seconds),
            ..self
        }
    }

    /// With a notation nobody knows.
    #[must_use]
    pub fn critical_notation(self, name: &str, value: &str) -> Self {
        Self {
            notation: Some((name.into(), value.into(), true)),
            ..self
        }
    }
}

/// Signs `data` as told, whatever the key's state. Reproducible for Ed25519, Ed448 and
/// RSA.
pub fn raw_sign(key: &TestKey, data: &[u8], options: &RawOptions) -> Vec<u8> {
    let data = match options.form {
        Form::Text => with_crlf(data),
        Form::Binary | Form::Standalone => data.to_vec(),
    };
    let signature = signature_over(key, &data, options);
    match options.armor {
        Armor::Binary => signature,
        Armor::Armored => armor(&signature),
    }
}

/// Armors signature packets in one block.
pub fn armor(packets: &[u8]) -> Vec<u8> {
    packet::armored(packets, Kind::Signature)
}

/// Clearsigns `text` by all of `signers` in one armor block, in that order; lines are
/// stripped of trailing blanks and joined by CRLF for the signature, and written as they
/// are.
pub fn raw_clearsign(signers: &[(&TestKey, RawOptions)], text: &str) -> Vec<u8> {
    let packets: Vec<u8> = signers
        .iter()
        .flat_map(|(key, options)| sign_text(key, text, options))
        .collect();
    clearsigned(text, &hash_header(signers), &packets)
}

/// The signature packet of a clearsigned message over `text`.
pub fn sign_text(key: &TestKey, text: &str, options: &RawOptions) -> Vec<u8> {
    let signed = canonical(text);
    // Already canonical: hash it as it is, under the text type.
    let options = RawOptions {
        form: Form::Text,
        ..options.clone()
    };
    signature_over(key, signed.as_bytes(), &options)
}

/// A clearsigned message of these parts; `headers` are the armor headers with their line
/// ends.
pub fn clearsigned(text: &str, headers: &str, packets: &[u8]) -> Vec<u8> {
    let mut message = format!("-----BEGIN PGP SIGNED MESSAGE-----\n{headers}\n");
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        if line.starts_with('-') {
            message.push_str("- ");
        }
        message.push_str(line);
        message.push('\n');
    }
    let mut message = message.into_bytes();
    message.extend(armor(packets));
    message
}

/// The `Hash` header that names the digests of these signatures, with its line end.
pub fn hash_header(signers: &[(&TestKey, RawOptions)]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for (key, options) in signers {
        let name = hash_name(key, options);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    format!("Hash: {}\n", names.join(","))
}

fn hash_name(key: &TestKey, options: &RawOptions) -> &'static str {
    match options.hash.map_or_else(
        || packet::usual_hash(&pair(key, options.with)),
        HashAlgorithm::from,
    ) {
        HashAlgorithm::MD5 => "MD5",
        HashAlgorithm::SHA1 => "SHA1",
        HashAlgorithm::SHA224 => "SHA224",
        HashAlgorithm::SHA384 => "SHA384",
        HashAlgorithm::SHA512 => "SHA512",
        _ => "SHA256",
    }
}

fn pair(key: &TestKey, with: With) -> KeyPair {
    match (with, key.signing_subkey()) {
        (With::Usual, Some(subkey)) => subkey.clone().into_keypair().unwrap(),
        _ => key.primary.clone().into_keypair().unwrap(),
    }
}

fn signature_over(key: &TestKey, data: &[u8], options: &RawOptions) -> Vec<u8> {
    let mut pair = pair(key, options.with);
    let hash = options
        .hash
        .map_or_else(|| packet::usual_hash(&pair), HashAlgorithm::from);
    let typ = match options.form {
        Form::Binary => SignatureType::Binary,
        Form::Text => SignatureType::Text,
        Form::Standalone => SignatureType::Standalone,
    };
    let mut builder = SignatureBuilder::new(typ)
        .set_hash_algo(hash)
        .set_signature_creation_time(packet::system(options.time))
        .unwrap();
    let issuer = match &options.issuer {
        Issuer::True => Some(pair.public().clone()),
        Issuer::Absent => None,
        Issuer::Other(name) => Some(self::pair(&super::load(name), With::Usual).public().clone()),
    };
    if let Some(issuer) = issuer {
        builder = builder
            .set_issuer_fingerprint(issuer.fingerprint())
            .unwrap();
        if issuer.version() == 4 {
            builder = builder.set_issuer(issuer.keyid()).unwrap();
        }
    }
    if let Some(seconds) = options.expires_in {
        builder = builder
            .set_signature_validity_period(Duration::from_secs(seconds.into()))
            .unwrap();
    }
    if let Some((name, value, critical)) = &options.notation {
        builder = builder
            .set_notation(
                name,
                value,
                NotationDataFlags::empty().set_human_readable(),
                *critical,
            )
            .unwrap();
    }
    let signature = packet::make(&mut pair, builder, |context| context.update(data));
    packet::serialize(&[Packet::from(signature)])
}

/// A version 3 signature over bytes (RFC 4880, 5.2.2), as old signers still write them;
/// binary.
pub fn raw_sign_v3(key: &TestKey, data: &[u8], time: Timestamp) -> Vec<u8> {
    version_3(key, 0x00, data, time)
}

/// As [`raw_sign_v3`], the signature of a clearsigned message over `text`.
pub fn sign_text_v3(key: &TestKey, text: &str, time: Timestamp) -> Vec<u8> {
    version_3(key, 0x01, canonical(text).as_bytes(), time)
}

fn version_3(key: &TestKey, typ: u8, data: &[u8], time: Timestamp) -> Vec<u8> {
    let mut pair = pair(key, With::Usual);
    let hash = packet::usual_hash(&pair);
    let made = u32::try_from(time.as_second()).unwrap().to_be_bytes();
    let mut context = hash.context().unwrap().for_digest();
    context.update(data);
    context.update(&[typ]);
    context.update(&made);
    let digest = context.into_digest().unwrap();
    let mut body = vec![3, 5, typ];
    body.extend(made);
    body.extend(pair.public().keyid().as_bytes());
    body.push(pair.public().pk_algo().into());
    body.push(hash.into());
    body.extend(&digest[..2]);
    let mpis = pair.sign(hash, &digest).unwrap();
    mpis.serialize(&mut body).unwrap();
    let mut packet = vec![0x89];
    packet.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
    packet.extend(body);
    packet
}

/// Lines without trailing blanks, joined by CRLF.
fn canonical(text: &str) -> String {
    text.strip_suffix('\n')
        .unwrap_or(text)
        .split('\n')
        .map(|line| line.trim_end_matches([' ', '\t', '\r']))
        .collect::<Vec<_>>()
        .join("\r\n")
}

fn with_crlf(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len());
    let mut last = 0;
    for &byte in data {
        if byte == b'\n' && last != b'\r' {
            out.push(b'\r');
        }
        out.push(byte);
        last = byte;
    }
    out
}
