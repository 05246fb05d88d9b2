//! Requests and answers: one line of JSON each.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use openpgp::crypto::mpi;
use openpgp::types::HashAlgorithm;
use pkgseal_openpgp::SigningKey;
use pkgseal_repo::hex;
use sequoia_openpgp as openpgp;
use serde::{Deserialize, Serialize};

use crate::signers::encoding::{self, Form, Kind, Public, kind};

const ANY_PADDING: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const BASE64: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, ANY_PADDING);
const BASE64URL: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, ANY_PADDING);
/// Characters of a program's own words that are repeated, at most.
const WORDS: usize = 500;

/// What is asked of a program, but for the digest.
#[derive(Clone, Serialize)]
pub(super) struct Request {
    version: u32,
    operation: &'static str,
    algorithm: &'static str,
    hash: String,
    digest: String,
    fingerprint: String,
    certificate: String,
    public_key: PublicKey,
}

#[derive(Clone, Serialize)]
#[serde(untagged)]
enum PublicKey {
    Rsa { n: String, e: String },
    Ecdsa { curve: &'static str, point: String },
    Ed25519 { point: String },
}

impl Request {
    pub(super) fn of(key: &SigningKey) -> Result<Self, String> {
        let (algorithm, public_key) = match kind(key.public())? {
            Kind::Rsa { n, e } => (
                "rsa",
                PublicKey::Rsa {
                    n: hex::encode(n),
                    e: hex::encode(e),
                },
            ),
            Kind::Ecdsa { name, point, .. } => (
                "ecdsa",
                PublicKey::Ecdsa {
                    curve: name,
                    point: hex::encode(point),
                },
            ),
            Kind::Ed25519 { point } => (
                "ed25519",
                PublicKey::Ed25519 {
                    point: hex::encode(point),
                },
            ),
        };
        Ok(Self {
            version: 1,
            operation: "sign",
            algorithm,
            hash: String::new(),
            digest: String::new(),
            fingerprint: key.fingerprint().to_string(),
            certificate: key.certificate().fingerprint().to_string(),
            public_key,
        })
    }

    /// The line that asks for a signature over this digest.
    pub(super) fn line(&self, hash: HashAlgorithm, digest: &[u8]) -> Result<String, String> {
        let request = Self {
            hash: hash.to_string(),
            digest: hex::encode(digest),
            ..self.clone()
        };
        let mut line = serde_json::to_string(&request).map_err(|error| error.to_string())?;
        line.push('\n');
        Ok(line)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    version: u32,
    signature: Option<String>,
    #[serde(default)]
    encoding: Encoding,
    #[serde(default)]
    form: FormName,
    digest: Option<String>,
    error: Option<String>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    #[default]
    Base64,
    Base64url,
    Hex,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum FormName {
    #[default]
    Raw,
    Der,
}

/// The signature of an answer, which is by this key over this digest.
pub(super) fn signature(
    line: &[u8],
    key: &Public,
    hash: HashAlgorithm,
    digest: &[u8],
) -> Result<mpi::Signature, String> {
    let answer: Answer = serde_json::from_slice(line)
        .map_err(|error| format!("its answer is not one of the protocol's: {error}"))?;
    if answer.version != 1 {
        return Err(format!(
            "it answers by version {} of the protocol, and 1 is understood",
            answer.version
        ));
    }
    let text = match (answer.signature, answer.error) {
        (Some(text), None) => text,
        (None, Some(words)) => {
            let words: String = words.chars().take(WORDS).collect();
            return Err(format!("it does not sign: {words}"));
        }
        (Some(_), Some(_)) => return Err("it answers with a signature and an error".to_owned()),
        (None, None) => return Err("it answers with neither signature nor error".to_owned()),
    };
    if let Some(echoed) = answer.digest
        && !echoed.eq_ignore_ascii_case(&hex::encode(digest))
    {
        return Err("it answers for another digest".to_owned());
    }
    let (bytes, name) = match answer.encoding {
        Encoding::Base64 => (BASE64.decode(&text).ok(), "base64"),
        Encoding::Base64url => (BASE64URL.decode(&text).ok(), "base64url"),
        Encoding::Hex => (hex::decode(text), "hexadecimal"),
    };
    let Some(bytes) = bytes else {
        return Err(format!("its signature is not {name}"));
    };
    let form = match answer.form {
        FormName::Raw => Form::Raw,
        FormName::Der => Form::Der,
    };
    let signature = encoding::signature(key, form, &bytes)?;
    if key.verify(&signature, hash, digest).is_err() {
        return Err(format!(
            "its signature is not by key {} over the digest: it signs with another key, or \
             hashes the digest once more",
            key.fingerprint()
        ));
    }
    Ok(signature)
}
